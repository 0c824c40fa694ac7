"""IsoFLOP profiles fitted together: levels of each budget, one pair of exponents, for many weightings at once.

All budgets are one array, (budget, run), whose shorter rows are filled up with runs of weight 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calibration.fit.minimum import residual_scale
from calibration.fit.objective import Array
from calibration.fit.runs import Runs

_OUTSIDE = math.log(2.0)  # a vertex farther outside its profile's sizes is an extrapolation, not a measurement
_LOW, _HIGH = math.log(0.05), math.log(1.5)  # of the exponents, in logs
_HUBER_EFFICIENT = 1.345  # delta in residual scales: 95 % efficiency at the normal (Huber 1981)
_N_POINTS = 240  # at which a profile is read off
_N_STEPS = 40


@dataclass(frozen=True)
class Shape:
    """Profiles for each of S weightings: ln alpha and ln beta, (S, 2), and E, A and B of each budget, (S, B, 3)."""

    exponents: Array
    levels: Array


@dataclass(frozen=True)
class Profiles:
    """Centred ln N and ln D, loss, and weight of each run of each budget, (B, R), and where the coordinates begin.

    ``path`` is ln D as a cubic in ln N along each budget, (B, 4): a line of slope -1 where the budget is 6 N D.
    """

    x: Array
    y: Array
    loss: Array
    weight: Array
    sizes: Array
    path: Array
    origin: tuple[float, float]

    @classmethod
    def of(cls, runs: Runs, budgets: list[np.ndarray]) -> Profiles:
        """Return the profiles of ``budgets``, the indices of their runs."""
        log_n, log_d = np.log(runs.n_params), np.log(runs.n_tokens)
        origin = float(log_n.mean()), float(log_d.mean())
        longest = max(map(len, budgets))
        rows = np.stack([np.pad(b, (0, longest - len(b)), mode="edge") for b in budgets])
        there = np.arange(longest) < np.array([[len(b)] for b in budgets])
        x, y = log_n[rows] - origin[0], log_d[rows] - origin[1]
        path = np.stack([_path(x[i, : len(b)], y[i, : len(b)]) for i, b in enumerate(budgets)])
        weight = np.where(there, runs.weight[rows], 0.0)
        return cls(x, y, runs.loss[rows], weight, there.sum(1).astype(float), path, origin)

    def shape_of(self, law: Array) -> Shape:
        """Return what a law (ln E, ln A, ln B, alpha, beta) says of the profiles."""
        e, a, b, alpha, beta = law
        levels = np.exp([e, a - alpha * self.origin[0], b - beta * self.origin[1]])
        return Shape(np.log([[alpha, beta]]), np.broadcast_to(levels, (1, len(self.x), 3)))

    def best(self, least_delta: float) -> tuple[Shape, float]:
        """Return the shape of all runs, and Huber's delta: 1.345 residual scales, or ``least_delta``."""
        each = np.linspace(_LOW, _HIGH, 12)
        grid = np.stack(np.meshgrid(each, each), 2).reshape(-1, 2)
        weight = np.broadcast_to(self.weight, (len(grid), *self.weight.shape))
        _, error = self._levels(grid, weight)
        start = Shape(grid[[int(np.argmin(error))]], np.empty(0))
        shape = self.refit(start, math.inf, self.weight[None])
        r = self._residuals(shape)[0][self.weight > 0]
        lost = math.sqrt((len(r) - 5) / max(len(r) - 3 * len(self.x) - 2, 1))  # beyond the five of residual_scale
        delta = max(_HUBER_EFFICIENT * lost * residual_scale(r), least_delta)
        return self.refit(shape, delta, self.weight[None]), delta

    def refit(self, start: Shape, delta: float, weight: Array) -> Shape:
        """Return the shape of each weighting (S, B, R), by damped Gauss-Newton steps in the exponents.

        The levels are projected out at every step, and the weights are Huber's for the residuals of the last one.
        """
        theta = np.repeat(start.exponents, len(weight) // len(start.exponents), 0)
        damping, w = np.full(len(weight), 1e-2), weight
        for _ in range(_N_STEPS):
            levels, error = self._levels(theta, w)
            trial = np.clip(theta + self._step(Shape(theta, levels), w, damping), _LOW, _HIGH)
            new_levels, new_error = self._levels(trial, w)
            better = new_error < error
            moved = float(np.abs(np.where(better[:, None], trial - theta, 0.0)).max())
            theta = np.where(better[:, None], trial, theta)
            levels = np.where(better[:, None, None], new_levels, levels)
            damping = np.clip(np.where(better, 0.2 * damping, 6.0 * damping), 1e-9, 1e9)
            r = self._residuals(Shape(theta, levels))
            last, w = w, weight / np.maximum(1.0, np.abs(r) / delta)
            if moved < 1e-4 and float(np.abs(w - last).max()) < 1e-3:
                break
        return Shape(theta, self._levels(theta, w)[0])

    def lowest(self, shape: Shape) -> Array:
        """Return ln N at the lowest point along each budget, (S, B); nan where there is none among its sizes."""
        x, loss = self._along(shape)
        at = loss.argmin(2)
        inner = at.clip(1, _N_POINTS - 2)
        before, here, after = (np.take_along_axis(loss, (inner + i)[..., None], 2)[..., 0] for i in (-1, 0, 1))
        with np.errstate(all="ignore"):
            shift = 0.5 * (before - after) / (before - 2.0 * here + after)
        step = (x[:, 1] - x[:, 0])[None]
        found = x[np.arange(len(x)), inner] + shift * step + self.origin[0]
        return np.asarray(np.where(at == inner, found, np.nan))

    def curves(self, shape: Shape) -> tuple[Array, Array]:
        """Return ln N and the loss along each budget, (B, P) and (B, P), of a shape of one weighting."""
        x, loss = self._along(shape)
        return x + self.origin[0], (shape.levels[..., 0:1] + loss)[0]

    def _along(self, shape: Shape) -> tuple[Array, Array]:
        """Return centred ln N, (B, P), and there the loss but for E, (S, B, P), of each budget and a little beyond."""
        x = np.linspace(self.x.min(1) - _OUTSIDE, self.x.max(1) + _OUTSIDE, _N_POINTS, axis=1)
        c = self.path[:, :, None]
        y = ((c[:, 0] * x + c[:, 1]) * x + c[:, 2]) * x + c[:, 3]
        alpha, beta = np.exp(shape.exponents).T[:, :, None, None]
        return x, shape.levels[..., 1:2] * np.exp(-alpha * x) + shape.levels[..., 2:3] * np.exp(-beta * y)

    def _terms(self, exponents: Array) -> tuple[Array, Array]:
        alpha, beta = np.exp(exponents).T[:, :, None, None]
        return np.exp(-alpha * self.x), np.exp(-beta * self.y)

    def _levels(self, exponents: Array, weight: Array) -> tuple[Array, Array]:
        """Return (E, A, B) of each weighting and budget, and the relative squared error of each weighting."""
        u, v = self._terms(exponents)
        design = np.stack([np.broadcast_to(1.0, u.shape), u, v], -1) / self.loss[..., None]
        weighted = design * weight[..., None]
        levels = _solved(np.swapaxes(weighted, -1, -2) @ design, weighted.sum(2))
        return levels, (weight * (1.0 - (design @ levels[..., None])[..., 0]) ** 2).sum((1, 2))

    def _residuals(self, shape: Shape) -> Array:
        u, v = self._terms(shape.exponents)
        e, a, b = (shape.levels[..., i : i + 1] for i in range(3))
        return np.asarray(1.0 - (e + a * u + b * v) / self.loss)

    def _step(self, shape: Shape, weight: Array, damping: Array) -> Array:
        """Return the damped step of the exponents' logs, (S, 2), with the levels following (Kaufman 1975)."""
        u, v = self._terms(shape.exponents)
        design = np.stack([np.broadcast_to(1.0, u.shape), u, v], -1) / self.loss[..., None]
        alpha, beta = np.exp(shape.exponents).T[:, :, None, None]
        slopes = [alpha * self.x * shape.levels[..., 1:2] * u, beta * self.y * shape.levels[..., 2:3] * v]
        slope = -np.stack(slopes, -1) / self.loss[..., None]
        weighted = np.swapaxes(design * weight[..., None], -1, -2)
        followed = np.stack([_solved(weighted @ design, (weighted @ slope)[..., i]) for i in range(2)], -1)
        free = slope - design @ followed
        pull = np.swapaxes(free * weight[..., None], -1, -2)
        normal, right = (pull @ free).sum(1), (pull @ self._residuals(shape)[..., None]).sum(1)[..., 0]
        diagonal = np.einsum("sii->si", normal)
        normal = normal + (damping[:, None] * diagonal + 1e-15 * diagonal.max())[:, :, None] * np.eye(2)
        return np.asarray(np.linalg.solve(normal, right[..., None])[..., 0].clip(-0.5, 0.5))


def _path(x: Array, y: Array) -> Array:
    """Return the coefficients of y(x), highest first: a cubic, or a parabola where there are four sizes."""
    degree = min(3, len(np.unique(np.round(x, 2))) - 2)
    return np.pad(np.polyfit(x, y, degree), (3 - degree, 0))


def _solved(normal: Array, right: Array) -> Array:
    """Return the solutions of normal equations, (..., k), scaled to a unit diagonal."""
    scale = 1.0 / np.sqrt(np.einsum("...ii->...i", normal))
    scaled = normal * scale[..., :, None] * scale[..., None, :] + 1e-12 * np.eye(right.shape[-1])
    return np.asarray(np.linalg.solve(scaled, (right * scale)[..., None])[..., 0] * scale)
