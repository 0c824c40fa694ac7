"""A shard in, its counts out: the unit of work of a corpus that is measured whole.

``measure_shard`` takes and returns what can be pickled and depends on nothing else, so that any process of any machine
that reaches the source and the folder of digests can do it: the one that writes adds the counts up, in any order.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.compressibility.measure import sequence_sizes
from advisor.compressibility.whole.digests import DigestFile
from advisor.compressibility.whole.joining import Joining, SeamTokens
from advisor.compressibility.whole.kept import KeptSequences
from advisor.corpus.documents import pieces_with_content
from advisor.corpus.parts import CorpusPart, readers_of
from advisor.corpus.sequences import NATIVE_SEPARATOR, encode, non_ascii_bytes, separator_of
from advisor.corpus.tally import Tally
from advisor.corpus.token_files.ids import end_of_text
from advisor.corpus.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Content, Document, Key
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.sampling import Sampling

LEVEL = 9


@dataclass(frozen=True, kw_only=True)
class CorpusShard:
    """What is measured by itself, and how.

    Attributes:
        number: its place in the corpus.
        source: the corpus, as its user names it.
        part: which part of it this is.
        options: how it is read.
        sampling: the tokenizer, the tokens of a sequence, and how many sequences are kept to be looked at.
        folder: where its digests are written.
        joined_at: how many tokens of the corpus, joined end to end, stand before it; None where each document is cut by
            itself.
    """

    number: int
    source: str
    part: CorpusPart
    options: CorpusOptions
    sampling: Sampling
    folder: Path
    joined_at: int | None = None


@dataclass(kw_only=True)
class ShardCounts:
    """What was counted in a shard.

    Attributes:
        number: the shard's.
        n_pieces: documents, those of over a million characters in pieces: what a separator follows where documents are
            joined.
        n_documents: documents that hold something.
        n_documents_measured: those that a sequence was cut from.
        n_tokens: tokens of all documents, those behind the last whole sequence too.
        n_text_bytes: bytes of text in UTF-8; 0 of ids.
        n_non_ascii: how many of them are not ASCII.
        kinds: whether there is text (True), and whether there are ids (False).
        ids: the least and the largest id of the sequences; None without a sequence.
        sizes: sequences by their compressed size in bytes.
        seam: of a shard of joined documents, what its first and last sequences share with its neighbours.
        tally: what its readers met.
        kept: some of its sequences.
    """

    number: int
    n_pieces: int = 0
    n_documents: int = 0
    n_documents_measured: int = 0
    n_tokens: int = 0
    n_text_bytes: int = 0
    n_non_ascii: int = 0
    kinds: tuple[bool, ...] = ()
    ids: tuple[int, int] | None = None
    sizes: dict[int, int] = field(default_factory=dict)
    seam: SeamTokens | None = None
    tally: Tally = field(default_factory=Tally)
    kept: KeptSequences = field(default_factory=KeptSequences)

    @property
    def n_sequences(self) -> int:
        """How many sequences were measured."""
        return sum(self.sizes.values())

    def count(self, sizes: list[int], ids: npt.NDArray[np.integer], key: Key) -> None:
        """Count sequences of one document, the rows of ``ids``, and their sizes."""
        low, high = int(ids.min()), int(ids.max())
        self.ids = (low, high) if self.ids is None else (min(low, self.ids[0]), max(high, self.ids[1]))
        self.kept.tell(self.number, self.n_sequences, ids, key)
        self._add_sizes(Counter(sizes))

    def add(self, other: ShardCounts) -> None:
        """Count what the shard behind this one has too; sequences are kept elsewhere."""
        self.n_pieces += other.n_pieces
        self.n_documents += other.n_documents
        self.n_documents_measured += other.n_documents_measured
        self.n_tokens += other.n_tokens
        self.n_text_bytes += other.n_text_bytes
        self.n_non_ascii += other.n_non_ascii
        self.kinds = (*self.kinds, *(kind for kind in other.kinds if kind not in self.kinds))
        ends = [each for each in (self.ids, other.ids) if each is not None]
        self.ids = (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None
        self._add_sizes(other.sizes)
        self.tally.add(other.tally)

    def _add_sizes(self, sizes: Mapping[int, int]) -> None:
        for size, n in sizes.items():
            self.sizes[size] = self.sizes.get(size, 0) + n


def no_word(n_bytes: float) -> None:
    """Take how many bytes of a shard were read, and do nothing."""


def measure_shard(shard: CorpusShard, tell: Callable[[float], object] = no_word) -> ShardCounts:
    """Return what there is in a shard; ``tell`` is called with the bytes of it that were read so far.

    Raises:
        CorpusError: it cannot be read (HubError, RemoteError: of where it is).
        TokenizerError: the tokenizer cannot be found or read.
        AdvisorError: its digests cannot be written.
    """
    kept = KeptSequences(most=shard.sampling.n_sequences, seed=shard.sampling.seed)
    counts = ShardCounts(number=shard.number, kept=kept)
    tokenizer = _tokenizer(shard.sampling.tokenizer)
    if shard.joined_at is None:
        _cut_each(shard, counts, tokenizer, tell)
    else:
        _cut_joined(shard, counts, tokenizer, tell)
    return counts


@functools.lru_cache(maxsize=2)
def _tokenizer(name: str) -> Tokenizer:
    """Return a tokenizer, which a process that measures many shards loads once."""
    return load_tokenizer(name)


def digest_path(folder: Path, number: int) -> Path:
    """Return where the digests of a shard are written."""
    return folder / f"{number}.digests"


def _documents(shard: CorpusShard, tally: Tally, tell: Callable[[float], object]) -> Iterator[Document]:
    n_bytes = 0.0
    readers = readers_of(shard.source, shard.part, shard.options, seq_len=shard.sampling.seq_len, tally=tally)
    for reader in readers:
        for document in reader.documents():
            tell(n_bytes)
            n_bytes += document.raw_bytes
            yield from pieces_with_content(document)


def _cut_each(shard: CorpusShard, counts: ShardCounts, tokenizer: Tokenizer, tell: Callable[[float], object]) -> None:
    """Count sequences that are cut from each piece of a document by itself, and all else."""
    place, measured = None, None
    with DigestFile(digest_path(shard.folder, shard.number)) as digests:
        for document in _documents(shard, counts.tally, tell):
            ids = ids_of(document.content, tokenizer)
            if document.key[:2] != place:
                place = document.key[:2]
                counts.n_documents += 1
                digests.begin()
            digests.take(document.content, len(ids))
            _count_content(counts, document, len(ids))
            rows = _rows(ids, shard.sampling.seq_len)
            if len(rows):
                counts.n_documents_measured += place != measured
                measured = place
                counts.count(sequence_sizes(rows, level=LEVEL), rows, document.key)


def _cut_joined(shard: CorpusShard, counts: ShardCounts, tokenizer: Tokenizer, tell: Callable[[float], object]) -> None:
    """Count sequences that are cut from all documents joined end to end, in the corpus and not in this shard alone."""
    assert shard.joined_at is not None
    end = separator_of_ids(shard.options)
    joining = Joining(seq_len=shard.sampling.seq_len, begin=shard.joined_at)
    for document in _documents(shard, counts.tally, tell):
        separator = separator_of(document.content, tokenizer, end)
        for key, rows in joining.take(document.key, ids_of(document.content, tokenizer), separator):
            counts.count(sequence_sizes(rows, level=LEVEL), rows, key)
    counts.seam = joining.seam()
    counts.n_documents_measured = joining.n_documents


def separator_of_ids(options: CorpusOptions) -> int:
    """Return what joins documents of token ids."""
    return end_of_text(options.ids, NATIVE_SEPARATOR) or NATIVE_SEPARATOR


def _count_content(counts: ShardCounts, document: Document, n_tokens: int) -> None:
    is_text = isinstance(document.content, str)
    counts.n_pieces += 1
    counts.n_tokens += n_tokens
    if is_text:
        counts.n_text_bytes += document.size
        counts.n_non_ascii += non_ascii_bytes(document.content)
    if is_text not in counts.kinds:
        counts.kinds = (*counts.kinds, is_text)


def ids_of(content: Content, tokenizer: Tokenizer) -> npt.NDArray[np.integer]:
    """Return the token ids of a text, or ids as they are."""
    import numpy as np

    return np.array(encode(content, tokenizer), dtype=np.int32) if isinstance(content, str) else content


def _rows(ids: npt.NDArray[np.integer], seq_len: int) -> npt.NDArray[np.integer]:
    n = len(ids) // seq_len
    return ids[: n * seq_len].reshape(n, seq_len)
