"""The laws of a calibration as lines in H, and H_REF: both forms, joint draws, epsilon, the best predictor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.quantities import plural
from calibration.fit.regression import Regression, regress
from calibration.lines.epsilon import Epsilon, estimate_epsilon
from calibration.lines.line_draws import LineDraws, draw_lines
from calibration.lines.measured_h import exactly, with_errors
from calibration.lines.predictors import PredictorComparison, compare_predictors
from calibration.lines.records import LEAST_SOURCES
from calibration.lines.source_laws import SourceLaw, accepted, common_flops, refusals

MOST_DRAWS = 400
# H of the only web site of English prose measured so far; manuals in HTML are lower, .521 to .554 (docs/h_ref.md).
H_REF = 0.576
H_REF_SOURCE = (
    "the median H, .576 (95 % .572 to .579), of a web site of English prose without its tags (Debian's anarchism "
    "15.3-3, 11 MB) under the default protocol (Mistral-v1 tokenizer)"
)


@dataclass(frozen=True, kw_only=True)
class HRegression:
    """``laws`` are those that took part, by name; ln N* is compared at ``flops[1]``, the largest common budget."""

    laws: tuple[SourceLaw, ...]
    flops: tuple[float, float]
    log: Regression
    linear: Regression
    draws: LineDraws
    epsilon: Epsilon
    predictors: PredictorComparison


def refusal(laws: Sequence[SourceLaw]) -> str | None:
    """Return why these laws give no coefficients, with the reasons of every refused source; None where they do."""
    taken = accepted(laws)
    values = {law.source.compressibility for law in taken}
    read = {str(law.source.definition.get("tokenizer")) for law in taken if law.source.kind == "corpus"}
    if len(read) > 1:
        return (
            f"No coefficients are written: the corpora are read in tokens of {', '.join(sorted(read))}, and D of one "
            "counts other tokens than D of another: calibrate with one --tokenizer."
        )
    if len(taken) >= LEAST_SOURCES and len(values) > 2:
        return None
    if len(taken) >= LEAST_SOURCES:
        return f"No coefficients are written: all {len(taken)} sources have the same H or one of two."
    reasons = [f"{name}: {' '.join(why) or 'no law.'}" for name, why in refusals(laws).items()]
    have = f"{plural(len(laws), 'source')} {'has' if len(laws) == 1 else 'have'}"
    head = (
        f"No coefficients are written: {len(taken)} of {have} a law that can be used, and lines in H need "
        f"{LEAST_SOURCES}."
    )
    return "\n".join([head, *reasons])


def regress_on_h(
    laws: Sequence[SourceLaw],
    *,
    n_draws: int = MOST_DRAWS,
    seed: int = 0,
    h_sd: Mapping[str, float] | None = None,
    more: Mapping[str, Mapping[str, float]] | None = None,
) -> HRegression:
    """Return the regression of the accepted laws on H; ``refusal`` must have found nothing.

    ``h_sd`` are the errors of H of each source; without them H is taken as exact, as that of 1000 sequences of a corpus
    that is at hand nearly is. ``more`` are further predictors, by name, with their values by source.

    Raises:
        RunsError: there are too few laws, or H does not vary, or it varies no more than its error.
    """
    taken = accepted(laws)
    flops = common_flops(taken)
    measured = np.array([law.source.compressibility for law in taken])
    sd = None if h_sd is None else np.array([h_sd[law.source.name] for law in taken])
    about_h = exactly(measured) if sd is None else with_errors(measured, sd)
    h = about_h.guess
    rows = np.stack([law.parameters for law in taken])
    by_name = {law.source.name: law.parameters for law in taken}
    values = {law.source.name: float(guess) for law, guess in zip(taken, h, strict=True)}
    return HRegression(
        laws=taken,
        flops=flops,
        log=regress(by_name, values, covariate="compressibility", flops=flops[1], form="log"),
        linear=regress(by_name, values, covariate="compressibility", flops=flops[1], form="linear"),
        draws=draw_lines(
            h,
            rows,
            drawn=[law.drawn for law in taken],
            flops=math.sqrt(flops[0] * flops[1]),
            n_draws=n_draws,
            seed=seed,
            h_sd=None if sd is None else about_h.sd,
        ),
        epsilon=estimate_epsilon(h, rows, flops, seed=seed),
        predictors=compare_predictors(taken, flops, seed=seed, more=more),
    )
