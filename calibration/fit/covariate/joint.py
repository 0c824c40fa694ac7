"""The laws of all groups fitted at once: lines in the covariate through four parameters, and E of each group its own.

E is free because a line through it does not hold: on the runs of six corpora (arXiv:2411.12925) the objective is then
22 times that of separate fits (non-embedding N: 17), and 3.2 times (2.7) with E free. Both are measured on every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.laws.parameters import LOG_NAMES
from calibration.fit.curve import fit_curve, huber
from calibration.fit.line import Line
from calibration.fit.objective import Array
from calibration.fit.runs import Runs

_SMALLEST = 1e-6  # of E, alpha and beta, so that a trial step cannot leave the law's domain
_ON_LINES = LOG_NAMES[1:]


@dataclass(frozen=True, kw_only=True)
class JointLines:
    """The fit of all runs at once.

    Attributes:
        slopes, intercepts: of the lines of ln A, ln B, alpha and beta.
        E: of each group, nats/token.
        objective: the sum of Huber losses of all runs.
        separate_objective: that of the groups' own laws.
        e_on_line_objective: that of all runs at once with E on a line too.
    """

    slopes: Mapping[str, float]
    intercepts: Mapping[str, float]
    E: Mapping[str, float]
    objective: float
    separate_objective: float
    e_on_line_objective: float

    JSON = (
        *("slopes", "intercepts", "E", "objective", "separate_objective", "times_separate"),
        *("e_on_line_objective", "e_on_line_times_separate"),
    )

    @property
    def times_separate(self) -> float:
        """How many times the objective of the separate fits."""
        return self.objective / max(self.separate_objective, 1e-300)

    @property
    def e_on_line_times_separate(self) -> float:
        """The same with E on a line."""
        return self.e_on_line_objective / max(self.separate_objective, 1e-300)

    def law_at(self, at: float) -> Array | None:
        """Return (0, ln A, ln B, alpha, beta) at a value of the covariate; None where an exponent is not positive."""
        a, b, alpha, beta = (self.slopes[name] * at + self.intercepts[name] for name in _ON_LINES)
        return np.array([0.0, a, b, alpha, beta]) if min(alpha, beta) > 0 else None


def fit_jointly(
    groups: Mapping[str, Runs],
    parameters: Mapping[str, Array],
    values: Mapping[str, float],
    lines: Mapping[str, Line],
    delta: float,
) -> JointLines:
    """Return the fit of all runs of the groups at once, from their own laws and the lines through those.

    ln L = ln(E_group + exp(ln A(H)) / N^alpha(H) + exp(ln B(H)) / D^beta(H)); Huber's loss with ``delta``.
    """
    everything = _Everything.of(groups, parameters, values)
    levels = np.array([np.exp(row[0]) for row in parameters.values()])
    free, objective = everything.fit(np.eye(len(levels))[everything.group], levels, lines, delta)
    on_line = np.column_stack([np.ones(len(everything.z)), everything.z])
    line_of_e = np.array([lines["E"].at(everything.centre), lines["E"].slope])
    _, with_line = everything.fit(on_line, line_of_e, lines, delta)
    slopes = free[5:9]
    return JointLines(
        slopes=dict(zip(_ON_LINES, map(float, slopes), strict=True)),
        intercepts=dict(zip(_ON_LINES, map(float, free[1:5] - slopes * everything.centre), strict=True)),
        E=dict(zip(parameters, map(float, (free[0], *free[9:])), strict=True)),
        objective=objective,
        separate_objective=everything.separate(np.stack(list(parameters.values())), delta),
        e_on_line_objective=with_line,
    )


@dataclass(frozen=True)
class _Everything:
    """All runs: centred ln N, ln D and covariate, ln L, weight, the number of the group; and the three centres."""

    x: Array
    y: Array
    z: Array
    log_loss: Array
    weight: Array
    group: np.ndarray
    origin: tuple[float, float]
    centre: float

    @classmethod
    def of(
        cls, groups: Mapping[str, Runs], parameters: Mapping[str, Array], values: Mapping[str, float]
    ) -> _Everything:
        runs = [groups[name] for name in parameters]
        sizes = [len(r) for r in runs]
        log_n, log_d, log_loss = (
            np.log(np.concatenate([getattr(r, k) for r in runs])) for k in ("n_params", "n_tokens", "loss")
        )
        h = np.repeat([values[name] for name in parameters], sizes)
        origin, centre = (float(log_n.mean()), float(log_d.mean())), float(h.mean())
        weight = np.concatenate([r.weight for r in runs])
        group = np.repeat(np.arange(len(runs)), sizes)
        return cls(log_n - origin[0], log_d - origin[1], h - centre, log_loss, weight, group, origin, centre)

    def fit(self, of_e: Array, e: Array, lines: Mapping[str, Line], delta: float) -> tuple[Array, float]:
        """Return (e_0, ln A, ln B, alpha, beta, their four slopes, e_1...) at the centre of H, and the objective.

        E of a run is ``of_e`` times e. Centred in ln N and ln D, ln A becomes ln A - alpha mean(ln N), slope and level.
        """

        def predict(theta: Array) -> Array:
            level, slope = theta[:, 1:5, None], theta[:, 5:9, None]
            a, b, alpha, beta = np.moveaxis(level + slope * self.z, 1, 0)
            floor = np.concatenate([theta[:, :1], theta[:, 9:]], 1) @ of_e.T
            alpha, beta = np.maximum(alpha, _SMALLEST), np.maximum(beta, _SMALLEST)
            return np.asarray(
                np.log(np.maximum(floor, _SMALLEST) + np.exp(a - alpha * self.x) + np.exp(b - beta * self.y))
            )

        level = [lines[name].at(self.centre) for name in _ON_LINES]
        slope = [lines[name].slope for name in _ON_LINES]
        start = self._shifted(np.array([e[0], *level, *slope, *e[1:]]), -1.0)
        bound = np.full(len(start), np.inf)
        theta, objective = fit_curve(
            predict, self.log_loss, start[None], delta=delta, weight=self.weight, low=-bound, high=bound, n_steps=2000
        )
        return self._shifted(theta[0], 1.0), float(objective[0])

    def _shifted(self, row: Array, sign: float) -> Array:
        moved = row.copy()
        for i, shift in ((1, self.origin[0]), (2, self.origin[1])):
            moved[[i, i + 4]] += sign * shift * row[[i + 2, i + 6]]
        return moved

    def separate(self, rows: Array, delta: float) -> float:
        """Return the objective of each group's own law."""
        e, a, b, alpha, beta = rows[self.group].T
        x, y = self.x + self.origin[0], self.y + self.origin[1]
        predicted = np.log(np.exp(e) + np.exp(a - alpha * x) + np.exp(b - beta * y))
        return float(huber((self.log_loss - predicted)[None], delta, self.weight)[0])
