"""How often the anchored law's intervals hold the truth of a new corpus, and how they widen with extrapolation.

    python benchmarks/bench_anchored.py --simulations 200

A simulation draws the laws of 8 sources about lines in H, at the scale of small models (as bench_coefficients.py does,
without the noise of fits), and gives the base its true law at H_ref. A new corpus at H lies off the lines as the
sources do. The 80 % interval of ln N* by the anchored law is asked for at the largest budget of the sources and at a
thousand and a million times it:
    as shipped    the scatter whole, whatever the weight, and the weight from its own distribution
    weighted      the scatter times the weight, and the weight taken as certain
``slope`` is how much of the lines' slopes there really is: with 0 H says nothing, and the weight is mostly 0.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from bench_coefficients import INTERCEPT, SCATTER, SIZES, SLOPE, TOKENS, H, rows_of

from advisor.calibrations.laws_in_h import Dependence, law_at
from advisor.calibrations.lines_in_h import LinesInH, Regressions, Scatter
from advisor.calibrations.uncertainty import WeightEstimate
from advisor.laws.parameters import Parameters
from advisor.laws.scaling_law import Ranges, ScalingLaw
from calibration.fit.objective import Array
from calibration.lines.epsilon import estimate_epsilon
from calibration.lines.line_draws import draw_lines, weighted_lines

H_REF, NEW_H = 0.5, 0.3
LARGEST = float(6.0 * SIZES[-1] * TOKENS[-1])
FACTORS = (1.0, 1e3, 1e6)


def as_law(law: Array) -> ScalingLaw:
    """Return (E, ln A, ln B, alpha, beta) as a law."""
    e, log_a, log_b, alpha, beta = (float(x) for x in law)
    return ScalingLaw(
        name="true",
        E=e,
        A=float(np.exp(log_a)),
        B=float(np.exp(log_b)),
        alpha=alpha,
        beta=beta,
        count="total",
        source="",
    )


def dependence_of(laws: Array, seed: int) -> Dependence:
    """Return what a calibration on sources with these laws, (E, ln A, ln B, alpha, beta), would ship."""
    rows = rows_of(laws)
    slope, intercept = weighted_lines(H, laws, np.ones(len(H)))
    draws = draw_lines(H, rows, drawn=None, flops=LARGEST / 30, n_draws=400, seed=seed)
    weight = estimate_epsilon(H, rows, (LARGEST / 1e3, LARGEST), seed=seed)
    none = Parameters(0.0, 0.0, 0.0, 0.0, 0.0)

    def lines(slopes: Array, intercepts: Array, off: Array | None) -> Regressions:
        log = LinesInH(form="log", slope=Parameters(*slopes), intercept=Parameters(*intercepts))
        return Regressions(log, log, Scatter(none if off is None else Parameters(*off), none))

    return Dependence(
        name="simulated",
        regressions=lines(slope, intercept, None),
        draws=tuple(lines(row[:5], row[5:10], off[:5]) for row, off in zip(draws.lines, draws.scatter, strict=True)),
        epsilon=weight.value,
        h_ref=H_REF,
        count="non-embedding",
        ranges=Ranges(compressibility=(float(H.min()), float(H.max()))),
        estimate=WeightEstimate(value=weight.value, ci95=weight.ci95, share_zero=weight.share_zero),
    )


def weighted(found: Dependence) -> Dependence:
    """Return the same with the scatter times the weight, and the weight as certain."""

    def scaled(one: Regressions) -> Regressions:
        return one._replace(
            scatter=Scatter(Parameters(*(found.epsilon * r for r in one.scatter.log)), one.scatter.linear)
        )

    return replace(found, draws=tuple(map(scaled, found.draws)), estimate=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=200)
    args = parser.parse_args()
    print("slope  scatter  budget   as shipped: 80 %, width   weighted: 80 %, width   weight 0")
    for slope, scatter in ((0.0, 1.0), (1.0, 1.0), (1.0, 3.0)):
        begin = time.perf_counter()
        held: dict[tuple[str, float], list[tuple[bool, float]]] = {}
        zero = 0
        for seed in range(args.simulations):
            rng = np.random.default_rng(20_000 + seed)
            line = H[:, None] * SLOPE * slope + INTERCEPT
            found = dependence_of(line + scatter * SCATTER * rng.standard_normal(line.shape), seed)
            zero += found.epsilon == 0.0
            base = as_law(H_REF * SLOPE * slope + INTERCEPT)
            truth = as_law(NEW_H * SLOPE * slope + INTERCEPT + scatter * SCATTER * rng.standard_normal(5))
            for name, one in (("as shipped", found), ("weighted", weighted(found))):
                law = law_at("anchored", one, base, NEW_H).law
                for factor in FACTORS:
                    flops = factor * LARGEST
                    drawn = [float(np.log(each.frontier(flops).n_params)) for each in law.drawn_laws()]
                    low, high = np.quantile(drawn, [0.1, 0.9])
                    inside = low <= np.log(truth.frontier(flops).n_params) <= high
                    held.setdefault((name, factor), []).append((bool(inside), float(high - low)))
        for factor in FACTORS:
            cells = []
            for name in ("as shipped", "weighted"):
                results = held[name, factor]
                cells.append(f"{np.mean([r[0] for r in results]):.3f}   {np.median([r[1] for r in results]):.3f}")
            share = zero / args.simulations
            print(
                f"{slope:<5g}  {scatter:<7g}  {f'{factor:g}x':<6}   {cells[0]:>21}   {cells[1]:>19}   {share:.2f}",
                flush=True,
            )
        print(f"  {args.simulations} simulations, {time.perf_counter() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
