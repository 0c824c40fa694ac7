"""Every document that has a schema: its title, what it is, and its keys, of a class or put together here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schema_parts import (
    CONSTANTS,
    COUNT,
    NUMBER,
    PAIR,
    TEXT,
    TRUTH,
    VERDICT,
    WHOLE,
    Keys,
    keys,
    listed,
    mapped,
    with_more,
)
from schema_types import Definitions, Schema, any_of, nullable

from advisor.answer.comparison import Comparison
from advisor.answer.recommendation import Recommendation
from advisor.answer.repetition.repeat_table import RepeatTable
from advisor.answer.table import AllocationTable
from advisor.calibrations.evidence import Scorecard
from advisor.calibrations.transfer import Transfer
from advisor.caution import Caution
from advisor.compressibility.protocol import Protocol
from advisor.compressibility.score import Profile
from advisor.explanation import Explanation
from advisor.laws.drift import Drift
from advisor.laws.scaling_law import Ranges
from advisor.pilot.pilot import Pilot
from calibration.campaign.plan_file import CalibrationPlan
from calibration.fit.analysis import GroupFit
from calibration.fit.beyond.new_runs import RunComparison
from calibration.fit.decay.decay_fit import DecayFit
from calibration.fit.diagnostics import Diagnostics
from calibration.fit.regression import Regression
from calibration.grammars.profile import GrammarProfile
from calibration.grammars.survey import Survey
from calibration.lines.epsilon import Epsilon
from calibration.lines.predictors import PredictorComparison
from calibration.lines.summary import LineFigures, SourceFigures
from calibration.training.device import Device


def explained(d: Definitions, kind: type) -> Schema:
    """Return the keys of an answer that --explain adds to."""
    return with_more(
        d,
        kind,
        {
            "explanations": (nullable(listed(d.of(Explanation))), "Of every number; null without --explain."),
            "explanation_functions": (
                nullable(mapped(TEXT)),
                "What the functions that formulas name are; null without --explain.",
            ),
        },
    )


def score(d: Definitions) -> Schema:
    """Return the document of `advisor score`, which is also a profile file."""
    return keys({"corpora": (listed(d.of(Profile)), "A profile of each SOURCE, in the order in which they are named.")})


def laws(d: Definitions) -> Schema:
    """Return the document of `advisor laws`."""
    law: Keys = {
        "law": (TEXT, "Its name."),
        "form": (TEXT, "Its formula: L = E + A/N^alpha + B/D^beta, or the optimum alone."),
        **{name: (nullable(NUMBER), f"{name} of the form; null where it has none.") for name in CONSTANTS},
        "coefficient": (nullable(NUMBER), "k of N* = k C^exponent_a, of a law of the optimum alone."),
        "exponent_a": (NUMBER, "a of N* ~ C^a."),
        "count": (COUNT, "The parameters that N counts."),
        "source": (TEXT, "The paper."),
        "note": (TEXT, "What to know of it."),
        "n_draws": (WHOLE, "Joint draws of its constants; 0 where it has none, and so no interval."),
        "ranges": (d.of(Ranges), "The runs that it was fitted to."),
    }
    one: Keys = {
        "name": (TEXT, "Its name, for --calibration."),
        "installed": (TRUTH, "Whether the user installed it."),
        "n_sources": (WHOLE, "Corpora or grammars that it was made of."),
        "n_laws": (WHOLE, "Those of them whose law is accepted."),
        "epsilon": (NUMBER, "How much it counts in the laws blend and anchored, 0 to 1."),
        "protocol": (d.of(Protocol), "How H was measured."),
        "count": (COUNT, "The parameters that N counts."),
    }
    dependent: Keys = {"law": (TEXT, "Its name."), "form": (TEXT, "What it is, in words.")}
    return keys(
        {
            "laws": (listed(keys(law)), "Published laws."),
            "data_dependent_laws": (listed(keys(dependent)), "Laws that depend on the corpus or the tokenizer."),
            "default_calibration": (nullable(TEXT), "The calibration that is used where none is named."),
            "calibrations": (listed(keys(one)), "Those that ship or are installed."),
            "unreadable_calibrations": (mapped(TEXT), "What is wrong with each that cannot be used, by its name."),
        }
    )


def table_keys() -> Keys:
    """Return the keys that say how a table of runs was read."""
    units: Keys = {
        "loss": ({"enum": ["nats", "bits", "bpb", "ppl"]}, "The unit of the losses in the table."),
        "bytes_per_token": (nullable(NUMBER), "Of the tokenizer, as it was given for bits per byte."),
        "scale": (mapped(NUMBER), "What each column was multiplied with."),
        "decimal_comma": (TRUTH, "Whether numbers have a comma for the point."),
    }
    return {
        "columns": (nullable(mapped(nullable(TEXT))), "The table's column behind each of ours; null without a table."),
        "derived": (nullable(mapped(TEXT)), "The formula of each column that was derived from others."),
        "units": (nullable(keys(units)), "How numbers were read."),
    }


def fitted_law(d: Definitions) -> Schema:
    """Return the entry of a group's law in the document of `advisor fit`; numbers of a refused law are null."""
    names = (*CONSTANTS, "exponent_a")
    group = {name: d.of_attribute(GroupFit, name) for name in ("budgets", "extrapolation", "kaplan", "isoflop")}
    return keys(
        {
            **{name: (nullable(NUMBER), f"{name} of L = E + A/N^alpha + B/D^beta, nats/token.") for name in CONSTANTS},
            "count": (COUNT, "The parameters that N counts."),
            "objective": (nullable(NUMBER), "The sum that the fit made least."),
            "delta": (nullable(NUMBER), "Huber's delta on ln loss."),
            "exponent_a": (nullable(NUMBER), "a of N* ~ C^a, beta/(alpha + beta)."),
            "ci95": (keys({name: (nullable(PAIR), f"95 % interval of {name}.") for name in names}), "95 % intervals."),
            "n_runs": (WHOLE, "Usable runs."),
            "frontier": (group["budgets"], "The optimum of each budget of --flops."),
            "drift": (
                nullable(d.of(Drift)),
                "How far it strays beyond its largest budget, for each e-fold of FLOPs.",
            ),
            "extrapolation": (group["extrapolation"], "How refits to smaller runs predict the larger ones."),
            "diagnostics": (d.of(Diagnostics), "The figures and reasons behind the verdict."),
            "verdict": (VERDICT, "Whether to believe it."),
            "forced": (TRUTH, "Whether a refused law is shown, by --force."),
            "one_factor": (d.of_attribute(GroupFit, "one_factor"), "Laws of N or of D alone."),
            "kaplan": (group["kaplan"], "Kaplan's form, fitted to the same runs."),
            "repetition": (d.of_attribute(GroupFit, "repetition"), "How repeated data lose value, by runs of them."),
            "isoflop": (group["isoflop"], "Optima read off runs of equal FLOPs."),
        }
    )


