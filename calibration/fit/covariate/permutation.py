"""The p-value of a slope that takes no noise to be normal: that of shuffling the groups' values of the covariate."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from calibration.fit.objective import Array

_ALL_ORDERS = 8  # groups, of which there are 40320 orders; of more, a sample is drawn
_N_DRAWN = 20_000


@dataclass(frozen=True, kw_only=True)
class Permutation:
    """The share of orders of the groups whose slope is as steep as the one seen, either way; itself among them."""

    p_value: float
    n_orders: int
    exact: bool


def permutation_test(h: Array, y: Array, seed: int = 0) -> Permutation:
    """Return the permutation test of the slope of ``y`` on ``h``: of all orders up to eight groups, else of 20000.

    It holds only where every order was as likely before the runs were made.
    """
    n, exact = len(h), len(h) <= _ALL_ORDERS
    if exact:
        orders = np.array(list(itertools.permutations(range(n))))
    else:
        rng = np.random.default_rng(seed)
        orders = np.concatenate([np.arange(n)[None], rng.permuted(np.tile(np.arange(n), (_N_DRAWN - 1, 1)), axis=1)])
    steepness = np.abs((h - h.mean())[orders] @ (y - y.mean()))
    seen = steepness[0] * (1.0 - 1e-9)
    return Permutation(p_value=float((steepness >= seen).mean()), n_orders=len(orders), exact=exact)
