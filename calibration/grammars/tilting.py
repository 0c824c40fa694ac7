"""Whether derivations end, and the grammar conditioned on ending, which is the one that is sampled.

A grammar is a multitype branching process. q_A is the probability that a derivation from A ends, M[A, B] the expected
number of B in one expansion of A, and rho the spectral radius of M. Rejecting what does not end is the tilted grammar

    p'(A -> x) = p(A -> x) prod_{B in x} q_B / q_A,    start' ~ start q

which is proper and needs no rejection; cutting derivations off from the left would be another law.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from advisor.errors import GrammarError
from calibration.grammars.grammar import Grammar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleTable:
    """The rules of a grammar in flat arrays: rule r has the symbols ``symbols[offsets[r]:offsets[r + 1]]``."""

    n_nonterminals: int
    lhs: Ints  # nonterminal number, from 0, not decreasing
    probability: Floats
    offsets: Ints
    symbols: Ints

    @property
    def lengths(self) -> Ints:
        """Symbols in each rule."""
        return np.diff(self.offsets)

    def slots(self) -> tuple[Ints, Ints]:
        """Return (rule, nonterminal number) of every nonterminal on a right-hand side, in order."""
        is_slot = self.symbols < 0
        rule = np.repeat(np.arange(len(self.lhs)), self.lengths)
        return rule[is_slot], -self.symbols[is_slot] - 1

    def mean_matrix(self) -> Floats:
        """Return M[A, B], the expected number of B in one expansion of A."""
        rule, child = self.slots()
        cell = self.lhs[rule] * self.n_nonterminals + child
        counts = np.bincount(cell, weights=self.probability[rule], minlength=self.n_nonterminals**2)
        return counts.reshape(self.n_nonterminals, -1).astype(np.float64)

    def by_lhs(self, values: Floats) -> Floats:
        """Return the sum over the rules of each nonterminal of one value per rule."""
        return np.bincount(self.lhs, weights=values, minlength=self.n_nonterminals).astype(np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class TightGrammar:
    """A grammar conditioned on ending: what is sampled, and what the theory is about.

    ``q`` (probability of ending, for each nonterminal) and ``rho`` are those of the grammar before it was tilted.
    """

    n_terminals: int
    start: Floats
    table: RuleTable
    q: Floats
    rho: float

    def visits(self) -> Floats:
        """Return the expected expansions of each nonterminal in a sentence, s' (I - M)^-1; inf if critical."""
        mean = self.table.mean_matrix()
        if spectral_radius(mean) >= 1 - 1e-9:
            return np.full(len(self.start), np.inf)
        return np.linalg.solve((np.eye(len(mean)) - mean).T, self.start).astype(np.float64)

    def expected_length(self) -> float:
        """Return the expected tokens of a sentence, s' (I - M)^-1 t, t the terminals of one expansion."""
        n_slots = np.bincount(self.table.slots()[0], minlength=len(self.table.lhs))
        terminals = self.table.by_lhs(self.table.probability * (self.table.lengths - n_slots))
        visits = self.visits()
        return float(visits[terminals > 0] @ terminals[terminals > 0])


def tilt(grammar: Grammar) -> TightGrammar:
    """Return the grammar conditioned on its derivations ending; unchanged where all of them do.

    Raises:
        GrammarError: no derivation ends.
    """
    table = rule_table(grammar)
    rho = spectral_radius(table.mean_matrix())
    q = termination(table, rho)
    start = np.asarray(grammar.start, dtype=np.float64) * q
    if not start.any():
        raise GrammarError("This grammar cannot terminate: every sentence would go on for ever; take another seed.")
    return TightGrammar(
        n_terminals=grammar.n_terminals, start=start / start.sum(), table=_tilted(table, q), q=q, rho=rho
    )


