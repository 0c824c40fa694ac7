"""The labels of rows and columns of pilots, fits and grammars that are no terms of the field."""

from advisor.commands.glossary.term import Section, Term

RUN_LABELS = Section(
    title="Rows and columns of pilots, fits and grammars",
    terms=(
        Term(
            word="Today",
            also=("Left",),
            text=(
                "Today: how far your corpus's best N is taken to lie from web text's, and what not knowing it better "
                "wastes. Left: how well that factor would be known after a pilot."
            ),
            unit="a factor; a share of FLOPs",
            where="`advisor pilot`",
            page="pilot.md",
        ),
        Term(
            word="Design",
            also=(
                "a pilot of",
                "Then",
            ),
            text=(
                "The small runs of a pilot: how many sizes at which budgets, on your corpus and on web text. Then "
                "says what to do with their losses."
            ),
            unit="runs, FLOPs",
            where="`advisor pilot`",
            page="pilot.md",
        ),
        Term(
            word="80 % of N after",
            text="Where N is expected to lie four times in five once the pilot's losses are known.",
            unit="parameters",
            where="`advisor pilot`",
            page="pilot.md",
        ),
        Term(
            word="sd of ln factor",
            text=(
                "How uncertain the factor between your corpus's N and web text's stays after a pilot: the standard "
                "deviation of its logarithm, so 0.2 is about 20 %."
            ),
            unit="ln N",
            where="`advisor pilot`",
            page="pilot.md",
        ),
        Term(
            word="saves",
            also=("pays",),
            text=(
                "FLOPs of the large run that a better N is expected to save. A pilot pays where that is more than it "
                "takes."
            ),
            unit="a share of the large run's FLOPs",
            where="`advisor pilot`",
            page="pilot.md",
        ),
        Term(
            word="noise",
            text="How much the losses of like runs differ from one to another.",
            unit="a share of the loss",
            where="`advisor fit --pilot`",
            page="pilot.md",
        ),
        Term(
            word="Fit",
            also=(
                "residual",
                "residuals",
                "residual scale",
            ),
            text=(
                "Residuals are what a law leaves unexplained: the distance of measured losses from it. Small ones do "
                "not make its N* certain; the standard error beside them does."
            ),
            unit="a share of the loss",
            where="`advisor fit`",
            page="fitting.md",
        ),
        Term(
            word="standard error",
            also=("se",),
            text="How far a fitted number would typically be off if the runs were made again.",
            unit="as the number",
            where="`advisor fit`",
            page="fitting.md",
        ),
        Term(
            word="Beyond",
            also=("largest run",),
            text=(
                "What is added to intervals for budgets above your largest run, by what other laws were seen to drift."
            ),
            unit="a share for each factor e of budget",
            where="`advisor fit`",
            page="fitting.md",
        ),
        Term(
            word="By group",
            also=(
                "group",
                "New runs",
            ),
            text=(
                "One law for each group of runs, and what their covariate says of N. New runs are those that a law is "
                "held against with `--predict`."
            ),
            unit="none",
            where="`advisor fit --group`",
            page="fitting.md",
        ),
        Term(
            word="value",
            text="A constant of the fitted law, beside its 95 % interval and its unit.",
            unit="as it says",
            where="`advisor fit`",
            page="fitting.md",
        ),
        Term(
            word="grammar",
            also=("grammars",),
            text="Random rules that write documents of known complexity, to calibrate on.",
            unit="none",
            where="`advisor grammar`",
            page="grammars.md",
        ),
        Term(
            word="bound",
            also=(
                "entropy",
                "bound, nats",
                "unigram",
            ),
            text=(
                "The most that the loss of a perfect model can be on documents of a grammar, counted from its exact "
                "probabilities."
            ),
            unit="nats/token",
            where="`advisor grammar`, `advisor calibrate`",
            page="grammars.md",
        ),
        Term(
            word="rate",
            text=(
                "In `advisor grammar`, the entropy of the endless stream of sentences for each token. In a pilot's "
                "runs, the peak learning rate."
            ),
            unit="nats/token; none",
            where="`advisor grammar`; `advisor pilot --full`",
            page="grammars.md",
        ),
        Term(
            word="rho",
            text=(
                "How many nonterminals one nonterminal becomes in the long run, the largest eigenvalue of the "
                "grammar's mean matrix: below 1 sentences end, near 1 some are very long."
            ),
            unit="none",
            where="`advisor grammar`",
            page="grammars.md",
        ),
        Term(
            word="gate",
            text=(
                "Why a grammar is no use for calibration: q, some sentences never end; rho, it is over .95; few, it "
                "has at most ten sentences."
            ),
            unit="none",
            where="`advisor grammar`",
            page="grammars.md",
        ),
        Term(
            word="trained to",
            also=(
                "Runs of a plan",
                "Folder",
                "There",
            ),
            text=(
                "The tokens at which each model's loss is taken. There and Folder are how much is trained already, "
                "and where it lies."
            ),
            unit="tokens",
            where="`advisor calibrate`",
            page="calibrating.md",
        ),
        Term(
            word="Agree",
            also=("Disagree", "Unclear", "cannot say", "published", "predicted", "with H rising"),
            text="Published results that point the same way as the default law, the other way, or neither.",
            unit="none",
            where="`advisor evidence`",
            page="evidence.md",
        ),
        Term(
            word="N* of six corpora by",
            also=(
                "nothing",
                "the others' mean",
                "both, the default",
            ),
            text=(
                "How far the best N of each of six corpora is missed when it is predicted from H, from bytes per "
                "token, from both, or from nothing; beside it the FLOPs that are lost."
            ),
            unit="ln N; a share of FLOPs",
            where="`advisor evidence`",
            page="evidence.md",
        ),
    ),
)
