"""Which draws of the between-source covariance hold a further source: four kinds, nominal 80 % and 95 %.

    python benchmarks/bench_between.py --simulations 600

A simulation has 8 sources on a line, moved off it by normals of covariance T and by errors of covariance S, in two
dimensions. T is ``ratio`` times 1, S has unit variances and a correlation of .5, and is known. Intervals are of a
further source in the middle, of the first coordinate and (beyond) of that plus nine times the second:
    drawn       the total over a chi-square, less S (what is used)
    bootstrap   totals drawn by Wishart's distribution from the estimate and S, less S
    estimate    T as estimated
    all         the total over a chi-square, errors included
"""

from __future__ import annotations

import argparse

import numpy as np

from calibration.fit.objective import Array
from calibration.lines.between_sources import Moments, between_sources

N, FREEDOM, N_DRAWS = 8, 6, 400
X = np.linspace(-1.0, 1.0, N)
S = np.array([[1.0, 0.5], [0.5, 1.0]])
DIRECTIONS = {"middle": np.array([1.0, 0.0]), "beyond": np.array([1.0, 9.0])}
KINDS = ("drawn", "bootstrap", "estimate", "all")


def offsets(found: Moments, scale: Array, rng: np.random.Generator) -> dict[str, Array]:
    """Return draws of how far a further source is off the line, by each kind."""
    normal = rng.standard_normal((N_DRAWS, 2))
    ones = np.ones(N_DRAWS)
    root = np.linalg.cholesky(found.between + found.sampling)
    samples = rng.standard_normal((N_DRAWS, FREEDOM, 2)) @ root.T
    totals = np.swapaxes(samples, 1, 2) @ samples / FREEDOM
    redrawn = [
        Moments(total=total, sampling=found.sampling, weight=found.weight).drawn(np.ones(1), z[None])[0]
        for total, z in zip(totals, normal, strict=True)
    ]
    exact = Moments(total=found.total, sampling=0.0 * found.sampling, weight=found.weight)
    return {
        "drawn": found.drawn(scale, normal),
        "bootstrap": np.array(redrawn),
        "estimate": found.drawn(ones, normal),
        "all": exact.drawn(scale, normal),
    }


def simulate(ratio: float, rng: np.random.Generator) -> dict[tuple[str, str], tuple[bool, bool]]:
    """Return for each kind and direction whether its 80 % and 95 % intervals hold a further source."""
    root = np.linalg.cholesky(S)
    values = rng.standard_normal((N, 2)) @ root.T + np.sqrt(ratio) * rng.standard_normal((N, 2))
    found = between_sources(X, values, np.repeat(S[None], N, 0))
    scale = FREEDOM / rng.chisquare(FREEDOM, N_DRAWS)
    line = rng.standard_normal((N_DRAWS, 2)) @ np.linalg.cholesky(found.total / N).T * np.sqrt(scale)[:, None]
    truth = np.sqrt(ratio) * rng.standard_normal(2)
    held = {}
    for kind, off in offsets(found, scale, rng).items():
        for name, direction in DIRECTIONS.items():
            low95, low80, high80, high95 = np.quantile(
                (values.mean(0) + line + off) @ direction, [0.025, 0.1, 0.9, 0.975]
            )
            true = truth @ direction
            held[kind, name] = bool(low80 <= true <= high80), bool(low95 <= true <= high95)
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=600)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    print("T/S   where " + "".join(f"  {kind:>12s}" for kind in KINDS))
    for ratio in (0.0, 0.5, 1.0, 4.0, 25.0):
        results = [simulate(ratio, rng) for _ in range(args.simulations)]
        for name in DIRECTIONS:
            cells = [np.mean([held[kind, name] for held in results], axis=0) for kind in KINDS]
            print(
                f"{ratio:<4g}  {name:6s}" + "".join(f"    {in80:.2f}  {in95:.2f}" for in80, in95 in cells), flush=True
            )


if __name__ == "__main__":
    main()
