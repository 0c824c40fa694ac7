"""Parts of schemas that documents are put together of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schema_types import Definitions, Schema, nullable, row

from advisor.answer.repetition.by_law import LimitedLaw
from advisor.answer.repetition.limited_data import LimitedData
from advisor.answer.repetition.sizes import LimitedChoice
from advisor.pilot.design import Expectation

NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
COUNT: Schema = {"enum": ["total", "non-embedding", "unknown"]}
VERDICT: Schema = {"enum": ["ok", "caution", "refused"]}
PAIR = row([NUMBER, NUMBER])
CONSTANTS = ("E", "A", "B", "alpha", "beta")
_KAPLAN = ("alpha_N", "alpha_D", "log_N_c", "log_D_c")
_KAPLAN_FORM = "L = ((N_c/N)^(alpha_N/alpha_D) + D_c/D)^alpha_D (Kaplan et al. 2020, eq. 1.5)"


def _of_kaplan(schema: Schema, said: str) -> Schema:
    return {
        "type": "object",
        "properties": {name: {**schema, "description": f"{said} {name} of {_KAPLAN_FORM}."} for name in _KAPLAN},
        "required": list(_KAPLAN),
    }


Keys = dict[str, tuple[Schema, str]]


def keys(entries: Keys, *, optional: tuple[str, ...] = ()) -> Schema:
    """Return an object of these keys, each with a schema and what it means."""
    properties = {name: {**schema, "description": said} for name, (schema, said) in entries.items()}
    required = [name for name in entries if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def listed(schema: Schema) -> Schema:
    """Return a list of what a schema describes."""
    return {"type": "array", "items": schema}


def mapped(schema: Schema) -> Schema:
    """Return an object of any keys, with a value of this schema each."""
    return {"type": "object", "additionalProperties": schema}


def with_more(d: Definitions, kind: type, more: Keys) -> Schema:
    """Return the keys of a class with others behind them."""
    d.of(kind)
    own, added = d.found.pop(kind.__name__), keys(more)
    required = list(dict.fromkeys([*own["required"], *added["required"]]))
    return {"type": "object", "properties": own["properties"] | added["properties"], "required": required}


def _limited(d: Definitions) -> Schema:
    answers = listed(d.of(LimitedData))
    said = "The answer of each law, the one to follow first."
    parts: Keys = {
        "unique_tokens": (NUMBER, "Unique tokens there are."),
        "answers": (answers, said),
        "sizes": (listed(d.of(LimitedChoice)), "Sizes around the best of the first answer, by its law."),
        "laws": (listed(d.of(LimitedLaw)), "What every law recommends with them, the one to follow first."),
    }
    about = "The answers with limited unique tokens; null where nothing limits them."
    return {**nullable(keys(parts)), "description": about}


def _other_shares(d: Definitions) -> Schema:
    expected = (nullable(d.of(Expectation)), "What is expected of it; null where no pilot fits it.")
    return listed(keys({"share_of_budget": (NUMBER, "Share of the budget, 0 to 1."), "expected": expected}))


# Numbers that may be infinite, where there is no end of something, or none, where nothing was fitted.
INFINITE = frozenset(
    {
        *("MoreData.factor", "MoreData.unique_tokens", "InferenceInterval.n_params", "InferenceInterval.n_tokens"),
        *(f"{kind}.{key}" for kind in ("Interval", "RecommendedInterval") for key in ("n_params", "n_tokens")),
        *("Interval.flops", "Interval.tokens_per_param", "DecayFit.residual_scale"),
        *("DecayFit.loss_over_law.value", "DecayFit.loss_over_law.ci95"),
        *("GrammarProfile.expected_sentence_tokens", "GrammarProfile.entropy_rate_nats_per_token"),
    }
)
# What hints do not say, by class and key.
OVERRIDES: Mapping[str, Callable[[Definitions], Schema]] = {
    "JointLaw.*named": lambda _: _of_kaplan(NUMBER, "The constant"),
    "JointLaw.ci95": lambda _: _of_kaplan(PAIR, "95 % interval of"),
    "Pilot.other_shares": _other_shares,
    "Plan.shape.exact_flops": lambda _: NUMBER,
    "Plan.shape.exact_over_6nd": lambda _: NUMBER,
    "Recommendation.limited_data": _limited,
    "Request.law": lambda _: {"type": ["string", "null"]},
}
