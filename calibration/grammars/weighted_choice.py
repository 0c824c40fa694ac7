"""Weighted choices of a rule for many nodes at once, in constant time each (Walker 1977, Vose 1991)."""

from __future__ import annotations

import numpy as np

from calibration.grammars.tilting import Floats, Ints, RuleTable


class WeightedChoice:
    """Chooses rules of a table by alias tables: a uniform slot of the nonterminal, then that rule or its alias."""

    def __init__(self, table: RuleTable) -> None:
        nonterminals = np.arange(table.n_nonterminals)
        self._first = np.searchsorted(table.lhs, nonterminals)
        self._count = np.searchsorted(table.lhs, nonterminals, side="right") - self._first
        self._threshold = np.ones(len(table.lhs))
        self._alias = np.arange(len(table.lhs))
        for first, count in zip(self._first.tolist(), self._count.tolist(), strict=True):
            rules = slice(first, first + count)
            self._threshold[rules], alias = alias_table(table.probability[rules])
            self._alias[rules] = alias + first

    def __call__(self, rng: np.random.Generator, nonterminals: Ints) -> Ints:
        """Return a rule for each of the nonterminals."""
        place = rng.random(len(nonterminals)) * self._count.take(nonterminals)
        slot = place.astype(np.int64)
        place -= slot
        slot += self._first.take(nonterminals)
        return np.where(place < self._threshold.take(slot), slot, self._alias.take(slot))


def alias_table(probability: Floats) -> tuple[Floats, Ints]:
    """Return for each of n outcomes the threshold below which its slot keeps it, and the outcome taken otherwise.

    The slots' shares add up to the probabilities:  n p_i = threshold_i + sum_{j: alias_j = i} (1 - threshold_j).
    """
    n = len(probability)
    alias = list(range(n))
    share = (probability * n).tolist()
    small = [i for i in range(n) if share[i] < 1]
    large = [i for i in range(n) if share[i] >= 1]
    while small and large:
        giver, taker = large[-1], small.pop()
        alias[taker] = giver
        share[giver] -= 1 - share[taker]
        if share[giver] < 1:
            small.append(large.pop())
    for rest in (*small, *large):  # 1, to rounding
        share[rest] = 1.0
    return np.array(share), np.array(alias, dtype=np.int64)
