"""The batched fit against a scipy loop over the same 4500 starts, and the bootstrap against a loop of scipy refits.

    python benchmarks/bench_fit.py

The scipy loop is L-BFGS-B with a numeric gradient, as published code does it, at its default tolerances, on an
objective of a handful of numpy calls (published ones cost several times as much). A refit of the bootstrap starts from
the optimum of all runs and is repeated, with tolerances of 1e-15 and on a scaled objective, until it is within 1e-8 of
ours. The runs are the 234 of Hoffmann et al.'s figure 4 where the reference folder is beside the project, and else
simulated.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from calibration.fit.bootstrap import bootstrap, resampled_weights
from calibration.fit.minimum import FitOptions, fit_problem, refine
from calibration.fit.objective import Array, Problem
from calibration.fit.runs import read_runs
from calibration.fit.starts import hoffmann_starts

REFERENCE = Path(__file__).resolve().parents[2] / "shared/reference/chinchilla_figure_runs.csv"
DELTA = 1e-3


def runs_234() -> tuple[Problem, str]:
    if REFERENCE.is_file():
        return read_runs(REFERENCE, columns={"n_params": "N", "n_tokens": "D"})["all"].problem(), REFERENCE.name
    rng = np.random.default_rng(0)
    log_n, log_d = rng.uniform(np.log(7e7), np.log(1e10), 234), rng.uniform(np.log(2e9), np.log(3e11), 234)
    loss = 1.817 + np.exp(6.178 - 0.3478 * log_n) + np.exp(7.643 - 0.3659 * log_d)
    log_loss = np.log(loss) + 0.005 * rng.standard_normal(234)
    return Problem(log_n=log_n, log_d=log_d, log_loss=log_loss, weight=np.ones(234)), "simulated runs"


def scipy_objective(problem: Problem, weight: Array | None = None, scale: float = 1.0) -> Callable[[Array], float]:
    w = scale * (problem.weight if weight is None else weight)

    def value(theta: Array) -> float:
        a, b, e, alpha, beta = theta
        r = problem.log_loss - np.logaddexp(np.logaddexp(a - alpha * problem.log_n, b - beta * problem.log_d), e)
        psi = np.clip(r, -DELTA, DELTA)
        return float(w @ (psi * (r - 0.5 * psi)))

    return value


def timed(run: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds))


def compare_starts(problem: Problem, n_starts: int) -> None:
    starts = hoffmann_starts()
    fast = fit_problem(problem, FitOptions(starts="fast"))
    every = fit_problem(problem, FitOptions(starts="all"))
    # Timed after a first call of each, so that neither pays for a cold cache.
    fast_s = timed(lambda: fit_problem(problem, FitOptions(starts="fast")), 15)
    every_s = timed(lambda: fit_problem(problem, FitOptions(starts="all")), 3)
    chosen = np.random.default_rng(0).permutation(len(starts))[:n_starts]
    value = scipy_objective(problem)
    begin = time.perf_counter()
    ends = [minimize(value, starts[i], method="L-BFGS-B") for i in chosen]
    measured = time.perf_counter() - begin
    loop_s = measured * len(starts) / n_starts
    how = "measured" if n_starts == len(starts) else f"EXTRAPOLATED from {n_starts} starts in {measured:.1f} s"
    values = np.array([end.fun for end in ends])
    best = min(fast.objective, every.objective)

    def reached(limit: float) -> str:
        return f"{int((values <= best * (1 + limit)).sum())} of {n_starts}"

    for name, seconds, fit in (("fast path      ", fast_s, fast), ("all 4500 starts", every_s, every)):
        ended = f"{fit.n_reached} of {fit.n_starts} starts within 1e-8 of it"
        print(f"{name} {seconds:10.4f} s   objective {fit.objective:.13e}   {ended}")
    print(f"scipy loop      {loop_s:10.1f} s   objective {values.min():.13e}   {how}")
    print(f"  starts of the loop within 1e-8 / 1e-6 / 1e-3 of it: {reached(1e-8)}, {reached(1e-6)}, {reached(1e-3)}")
    print("  (of ours, the starts that are far behind after ten steps are dropped and not counted)")
    print(f"ratio: fast path {loop_s / fast_s:.0f}x, all starts {loop_s / every_s:.0f}x")


def scipy_refit(problem: Problem, weight: Array, start: Array, target: float) -> tuple[float, bool]:
    """Return the objective of one refit and whether it came within 1e-8 of the target."""
    exact = scipy_objective(problem, weight)
    theta = start
    for attempt in range(6):
        value = scipy_objective(problem, weight, 1e4)
        if attempt % 2 == 0:
            options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000, "maxfun": 100000}
            theta = minimize(value, theta, method="L-BFGS-B", options=options).x
        else:
            options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 3000, "maxfev": 3000}
            theta = minimize(value, theta, method="Nelder-Mead", options=options).x
        if exact(theta) <= target * (1 + 1e-8):
            break
    return exact(theta), exact(theta) <= target * (1 + 1e-8)


def compare_bootstraps(problem: Problem, n_refits: int, n_draws: int = 4000) -> None:
    fit = fit_problem(problem, FitOptions(starts="fast"))
    ours_s = timed(lambda: bootstrap(fit, n_draws=n_draws), 3)
    weights = resampled_weights(problem.n_runs, n_draws, np.random.default_rng(0))[:n_refits]
    start = np.repeat(fit.theta[None], n_refits, 0)
    _, targets = refine(problem, start, delta=DELTA, l1=False, box=fit.box, weight=weights)
    begin = time.perf_counter()
    refits = [scipy_refit(problem, w, fit.parameters, t) for w, t in zip(weights, targets, strict=True)]
    measured = time.perf_counter() - begin
    loop_s = measured * n_draws / n_refits
    how = "measured" if n_refits == n_draws else f"EXTRAPOLATED from {n_refits} refits in {measured:.1f} s"
    lower = sum(value < target * (1 - 1e-8) for (value, _), target in zip(refits, targets, strict=True))
    print(f"bootstrap       {ours_s:10.3f} s   {n_draws} refits in one batch")
    print(f"scipy refits    {loop_s:10.1f} s   {how}; {sum(ok for _, ok in refits)} of {n_refits} within 1e-8 of ours")
    print(f"  lower than ours by more than 1e-8: {lower} of {n_refits}")
    print(f"ratio: {loop_s / ours_s:.0f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=4500, help="starts of the scipy loop; fewer are extrapolated")
    parser.add_argument("--refits", type=int, default=4000, help="refits of the scipy loop; fewer are extrapolated")
    args = parser.parse_args()
    problem, source = runs_234()
    print(f"{problem.n_runs} runs ({source}), delta {DELTA:g}")
    compare_starts(problem, args.starts)
    compare_bootstraps(problem, args.refits)


if __name__ == "__main__":
    main()
