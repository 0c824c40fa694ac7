"""Laws of a user's own runs, and coefficients that say how laws move with H."""

from advisor.commands.glossary.term import Section, Term

RUNS = Section(
    title="Your own runs",
    terms=(
        Term(
            word="run table",
            also=("TABLE", "runs"),
            text="A table with one row for each training run: parameters, tokens and final loss. Usual names of "
            "columns and numbers such as 1.1B are understood, and what was read as what is said.",
            unit="csv, tsv, JSON, JSON lines, parquet",
            where="`advisor fit TABLE`",
            page="fitting.md",
        ),
        Term(
            word="law file",
            text="What `advisor fit --out law.json` writes: E, A, B, alpha, beta, 400 joint draws of them, the ranges "
            "of the runs and the drift. `--law law.json` answers with it.",
            unit="a JSON file",
            where="`advisor fit --out`; `--law FILE`",
            page="fitting.md",
        ),
        Term(
            word="draws",
            also=("bootstrap", "joint draws"),
            text="The law fitted again to your runs drawn at random, 4,000 times unless you say otherwise. Their "
            "spread is the interval. E, A, B, alpha and beta are kept together, since each alone says little.",
            unit="none",
            where="`advisor fit --bootstrap`; law files",
            page="fitting.md",
        ),
        Term(
            word="delta",
            also=("Huber", "objective"),
            text="Where the fit stops trusting a run: residuals of ln loss beyond delta count by their size and no "
            "longer by its square, so that a failed run does not bend the law. 1e-3 as in Hoffmann et al. 2022.",
            unit="ln loss",
            where="`advisor fit --delta`",
            page="fitting.md",
        ),
        Term(
            word="covariate",
            also=("--covariate",),
            text="A number of each corpus that its law may depend on; here H. `advisor fit --group corpus --covariate "
            "compressibility` fits a law for each corpus and asks whether H predicts the optimum of one that was left "
            "out.",
            unit="that of the column",
            where="`advisor fit --covariate`",
            page="fitting.md",
        ),
        Term(
            word="line in H",
            also=("regression", "lines"),
            text="How each of E, ln A, ln B, alpha and beta moves with H across corpora: a straight line through the "
            "laws of the sources, with its slope, interval and p-value.",
            unit="per unit of H",
            where="`advisor fit --covariate`, `advisor calibrate`",
            page="fitting.md",
        ),
        Term(
            word="regression calibration",
            also=("reliability", "measured H"),
            text="The correction of a line for errors of H. A line through values measured with error is too flat; "
            "dividing by their reliability, the share of their variance that is the corpora's own, sets that right on "
            "average.",
            unit="none",
            where="`advisor fit --profiles --coefficients`",
            page="fitting.md",
        ),
        Term(
            word="coefficients file",
            also=("coefficients", "--coefficients"),
            text="A file of one or more calibrations: lines in H with joint draws, the protocol of H, the ranges. "
            "`advisor fit --coefficients mine.json` and `advisor calibrate` write one, and `advisor recommend "
            "--coefficients mine.json` answers from it.",
            unit="a JSON file",
            where="`--coefficients`, `--install`",
            page="how-to/own-runs.md",
        ),
        Term(
            word="calibration",
            also=("--calibration", "calibrate", "calibrations"),
            text="What one set of sources says about how laws move with H: their laws, lines through them and the "
            "weight that these lines earned. Some ship with the advisor, you can make your own, and `advisor laws` "
            "lists them. The default law `data` uses none.",
            unit="none",
            where="`--calibration NAME`; `advisor calibrate`; `advisor laws`",
            page="calibrations.md",
        ),
        Term(
            word="source",
            also=("sources",),
            text="In a calibration: one corpus or grammar that small models were trained on, with its H and its law. "
            "In `advisor score` and `recommend`: where the corpus is read from.",
            unit="none",
            where="`advisor calibrate`; SOURCE",
            page="calibrating.md",
        ),
        Term(
            word="epsilon",
            also=("weight",),
            text="How far a calibration may move the answer: 0 not at all, 1 all the way. It is chosen by how well the "
            "lines predict sources that were left out, and is 0 where they do no better than the mean.",
            unit="none: 0 to 1",
            where="`--epsilon`; `advisor laws`",
            page="anchored.md",
        ),
        Term(
            word="H_ref",
            also=("h_ref",),
            text="H of web text, where a calibration's answer is the law of web text itself. .576 under the default "
            "protocol for Chinchilla, .5645 for the six corpora.",
            unit="as H",
            where="`--h-ref`; coefficients files",
            page="h_ref.md",
        ),
        Term(
            word="ledger",
            also=("runs.jsonl",),
            text="The record of a calibration: one line for each trained model and number of tokens, with a digest. "
            "Training goes on from it after any interruption, and `advisor calibrate --refit` fits it again without "
            "training.",
            unit="a JSON lines file",
            where="`advisor calibrate --out`",
            page="calibrating.md",
        ),
    ),
)