def fit(d: Definitions) -> Schema:
    """Return the document of `advisor fit`; that of --pilot is a pilot file's."""
    return keys(
        {
            **table_keys(),
            "laws": (mapped(fitted_law(d)), "The law of each group; one group is called all."),
            "regression": (nullable(d.of(Regression)), "The groups' laws on their covariate."),
            "no_regression": (nullable(TEXT), "Why there is none, where one was asked for."),
            "predictions": (nullable(mapped(d.of(RunComparison))), "The runs of --predict beside the law, by group."),
            "repetition": (d.of(DecayFit), "What --repeat-over found; absent without it."),
        },
        optional=("predictions", "repetition"),
    )


def grammar(d: Definitions) -> Schema:
    """Return the document of `advisor grammar`."""
    profile = with_more(
        d, GrammarProfile, {"dataset": (nullable(d.of_items(Survey, "datasets")), "What --tokens wrote.")}
    )
    return keys(
        {
            "seed": (WHOLE, "Of the draw and of the sample."),
            "grammars": (listed(profile), "The grammars of the set."),
            "correlation_compressibility_entropy_rate": (nullable(NUMBER), "Over the set."),
            "search": (d.of_attribute(Survey, "search"), "How they were found; null where they were not searched for."),
            "file": (nullable(TEXT), "The grammars.json that was written."),
            "cautions": (listed(d.of(Caution)), "What is degenerate in the set."),
        }
    )


