"""A uniform sample of a corpus's token sequences, without tokenising the corpus.

A draw is a byte of the corpus, uniform over all of them; a sequence of ``seq_len`` tokens lies where it fell. That
favours sequences with many bytes a token, so a draw is kept with probability proportional to the tokens per source byte
around it: what is kept is uniform over sequences (rejection sampling; the bound is the largest ratio of 100 draws).
Files, row groups and shards are all hit in proportion to their size. Small corpora are tokenised whole.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import math
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from advisor.corpus.decoded import innermost
from advisor.corpus.documents import Document, Passage, passage, pieces_with_content, window_size
from advisor.corpus.sequences import NATIVE_SEPARATOR, PILOT, Cutter, Sample, exhaustive_sample
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from advisor.corpus.documents import Content, Reader, Seekable
    from advisor.corpus.sequences import Progress
    from advisor.corpus.tokenizer import Tokenizer

_DRAWS = 2  # for each sequence asked for, made at once: about half are kept, and a further round can follow
_DRAWS_IN_ORDER = 6  # the same where the corpus is read only once
_READ_WHOLE = 64 << 20  # bytes: a smaller corpus is read whole, so that all of it is checked and counted
_TOKENISE_WHOLE = 16 << 20  # bytes, at most: a corpus of fewer than about 4 times the sequences asked for is tokenised
_HELD = 64 << 20  # characters of drawn text held at once
_MOST_CHUNKS = 128  # row groups that are read: a draw inside one costs reading its column
_ROUNDS = 8  # of draws, until enough are kept


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What is drawn of a corpus; the defaults are those of the default protocol.

    Attributes:
        tokenizer: the name of the tokenizer, as ``load_tokenizer`` takes it; a corpus of token ids needs none.
        seq_len: tokens a sequence, 8 to 65,536.
        n_sequences: sequences that are drawn, 2 to 2^20; a small corpus has fewer.
        seed: the same seed draws the same sequences.

    Raises:
        UsageError: a number is out of its range.
    """

    tokenizer: str = DEFAULT_TOKENIZER
    seq_len: int = 256
    n_sequences: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        _check_range("--seq-len", self.seq_len, 8, 1 << 16)
        _check_range("--sequences", self.n_sequences, 2, 1 << 20)
        _check_range("--seed", self.seed, 0, (1 << 63) - 1)

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> Sampling:
        """Return what the words of the command draw; what is not among them, or None, is the default.

        The text that ids are decoded to is measured with the default tokenizer: theirs is that of the ids.

        >>> Sampling.of({"sequences": 50, "tokenizer": "bytes", "decode": True}).tokenizer
        'mistral-v1'
        """
        known = {field: words[name] for name, field in _WORDS.items() if words.get(name) is not None}
        if words.get("decode"):
            known.pop("tokenizer", None)
        return cls(**known)


_WORDS = {"tokenizer": "tokenizer", "seq_len": "seq_len", "sequences": "n_sequences", "seed": "seed"}


