"""Passages cut into sequences of token ids, and which draws are kept so that they are a uniform sample."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.corpus.documents import Document, Passage, size_of, snapped
from advisor.errors import CorpusError
from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Content, Key
    from advisor.corpus.tokenizer import Tokenizer

    # What is being done, how much of it is done, and how much there is (None where that is not known).
    Progress = Callable[[str, float, float | None], None]

PILOT = 100
NATIVE_SEPARATOR = 0  # stands between documents of the grammars that coefficients are calibrated on
_ENCODED = 1000  # cells whose tokens are kept: draws often fall on one again in a corpus of few documents
_SHORT = 0.5  # a corpus loses more than this share of its tokens to remainders: documents are joined


class TooSmallError(CorpusError):
    """The corpus was read, and holds less than one sequence."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Sequences of token ids and what was learnt about the corpus on the way.

    ``ids`` is (n_sequences, seq_len); ``keys`` names the document (or the piece of a long one) that each is from.
    """

    ids: npt.NDArray[np.int64]
    keys: tuple[Key, ...]
    tokenized: bool  # the corpus held text; False where it held ids
    joined: bool  # documents were joined, because cutting each left almost nothing
    exhaustive: bool  # every sequence of the corpus was a candidate
    n_documents: int
    n_documents_exact: bool
    estimated_tokens: float
    estimated_tokens_ci95: tuple[float, float] | None  # None where the count is exact
    bytes_per_token: float | None  # None for a corpus of ids
    non_ascii_fraction: float | None  # of the bytes of text; None for a corpus of ids
    unread_fraction: float | None = None  # of the bytes that were drawn, those of no document; None without draws


class Cutter:
    """Cuts a sequence out of each draw, and keeps it or not."""

    def __init__(
        self, tokenizer: Tokenizer, seq_len: int, rng: random.Random, ids_separator: int = NATIVE_SEPARATOR
    ) -> None:
        self.ids_separator = ids_separator
        self.tokenizer, self.seq_len, self.rng = tokenizer, seq_len, rng
        self.ids: list[list[int]] = []
        self.keys: list[Key] = []
        # Of each draw, for each source byte: tokens, bytes of text, documents, bytes of text that are not ASCII. 0
        # where the draw fell on nothing.
        self.rates: list[tuple[float, float, float, float]] = []
        self.kinds: set[bool] = set()  # whether contents are text
        self.joined = False
        self.bound = 0.0
        self.taken: dict[Key, list[tuple[float, float]]] = {}
        self.encoded: dict[tuple[Key, int], list[int]] = {}

    def take(self, drawn: list[Passage | None], n_sequences: int, progress: Progress) -> None:
        """Keep sequences from the draws until there are ``n_sequences``."""
        if not self.bound:
            self._pilot([each for each in drawn[:PILOT] if each is not None])
        for each in drawn:
            if len(self.ids) >= n_sequences:
                return
            progress("tokenising the sample", len(self.ids), n_sequences)
            if each is None:
                self.rates.append((0.0, 0.0, 0.0, 0.0))
                continue
            self._take_one(each)

    def _pilot(self, drawn: list[Passage]) -> None:
        """Choose whether to join documents, and the bound of the rejection."""
        if not drawn:
            raise TooSmallError("The corpus holds no text.")
        lost = sum(self._cut(each)[0] is None for each in drawn)
        self.joined = lost > _SHORT * len(drawn)
        self.bound = max(self._rate(each) for each in drawn)

    def _take_one(self, each: Passage) -> None:
        self.kinds.add(isinstance(each.content, str))
        rate = self._rate(each)
        text = 1 / each.raw_per_size
        self.rates.append((rate, text, 1 / each.document_bytes, text * non_ascii_fraction(each.content[: each.cell])))
        if self.rng.random() * self.bound > rate:
            return
        ids, (begin, end) = self._cut(each)
        if ids is None:
            return
        spans = self.taken.setdefault(each.key, [])
        if any(begin < other_end and other_begin < end for other_begin, other_end in spans):
            return  # the same sequence again: each is taken once
        spans.append((begin, end))
        self.ids.append(ids)
        self.keys.append(each.key)

    def _rate(self, each: Passage) -> float:
        """Return the tokens per source byte of the cell that the draw fell in."""
        size = size_of(each.content[: each.cell])
        return len(self._encode_cell(each)) / (size * each.raw_per_size) if size else 0.0

    def _cut(self, each: Passage) -> tuple[list[int] | None, tuple[float, float]]:
        """Return the sequence (None if the draw fell in a remainder) and its span.

        The cell's tokens are cut into sequences from its beginning; the one that the draw fell in is taken. The last
        runs on into the next cell, and past the end of the document it is the remainder, which is dropped.
        """
        ids = self._encode_cell(each)
        is_whole = each.start == 0 and each.cell == len(each.content)
        if self.joined and is_whole:
            begin = int(each.position * len(ids))
            cut = self._join(ids[begin:], each.following)
        else:
            begin = int(each.position * len(ids) / self.seq_len) * self.seq_len
            cut = self._run_on(each, ids, begin + self.seq_len)[begin : begin + self.seq_len]
        scale = each.cell / max(len(ids), 1)
        span = (each.start + begin * scale, each.start + (begin + self.seq_len) * scale - 1e-6)
        return (cut if len(cut) == self.seq_len else None), span

    def _run_on(self, each: Passage, ids: list[int], n_tokens: int) -> list[int]:
        """Return the tokens of the cell and of what follows it, at least ``n_tokens`` unless the content ends."""
        end = each.cell
        while len(ids) < n_tokens and end < len(each.content):
            end = snapped(each.content, 2 * end + 1, end + 1)
            ids = encode(each.content[:end], self.tokenizer)
        return ids

    def _join(self, ids: list[int], following: tuple[Content, ...]) -> list[int]:
        joined = list(ids)
        for content in following:
            if len(joined) >= self.seq_len:
                break
            joined += [separator_of(content, self.tokenizer, self.ids_separator), *encode(content, self.tokenizer)]
        return joined[: self.seq_len]

    def _encode_cell(self, each: Passage) -> list[int]:
        place = (each.key, each.start)
        if place not in self.encoded:
            if len(self.encoded) > _ENCODED:
                self.encoded.clear()
            self.encoded[place] = encode(each.content[: each.cell], self.tokenizer)
        return self.encoded[place]

    def sample(self, *, n_bytes: float, n_documents: int | None) -> Sample:
        """Return what was kept, with totals estimated from all draws: their mean per byte times the bytes."""
        import numpy as np

        if not self.ids:
            raise TooSmallError(
                f"The corpus holds no document, nor a run of them, of the {self.seq_len} tokens that H needs: "
                "measure more text."
            )
        tokens, text, documents, non_ascii = np.array(self.rates).T * n_bytes
        margin = 1.96 * float(tokens.std()) / math.sqrt(len(tokens))
        estimate = float(tokens.mean())
        return Sample(
            ids=np.array(self.ids, dtype=np.int64),
            keys=tuple(self.keys),
            tokenized=holds_text(self.kinds),
            joined=self.joined,
            exhaustive=False,
            n_documents=round(float(documents.mean())) if n_documents is None else n_documents,
            n_documents_exact=n_documents is not None,
            estimated_tokens=estimate,
            estimated_tokens_ci95=(max(estimate - margin, 0.0), estimate + margin),
            bytes_per_token=float(text.mean()) / estimate if holds_text(self.kinds) else None,
            non_ascii_fraction=float(non_ascii.mean() / text.mean()) if holds_text(self.kinds) else None,
            unread_fraction=float((text == 0).mean()),
        )


def exhaustive_sample(
    documents: list[Document],
    tokenizer: Tokenizer,
    seq_len: int,
    n_sequences: int,
    rng: random.Random,
    progress: Progress,
    ids_separator: int = NATIVE_SEPARATOR,
) -> Sample:
    """Return a sample of all the sequences of a corpus that is small enough to be tokenised whole."""
    import numpy as np

    encoded: list[tuple[Key, list[int]]] = []
    for done, document in enumerate(documents):
        progress("tokenising", done, len(documents))
        encoded.append((document.key, encode(document.content, tokenizer)))
    n_tokens = sum(len(ids) for _, ids in encoded)
    n_whole = sum(len(ids) // seq_len for _, ids in encoded)
    joined = are_short(n_tokens, n_whole, seq_len)
    if joined:
        encoded = _joined(encoded, separator_of(documents[0].content, tokenizer, ids_separator), seq_len)
    places = [(i, k) for i, (_, ids) in enumerate(encoded) for k in range(len(ids) // seq_len)]
    if not places:
        raise too_small(n_tokens, seq_len)
    tokenized = holds_text({isinstance(document.content, str) for document in documents})
    chosen = sorted(rng.sample(places, min(n_sequences, len(places))))
    n_bytes = sum(document.size for document in documents)
    n_other = sum(non_ascii_bytes(document.content) for document in documents)
    return Sample(
        ids=np.array([encoded[i][1][k * seq_len : (k + 1) * seq_len] for i, k in chosen], dtype=np.int64),
        keys=tuple(encoded[i][0] for i, _ in chosen),
        tokenized=tokenized,
        joined=joined,
        exhaustive=True,
        n_documents=len({document.key[:2] for document in documents}),
        n_documents_exact=True,
        estimated_tokens=float(n_tokens),
        estimated_tokens_ci95=None,
        bytes_per_token=n_bytes / n_tokens if tokenized else None,
        non_ascii_fraction=n_other / n_bytes if tokenized else None,
    )


def are_short(n_tokens: int, n_whole: int, seq_len: int) -> bool:
    """Return whether documents are to be joined: ``n_whole`` sequences, cut from each by itself, lose most tokens."""
    return n_whole * seq_len < (1 - _SHORT) * n_tokens


def too_small(n_tokens: int, seq_len: int) -> TooSmallError:
    """Return the error about a corpus that was read, and has so few tokens that no sequence can be cut from it."""
    few = f"{plural(n_tokens, 'token')}, and H needs at least {seq_len} of them: measure more text"
    return TooSmallError(f"The corpus holds {few if n_tokens else 'no text'}.")


def _joined(encoded: list[tuple[Key, list[int]]], separator: int, seq_len: int) -> list[tuple[Key, list[int]]]:
    """Return sequences cut from all documents joined with the separator, each with its first document's key."""
    runs: list[tuple[Key, list[int]]] = []
    run: list[int] = []
    for key, ids in encoded:
        if not run:
            first = key
        run += [*ids, separator]
        while len(run) >= seq_len:
            runs.append((first, run[:seq_len]))
            run, first = run[seq_len:], key
    return runs


