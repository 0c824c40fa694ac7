"""How sure an answer is."""

from advisor.commands.glossary.term import Section, Term

CERTAINTY = Section(
    title="How sure",
    terms=(
        Term(
            word="80 % interval",
            also=("80 %", "how sure", "interval80"),
            text="Where N, D or the loss lies four times in five, if the law is of the right form. It is given for a "
            "recommendation, since that is a range to decide in. It holds what the fit leaves open, what is not known "
            "of your corpus, and the drift beyond the budgets that were seen. It knows nothing of your optimiser or "
            "learning rate.",
            unit="as the number",
            where="`advisor recommend`, `advisor compare`",
            page="explanation/certainty.md",
        ),
        Term(
            word="95 % interval",
            also=("95 %", "ci95", "interval95"),
            text="Where a measured or fitted number lies nineteen times in twenty: H, estimated tokens, the numbers of "
            "your own law. It comes from drawing documents, or runs, again.",
            unit="as the number",
            where="`advisor score`, `advisor fit`",
            page="explanation/certainty.md",
        ),
        Term(
            word="drift",
            also=("kappa", "kappa_n", "extrapolation"),
            text="How far such laws were seen to be off beyond the budgets that they were fitted on. As larger runs "
            "are added E falls, and so do predicted losses. Intervals widen with ln(C/C_max) for it, by at least .008 "
            "in ln loss and .10 in ln N for each e-fold of budget.",
            unit="ln loss, or ln N, per e-fold of budget",
            where="intervals; `drift` of a law file",
            page="fitting.md",
        ),
        Term(
            word="caution",
            also=("cautions", "mind", "caution code", "code of a caution", "note"),
            text="A reason for care that belongs to the answer: a sentence for people and a code for programs. What "
            "changes what to do stands on the first screen as Mind; `--cautions` prints all. In a JSON document they "
            "are the list `cautions`, with a severity.",
            unit="none",
            where="the line Mind, `--cautions`; `cautions` of every JSON document",
            page="explanation/certainty.md",
        ),
        Term(
            word="verdict",
            also=("refused", "refusal"),
            text="What `advisor fit` thinks of a law: ok, caution or refused. A refused law cannot be told from others "
            "that fit your runs as well, and its numbers would mislead; the reasons are printed and the exit code is "
            "1. `--force` prints it, every number marked.",
            unit="ok, caution or refused",
            where="`advisor fit`",
            page="fitting.md",
        ),
        Term(
            word="pilot",
            text="Small runs on your corpus and on web text that measure how far apart their optima are, before the "
            "large run. `advisor pilot` designs them and says whether what they save is more than they cost.",
            unit="FLOPs",
            where="`advisor pilot`; `advisor recommend --pilot`",
            page="pilot.md",
        ),
        Term(
            word="evidence",
            text="What the default law rests on and which published results speak for and against it, in one table.",
            unit="none",
            where="`advisor evidence`",
            page="evidence.md",
        ),
    ),
)
