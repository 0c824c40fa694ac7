"""What a calibration says of itself: how epsilon was found, whether H predicts the allocation, and whose H is H_ref.

    "epsilon_estimate": {"value", "ci95": [lo, hi], "share_zero", "error", "error_of_mean"},
    "predictors": {"sources": [...], "verdict", "predictors": [{"name", "error_ln_n", "p_value", "better_than_none"}]},
    "h_ref_source": text

Each may be absent: a calibration made by hand says none of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.calibrations.uncertainty import WeightEstimate
from advisor.json_fields import Node

_H = "H"  # the name of the predictor that is compressibility


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Whether H predicts the allocation of sources left out: ``better`` than no predictor, None where untold.

    ``verdict`` is the calibration's own sentence, with the errors and the permutation p-value.
    """

    better: bool | None
    verdict: str
    n_sources: int


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What is known of how far a calibration can be trusted; None where its file does not say."""

    estimate: WeightEstimate | None = None
    prediction: Prediction | None = None
    h_ref_source: str | None = None


def read_quality(node: Node) -> Quality:
    """Return what a calibration of a coefficients file says of itself."""
    estimate, prediction, source = (node.get(key) for key in ("epsilon_estimate", "predictors", "h_ref_source"))
    return Quality(
        estimate=None if estimate is None else _estimate(estimate),
        prediction=None if prediction is None else _prediction(prediction),
        h_ref_source=None if source is None else source.text(),
    )


def _estimate(node: Node) -> WeightEstimate:
    error, of_mean = node.get("error"), node.get("error_of_mean")
    return WeightEstimate(
        value=node["value"].number(0, 1),
        ci95=node["ci95"].pair(0, 1),
        share_zero=node["share_zero"].number(0, 1),
        error=None if error is None else error.number(0),
        error_of_mean=None if of_mean is None else of_mean.number(0),
    )


def _prediction(node: Node) -> Prediction:
    found = [one for one in node["predictors"].items() if one["name"].text() == _H]
    better = found[0].get("better_than_none") if found else None
    if better is not None and not isinstance(better.value, bool):
        raise better.fail("must be true, false or null")
    return Prediction(
        better=None if better is None else better.value,
        verdict=node["verdict"].text(),
        n_sources=len(list(node["sources"].items())),
    )
