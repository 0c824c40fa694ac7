"""What the 80 % interval of the anchored law's N* is made of, at the calibrated budget and decades beyond it.

    python benchmarks/bench_widening.py [--coefficients FILE] [--calibration NAME] [--compressibility H]

A row is a budget; a cell the width of ln N* when one more thing is not known: Chinchilla's law itself, then the lines
in H, the scatter of a new corpus, epsilon, and H (95 % of it within .01).
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path

from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.laws_in_h import Dependence, law_at
from advisor.calibrations.lines_in_h import Regressions
from advisor.laws.published import CHINCHILLA, chinchilla
from advisor.laws.scaling_law import ScalingLaw, central_interval
from advisor.quantities import format_flops

H_HALF_WIDTH = 0.01


def stages(found: Dependence, h: float) -> dict[str, ScalingLaw]:
    """Return the law with one more thing unknown at each stage."""
    own = replace(found, draws=(found.regressions,) * len(found.draws), estimate=None)
    lines = replace(found, draws=tuple(Regressions(one.log, one.linear) for one in found.draws), estimate=None)
    scatter = replace(found, estimate=None)
    base = chinchilla()
    return {
        "Chinchilla": law_at("anchored", own, base, h).law,
        "+ lines": law_at("anchored", lines, base, h).law,
        "+ scatter": law_at("anchored", scatter, base, h).law,
        "+ epsilon": law_at("anchored", found, base, h).law,
        "+ H": law_at("anchored", found, base, h, h_ci95=(h - H_HALF_WIDTH, h + H_HALF_WIDTH)).law,
        "no Chinchilla": law_at("anchored", found, CHINCHILLA, h).law,
    }


def width(law: ScalingLaw, flops: float) -> float:
    """Return the width of the 80 % interval of ln N*."""
    low, high = central_interval(math.log(one.frontier(flops).n_params) for one in law.drawn_laws())
    return high - low


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coefficients", type=Path)
    parser.add_argument("--calibration")
    parser.add_argument("--compressibility", type=float, default=0.42)
    args = parser.parse_args()
    calibration = load_coefficients(args.coefficients).calibration(args.calibration)
    if calibration is None:
        raise SystemExit("No calibration ships as the default: name one with --coefficients and --calibration.")
    found = calibration.dependence
    laws = stages(found, args.compressibility)
    largest = 1e15 if found.ranges.flops is None else found.ranges.flops[1]
    n = len(found.draws)
    print(f"{calibration.name}, H = {args.compressibility:g}, epsilon = {found.epsilon:g}; width of ln N*, 80 %")
    print(f"{'FLOPs':>8}  {'decades':>7}" + "".join(f"  {name:>13}" for name in laws))
    for flops in (largest, 1e18, 1e21, 1e24):
        cells = "".join(f"  {width(law, flops):13.3f}" for law in laws.values())
        print(f"{format_flops(flops):>8}  {math.log10(flops / largest):7.1f}{cells}")
    print(f"draws that give no law: {n - min(len(law.draws) for law in laws.values())} of {n}")


if __name__ == "__main__":
    main()