def _check_range(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UsageError(f"{option} must be between {low} and {high}, not {value}.")


def draw_sample(
    readers: Sequence[Reader],
    sampling: Sampling,
    *,
    tokenizer: Tokenizer,
    progress: Progress,
    ids_separator: int = NATIVE_SEPARATOR,
) -> Sample:
    """Return the sequences that ``sampling`` asks for, uniform over those of the corpus, each at most once.

    ``tokenizer`` is the one that ``sampling`` names; ``ids_separator`` joins short documents of token ids.

    Raises:
        CorpusError: the corpus has fewer tokens than one sequence, or cannot be read.
    """
    seq_len, n_sequences, rng = sampling.seq_len, sampling.n_sequences, random.Random(sampling.seed)
    in_order = [reader for reader in readers if reader.size is None]
    seekable = [cast("Seekable", reader) for reader in readers if reader.size is not None]
    if sum(reader.size or 0 for reader in seekable) <= _READ_WHOLE:
        in_order, seekable = list(readers), []
    counter = _Counter()
    documents = counter.count(_all_documents(in_order, progress))
    if not seekable:
        held, more = _hold(documents, min(16 * seq_len * n_sequences, _TOKENISE_WHOLE))
        if not more:
            return exhaustive_sample(held, tokenizer, seq_len, n_sequences, rng, progress, ids_separator)
        documents = itertools.chain(held, documents)
    n_draws = (_DRAWS_IN_ORDER if in_order else _DRAWS) * n_sequences
    n_draws = max(PILOT, min(n_draws, _HELD // window_size("", seq_len)))
    slots = _reservoir(documents, n_draws, seq_len, rng) if in_order else []
    cutter = Cutter(tokenizer, seq_len, rng, ids_separator)
    seekable_bytes = float(sum(reader.size or 0 for reader in seekable))
    share = seekable_bytes / (seekable_bytes + counter.n_bytes)
    for _ in range(_ROUNDS):
        fixed = _positions(seekable, round(n_draws * share), rng)
        drawn = _draws(fixed, progress) + rng.sample(slots, min(len(slots), n_draws - round(n_draws * share)))
        rng.shuffle(drawn)
        cutter.take(drawn, n_sequences, progress)
        if len(cutter.ids) >= n_sequences or not seekable:
            break
    known = [reader.n_documents for reader in seekable]
    return cutter.sample(
        n_bytes=seekable_bytes + counter.n_bytes,
        n_documents=None if None in known else counter.n_documents + sum(n or 0 for n in known),
    )


class _Counter:
    """Counts the documents and bytes of a stream as they pass."""

    def __init__(self) -> None:
        self.n_documents = 0
        self.n_bytes = 0.0

    def count(self, documents: Iterable[Document]) -> Iterator[Document]:
        last = None
        for document in documents:
            if document.key[:2] != last:
                self.n_documents, last = self.n_documents + 1, document.key[:2]
            self.n_bytes += document.raw_bytes
            yield document


def _all_documents(readers: Sequence[Reader], progress: Progress) -> Iterator[Document]:
    total = sum(reader.size or 0 for reader in readers) or None
    done = 0.0
    for reader in readers:
        for document in reader.documents():
            progress(f"reading {reader.name}", done, total)
            done += document.raw_bytes
            yield from pieces_with_content(document)


def _hold(documents: Iterator[Document], limit: float) -> tuple[list[Document], bool]:
    """Return the first documents, up to ``limit`` bytes, and whether there are more."""
    held, n_bytes = [], 0.0
    for document in documents:
        held.append(document)
        n_bytes += document.raw_bytes
        if n_bytes > limit:
            return held, True
    return held, False


def _reservoir(documents: Iterable[Document], n_draws: int, seq_len: int, rng: random.Random) -> list[Passage]:
    """Return the passages at ``n_draws`` independent uniform bytes of a stream whose length is not known.

    After t bytes a slot holds a uniform one of them; it is replaced next at byte t/u, u uniform in (0, 1): the record
    process of reservoir sampling in continuous time. All slots together are replaced about n ln(bytes) times.
    """
    slots: list[Passage | None] = [None] * n_draws
    due: list[tuple[float, int]] = []
    begin = 0.0
    for document, ahead in _with_those_ahead(documents, seq_len):
        end = begin + document.raw_bytes
        if not due or due[0][0] < end:
            following = _following(document, ahead, seq_len)
        if not due:  # the first document: each slot takes a uniform byte of it
            for slot in range(n_draws):
                slots[slot] = passage(document, rng.random(), following, seq_len)
            due = [(end / (1.0 - rng.random()), slot) for slot in range(n_draws)]
            heapq.heapify(due)
        while due[0][0] < end:
            at, slot = due[0]
            slots[slot] = passage(document, (at - begin) / document.raw_bytes, following, seq_len)
            heapq.heapreplace(due, (at / (1.0 - rng.random()), slot))
        begin = end
    return [slot for slot in slots if slot is not None]


def _with_those_ahead(documents: Iterable[Document], seq_len: int) -> Iterator[tuple[Document, deque[Document]]]:
    """Yield each document with those after it, enough of them for one sequence; they change with the next one."""
    ahead: deque[Document] = deque()
    n_ahead = 0
    source = iter(documents)
    while True:
        while n_ahead < 8 * seq_len and (document := next(source, None)) is not None:
            ahead.append(document)
            n_ahead += len(document.content)
        if not ahead:
            return
        first = ahead.popleft()
        n_ahead -= len(first.content)
        yield first, ahead


def _following(document: Document, ahead: Iterable[Document], seq_len: int) -> tuple[Content, ...]:
    """Return the contents that a sequence from a short document runs on into: with its separator each is a token."""
    if len(document.content) >= 8 * seq_len:
        return ()
    contents = (each.content for each in itertools.islice(ahead, seq_len))
    return tuple(each if isinstance(each, str) else each[:seq_len].copy() for each in contents)


def _reads_all_of_itself(reader: Reader) -> bool:
    """Return whether a draw inside a reader costs reading all of it: a row group, a compressed shard."""
    from advisor.corpus.readers.column_chunk import ColumnChunk
    from advisor.corpus.token_files.records import RecordShard

    found = innermost(reader)
    return isinstance(found, ColumnChunk) or (isinstance(found, RecordShard) and found.is_held)


def _positions(readers: Sequence[Seekable], n_draws: int, rng: random.Random) -> list[tuple[Seekable, list[float]]]:
    """Return stratified uniform positions over the readers' bytes, ascending within each reader.

    Of more than _MOST_CHUNKS row groups a systematic sample in proportion to size is taken first.
    """
    if not readers or not n_draws:
        return []
    ends = list(itertools.accumulate(float(reader.size or 0) for reader in readers))
    n_strata = n_draws
    chunks = sum(map(_reads_all_of_itself, readers))
    if chunks > _MOST_CHUNKS:
        offset = rng.random()
        picks = [(offset + i) * ends[-1] / _MOST_CHUNKS for i in range(_MOST_CHUNKS)]
        chosen = [min(bisect.bisect_right(ends, pick), len(readers) - 1) for pick in picks]
        per_pick = math.ceil(n_draws / _MOST_CHUNKS)
        by_reader: dict[int, list[float]] = {}
        for number in chosen:
            size = float(readers[number].size or 0)
            by_reader.setdefault(number, []).extend(rng.random() * size for _ in range(per_pick))
        return [(readers[number], sorted(positions)) for number, positions in sorted(by_reader.items())]
    placed: dict[int, list[float]] = {}
    for stratum in range(n_strata):
        position = (stratum + rng.random()) * ends[-1] / n_strata
        number = min(bisect.bisect_right(ends, position), len(readers) - 1)
        begin = ends[number] - float(readers[number].size or 0)
        placed.setdefault(number, []).append(position - begin)
    return [(readers[number], positions) for number, positions in sorted(placed.items())]


def _draws(plan: list[tuple[Seekable, list[float]]], progress: Progress) -> list[Passage | None]:
    drawn: list[Passage | None] = []
    for done, (reader, positions) in enumerate(plan):
        progress(f"reading {reader.name}", done, len(plan))
        drawn.extend(reader.at(positions))
    return drawn
