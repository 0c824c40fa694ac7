"""A real corpus as training data: every token at most once, whole stretches held out, in one random order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from advisor.corpus import Corpus, CorpusOptions, open_corpus
from advisor.documents import pieces
from advisor.errors import CorpusError
from advisor.sampling import draw_sample
from advisor.sequences import Sample, encode, separator_of
from advisor.tokenizer import Tokenizer
from calibration.token_data import Ids, TokenData

# A corpus is cut and ordered as a whole up to this many tokens, whatever a grid needs of it: a grid that needs more
# then reads on in the same order, and its rows continue the ledger of a smaller one.
HELD_TOKENS = 24_000_000
# Sequences that are trained on or held out together: neighbours in a long document are alike.
STRETCH = 32
MIN_VALIDATION = 128

Progress = Callable[[str, float, float | None], None]


@dataclass(frozen=True, kw_only=True)
class CorpusTokens:
    """A corpus's sample, on which H is measured, and its training data."""

    sample: Sample
    data: TokenData


def corpus_tokens(
    source: str,
    options: CorpusOptions,
    tokenizer: Tokenizer,
    *,
    n_tokens: int,
    n_validation: int,
    seq_len: int,
    seed: int,
    progress: Progress,
) -> CorpusTokens:
    """Return up to ``n_tokens`` tokens to train on and at most ``n_validation`` sequences held out.

    At most a tenth of the corpus is held out. Documents are cut into sequences as ``advisor score`` does; those of a
    larger corpus than can be held are a random part of it.

    Raises:
        CorpusError: the corpus cannot be read, or is too small to hold out 128 sequences.
    """
    corpus = open_corpus(source, options, seq_len=seq_len)
    sample = draw_sample(
        corpus.readers, tokenizer=tokenizer, seq_len=seq_len, n_sequences=1000, seed=seed, progress=progress
    )
    wanted = max(HELD_TOKENS, n_tokens + n_validation * seq_len)
    share = min(1.0, 1.2 * wanted / max(sample.estimated_tokens, 1.0))
    cutter = _Cutter(tokenizer, seq_len, joined=sample.joined)
    stretches: list[Ids] = []
    held = 0.0
    for sequences in cutter.stretches(open_corpus(source, options, seq_len=seq_len), random.Random(seed), share):
        stretches.append(sequences)
        held += sequences.size
        progress(f"tokenising {source}", min(held, wanted), wanted if share < 1 else None)
        if held >= 1.5 * wanted:
            break
    return CorpusTokens(sample=sample, data=_split(stretches, source, n_tokens, n_validation, seed))


class _Cutter:
    """Cuts documents into stretches of sequences."""

    def __init__(self, tokenizer: Tokenizer, seq_len: int, *, joined: bool) -> None:
        self.tokenizer, self.seq_len, self.joined = tokenizer, seq_len, joined

    def stretches(self, corpus: Corpus, rng: random.Random, share: float) -> Iterator[Ids]:
        """Yield (at most STRETCH, seq_len) ids of each document that falls to this share of the corpus."""
        run: list[int] = []
        for reader in corpus.readers:
            for document in reader.documents():
                for piece in pieces(document):
                    if rng.random() >= share:
                        continue
                    ids = encode(piece.content, self.tokenizer)
                    if not self.joined:
                        yield from self._cut(ids)
                        continue
                    run += [*ids, separator_of(piece.content, self.tokenizer)]
                    if len(run) >= STRETCH * self.seq_len:
                        yield from self._cut(run)
                        run = run[len(run) // self.seq_len * self.seq_len :]
        yield from self._cut(run)

    def _cut(self, ids: list[int]) -> Iterator[Ids]:
        whole = len(ids) // self.seq_len
        sequences = np.array(ids[: whole * self.seq_len], dtype=np.int32).reshape(whole, self.seq_len)
        yield from (sequences[begin : begin + STRETCH] for begin in range(0, whole, STRETCH))


def _split(stretches: list[Ids], source: str, n_tokens: int, n_validation: int, seed: int) -> TokenData:
    n_sequences = sum(map(len, stretches))
    n_held_out = min(n_validation, n_sequences // 10)
    if n_held_out < MIN_VALIDATION:
        raise CorpusError(
            f"{source} has {n_sequences} sequences, and {10 * MIN_VALIDATION} are needed, a tenth of them to measure "
            "losses on: give a larger corpus."
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(stretches))
    sizes = np.array([len(stretches[i]) for i in order]).cumsum()
    n_first = int(np.searchsorted(sizes, n_held_out)) + 1
    validation = np.concatenate([stretches[i] for i in order[:n_first]])[:n_held_out]
    rest = np.concatenate([stretches[i] for i in order[n_first:]])
    seq_len = validation.shape[1]
    training = rest[rng.permutation(len(rest))[: -(-n_tokens // seq_len)]]
    return TokenData(training=training, validation=validation)