def calibrate(d: Definitions) -> Schema:
    """Return the document of `advisor calibrate`: the plan of --dry-run and of what is left, or the result."""
    planned = with_more(
        d,
        CalibrationPlan,
        {
            "n_runs": (WHOLE, "Points: one for each trunk and token count."),
            "flops": (NUMBER, "FLOPs of all trunks."),
            "hours": (NUMBER, "By the clock on this machine, done or not."),
            "n_works_missing": (WHOLE, "Trunks that are still to be trained."),
            "hardware": (d.of(Device), "The device that trains."),
            "n_workers": (WHOLE, "Processes that train."),
            "threads": (WHOLE, "Threads of each."),
            "not_trained": (mapped(TEXT), "Why a work was not trained to its end, by the work; absent of a plan."),
        },
    )
    planned["required"].remove("not_trained")
    result: Keys = {
        "name": (TEXT, "Of the calibration."),
        "sources": (listed(d.of(SourceFigures)), "The law of each source."),
        "lines": (listed(d.of(LineFigures)), "The lines in H through the accepted laws."),
        "epsilon": (nullable(d.of(Epsilon)), "How much the calibration counts; null without lines."),
        "predictors": (nullable(d.of(PredictorComparison)), "What predicts left-out sources; null without lines."),
        "transfers": (listed(d.of(Transfer)), "How the line of one folder does on another."),
        "refusal": (nullable(TEXT), "Why there are no coefficients."),
        "not_trained": (mapped(TEXT), "Why a work was not trained to its end, by the work."),
        "files": (listed(TEXT), "What was written."),
        "notes": (listed(TEXT), "What a reader should know of the ledgers."),
    }
    return any_of([planned, keys(result)])


def explain(d: Definitions) -> Schema:
    """Return the document of `advisor explain`."""
    term: Keys = {
        "word": (TEXT, "The word, label, code or option."),
        "text": (TEXT, "What it means, in sentences."),
        "unit": (TEXT, "The unit it is in; of an option, what it takes."),
        "where": (TEXT, "Where it stands."),
        "page": (TEXT, "The page below docs/ that has more."),
        "also": (listed(TEXT), "Its other spellings, keys of JSON documents too."),
    }
    return keys({"terms": (listed(keys(term)), "The one that is asked for; without a WORD all.")})


DOCUMENTS: Mapping[str, tuple[str, Callable[[Definitions], Schema]]] = {
    "score": ("`advisor score --json`: profiles of corpora", score),
    "recommend": ("`advisor recommend --json`: what to train, and how sure", lambda d: explained(d, Recommendation)),
    "repeat": ("`advisor repeat --json`: what repeated data are worth", lambda d: explained(d, RepeatTable)),
    "laws": ("`advisor laws --json`: every law and calibration", laws),
    "evidence": ("`advisor evidence --json`: what the laws rest on", lambda d: with_more(d, Scorecard, {})),
    "compare": ("`advisor compare --json`: corpora or budgets side by side", lambda d: with_more(d, Comparison, {})),
    "table": ("`advisor table --json`: optimal allocations of a law", lambda d: explained(d, AllocationTable)),
    "pilot": ("`advisor pilot --json`: the runs that would narrow an answer", lambda d: with_more(d, Pilot, {})),
    "fit": ("`advisor fit --json`: laws from a table of runs", fit),
    "grammar": ("`advisor grammar --json`: grammars and what is known of them", grammar),
    "explain": ("`advisor explain --json`: what words mean", explain),
    "calibrate": ("`advisor calibrate --json`: a plan, or its laws and lines", calibrate),
}
