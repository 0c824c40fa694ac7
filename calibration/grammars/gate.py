"""What makes a drawn grammar unfit for a new set, and what is degenerate about one that is used all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from advisor.quantities import plural
from calibration.grammars.tilting import TightGrammar

MAX_RHO = 0.95
MIN_SENTENCES = 11

# Sentences are compared by a polynomial fingerprint modulo a Mersenne prime: chance collisions are below 1e-16.
PRIME = 2**61 - 1
BASE = 0x1B873593CC9E2D51 % PRIME

Print = tuple[int, int]  # fingerprint, BASE**length


class GateReason(NamedTuple):
    """Why the gate rejects a grammar: a code (q, rho, few or endless) and the sentence that explains it."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Degeneracies:
    """What a grammar lacks: counts of terminals and nonterminals that no sentence uses, and of distinct sentences."""

    unreachable_terminals: int
    dead_nonterminals: int
    sentences: int | None  # distinct ones; None for more than ten


def gate(grammar: TightGrammar) -> tuple[GateReason, ...]:
    """Return the reasons to reject a grammar for a new set; empty if it passes.

    A grammar passes if every derivation ends, rho <= .95 (sentences have light tails), and it has more than ten
    distinct sentences.
    """
    reasons = []
    endless = int((grammar.q < 1).sum())
    if endless:
        reasons.append(
            GateReason("q", f"derivations from {endless} of {plural(len(grammar.q), 'nonterminal')} may never end")
        )
    if grammar.rho > MAX_RHO:
        reasons.append(GateReason("rho", f"rho is {grammar.rho:.3f}, above {MAX_RHO}"))
    sentences = count_sentences(grammar, limit=MIN_SENTENCES)
    if sentences < MIN_SENTENCES:
        reasons.append(GateReason("few", f"only {sentences} distinct sentences, not more than {MIN_SENTENCES - 1}"))
    return tuple(reasons)


def degeneracies(grammar: TightGrammar) -> Degeneracies:
    """Return what the tilted grammar never uses, and how many distinct sentences it has if they are few."""
    table = grammar.table
    reached = _reached(grammar)
    sentences = count_sentences(grammar, limit=MIN_SENTENCES)
    used = np.repeat(reached[table.lhs], table.lengths) & (table.symbols > 0)
    return Degeneracies(
        unreachable_terminals=grammar.n_terminals - len(np.unique(table.symbols[used])),
        dead_nonterminals=int((~reached).sum()),
        sentences=sentences if sentences < MIN_SENTENCES else None,
    )


def _reached(grammar: TightGrammar) -> NDArray[np.bool_]:
    edges = grammar.table.mean_matrix() > 0
    reached = grammar.start > 0
    while (grown := reached | edges[reached].any(axis=0)).sum() > reached.sum():
        reached = grown
    return reached


def count_sentences(grammar: TightGrammar, *, limit: int) -> int:
    """Return the number of distinct sentences, or ``limit`` if there are at least that many.

    Every nonterminal's set of yields grows from its rules until nothing new appears. Sets are cut at ``limit``: more
    yields of a part could only add to a sum that has already reached it.
    """
    table = grammar.table
    bounds = table.offsets.tolist()
    symbols = table.symbols.tolist()
    rules = [(lhs, symbols[begin:end]) for lhs, begin, end in zip(table.lhs.tolist(), bounds, bounds[1:], strict=False)]
    yields: list[set[Print]] = [set() for _ in grammar.start]
    starts = np.flatnonzero(grammar.start).tolist()
    grown = True
    while grown:
        grown = False
        for lhs, rhs in rules:
            known = yields[lhs]
            if len(known) < limit:
                before = len(known)
                known |= _first(limit, _concatenations(rhs, yields, limit))
                grown = grown or len(known) > before
                if len(known) > before and lhs in starts:
                    found = set().union(*(yields[start] for start in starts))
                    if len(found) >= limit:
                        return limit
    return len(set().union(*(yields[start] for start in starts)))


def _concatenations(rhs: Iterable[int], yields: list[set[Print]], limit: int) -> set[Print]:
    parts: set[Print] = {(0, 1)}
    for symbol in rhs:
        tails = yields[-symbol - 1] if symbol < 0 else {(symbol, BASE)}
        parts = _first(limit, {((h * m + g) % PRIME, n * m % PRIME) for h, n in parts for g, m in tails})
    return parts


def _first(limit: int, prints: set[Print]) -> set[Print]:
    return prints if len(prints) <= limit else set(sorted(prints)[:limit])
