"""The laws that an answer can follow, by the names of ``--law``."""

from advisor.commands.glossary.term import Section, Term

_WHERE = "`--law`; the rows of `advisor recommend`"

NAMED_LAWS = Section(
    title="Laws by name",
    terms=(
        Term(
            word="data",
            also=("data rule",),
            text="The default where the corpus is known. It is Chinchilla's law moved to your corpus by H and by bytes "
            "per token, as public runs on six corpora (2e17 to 4.84e19 FLOPs) and of many tokenizers show. Code gets "
            "fewer parameters and more tokens than web text. Its losses are web text's and are left out for other "
            "corpora.",
            unit="parameters",
            where=_WHERE,
            page="data_rule.md",
        ),
        Term(
            word="bytes",
            text="Chinchilla's law at the same bytes for each parameter: it knows your tokenizer and nothing else of "
            "your corpus. It is the tokenizer part of the law `data`.",
            unit="parameters",
            where=_WHERE,
            page="explanation/bytes.md",
        ),
        Term(
            word="chinchilla",
            text="Hoffmann et al.'s runs as Besiroglu et al. 2024 (arXiv:2404.10102) fitted them again: the default "
            "for web text and the baseline beside every answer. It counts total parameters.",
            unit="nats/token; total parameters",
            where=_WHERE,
            page="explanation/laws.md",
        ),
        Term(
            word="hoffmann",
            text="The Chinchilla law as it was published (Hoffmann et al. 2022, arXiv:2203.15556, approach 3). Its fit "
            "had stopped early, so it recommends fewer parameters at large budgets than its own authors' other two "
            "approaches.",
            unit="nats/token; total parameters",
            where=_WHERE,
            page="explanation/laws.md",
        ),
        Term(
            word="hoffmann-table3",
            text="A line through table 3 of Hoffmann et al. 2022 (approach 1): the source of the rule of 20 tokens for "
            "each parameter. It gives no loss.",
            unit="total parameters",
            where=_WHERE,
            page="explanation/laws.md",
        ),
        Term(
            word="muennighoff",
            text="The law of Muennighoff et al. 2023 (arXiv:2305.16264), fitted with repeated data on C4. `advisor "
            "repeat` uses it, since how repetition wears data out was measured together with it.",
            unit="nats/token",
            where=f"{_WHERE}; `advisor repeat`",
            page="limited_data.md",
        ),
        Term(
            word="code",
            text="The law of Luo et al. 2025 (arXiv:2510.08702) for code: 134 tokens for each parameter at 1e21 FLOPs. "
            "Code in the six corpora's runs wants far fewer tokens than that; two studies of code disagree, and both "
            "are shown.",
            unit="nats/token",
            where=_WHERE,
            page="data_rule.md",
        ),
        Term(
            word="deepseek",
            text="The optimum of DeepSeek LLM 2024 (arXiv:2401.02954), on their own data. It counts model size in "
            "FLOPs a token and is here for comparison only.",
            unit="non-embedding parameters",
            where=_WHERE,
            page="explanation/laws.md",
        ),
        Term(
            word="kaplan",
            text="The optimum of Kaplan et al. 2020 (arXiv:2001.08361): most of a growing budget goes into parameters "
            "(N grows as C^.73). No later law that `advisor laws` lists has an exponent over .53. It is here for "
            "comparison only.",
            unit="non-embedding parameters",
            where=_WHERE,
            page="faq.md",
        ),
        Term(
            word="anchored",
            text="The law of a calibration: a law of web text, moved by how the calibration says that laws change from "
            "web text to your H. It is the headline with `--calibration` or `--coefficients`. At the H of web text it "
            "is the law that it starts from.",
            unit="nats/token",
            where=_WHERE,
            page="anchored.md",
        ),
        Term(
            word="blend",
            text="The gzip paper's own mixture of Chinchilla and a calibration (Pandey 2024, arXiv:2405.16684, eq. 6): "
            "each of the five numbers of the law is a weighted mean of the two.",
            unit="nats/token",
            where=_WHERE,
            page="anchored.md",
        ),
        Term(
            word="gzip",
            text="A calibration alone, without Chinchilla: each of the five numbers of the law is a line in H (Pandey "
            "2024, eq. 5). What it says far from the sources that were trained on is a guess.",
            unit="nats/token",
            where=_WHERE,
            page="anchored.md",
        ),
    ),
)
