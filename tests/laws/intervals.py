"""Intervals of what a law says, over its joint draws."""

from __future__ import annotations

from collections.abc import Callable

from advisor.laws.scaling_law import ScalingLaw, central_interval


def interval(law: ScalingLaw, quantity: Callable[[ScalingLaw], float], level: float = 0.8) -> tuple[float, float]:
    """Return the central interval of ``quantity`` over the draws of ``law``."""
    return central_interval(map(quantity, law.drawn_laws()), level)
