"""The files that commands write and read again: their schemas, as far as a reader asks for a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schema_documents import score
from schema_parts import (
    CONSTANTS,
    COUNT,
    NUMBER,
    PAIR,
    TEXT,
    VERDICT,
    Keys,
    keys,
    listed,
    mapped,
    with_more,
)
from schema_types import Definitions, Schema, nullable, row

from advisor.compressibility.protocol import Protocol
from advisor.laws.drift import Drift
from advisor.laws.law_file import DRAW_COLUMNS, MAX_DRAWS
from advisor.laws.scaling_law import Ranges
from advisor.pilot.pilot_file import PilotResult
from calibration.campaign.plan_file import CalibrationPlan
from calibration.fit.reason import Reason
from calibration.lines.epsilon import Epsilon
from calibration.lines.predictors import PredictorComparison
from calibration.lines.records import Row

_LOGS = ("E", "log_A", "log_B", "alpha", "beta")
_DIGEST = "SHA-256 of all else that is said here, in hexadecimal; absent of what older versions wrote."


def law_keys(d: Definitions) -> Keys:
    """Return the keys of a law, in a file of its own or inside another."""
    decay: Keys = {
        "R_D": (NUMBER, "R_D*: after so many repetitions a token is worth 1/e of a new one."),
        "R_N": (NUMBER, "R_N*: the same of parameters beyond those that the unique tokens can use."),
        "source": (TEXT, "Where they are from."),
    }
    draws = {"type": "array", "maxItems": MAX_DRAWS, "items": row([NUMBER, NUMBER, nullable(NUMBER), NUMBER, NUMBER])}
    return {
        "name": (TEXT, "What the law is called."),
        "source": (TEXT, "Where it is from."),
        **{name: (NUMBER, f"{name} of L = E + A/N^alpha + B/D^beta, nats/token.") for name in CONSTANTS},
        "exponent_a": (NUMBER, "a of N* ~ C^a, beta/(alpha + beta); not read."),
        "count": (COUNT, "The parameters that N counts."),
        "verdict": (VERDICT, "What the fit says of it; a refused law is not read."),
        "ranges": (d.of(Ranges), "The runs that it was fitted to."),
        "drift": (d.of(Drift), "How far it strays beyond its largest budget, for each e-fold of FLOPs."),
        "draw_columns": ({"const": list(DRAW_COLUMNS)}, "What the columns of draws are."),
        "draws": (draws, "Joint draws of the constants; ln E is null where E is 0."),
        "decay": (keys(decay), "How repeated data lose their value, where runs of it said so."),
    }


def law_file(d: Definitions) -> Schema:
    """Return a law file: what is asked of one that is written by hand."""
    found = law_keys(d)
    return keys(found, optional=tuple(name for name in found if name not in (*CONSTANTS, "count")))


def _inner_law(d: Definitions, *, more: Keys | None = None) -> Schema:
    found = law_keys(d)
    return keys({**(more or {}), **found}, optional=tuple(name for name in found if name not in (*CONSTANTS, "count")))


def coefficients(d: Definitions) -> Schema:
    """Return a coefficients file: what `advisor recommend --coefficients` asks of one."""
    source: Keys = {
        "name": (TEXT, "Of the corpus or the grammar."),
        "compressibility": (NUMBER, "H, 0 to 1."),
        "shuffled": (nullable(NUMBER), "H of the same tokens in random order."),
        "entropy_bound": (nullable(NUMBER), "The most that a perfect model's loss can be, nats/token; of grammars."),
        "law": (nullable(_inner_law(d)), "Its law; null where that is refused."),
        "verdict": (VERDICT, "On its law."),
        "reasons": (listed(d.of(Reason, ("code", "level", "message"))), "Those behind the verdict."),
    }
    line = {"slope": (NUMBER, "In H."), "intercept": (NUMBER, "At H = 0.")}
    rows = {"type": "array", "maxItems": MAX_DRAWS}
    regression: Keys = {
        "log": (keys({name: (keys(line), f"The line of {name}.") for name in _LOGS}), "Lines in ln A and ln B."),
        "linear": (keys({name: (keys(line), f"The line of {name}.") for name in CONSTANTS}), "Lines in A and B."),
        "draws": ({**rows, "items": row([NUMBER] * 20)}, "Joint draws: slopes and intercepts of log, then of linear."),
        "scatter": ({**rows, "items": row([NUMBER] * 10)}, "How far a new source lies off the lines, for each draw."),
    }
    base: Keys = {"compressibility": (NUMBER, "H at which it is the law of the calibration's own runs.")}
    calibration: Keys = {
        "name": (TEXT, "For --calibration."),
        "protocol": (d.of(Protocol), "How H was measured."),
        "training_tokenizer": (nullable(TEXT), "What the models read, where that is not the protocol's."),
        "count": ({"enum": ["total", "non-embedding"]}, "The parameters that N counts."),
        "recipe": ({}, "How the models were trained; null where a table does not say it."),
        "sources": (listed(keys(source, optional=("verdict", "reasons"))), "What it was made of."),
        "regression": (keys(regression, optional=("scatter",)), "How the constants move with H."),
        "epsilon": ({"type": "number", "minimum": 0, "maximum": 1}, "How much it counts in blend and anchored."),
        "epsilon_estimate": (d.of(Epsilon), "How that was found."),
        "h_ref": (NUMBER, "H of web text."),
        "h_ref_source": (TEXT, "Where that is from."),
        "base": (nullable(_inner_law(d, more=base)), "The law of its own runs at H of web text."),
        "predictors": (d.of(PredictorComparison), "What predicts left-out sources."),
        "ranges": (mapped(nullable(PAIR)), "The runs that it was made of."),
        "provenance": ({"type": "object"}, "How it was made: command, date, digests, versions."),
    }
    optional = ("training_tokenizer", "epsilon_estimate", "h_ref_source", "base", "predictors")
    return keys(
        {
            "default": (nullable(TEXT), "The calibration that is used where none is named."),
            "calibrations": (listed(keys(calibration, optional=optional)), "The calibrations of this file."),
        }
    )


def signed(d: Definitions, kind: type) -> Schema:
    """Return the keys of a class and the digest of what they say."""
    found = with_more(d, kind, {"digest": (TEXT, _DIGEST)})
    found["required"].remove("digest")
    return found


FILES: Mapping[str, tuple[str, Callable[[Definitions], Schema]]] = {
    "profile": ("Profiles, of `advisor score --out`, for --profile", score),
    "law-file": ("A law, of `advisor fit --out`, for --law", law_file),
    "coefficients": ("Coefficients, of `advisor fit --coefficients` and `advisor calibrate`", coefficients),
    "pilot-file": ("What a pilot measured, of `advisor fit --pilot --out`", lambda d: with_more(d, PilotResult, {})),
    "plan": ("The plan of a calibration, plan.json", lambda d: signed(d, CalibrationPlan)),
    "ledger-row": ("A line of a calibration's ledger, runs.jsonl", lambda d: signed(d, Row)),
}
UNVERSIONED = ("ledger-row",)