def rule_table(grammar: Grammar) -> RuleTable:
    """Return the grammar's rules in flat arrays."""
    n_options = [len(options) for options in grammar.rules]
    rules = list(chain.from_iterable(grammar.rules))
    weights = np.array([rule.weight for rule in rules], dtype=np.float64)
    lhs = np.repeat(np.arange(len(n_options)), n_options)
    lengths = np.array([len(rule.symbols) for rule in rules])
    return RuleTable(
        n_nonterminals=len(n_options),
        lhs=lhs,
        probability=weights / np.bincount(lhs, weights=weights)[lhs],
        offsets=np.concatenate([[0], lengths.cumsum()]),
        symbols=np.fromiter(chain.from_iterable(rule.symbols for rule in rules), np.int64, lengths.sum()),
    )


def spectral_radius(matrix: Floats) -> float:
    """Return the largest modulus of the eigenvalues."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def productive(table: RuleTable) -> NDArray[np.bool_]:
    """Return which nonterminals can become terminals at all."""
    rule, child = table.slots()
    can_end = np.zeros(table.n_nonterminals, dtype=bool)
    while True:
        blocked = np.bincount(rule[~can_end[child]], minlength=len(table.lhs)) > 0
        grown = can_end.copy()
        grown[table.lhs[~blocked]] = True
        if (grown == can_end).all():
            return can_end
        can_end = grown


def termination(table: RuleTable, rho: float, *, tolerance: float = 1e-14) -> Floats:
    """Return q, the smallest solution of q_A = sum_r p_r prod_{B in r} q_B, by Newton's method from below.

    Newton's iterates rise to the smallest solution (Etessami and Yannakakis 2009). Where everything is productive and
    rho <= 1 it is exactly 1 (Harris 1963, ch. II), and is not computed, because the iteration is slow near rho = 1.
    """
    if productive(table).all() and rho <= 1 + 1e-12:
        return np.ones(table.n_nonterminals)
    slots = table.slots()
    before, q = np.zeros(table.n_nonterminals), table.by_lhs(_ending(table, *slots, np.zeros(table.n_nonterminals)))
    while np.count_nonzero(q) > np.count_nonzero(before):  # a step of Newton's method needs q > 0 wherever it can be
        before, q = q, table.by_lhs(_ending(table, *slots, q))
    live = np.flatnonzero(q)
    for _ in range(200):
        ends = _ending(table, *slots, q)
        slope = np.eye(len(live)) - _slope(table, *slots, q, ends)[np.ix_(live, live)]
        try:
            step = np.linalg.solve(slope, (table.by_lhs(ends) - q)[live])
        except np.linalg.LinAlgError:  # exactly critical: q is as close as floats come
            break
        q[live] = np.clip(q[live] + step, 0, 1)
        if np.abs(step).max(initial=0) < tolerance:
            break
    return q


def _slope(table: RuleTable, rule: Ints, child: Ints, q: Floats, ends: Floats) -> Floats:
    """Return d/dq_B of sum_r p_r prod_{C in r} q_C, for every pair A, B."""
    reached = q[child] > 0
    rule, child = rule[reached], child[reached]
    cell = table.lhs[rule] * table.n_nonterminals + child
    slope = np.bincount(cell, weights=ends[rule] / q[child], minlength=table.n_nonterminals**2)
    return slope.reshape(table.n_nonterminals, -1).astype(np.float64)


def _ending(table: RuleTable, rule: Ints, child: Ints, q: Floats) -> Floats:
    """Return p_r prod_{B in r} q_B for every rule."""
    with np.errstate(divide="ignore"):
        log_q = np.log(q[child])
    return np.asarray(table.probability * np.exp(np.bincount(rule, weights=log_q, minlength=len(table.lhs))))


def _tilted(table: RuleTable, q: Floats) -> RuleTable:
    if (q == 1).all():
        return table
    probability = _ending(table, *table.slots(), q)
    total = table.by_lhs(probability)  # q, to rounding
    keep = probability > 0
    lengths = table.lengths[keep]
    return RuleTable(
        n_nonterminals=table.n_nonterminals,
        lhs=table.lhs[keep],
        probability=probability[keep] / total[table.lhs[keep]],
        offsets=np.concatenate([[0], lengths.cumsum()]),
        symbols=table.symbols[np.repeat(keep, table.lengths)],
    )
