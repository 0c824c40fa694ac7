"""What is printed at the end of a calibration: each source's numbers, and the lines in H with their p-values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.laws.frontier import exponent_of
from advisor.laws.parameters import NAMES
from calibration.fit.bootstrap import ci95
from calibration.fit.diagnostics import Verdict
from calibration.fit.line import Line
from calibration.fit.minimum import log_optimum
from calibration.fit.objective import Array
from calibration.lines.regression import HRegression
from calibration.lines.source_laws import SourceLaw

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class SourceFigures:
    """A row of the table of laws. E, the bound and the rate are in nats/token; ``n_optimal`` is N* at ``flops``.

    ``law`` and ``ci95`` (95 %) have E, A, B, alpha, beta and exponent_a; they and N* are None where nothing was fitted.
    A refused law keeps its numbers: whoever shows them must show the verdict beside them. A reason is (code, level,
    message).
    """

    name: str
    kind: str
    compressibility: float
    shuffled: float
    entropy_bound: float | None
    entropy_rate: float | None
    n_rows: int
    law: Mapping[str, float] | None
    ci95: Mapping[str, Interval] | None
    flops: float | None
    n_optimal: float | None
    n_optimal_ci95: Interval | None
    seed_sd: float | None
    residual_scale: float | None
    verdict: Verdict
    reasons: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class LineFigures:
    """A line in H: its slope with 95 % interval and p-value (Student's t), and its value at H = 0."""

    name: str
    line: Line

    JSON = ("name", "*line")


def source_figures(laws: Sequence[SourceLaw]) -> tuple[SourceFigures, ...]:
    """Return the rows of the table of laws, by H."""
    return tuple(_figures(law) for law in sorted(laws, key=lambda law: (law.source.compressibility, law.source.name)))


def line_figures(found: HRegression, form: str = "log") -> tuple[LineFigures, ...]:
    """Return the lines of the form "log" or "linear", and last that of ln N* at the largest common budget."""
    lines = (found.linear if form == "linear" else found.log).lines
    named = [LineFigures(name=name, line=line) for name, line in lines.items()]
    return (*named, LineFigures(name="ln N*", line=found.log.log_optimum))


def _figures(law: SourceLaw) -> SourceFigures:
    source, group = law.source, law.group
    fitted = group.fit is not None and group.draws is not None and law.flops is not None
    return SourceFigures(
        name=source.name,
        kind=source.kind,
        compressibility=source.compressibility,
        shuffled=source.shuffled,
        entropy_bound=source.entropy_bound,
        entropy_rate=source.entropy_rate,
        n_rows=len(law.rows),
        law=_law(law.parameters) if fitted else None,
        ci95=group.ci95 if fitted else None,
        flops=law.flops,
        n_optimal=math.exp(float(log_optimum(law.parameters, law.flops))) if fitted and law.flops else None,
        n_optimal_ci95=ci95(np.exp(log_optimum(law.drawn, law.flops))) if fitted and law.flops else None,
        seed_sd=law.figures.seed_sd,
        residual_scale=group.diagnostics.residual_scale,
        verdict=law.verdict,
        reasons=tuple((reason.code, reason.level, reason.message) for reason in law.reasons),
    )


def _law(row: Array) -> dict[str, float]:
    values = (*map(np.exp, row[:3]), *row[3:], exponent_of(*row[3:]))
    return {name: float(value) for name, value in zip((*NAMES, "exponent_a"), values, strict=True)}
