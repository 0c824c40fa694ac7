"""The fitting objective, Huber's loss of log residuals (delta too), its gradient and curvature, for many rows at once.

    F(theta) = sum_i w_i Huber_delta(r_i),   r_i = ln L_i - LSE(a - alpha ln N_i, b - beta ln D_i, e)

(Hoffmann et al. 2022, arXiv:2203.15556, eq. 10; the sum, because with the mean optimisers stop early: Besiroglu et al.
2024, arXiv:2404.10102.) A row theta is (e, a, b, alpha, beta) with e = ln E, a = ln A, b = ln B, the order of
``advisor.laws.parameters``, and ln N and ln D are centred on the runs, which takes the strongest correlation out of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Hoffmann et al. 2022, appendix D; `advisor fit --delta` takes another.
HUBER_DELTA = 1e-3

# The normal equations are solved with E behind A and B. Any order is as good, but another one gives other last digits,
# and the laws in data/ were fitted with this one.
ELIMINATION = np.array([1, 2, 0, 3, 4])

# Elements of one block of (rows, runs): its dozen temporaries stay in the second-level cache.
_BLOCK = 16_000


@dataclass(frozen=True, kw_only=True)
class Problem:
    """The runs to fit, as arrays of one length: ln N and ln D (not centred), ln L (nats/token) and weights."""

    log_n: Array
    log_d: Array
    log_loss: Array
    weight: Array

    @property
    def n_runs(self) -> int:
        """The number of runs."""
        return len(self.log_loss)

    @cached_property
    def centre(self) -> tuple[float, float]:
        """The means of ln N and ln D."""
        return float(self.log_n.mean()), float(self.log_d.mean())

    @cached_property
    def x(self) -> Array:
        """Centred ln N."""
        return self.log_n - self.centre[0]

    @cached_property
    def y(self) -> Array:
        """Centred ln D."""
        return self.log_d - self.centre[1]

    @cached_property
    def moments(self) -> tuple[Array, Array, Array]:
        """The columns (1, x, x^2), (1, y, y^2) and (1, x, y, x y) that the sums over runs need."""
        one, x, y = np.ones_like(self.x), self.x, self.y
        return np.stack([one, x, x * x], 1), np.stack([one, y, y * y], 1), np.stack([one, x, y, x * y], 1)

    def centred(self, theta: Array) -> Array:
        """Return rows in centred coordinates for rows in the papers' (ln E, ln A, ln B, alpha, beta)."""
        return self._shifted(theta, -1.0)

    def uncentred(self, theta: Array) -> Array:
        """Return rows in the papers' coordinates for centred rows."""
        return self._shifted(theta, 1.0)

    def _shifted(self, theta: Array, sign: float) -> Array:
        rows = np.array(theta, dtype=np.float64)
        rows[..., 1] += sign * rows[..., 3] * self.centre[0]
        rows[..., 2] += sign * rows[..., 4] * self.centre[1]
        return rows


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Of each row: the objective (S,), its gradient (S, 5) and a curvature matrix (S, 5, 5)."""

    objective: Array
    gradient: Array
    curvature: Array


def shares(problem: Problem, theta: Array) -> tuple[Array, Array, Array]:
    """Return the shares of A/N^alpha and of B/D^beta in the predicted loss, and ln of that loss, each (S, runs)."""
    u = np.exp(theta[:, 1:2] - theta[:, 3:4] * problem.x)
    v = np.exp(theta[:, 2:3] - theta[:, 4:5] * problem.y)
    total = u + v
    total += np.exp(theta[:, :1])
    u /= total
    v /= total
    return u, v, np.log(total, out=total)


def residuals(problem: Problem, theta: Array) -> Array:
    """Return ln L - ln of the predicted loss, (S, runs)."""
    return problem.log_loss - shares(problem, theta)[2]


def jacobian(problem: Problem, theta: Array) -> Array:
    """Return d ln(predicted loss) / d theta of one row, (runs, 5), in centred coordinates."""
    p, q, _ = shares(problem, theta[None])
    p, q = p[0], q[0]
    return np.stack([1.0 - p - q, p, q, -problem.x * p, -problem.y * q], 1)


def evaluate(problem: Problem, theta: Array, delta: float, *, weight: Array | None, newton: bool) -> Evaluation:
    """Return objective, gradient and curvature of each row.

    ``weight`` is (S, runs), one row of weights per row of theta (a bootstrap), or None for the runs' own. With
    ``newton`` the curvature is the exact Hessian, else that of iteratively reweighted least squares,
    J' diag(w psi(r)/r) J, which is positive semi-definite and bounds the objective from above.
    """
    n_rows = len(theta)
    size = max(1, _BLOCK // problem.n_runs)
    out = Evaluation(objective=np.empty(n_rows), gradient=np.empty((n_rows, 5)), curvature=np.empty((n_rows, 5, 5)))
    for low in range(0, n_rows, size):
        rows = slice(low, low + size)
        w = problem.weight if weight is None else weight[rows]
        _evaluate_block(problem, theta[rows], delta, w, newton, out, rows)
    return out


def _evaluate_block(
    problem: Problem, theta: Array, delta: float, w: Array, newton: bool, out: Evaluation, rows: slice
) -> None:
    x_moments, y_moments, xy_moments = problem.moments
    p, q, r = shares(problem, theta)
    np.subtract(problem.log_loss, r, out=r)
    psi = np.clip(r, -delta, delta)
    w_psi = w * psi
    out.objective[rows] = np.einsum("ij,ij->i", w_psi, r - 0.5 * psi)
    p_psi = w_psi * p
    q_psi = w_psi * q
    first_p = p_psi @ x_moments  # (rows, 3): sums over runs of w psi p (1, x, x^2)
    first_q = q_psi @ y_moments
    sum_psi = w_psi.sum(1)
    g = out.gradient[rows]
    g[:, 1], g[:, 3] = -first_p[:, 0], first_p[:, 1]
    g[:, 2], g[:, 4] = -first_q[:, 0], first_q[:, 1]
    g[:, 0] = first_p[:, 0] + first_q[:, 0] - sum_psi
    size = np.abs(r)
    # The Hessian of LSE is sum_k p_k g_k g_k' - J'J, of F it is J'(w rho'' + w psi)J - sum_i w psi sum_k p_k g_k g_k'.
    k = w * (size <= delta) + w_psi if newton else w * (delta / np.maximum(size, delta))
    _gauss_newton(k, p, q, (x_moments, y_moments, xy_moments), out.curvature[rows])
    if newton:
        _subtract_curvature_of_terms(first_p, first_q, sum_psi, out.curvature[rows])


def _gauss_newton(k: Array, p: Array, q: Array, moments: tuple[Array, Array, Array], h: Array) -> None:
    """Write J' diag(k) J into h, from six products of shares and the moments: J itself is never formed."""
    x_moments, y_moments, xy_moments = moments
    kp, kq = k * p, k * q
    s = 1.0 - p
    s -= q
    pp, qq, pq = (kp * p) @ x_moments, (kq * q) @ y_moments, (kp * q) @ xy_moments
    kp *= s
    kq *= s
    ps, qs = kp @ x_moments[:, :2], kq @ y_moments[:, :2]
    k = k * s
    h[:, 1, 1], h[:, 1, 3], h[:, 3, 3] = pp[:, 0], -pp[:, 1], pp[:, 2]
    h[:, 2, 2], h[:, 2, 4], h[:, 4, 4] = qq[:, 0], -qq[:, 1], qq[:, 2]
    h[:, 1, 2], h[:, 2, 3], h[:, 1, 4], h[:, 3, 4] = pq[:, 0], -pq[:, 1], -pq[:, 2], pq[:, 3]
    h[:, 0, 1], h[:, 0, 3] = ps[:, 0], -ps[:, 1]
    h[:, 0, 2], h[:, 0, 4] = qs[:, 0], -qs[:, 1]
    h[:, 0, 0] = np.einsum("ij,ij->i", k, s)
    for i in range(5):
        for j in range(i):
            h[:, i, j] = h[:, j, i]


def _subtract_curvature_of_terms(first_p: Array, first_q: Array, sum_psi: Array, h: Array) -> None:
    h[:, 1, 1] -= first_p[:, 0]
    h[:, 1, 3] += first_p[:, 1]
    h[:, 3, 1] += first_p[:, 1]
    h[:, 3, 3] -= first_p[:, 2]
    h[:, 2, 2] -= first_q[:, 0]
    h[:, 2, 4] += first_q[:, 1]
    h[:, 4, 2] += first_q[:, 1]
    h[:, 4, 4] -= first_q[:, 2]
    h[:, 0, 0] -= sum_psi - first_p[:, 0] - first_q[:, 0]
