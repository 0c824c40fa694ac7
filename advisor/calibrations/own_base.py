"""The law that a calibration's own runs give at H of web text, as the base that its laws in H start from.

    "base": null, or {"compressibility": the H it is of, "E", "A", "B", "alpha", "beta", "count", "ranges", ...}

It is what a law file has; without draws of its own those of the calibration's lines at that H are its draws, row by
row, so that what it is and how H moves it are known together. A calibration of toys has none: the level of their losses
means nothing at the sizes that are asked for, and Chinchilla's law is the base.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from advisor.errors import CoefficientsError
from advisor.laws.law_file import law_from
from advisor.laws.parameters import Parameters
from advisor.laws.scaling_law import ScalingLaw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.calibrations.coefficients import Calibration
    from advisor.calibrations.lines_in_h import Regressions
    from advisor.json_fields import Node

Base = Literal["own", "chinchilla"]
BASES: tuple[Base, ...] = ("own", "chinchilla")


@dataclass(frozen=True, kw_only=True)
class OwnBase:
    """A law of the calibration's own runs, and the H that it is of."""

    law: ScalingLaw
    compressibility: float


def read_base(node: Node, calibration: str, count: str) -> OwnBase:
    """Return the base of a calibration in a coefficients file."""
    law = law_from(node, name=f"{calibration}'s own law", source=f"calibration {calibration}")
    if law.count != count:
        raise node["count"].fail(f"must be that of the calibration, {count}, not {law.count}")
    return OwnBase(law=law, compressibility=node["compressibility"].number(0, 1, open_ends=True))


def based_on(calibration: Calibration, base: str | None) -> Calibration:
    """Return the calibration with its laws on the base "own" or "chinchilla"; None takes its own where it has one.

    On its own base H of web text is the H that the base is of.

    Raises:
        CoefficientsError: its own was asked for and it has none.
    """
    own = calibration.own_base
    if base == "own" and own is None:
        raise CoefficientsError(
            f"The calibration {calibration.name} has no base of its own: its runs say how corpora differ and not what "
            "their level is; use --base chinchilla."
        )
    if own is None or cast(Base | None, base) == "chinchilla":
        return calibration
    dependence = calibration.dependence
    law = own.law if own.law.draws else replace(own.law, draws=_on_the_lines(dependence.draws, own.compressibility))
    return replace(calibration, dependence=replace(dependence, base=law, h_ref=own.compressibility))


def _on_the_lines(draws: Sequence[Regressions], h: float) -> tuple[Parameters, ...]:
    """Return each draw of the lines at H, as a row of a law's draws."""
    rows = [one.log.at(h) for one in draws]
    return tuple([row._replace(E=math.log(row.E) if row.E > 0 else -math.inf) for row in rows])
