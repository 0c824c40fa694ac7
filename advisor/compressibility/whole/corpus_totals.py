"""What is known of a corpus that was measured whole, beside its profile: distinct documents, quantiles, its shards."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_LEAST_SHARDS, _LEAST_SEQUENCES = 5, 1000  # of which it is said that one is unlike the others
_TIMES = 5.0  # robust standard deviations from the median shard
_LEAST_H, _LEAST_RATE = 0.03, 0.1  # H, and the share of the bytes per token, that make a difference at all
_ROBUST = 1.4826  # times the median absolute deviation: the standard deviation of what is normal


@dataclass(frozen=True, kw_only=True)
class HQuantile:
    """H below which a share of the sequences lie, exactly."""

    share: float  # of the sequences, 0 to 1
    compressibility: float  # H there, compressed over raw bytes, 0 to 1


@dataclass(frozen=True, kw_only=True)
class ShardProfile:
    """One file of a corpus, or several small text files, measured whole.

    Attributes:
        name: the file, or the first of several.
        n_documents: documents in it.
        n_tokens: its tokens.
        n_text_bytes: bytes of its text in UTF-8; null of token ids.
        n_stored_bytes: bytes as they are stored; 0 where that is not known.
        n_sequences: sequences that were measured; where documents are joined, those that begin and end in it.
        compressibility: H, their median; null without one.
        unlike: H or bytes per token are unlike those of the other shards.
    """

    name: str
    n_documents: int
    n_tokens: int
    n_text_bytes: int | None
    n_stored_bytes: int
    n_sequences: int
    compressibility: float | None
    unlike: bool = False

    @property
    def bytes_per_token(self) -> float | None:
        """Bytes of text for each token; null of token ids."""
        return self.n_text_bytes / self.n_tokens if self.n_text_bytes and self.n_tokens else None

    JSON = (
        *("name", "n_documents", "n_tokens", "n_text_bytes", "n_stored_bytes", "bytes_per_token", "n_sequences"),
        *("compressibility", "unlike"),
    )


@dataclass(frozen=True, kw_only=True)
class CorpusTotals:
    """What all documents of a corpus add up to.

    Attributes:
        n_tokens: tokens, those behind the last whole sequence of a document too.
        n_text_bytes: bytes of text in UTF-8; null of token ids.
        n_unique_documents: documents of which no two have the same content.
        n_unique_tokens: tokens of one of each of them.
        quantiles: of H over all sequences, exact.
        shards: in the order of the corpus.
    """

    n_tokens: int
    n_text_bytes: int | None
    n_documents: int
    n_unique_documents: int
    n_unique_tokens: int
    quantiles: tuple[HQuantile, ...]
    shards: tuple[ShardProfile, ...]

    JSON = (
        *("n_tokens", "n_text_bytes", "n_documents", "n_unique_documents", "n_unique_tokens"),
        *("duplicated_fraction", "quantiles", "shards"),
    )

    @property
    def duplicated_fraction(self) -> float:
        """Share of the documents that have the content of an earlier one, 0 to 1."""
        return 1 - self.n_unique_documents / self.n_documents

    @property
    def unlike(self) -> tuple[ShardProfile, ...]:
        """The shards that are unlike the others."""
        return tuple(shard for shard in self.shards if shard.unlike)


def are_unlike(shards: Sequence[ShardProfile]) -> list[bool]:
    """Return of each shard whether its H or its bytes per token are unlike those of the others.

    That is farther from the median shard's than five standard deviations of the shards, as their median absolute
    deviation has them, and than a difference that matters: .03 of H, a tenth of the bytes per token. Shards of under
    1,000 sequences are not judged, nor are fewer than five.
    """
    judged = [n for n, shard in enumerate(shards) if shard.n_sequences >= _LEAST_SEQUENCES]
    found = [False] * len(shards)
    for name, least in (("compressibility", _LEAST_H), ("bytes_per_token", _LEAST_RATE)):
        values = {n: getattr(shards[n], name) for n in judged}
        values = {n: value for n, value in values.items() if value is not None}
        if len(values) < _LEAST_SHARDS:
            continue
        middle = statistics.median(values.values())
        spread = _ROBUST * statistics.median(abs(value - middle) for value in values.values())
        most = max(_TIMES * spread, least if name == "compressibility" else least * middle)
        for n, value in values.items():
            found[n] = found[n] or abs(value - middle) > most
    return found