def non_ascii_fraction(content: Content) -> float:
    """Return the share of a text's bytes, in UTF-8, that are not ASCII; 0 for ids."""
    found = non_ascii_bytes(content)
    return found / size_of(content) if found else 0.0


def non_ascii_bytes(content: Content) -> int:
    """Return how many of a text's bytes, in UTF-8, are not ASCII; 0 for ids."""
    if not isinstance(content, str) or content.isascii():
        return 0
    return size_of(content) - len(content.encode("ascii", "ignore"))


def holds_text(kinds: Collection[bool]) -> bool:
    """Return whether a corpus is of text; ``kinds`` says of each document whether it is."""
    if len(kinds) > 1:
        raise CorpusError("The corpus holds text in some files and token ids in others: score them apart.")
    return True in kinds


def separator_of(content: Content, tokenizer: Tokenizer, ids_separator: int = NATIVE_SEPARATOR) -> int:
    """Return what stands between documents: the tokenizer's end-of-text id, in a corpus of ids ``ids_separator``."""
    return tokenizer.separator if isinstance(content, str) else ids_separator


def encode(content: Content, tokenizer: Tokenizer) -> list[int]:
    """Return the token ids of a text, or the ids themselves; half a surrogate pair, which JSON allows, becomes "?"."""
    if not isinstance(content, str):
        return [int(token) for token in content]
    return tokenizer.encode(content if content.isascii() else content.encode("utf-8", "replace").decode())
