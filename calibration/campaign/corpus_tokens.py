"""A real corpus as training data: every token at most once, whole stretches held out, in one random order.

All that is read is kept, whatever a grid needs of it, so that a larger grid finds the same data and reads on in it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.corpus.documents import pieces
from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling, draw_sample
from advisor.corpus.sequences import Sample, TooSmallError, encode, separator_of
from advisor.corpus.source import Corpus, open_corpus
from advisor.corpus.tokenizer import Tokenizer
from advisor.errors import CorpusError
from calibration.campaign.token_data import Ids, TokenData

if TYPE_CHECKING:
    from advisor.corpus.documents import Content
    from advisor.corpus.sequences import Progress

# At least this many tokens of a corpus are read. Grids that need no more have the same data, and continue each other's
# ledgers; of a corpus that has more, one that needs more is other data.
HELD_TOKENS = 24_000_000
# Sequences that are trained on or held out together: neighbours in a long document are alike.
STRETCH = 32
MIN_VALIDATION = 128
MAX_ID = (1 << 31) - 1


@dataclass(frozen=True, kw_only=True)
class CorpusTokens:
    """A corpus's sample, on which H is measured, its training data, and (reason, count) of what was left out of it."""

    sample: Sample
    data: TokenData
    left_out: Mapping[str, int]


def corpus_tokens(
    source: str,
    options: CorpusOptions,
    sampling: Sampling,
    *,
    tokenizer: Tokenizer,
    n_tokens: int,
    n_validation: int,
    progress: Progress,
) -> CorpusTokens:
    """Return the tokens to train on, ``n_tokens`` or more where the corpus has them, and sequences that are held out.

    ``sampling`` is that of H, ``tokenizer`` the one that it names. Held out are ``n_validation`` sequences, or a tenth
    of the corpus if that is less. Documents are cut into sequences as ``advisor score`` does. Of a corpus of more than
    HELD_TOKENS, and more than are asked for, a random part of the documents is read; of a hub dataset, the rows that
    ``advisor score`` reads, which are 32 MB at most.

    Raises:
        CorpusError: the corpus cannot be read, or is too small to hold out 128 sequences.
    """
    seq_len, seed = sampling.seq_len, sampling.seed
    corpus = open_corpus(source, options, seq_len=seq_len)
    try:
        sample = draw_sample(corpus.readers, sampling, tokenizer=tokenizer, progress=progress)
    except TooSmallError as error:
        raise _too_small(source, 0, corpus.tally.skipped) from error
    left_out = corpus.tally.skipped
    wanted = max(HELD_TOKENS, n_tokens + n_validation * seq_len)
    share = min(1.0, 1.2 * wanted / max(sample.estimated_tokens, 1.0))
    cutter = _Cutter(tokenizer, seq_len, joined=sample.joined)
    stretches: list[Ids] = []
    held = 0
    for sequences in cutter.stretches(open_corpus(source, options, seq_len=seq_len), random.Random(seed), share):
        stretches.append(sequences)
        held += sequences.size
        progress(f"tokenising {corpus.source}", min(held, wanted), wanted if share < 1 else None)
        if held >= 1.5 * wanted:  # the corpus is larger than its sample made it seem
            break
    n_held_out = min(n_validation, sum(map(len, stretches)) // 10)
    if n_held_out < MIN_VALIDATION:
        raise _too_small(source, sum(map(len, stretches)), left_out)
    return CorpusTokens(sample=sample, data=_split(stretches, n_held_out, seed), left_out=left_out)


def _too_small(source: str, n_sequences: int, left_out: Mapping[str, int]) -> CorpusError:
    reasons = ", ".join(f"{count:,} ({reason})" for reason, count in left_out.items())
    return CorpusError(
        f"{source} has {n_sequences:,} whole sequences, and {10 * MIN_VALIDATION:,} are needed, a tenth of them to "
        "measure losses on: give a larger corpus." + (f" Left out: {reasons}." if reasons else "")
    )


class _Cutter:
    """Cuts documents into stretches of sequences."""

    def __init__(self, tokenizer: Tokenizer, seq_len: int, *, joined: bool) -> None:
        self.tokenizer, self.seq_len, self.joined = tokenizer, seq_len, joined
        self.dtype = np.dtype(np.uint16 if tokenizer.vocab_size <= 1 << 16 else np.int32)

    def stretches(self, corpus: Corpus, rng: random.Random, share: float) -> Iterator[Ids]:
        """Yield (at most STRETCH, seq_len) ids of each document that falls to this share of the corpus."""
        run: list[int] = []
        for reader in corpus.readers:
            for document in reader.documents():
                for piece in pieces(document):
                    if rng.random() >= share:
                        continue
                    ids = self._encode(piece.content, corpus.source)
                    if not self.joined:
                        yield from self._cut(ids)
                        continue
                    run += [*ids, separator_of(piece.content, self.tokenizer)]
                    if len(run) >= STRETCH * self.seq_len:
                        yield from self._cut(run)
                        run = run[len(run) // self.seq_len * self.seq_len :]
        yield from self._cut(run)

    def _encode(self, content: Content, source: str) -> list[int]:
        ids = encode(content, self.tokenizer)
        if isinstance(content, str):
            return ids
        self.dtype = np.dtype(np.int32)  # a corpus of ids has a vocabulary of its own
        if ids and (min(ids) < 0 or max(ids) > MAX_ID):
            raise CorpusError(f"{source} holds ids from {min(ids)} to {max(ids)}: token ids lie in 0 to {MAX_ID}.")
        return ids

    def _cut(self, ids: list[int]) -> Iterator[Ids]:
        whole = len(ids) // self.seq_len
        sequences: Ids = np.array(ids[: whole * self.seq_len], dtype=self.dtype).reshape(whole, self.seq_len)
        yield from (sequences[begin : begin + STRETCH] for begin in range(0, whole, STRETCH))


def _split(stretches: list[Ids], n_held_out: int, seed: int) -> TokenData:
    """Return whole stretches held out at random, and the sequences of the others in one random order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(stretches))
    sizes = np.array([len(stretches[i]) for i in order]).cumsum()
    n_first = int(np.searchsorted(sizes, n_held_out)) + 1
    # What the last held-out stretch has too many is left out: it is like what is held out.
    validation = np.concatenate([stretches[i] for i in order[:n_first]])[:n_held_out]
    rest = np.concatenate([stretches[i] for i in order[n_first:]])
    return TokenData(training=rest[rng.permutation(len(rest))], validation=validation)
