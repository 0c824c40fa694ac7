"""All that is known and measured about one grammar: a row of the table that ``advisor grammar`` prints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.compressibility.measure import ceiling, sequence_ratios, shuffled
from calibration.grammars.entropy import EntropyEstimate, document_bound, entropy_rate
from calibration.grammars.gate import Degeneracies, GateReason, degeneracies, gate
from calibration.grammars.sampling import SEQ_LEN, sample_documents
from calibration.grammars.sets import NamedGrammar, paper_compressibility
from calibration.grammars.tilting import TightGrammar, tilt

N_DOCUMENTS = 1000


@dataclass(frozen=True, kw_only=True)
class GrammarProfile:
    """What is known about a grammar (entropies in nats per token) and measured on its documents.

    ``rho`` and ``gate`` are those of the grammar as drawn, all else those of the tilted one, which is sampled.
    ``shuffled_compressibility`` is that of the same tokens in random order within each document.
    """

    source: NamedGrammar
    rho: float
    expected_length: float
    entropy_rate: float
    entropy_bound: EntropyEstimate
    degeneracies: Degeneracies
    gate: tuple[GateReason, ...]
    seq_len: int
    n_documents: int
    compressibility: float
    shuffled_compressibility: float
    ceiling: float
    paper_compressibility: float | None

    JSON = (
        *("name=source.name", "shape=source.shape", "grammar_seed=source.seed", "rho"),
        *("expected_sentence_tokens=expected_length", "reachable_terminals"),
        *("dead_nonterminals=degeneracies.dead_nonterminals", "distinct_sentences=degeneracies.sentences"),
        *("entropy_rate_nats_per_token=entropy_rate", "entropy_bound_nats_per_token=entropy_bound.mean"),
        *("entropy_bound_standard_error=entropy_bound.standard_error", "seq_len", "n_documents", "compressibility"),
        *("shuffled_compressibility", "ceiling", "paper_compressibility", "gate"),
    )

    @property
    def reachable_terminals(self) -> int:
        """How many of the terminals some sentence uses."""
        return self.source.grammar.n_terminals - self.degeneracies.unreachable_terminals


def profile(
    source: NamedGrammar, *, seed: int = 0, n_documents: int = N_DOCUMENTS, seq_len: int = SEQ_LEN
) -> GrammarProfile:
    """Return all about one grammar, measured on ``n_documents`` documents of this seed.

    Raises:
        GrammarError: the grammar cannot terminate.
    """
    grammar = tilt(source.grammar)
    documents = sample_documents(grammar, n_documents=n_documents, seed=seed, seq_len=seq_len)
    return GrammarProfile(
        source=source,
        rho=grammar.rho,
        expected_length=grammar.expected_length(),
        entropy_rate=entropy_rate(grammar),
        entropy_bound=document_bound(grammar, n_documents=n_documents, seed=seed, seq_len=seq_len),
        degeneracies=degeneracies(grammar),
        gate=gate(grammar),
        seq_len=seq_len,
        n_documents=n_documents,
        compressibility=float(np.median(sequence_ratios(documents))),
        shuffled_compressibility=float(np.median(sequence_ratios(shuffled(documents, seed=seed)))),
        ceiling=ceiling(grammar.n_terminals + 1, seq_len),
        paper_compressibility=paper_compressibility(source),
    )


def measure(grammar: TightGrammar, *, n_documents: int, seed: int, seq_len: int = SEQ_LEN) -> float:
    """Return H of a grammar: the median of compressed/raw bytes over documents of this seed."""
    documents = sample_documents(grammar, n_documents=n_documents, seed=seed, seq_len=seq_len)
    return float(np.median(sequence_ratios(documents)))
