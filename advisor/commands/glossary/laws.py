"""What a scaling law is made of, and what follows from it."""

from advisor.commands.glossary.term import Section, Term

LAWS = Section(
    title="Loss, law and optimum",
    terms=(
        Term(
            word="loss",
            also=("nats/token", "nats per token", "loss_nats_per_token"),
            text="Cross-entropy on held-out text, with the natural logarithm, for each token: what a training run "
            "logs. A loss in bits is 1.443 times as large. Losses of different corpora or tokenizers are not "
            "comparable, so losses of different laws are not either.",
            unit="nats/token",
            where="answers; the column `loss` of `advisor fit`",
            page="explanation/laws.md",
        ),
        Term(
            word="bits per byte",
            also=("bpb",),
            text="The loss in bits over bytes of text in place of tokens: nats/token over ln 2 and over bytes per "
            "token. It can be compared across tokenizers, not across corpora. `advisor fit --loss-unit bpb "
            "--bytes-per-token T` reads it.",
            unit="bits/byte",
            where="`advisor fit --loss-unit bpb`",
            page="fitting.md",
        ),
        Term(
            word="law",
            also=("scaling law", "L(N, D)"),
            text="A formula for the loss of a model of N parameters after D tokens, fitted to many training runs: L(N, "
            "D) = E + A/N^alpha + B/D^beta (Hoffmann et al. 2022). The budget's optimum follows from it. A law holds "
            "for the data, tokenizer and training recipe of its runs, and beyond their budgets it drifts.",
            unit="nats/token",
            where="`--law`; `advisor laws`",
            page="explanation/laws.md",
        ),
        Term(
            word="E",
            also=("irreducible loss",),
            text="The loss that no size and no number of tokens goes below under the law: the entropy of the text as "
            "far as the fit can tell. It rarely is well determined, and it usually falls as larger runs are added.",
            unit="nats/token",
            where="`advisor laws`, `advisor fit`",
            page="explanation/laws.md",
        ),
        Term(
            word="A and B",
            also=("A", "B"),
            text="How large the two reducible parts of the loss are: A/N^alpha from too few parameters, B/D^beta from "
            "too few tokens. They trade against alpha and beta, so the four are never to be read one by one.",
            unit="nats/token, times parameters^alpha and tokens^beta",
            where="`advisor laws`, `advisor fit`",
            page="explanation/laws.md",
        ),
        Term(
            word="alpha and beta",
            also=("alpha", "beta"),
            text="How fast the loss falls with parameters (alpha) and with tokens (beta): twice the tokens leave "
            "2^-beta of the part that tokens are to blame for. Their ratio sets how a growing budget is divided.",
            unit="none",
            where="`advisor laws`, `advisor fit`",
            page="explanation/laws.md",
        ),
        Term(
            word="exponent a",
            also=("a", "b", "exponent_a", "exponent"),
            text="How N grows with the budget: N* is proportional to C^a with a = beta/(alpha + beta), and D* to C^b "
            "with b = 1 - a. At a = .5 parameters and tokens grow alike and tokens per parameter stay the same.",
            unit="none",
            where="`advisor laws`, `advisor fit`, `advisor evidence`",
            page="explanation/laws.md",
        ),
        Term(
            word="N* and D*",
            also=("N*", "D*", "optimum", "compute-optimal", "frontier"),
            text="The parameters and tokens with the least loss among all that cost the same budget. Compute-optimal "
            "is about training alone: who serves the model, or has few data, wants another size.",
            unit="parameters, tokens",
            where="every answer",
            page="explanation/laws.md",
        ),
        Term(
            word="IsoFLOP",
            also=("isoflop", "vertex", "IsoFLOP profile"),
            text="Several sizes trained with the same FLOPs, each on the tokens that this leaves. The loss over ln N "
            "is a bowl, and its lowest point, the vertex, is that budget's optimum, read off with hardly a law.",
            unit="parameters",
            where="`advisor fit` on a table with a column flops",
            page="fitting.md",
        ),
        Term(
            word="wasted FLOPs",
            also=("wasted", "FLOPs wasted", "wasted_fraction", "if wrong"),
            text="The share of your budget that another size loses: 1 - C'/C, where C' is the budget that reaches the "
            "same loss at its own optimum. Half or twice the best size loses about 16 %, so a recommendation that is "
            "off by a tenth costs almost nothing.",
            unit="a share of the budget",
            where="`advisor recommend`",
            page="explanation/laws.md",
        ),
        Term(
            word="flat region",
            also=(
                "room",
                "nearly as good",
                "flat_region",
                "within 1 % of the loss",
                "within 10 % of the FLOPs",
                "FLOPs for 1 % more loss",
                "N for at most 1 % more",
            ),
            text="All sizes that do nearly as well as the best one: within 1 % of its loss, and within 10 % of the "
            "FLOPs. Anything in it is a sound choice, such as a round shape, or the smaller end where the model will "
            "be served.",
            unit="parameters, tokens",
            where="`advisor recommend`",
            page="explanation/laws.md",
        ),
        Term(
            word="d ln N*/dH",
            also=("dlnN_dH", "sensitivity", "flip_flops"),
            text="Which way the best N moves as text gets harder to compress, at this budget. +1 means that an H "
            "higher by .1 wants about 10 % more parameters. Some laws change its sign at a budget, which is then "
            "printed.",
            unit="ln N per unit of H",
            where="`advisor recommend` with a corpus",
            page="data_rule.md",
        ),
    ),
)
