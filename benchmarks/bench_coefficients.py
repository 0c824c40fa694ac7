"""How often the intervals of a calibration hold the truth at a new H, on simulated sources whose laws depend on H.

    python benchmarks/bench_coefficients.py --simulations 200

A simulation draws 8 sources. Each has a law on known lines in H, moved off them by normal scatter of the five
parameters, and losses of 5 sizes x 5 token counts x 2 seeds with lognormal noise of .5 %, half of whose variance is one
draw for all token counts of a trunk (they share their path). The laws are fitted and refitted with drawn weights, and
the joint draws of the lines give intervals of
    line     ln N* of the true line at H (lines alone)
    source   ln N* of a further source at H, off the line by scatter of its own (lines and scatter)
at the largest budget of the runs, a thousand times and a billion times it, inside the calibrated range of H and outside
it. ``all`` is the interval of a source whose scatter is all of the residuals, as if fits were exact.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator

import numpy as np

from calibration.fit.bootstrap import bootstrap
from calibration.fit.minimum import FitOptions, fit_problem, log_optimum
from calibration.fit.objective import Array, Problem
from calibration.lines.line_draws import LineDraws, draw_lines

H = np.array([0.15, 0.22, 0.29, 0.36, 0.43, 0.50, 0.57, 0.62])
NEW_H = {"inside": 0.40, "outside": 0.70}
# E, ln A, ln B, alpha, beta; the levels and spreads are those of small models on grammars, in round numbers.
SLOPE = np.array([0.8, -1.2, 0.9, -0.12, 0.05])
INTERCEPT = np.array([0.7, 4.0, 5.6, 0.42, 0.36])
SCATTER = np.array([0.05, 0.10, 0.10, 0.005, 0.005])
NOISE = 0.005
SIZES, TOKENS, N_SEEDS = np.geomspace(5e3, 1e6, 5), np.geomspace(3e5, 2.4e7, 5), 2
N_REFITS = 200
FACTORS = (1.0, 1e3, 1e9)


def fitted_source(law: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the fitted law of a simulated source and its bootstrap rows."""
    n, d, seed = (v.ravel() for v in np.meshgrid(SIZES, TOKENS, np.arange(N_SEEDS), indexing="ij"))
    e, log_a, log_b, alpha, beta = law
    log_loss = np.log(e + np.exp(log_a - alpha * np.log(n)) + np.exp(log_b - beta * np.log(d)))
    trunk = np.unique(np.stack([n, seed]), axis=1, return_inverse=True)[1].ravel()
    shared = rng.standard_normal(trunk.max() + 1)[trunk]
    log_loss += NOISE * math.sqrt(0.5) * (shared + rng.standard_normal(len(n)))
    problem = Problem(log_n=np.log(n), log_d=np.log(d), log_loss=log_loss, weight=np.ones(len(n)))
    fit = fit_problem(problem, FitOptions(starts="fast"))
    return fit.parameters, bootstrap(fit, n_draws=N_REFITS, seed=0, cluster=trunk).rows


def drawn_optima(draws: LineDraws, h: float, flops: float, scatter: bool) -> Array:
    """Return ln N* of each joint draw at H; a draw without a law is left out."""
    at_h = draws.lines[:, :5] * h + draws.lines[:, 5:10] + (draws.scatter[:, :5] if scatter else 0.0)
    at_h = at_h[(at_h[:, 3:] > 0).all(1)]
    return log_optimum(rows_of(at_h), flops)


def rows_of(law: Array) -> Array:
    """Return (E, ln A, ln B, alpha, beta) with ln E in place of E."""
    return np.concatenate([np.log(np.maximum(law[..., :1], 1e-300)), law[..., 1:]], -1)


def simulate(scatter: float, seed: int) -> Iterator[tuple[tuple[str, float, str], float, Array]]:
    """Yield for each question its key, the truth, and the drawn answers."""
    rng = np.random.default_rng(seed)
    laws = H[:, None] * SLOPE + INTERCEPT + scatter * SCATTER * rng.standard_normal((len(H), 5))
    fits = [fitted_source(law, rng) for law in laws]
    laws, refits = np.stack([fit[0] for fit in fits]), [fit[1] for fit in fits]
    least, largest = 6.0 * SIZES[0] * TOKENS[0], 6.0 * SIZES[-1] * TOKENS[-1]
    middle = math.sqrt(least * largest)
    draws, exact = (draw_lines(H, laws, drawn=d, flops=middle, n_draws=400, seed=seed) for d in (refits, None))
    for where, h in NEW_H.items():
        line = h * SLOPE + INTERCEPT
        source = line + scatter * SCATTER * rng.standard_normal(5)
        for factor in FACTORS:
            flops = factor * largest
            on_line, off_line = (float(log_optimum(rows_of(law), flops)) for law in (line, source))
            yield (where, factor, "line"), on_line, drawn_optima(draws, h, flops, scatter=False)
            yield (where, factor, "source"), off_line, drawn_optima(draws, h, flops, scatter=True)
            yield (where, factor, "all"), off_line, drawn_optima(exact, h, flops, scatter=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=10_000)
    args = parser.parse_args()
    print("                             line          source               all")
    print("scatter  H        budget   80 %  95 %    80 %  95 %  width    80 %  95 %  width (of ln N*, 80 %)")
    for scatter in (0.0, 0.3, 1.0, 3.0):
        begin = time.perf_counter()
        found: dict[tuple[str, float, str], list[tuple[bool, bool, float]]] = {}
        for seed in range(args.first_seed, args.first_seed + args.simulations):
            for key, truth, drawn in simulate(scatter, seed):
                low95, low80, high80, high95 = np.quantile(drawn, [0.025, 0.1, 0.9, 0.975])
                inside = bool(low80 <= truth <= high80), bool(low95 <= truth <= high95)
                found.setdefault(key, []).append((*inside, float(high80 - low80)))
        for where in NEW_H:
            for factor in FACTORS:
                cells = []
                for what in ("line", "source", "all"):
                    in80, in95, width = zip(*found[where, factor, what], strict=True)
                    cells.append(f"{np.mean(in80):.3f} {np.mean(in95):.3f}")
                    cells[-1] += "" if what == "line" else f"  {np.median(width):.3f}"
                print(f"{scatter:<8g} {where:8s} {f'{factor:g}x':>6}  {'   '.join(cells)}")
        print(f"  {args.simulations} simulations, {time.perf_counter() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
