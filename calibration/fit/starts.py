"""Where a fit begins: Hoffmann's 4500 starts, and far fewer that lie closer to an optimum.

None of them knows an answer: they follow from the losses alone.
"""

from __future__ import annotations

import itertools

import numpy as np

from calibration.fit.objective import Array, Problem

_EXPONENTS = np.geomspace(0.02, 2.5, 36)


def hoffmann_starts() -> Array:
    """Return the grid of Hoffmann et al. 2022, app. D.3, as (4500, 5) rows (ln E, ln A, ln B, alpha, beta)."""
    exponents, logs, e = np.arange(0.0, 2.1, 0.5), np.arange(0.0, 26.0, 5.0), np.arange(-1.0, 1.1, 0.5)
    return np.array([(e, a, b, *rest) for a, b, e, *rest in itertools.product(logs, logs, e, exponents, exponents)])


def share_starts(problem: Problem) -> Array:
    """Return 75 centred rows: E a share of the least loss, the rest of the median split evenly, five exponents."""
    least, median = np.exp(problem.log_loss.min()), np.exp(np.median(problem.log_loss))
    rows = []
    for share in (0.02, 0.6, 0.95):
        half = np.log(0.5 * (median - share * least))
        for alpha, beta in itertools.product((0.1, 0.25, 0.5, 1.0, 2.0), repeat=2):
            rows.append((np.log(share * least), half, half, alpha, beta))
    return np.array(rows)


def projection_starts(problem: Problem, n_starts: int = 12) -> Array:
    """Return centred rows at the best minima of the relative squared error over a 36 x 36 grid of (alpha, beta).

    For given exponents the law is linear in (E, A, B), so these are projected out by weighted least squares (variable
    projection: Golub and Pereyra 1973), with weights w/L^2 that make it an error of ln L. All 1296 normal matrices come
    from four matrix products. Cells where E, A or B is not positive are left out; the result may have no rows.
    """
    loss = np.exp(problem.log_loss)
    w = problem.weight / loss**2
    u = np.exp(-np.multiply.outer(_EXPONENTS, problem.x))  # (36, runs)
    v = np.exp(-np.multiply.outer(_EXPONENTS, problem.y))
    k = len(_EXPONENTS)
    normal, right = np.empty((k, k, 3, 3)), np.empty((k, k, 3))
    normal[..., 0, 0], right[..., 0] = w.sum(), w @ loss
    normal[..., 0, 1] = normal[..., 1, 0] = (u @ w)[:, None]
    normal[..., 0, 2] = normal[..., 2, 0] = (v @ w)[None]
    normal[..., 1, 1], normal[..., 2, 2] = ((u * u) @ w)[:, None], ((v * v) @ w)[None]
    normal[..., 1, 2] = normal[..., 2, 1] = (u * w) @ v.T
    right[..., 1], right[..., 2] = (u @ (w * loss))[:, None], (v @ (w * loss))[None]
    scale = 1.0 / np.sqrt(np.einsum("...jj->...j", normal))
    ridge = 1e-13 * np.eye(3)
    scaled = normal * scale[..., :, None] * scale[..., None, :] + ridge
    solution = np.linalg.solve(scaled, (right * scale)[..., None])[..., 0] * scale
    error = (w * loss) @ loss - np.einsum("...j,...j->...", solution, right)
    error = np.where((solution > 0).all(-1), error, np.inf)
    return _rows_at_minima(error, solution, n_starts)


def _rows_at_minima(error: Array, solution: Array, n_starts: int) -> Array:
    padded = np.pad(error, 1, constant_values=np.inf)
    k = len(error)
    neighbours = [padded[1 + i : 1 + i + k, 1 + j : 1 + j + k] for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    minima = np.isfinite(error) & (error <= np.min(neighbours, axis=0))
    cells = np.argwhere(minima)
    cells = cells[np.argsort(error[minima], kind="stable")][:n_starts]
    i, j = cells[:, 0], cells[:, 1]
    e, a, b = (np.log(solution[i, j, m]) for m in range(3))
    return np.stack([e, a, b, _EXPONENTS[i], _EXPONENTS[j]], 1)
