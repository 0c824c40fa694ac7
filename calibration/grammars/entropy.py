"""What is known of a grammar's entropy without training on it, in nats.

The stationary rate is not a bound for the loss on documents of T tokens: a document begins at a sentence and cuts its
last one, so it pays early for rules whose tokens lie beyond it. ``document_bound`` counts exactly what it pays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calibration.grammars.sampling import SEQ_LEN, Sampler, document_starts
from calibration.grammars.tilting import Floats, TightGrammar


@dataclass(frozen=True, kw_only=True)
class EntropyEstimate:
    """A mean over sampled documents and its standard error."""

    mean: float
    standard_error: float


def expected_length(grammar: TightGrammar) -> float:
    """Return the expected number of tokens of a sentence, s' (I - M)^-1 t; inf for a critical grammar."""
    return grammar.expected_length()


def derivation_entropy(grammar: TightGrammar) -> float:
    """Return the entropy of a sentence's derivation in nats, H(s) + s' (I - M)^-1 h, h the entropy of one expansion."""
    visits = grammar.visits()
    choices = rule_entropies(grammar)
    started = grammar.start[grammar.start > 0]
    return float(visits[choices > 0] @ choices[choices > 0] - started @ np.log(started))


def rule_entropies(grammar: TightGrammar) -> Floats:
    """Return the entropy of one expansion of each nonterminal, in nats."""
    p = grammar.table.probability
    return grammar.table.by_lhs(-p * np.log(p))


def entropy_rate(grammar: TightGrammar) -> float:
    """Return the stationary derivation entropy in nats per token, derivation entropy / (E[length] + 1 separator).

    It is the entropy rate of the endless token stream of an unambiguous grammar, and at least that of any other; nan
    for a critical grammar, whose sentences have no expected length.
    """
    length = grammar.expected_length()
    return derivation_entropy(grammar) / (length + 1) if math.isfinite(length) else math.nan


def document_bound(
    grammar: TightGrammar, *, n_documents: int = 1000, seed: int = 0, seq_len: int = SEQ_LEN
) -> EntropyEstimate:
    """Return the upper bound for E: expected -log p of the rules expanded in a document, over its length, in nats.

    A rule is expanded in the document if its first token lies there. These rules determine the tokens, so no
    distribution of documents has more entropy than they have. Each rule counts with its expectation, the entropy of its
    nonterminal, which leaves the mean as it is (whether it is expanded depends on earlier rules alone) and varies less.
    """
    sampler = Sampler(grammar, seq_len=seq_len)
    cost = _segment_costs(grammar, sampler)
    totals: list[Floats] = []
    tokens, paid = sampler.no_tokens, np.zeros(0)
    for segments in sampler.stream(seed=seed, shard=0):
        tokens = np.concatenate([tokens, sampler.write(segments)])
        paid = np.concatenate([paid, sampler.spread(segments, cost)])
        starts, rest = document_starts(tokens, seq_len)
        total = np.concatenate([[0.0], paid.cumsum()])
        totals.append(total[starts + seq_len] - total[starts])
        tokens, paid = tokens[rest:], paid[rest:]
        if sum(map(len, totals)) >= n_documents:
            break
    rates = np.concatenate(totals)[:n_documents] / seq_len
    return EntropyEstimate(mean=float(rates.mean()), standard_error=float(rates.std(ddof=1) / math.sqrt(n_documents)))


def _segment_costs(grammar: TightGrammar, sampler: Sampler) -> Floats:
    """Return for each segment the entropy of the choice of its rule if the segment is the rule's first, else 0."""
    p = sampler.table.probability
    entropy = np.bincount(sampler.table.lhs, weights=-p * np.log(p))
    cost = np.zeros(len(sampler.segment_tokens))
    cost[sampler.first_segment] = entropy[sampler.table.lhs]
    return cost
