"""Data that are read more than once."""

from advisor.commands.glossary.term import Section, Term

REPETITION = Section(
    title="Limited data",
    terms=(
        Term(
            word="epoch",
            also=("epochs", "passes", "pass", "epochs of the corpus"),
            text="One pass over the unique tokens that there are: epochs = D over unique tokens. Up to about 4 "
            "repeated tokens are nearly as good as new ones; above 16 little is left, and above 40 the law is blind.",
            unit="passes",
            where="`advisor repeat`; `advisor recommend --unique-tokens`",
            page="limited_data.md",
        ),
        Term(
            word="unique tokens",
            also=("U", "U_D", "unique_tokens", "unique"),
            text="Tokens of your corpus counted once, after removing duplicates. More training tokens than these "
            "repeat data.",
            unit="tokens",
            where="`--unique-tokens`, `--use-corpus-size`",
            page="limited_data.md",
        ),
        Term(
            word="effective tokens",
            also=("worth D'", "D'", "N'", "effective parameters", "effective_tokens"),
            text="How many unique tokens the repeated ones are worth: D' = U + U R* (1 - e^(-R/R*)), with U unique "
            "tokens, R = D/U - 1 repeats and R* = 15.4 (Muennighoff et al. 2023). Four epochs are worth 3.7 passes "
            "over new tokens.",
            unit="tokens",
            where="`advisor repeat`",
            page="limited_data.md",
        ),
        Term(
            word="R_D*",
            also=("R_D", "R*"),
            text="How many repeats it takes for repeated tokens to lose most of their worth, 15.39 in Muennighoff et "
            "al. 2023. The worth of a further repeat falls to 1/e with each R_D*. `advisor fit --repeat-over` measures "
            "yours.",
            unit="repeats",
            where="`advisor repeat --explain`, `advisor fit --repeat-over`",
            page="limited_data.md",
        ),
        Term(
            word="R_N*",
            also=("R_N",),
            text="The same for parameters: how soon parameters beyond what the unique tokens can use lose their worth, "
            "5.31 in Muennighoff et al. 2023.",
            unit="none",
            where="`advisor repeat --explain`, `advisor fit --repeat-over`",
            page="limited_data.md",
        ),
    ),
)
