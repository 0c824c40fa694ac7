"""Random probabilistic context-free grammars: one from a seed, its JSON form, its nltk form.

A symbol is an integer: terminals are 1..n_terminals, nonterminal k (from 0) is -(k + 1), and 0 is in no rule, because
it separates the sentences of a document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from advisor.errors import GrammarError, MissingExtraError

if TYPE_CHECKING:
    from nltk.grammar import PCFG

SEPARATOR = 0
MAX_WEIGHT = 100
MAX_TERMINALS = 2**31 - 1
# The theory solves dense systems of this size, each in seconds; the rules of one grammar are Python tuples.
MAX_NONTERMINALS = 1024
MAX_EXPECTED_SYMBOLS = 2**24
MAX_RULES = 1_000_000
# Larger weights are no whole numbers among floats.
MAX_GIVEN_WEIGHT = 2**53


@dataclass(frozen=True, kw_only=True)
class GrammarShape:
    """The four numbers that a grammar is drawn from (Pandey 2024, arXiv:2405.16684).

    Raises:
        GrammarError: no grammar of this shape can be drawn.
    """

    nonterminals: int
    terminals: int
    max_options: int
    max_length: int

    def __post_init__(self) -> None:
        for name, value in zip(("nonterminals", "terminals", "options", "symbols a rule"), astuple(self), strict=True):
            if value < 1:
                raise GrammarError(f"A grammar with {value} {name} cannot exist: ask for at least 1.")
        if self.terminals > MAX_TERMINALS:
            raise GrammarError(
                f"{self.terminals} terminals do not fit in 32-bit token ids: ask for at most {MAX_TERMINALS}."
            )
        if self.nonterminals > MAX_NONTERMINALS:
            raise GrammarError(f"{self.nonterminals} nonterminals are too many: ask for at most {MAX_NONTERMINALS}.")
        expected = self.nonterminals * (self.max_options + 1) * (self.max_length + 1) / 4
        if expected > MAX_EXPECTED_SYMBOLS:
            raise GrammarError(
                f"A grammar of shape {self} would have {expected:.2g} symbols: "
                f"ask for fewer options or shorter rules (at most {MAX_EXPECTED_SYMBOLS:.2g} symbols)."
            )

    def __str__(self) -> str:
        return ",".join(map(str, astuple(self)))


class Rule(NamedTuple):
    """One option of a nonterminal: an integer weight and the symbols that it becomes."""

    weight: int
    symbols: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """A probabilistic grammar in integers, so that its JSON form is exact.

    ``rules[k]`` are the options of nonterminal -(k + 1), taken in proportion to their weights; ``start[k]`` is the
    weight of that nonterminal as the start of a sentence.

    Raises:
        GrammarError: a weight, a symbol or a rule that no grammar can have.
    """

    n_terminals: int
    start: tuple[int, ...]
    rules: tuple[tuple[Rule, ...], ...]

    def __post_init__(self) -> None:
        if len(self.rules) > MAX_NONTERMINALS:
            raise GrammarError(f"{len(self.rules)} nonterminals are too many: at most {MAX_NONTERMINALS} are possible.")
        if (n_rules := sum(map(len, self.rules))) > MAX_RULES:
            raise GrammarError(f"{n_rules:,} rules are too many: at most {MAX_RULES:,} are possible.")
        if (
            len(self.start) != len(self.rules)
            or min(self.start, default=0) < 0
            or not 0 < sum(self.start) <= MAX_GIVEN_WEIGHT
        ):
            raise GrammarError(
                f"{len(self.rules)} nonterminals need as many start weights >= 0, at most 2^53 together, not "
                f"{_short(self.start)}."
            )
        if not 1 <= self.n_terminals <= MAX_TERMINALS:
            raise GrammarError(f"A grammar has 1 to {MAX_TERMINALS} terminals, not {self.n_terminals}.")
        for lhs, options in enumerate(self.rules):
            if not options:
                raise GrammarError(f"Nonterminal {-lhs - 1} has no rule: give it at least one.")
            for rule in options:
                self._check(lhs, rule)

    def _check(self, lhs: int, rule: Rule) -> None:
        if not 1 <= rule.weight <= MAX_GIVEN_WEIGHT or not rule.symbols:
            raise GrammarError(
                f"Nonterminal {-lhs - 1} has the rule {_short(tuple(rule))}: a rule has a weight, 1 to 2^53, and "
                "symbols."
            )
        if min(rule.symbols) < -len(self.rules) or max(rule.symbols) > self.n_terminals or SEPARATOR in rule.symbols:
            raise GrammarError(
                f"A rule of nonterminal {-lhs - 1} has a symbol outside -{len(self.rules)}..-1 and "
                f"1..{self.n_terminals}: {_short(rule.symbols)}."
            )


def _short(value: object) -> str:
    """Return how a value that may be long is shown inside a sentence."""
    try:
        text = repr(value)
    except ValueError:  # a number of thousands of digits
        return "numbers beyond all measure"
    return text if len(text) <= 80 else text[:77] + "..."


def draw(shape: GrammarShape, *, seed: int) -> Grammar:
    """Return the grammar of this shape and seed, as Pandey (2024) draws one.

    Each nonterminal has U{1..max_options} options, each of U{1..max_length} symbols, each uniform over nonterminals and
    terminals, with an integer weight U{1..100}; a sentence starts at any nonterminal, uniformly.
    """
    if seed < 0:
        raise GrammarError(f"A seed is a whole number from 0, not {seed}.")
    rng = np.random.default_rng([seed, *astuple(shape)])
    n_options = rng.integers(1, shape.max_options, size=shape.nonterminals, endpoint=True)
    lengths = rng.integers(1, shape.max_length, size=n_options.sum(), endpoint=True)
    weights = rng.integers(1, MAX_WEIGHT, size=n_options.sum(), endpoint=True).tolist()
    symbols = rng.integers(0, shape.nonterminals + shape.terminals, size=lengths.sum()) - shape.nonterminals
    symbols += symbols >= 0  # no rule has the separator, 0
    ends = lengths.cumsum().tolist()
    flat = symbols.tolist()
    options = [
        Rule(weight, tuple(flat[begin:end])) for weight, begin, end in zip(weights, [0, *ends], ends, strict=False)
    ]
    last = n_options.cumsum().tolist()
    return Grammar(
        n_terminals=shape.terminals,
        start=(1,) * shape.nonterminals,
        rules=tuple(tuple(options[begin:end]) for begin, end in zip([0, *last], last, strict=False)),
    )


def to_json(grammar: Grammar) -> dict[str, Any]:
    """Return the grammar as plain lists: ``from_json(to_json(grammar)) == grammar``."""
    return {
        "n_terminals": grammar.n_terminals,
        "start": list(grammar.start),
        "rules": [[[rule.weight, list(rule.symbols)] for rule in options] for options in grammar.rules],
    }


def from_json(data: Mapping[str, Any]) -> Grammar:
    """Return the grammar that ``to_json`` wrote.

    Raises:
        GrammarError: the data is not a grammar.
    """
    try:
        return Grammar(
            n_terminals=_whole(data["n_terminals"]),
            start=tuple(map(_whole, data["start"])),
            rules=tuple(
                tuple(Rule(_whole(weight), tuple(map(_whole, symbols))) for weight, symbols in options)
                for options in data["rules"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GrammarError(
            f"This is not a grammar ({_short(error)}): it needs n_terminals, start and rules, as `advisor grammar` "
            "writes."
        ) from error


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{_short(value)} is not a whole number")
    return value


def to_nltk(grammar: Grammar) -> PCFG:
    """Return the grammar for nltk: terminals are integers, nonterminals N1, N2, ..., and S goes to each start.

    Equal rules are merged. It is not tilted: where derivations may fail to end, a sentence that is sampled has its
    probability here divided by that of ending.

    Raises:
        MissingExtraError: nltk is not installed.
    """
    try:
        from nltk.grammar import PCFG, Nonterminal, ProbabilisticProduction
    except ImportError as error:
        raise MissingExtraError("nltk", "calibrate", "The nltk form of a grammar") from error
    names = [Nonterminal(f"N{k + 1}") for k in range(len(grammar.rules))]
    top = Nonterminal("S")
    productions = [
        ProbabilisticProduction(top, [name], prob=weight / sum(grammar.start))
        for name, weight in zip(names, grammar.start, strict=True)
        if weight
    ]
    for name, options in zip(names, grammar.rules, strict=True):
        weights: Counter[tuple[int, ...]] = Counter()  # nltk's parsers see two equal rules as one
        for weight, symbols in options:
            weights[symbols] += weight
        productions += [
            ProbabilisticProduction(
                name, [names[-s - 1] if s < 0 else s for s in symbols], prob=weight / weights.total()
            )
            for symbols, weight in weights.items()
        ]
    return PCFG(top, productions)
