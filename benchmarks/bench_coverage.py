"""How often the nominal 95 % interval of ln N* holds the truth, on synthetic 36-run grids.

    python benchmarks/bench_coverage.py --simulations 2000

A simulation draws the losses of a 6 x 6 grid from a known law with lognormal noise, fits them as `advisor fit` does and
takes the percentile interval of the bootstrap over runs, at the largest budget of the grid and ten times beyond it.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from calibration.fit.bootstrap import bootstrap
from calibration.fit.minimum import FitOptions, fit_problem, log_optimum
from calibration.fit.objective import Problem

# Besiroglu et al. 2024 (arXiv:2404.10102), (ln E, ln A, ln B, alpha, beta).
TRUTH = np.array([0.5971119597824348, 6.177955975826981, 7.6427323622433505, 0.34781302903942635, 0.3658541172951044])


def simulated_grid(noise: float, seed: int) -> Problem:
    n, d = (values.ravel() for values in np.meshgrid(np.geomspace(2e7, 4e9, 6), np.geomspace(1e9, 2e11, 6)))
    e, log_a, log_b, alpha, beta = TRUTH
    loss = math.exp(e) + np.exp(log_a - alpha * np.log(n)) + np.exp(log_b - beta * np.log(d))
    log_loss = np.log(loss) + noise * np.random.default_rng(seed).standard_normal(len(n))
    return Problem(log_n=np.log(n), log_d=np.log(d), log_loss=log_loss, weight=np.ones(len(n)))


def covered(noise: float, seed: int, n_draws: int, starts: str, factors: tuple[float, ...]) -> list[tuple[bool, float]]:
    """For each factor of the largest budget: whether the interval holds the true ln N*, and its width."""
    problem = simulated_grid(noise, seed)
    fit = fit_problem(problem, FitOptions(starts=starts))
    draws = bootstrap(fit, n_draws=n_draws, seed=seed)
    largest = 6.0 * math.exp(float((problem.log_n + problem.log_d).max()))
    out = []
    for factor in factors:
        low, high = np.quantile(log_optimum(draws.rows, factor * largest), [0.025, 0.975])
        out.append((bool(low <= log_optimum(TRUTH, factor * largest) <= high), float(high - low)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--first-seed", type=int, default=10_000, help="0 to 399 chose the weights: stay clear of them")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--starts", choices=["auto", "fast"], default="auto", help="auto is what advisor fit does")
    args = parser.parse_args()
    factors = (1.0, 10.0)
    seeds = range(args.first_seed, args.first_seed + args.simulations)
    for noise in (0.005, 0.02):
        begin = time.perf_counter()
        results = [covered(noise, seed, args.draws, args.starts, factors) for seed in seeds]
        seconds = time.perf_counter() - begin
        for i, factor in enumerate(factors):
            share = np.mean([result[i][0] for result in results])
            error = math.sqrt(share * (1.0 - share) / args.simulations)
            width = np.median([result[i][1] for result in results])
            print(
                f"noise {100 * noise:g} %, {factor:g} x largest budget: coverage {share:.4f} +- {error:.4f} "
                f"at nominal 0.95, median width of ln N* {width:.3f} ({args.simulations} simulations)"
            )
        print(f"  {seconds:.0f} s, {args.draws} resamples each, starts: {args.starts}")


if __name__ == "__main__":
    main()
