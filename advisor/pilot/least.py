"""What the smallest pilot costs; light enough for a first screen, which advises one only where it fits."""

from __future__ import annotations

# Half of the settled gap is seen from here on: below, a run says more of r(C) than of the corpus.
LEAST_FLOPS = 1.36e18
DEFAULT_SHARE = 0.01  # of the run that the pilot is for
RATIO = 2.0  # between neighbouring budgets
BUDGETS = (2, 3, 4)  # one alone would show neither scatter nor a mistake
SIZES = (5, 7, 9)


def least_flops(*, paired: bool) -> float:
    """Return what the smallest pilot costs; ``paired`` is with a reference.

    >>> f"{least_flops(paired=True):.3g}"
    '4.08e+19'
    """
    return (2 if paired else 1) * SIZES[0] * LEAST_FLOPS * sum(RATIO**i for i in range(BUDGETS[0]))
