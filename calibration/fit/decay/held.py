"""The R_N* that is used where the runs do not identify it: the law's, or Muennighoff's, unless the runs exclude it.

R_D* is fitted beside R_N*: with a wrong R_N* what is not seen of the parameters' wear is taken for that of the tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.laws.repetition import decay_of
from advisor.laws.scaling_law import Decay, ScalingLaw
from calibration.fit.reason import Reason
from calibration.fit.repeated import LARGEST


@dataclass(frozen=True, kw_only=True)
class HeldRN:
    """An R_N* that runs do not identify.

    Attributes:
        value: what is used; LARGEST stands for an infinite R_N*, with which parameters do not wear out.
        ends: the 95 % interval that the runs give, one end of which is where the search ends; None where no run has
            parameters that its data cannot use.
        known: what is known of other runs: the law's own decay, or Muennighoff's.
        most_excess: the most parameters of a run over those that its unique tokens can use.
    """

    value: float
    ends: tuple[float, float] | None
    known: Decay
    most_excess: float

    @property
    def of_the_runs(self) -> bool:
        """Whether the runs exclude what is known, so that their own estimate is used."""
        return _excludes(self.ends, self.known)

    @property
    def source(self) -> str:
        """Where the value comes from."""
        if not self.of_the_runs:
            return self.known.source
        return f"these runs' best, as they exclude {self.known.r_n:.3g} ({self.known.source})"

    @property
    def reason(self) -> Reason | None:
        """What is to be known of an estimate without an end; None where what is known is used."""
        if self.ends is None or not self.of_the_runs:
            return None
        low, high = self.ends
        bound = f"at least {low:.3g}" if low > self.known.r_n else f"at most {high:.3g}"
        message = (
            f"R_N* is {bound} by these runs, which excludes {self.known.r_n:.3g} ({self.known.source}) and leaves the "
            f"other end open: their best, {self._worth}, is used. They have up to {self.most_excess:.2g} times the "
            "parameters that their unique tokens can use, and say nothing of more."
        )
        return Reason(code="open-r-n", level="caution", message=message)

    @property
    def _worth(self) -> str:
        if self.value < 0.99 * LARGEST:
            return f"{self.value:.3g}"
        return f"{LARGEST:.0e} (no wear of parameters)"


def held_r_n(base: ScalingLaw, log_best: float, log_ends: tuple[float, float] | None, most_excess: float) -> HeldRN:
    """Return the R_N* to use over ``base`` where the runs, whose best and interval are given in logs, show none."""
    known = decay_of(base)
    ends = None if log_ends is None else (_at_most_largest(log_ends[0]), _at_most_largest(log_ends[1]))
    value = _at_most_largest(log_best) if _excludes(ends, known) else known.r_n
    return HeldRN(value=value, ends=ends, known=known, most_excess=most_excess)


def _at_most_largest(log_r_n: float) -> float:
    return min(math.exp(log_r_n), LARGEST)  # a law file takes no more, and exp(log(LARGEST)) rounds to more


def _excludes(ends: tuple[float, float] | None, known: Decay) -> bool:
    return ends is not None and not ends[0] <= known.r_n <= ends[1]
