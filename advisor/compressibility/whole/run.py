"""A run that measures a corpus whole: its shards, what of them is missing, and what all of them add up to."""

from __future__ import annotations

import itertools
import os
import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.compressibility.measure import sequence_sizes
from advisor.compressibility.profile_cautions import left_out_words
from advisor.compressibility.whole.finished import name_of_run
from advisor.compressibility.whole.joining import over_seams
from advisor.compressibility.whole.processes import measured_here
from advisor.compressibility.whole.shard import LEVEL, CorpusShard, ShardCounts
from advisor.compressibility.whole.so_far import RunProgress
from advisor.corpus.sequences import are_short, holds_text, too_small
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.compressibility.whole.finished import FinishedShards
    from advisor.compressibility.whole.processes import ShardEngine
    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.parts import CorpusPart, CutSource
    from advisor.corpus.sampling import Sampling
    from advisor.corpus.sequences import Progress
    from advisor.corpus.tokenizer import Tokenizer

# Of a file and those beside it: the name, the size, and of a file of this machine when it was written.
_Stamps = list[tuple[str, int, int | None]]
_FORM = 1  # of what a run keeps, and of how it cuts and counts: a run of another one is begun again


@dataclass(frozen=True, kw_only=True)
class WholeRun:
    """A corpus that is being measured, and how."""

    cut: CutSource
    named: str
    options: CorpusOptions
    sampling: Sampling
    tokenizer: Tokenizer
    engine: ShardEngine
    progress: Progress

    @property
    def name(self) -> str:
        """What tells this run from others: the files as they are now, how they are read, and with which libraries."""
        files = [
            (part.shard, part.n_bytes, part.span, [self._stamps[file.name] for file in part.files])
            for part in self.cut.parts
        ]
        options = replace(self.options, hub=replace(self.options.hub, token=None))
        tokenizers = [_tokenizer_stamp(name) for name in (self.sampling.tokenizer, self.options.ids.tokenizer) if name]
        how = self.named, os.getcwd(), options, self.sampling, tokenizers
        return name_of_run([_FORM, *how, zlib.ZLIB_RUNTIME_VERSION, files])

    @cached_property
    def _stamps(self) -> dict[str, _Stamps]:
        """The stamp of each file, as it is before any is read."""
        return {file.name: _stamp(file) for part in self.cut.parts for file in part.files}

    def shards(self, folder: Path) -> list[CorpusShard]:
        """Return what is to be measured."""
        return [
            CorpusShard(
                number=number,
                source=self.named,
                part=part,
                options=self.options,
                sampling=self.sampling,
                folder=folder,
            )
            for number, part in enumerate(self.cut.parts)
        ]

    def joined_shards(self, finished: FinishedShards) -> list[CorpusShard]:
        """Return the same with documents joined end to end: each stands behind the tokens of those before it.

        Raises:
            CorpusError: they come through a pipe, which is gone.
        """
        if self.named == "-":
            raise CorpusError(
                f"Most documents of standard input have fewer than {self.sampling.seq_len} tokens: --all reads such a "
                "corpus twice, and a pipe only once; write it to a file, and name that."
            )
        n_tokens = [counts.n_tokens + counts.n_pieces for counts in finished]
        begins = itertools.accumulate(n_tokens[:-1], initial=0)
        shards = zip(self.shards(finished.folder), begins, strict=True)
        return [replace(shard, joined_at=begin) for shard, begin in shards]

    def measure(self, shards: Sequence[CorpusShard], finished: FinishedShards) -> None:
        """Measure the shards that are not finished.

        Raises:
            CorpusError: one cannot be read, or was written to meanwhile.
        """
        missing = [shard for shard in shards if shard.number not in finished]
        parts = {shard.number: shard.part for shard in missing}
        far = RunProgress(shards, set(parts), self.progress)
        # A pipe is this process's own.
        engine = measured_here if self.named == "-" else self.engine
        for counts in engine(missing, far.tell):
            self._check_unchanged(parts[counts.number])
            finished.take(counts)
            far.end(counts.number)
        finished.write()

    def _check_unchanged(self, part: CorpusPart) -> None:
        for file in part.files:
            if _stamp_now(file) != self._stamps[file.name]:
                raise CorpusError(
                    f"{file.name} has changed while the corpus was measured: give the command again when nothing "
                    "writes to it."
                )

    def total(self, finished: FinishedShards) -> ShardCounts:
        """Return what all shards have together, each document cut by itself.

        Raises:
            CorpusError: it is not enough for a sequence, or there are text and ids.
        """
        total = ShardCounts(number=-1, tally=self.cut.tally)
        for counts in finished:
            total.add(counts)
        holds_text(total.kinds)
        n_tokens = total.n_tokens + (total.n_pieces if self.is_short(total) else 0)
        if n_tokens < self.sampling.seq_len:
            few = too_small(total.n_tokens, self.sampling.seq_len)
            raise CorpusError(f"{few}{left_out_words(total.tally.missed)}")
        return total

    def is_short(self, total: ShardCounts) -> bool:
        """Return whether documents are to be joined."""
        return are_short(total.n_tokens, total.n_sequences, self.sampling.seq_len)

    def joined_total(self, joined: FinishedShards) -> tuple[ShardCounts, dict[int, ShardCounts]]:
        """Return what the sequences of joined documents add up to, and those of each shard that end in another."""
        total, over = ShardCounts(number=-1), {}
        sizes = {}
        for counts in joined:
            sizes[counts.number] = counts.n_sequences
            total.add(counts)
        seams = ((each.number, each.seam) for each in joined if each.seam is not None)
        for number, key, is_new, row in over_seams(seams, self.sampling.seq_len):
            joined.kept.tell(number, sizes[number], row, key)
            over[number] = ShardCounts(number=number, n_documents_measured=is_new)
            over[number].count(sequence_sizes(row, level=LEVEL), row, key)
            total.add(over[number])
        return total, over


def _stamp_now(file: CorpusFile) -> _Stamps | None:
    """Return the stamp that a file has by now; None of one that is no longer there."""
    try:
        places = [
            replace(each, n_bytes=each.path.stat().st_size) if each.is_local else each
            for each in (file.place, *file.beside)
        ]
        return _stamp(replace(file, place=places[0], beside=tuple(places[1:])))
    except FileNotFoundError:
        return None


def _stamp(file: CorpusFile) -> _Stamps:
    """Return what tells a file, and those that say how it is read, from what they may hold later.

    Of a file that is elsewhere that is its size.
    """
    places = (file.place, *file.beside)
    return [(each.name, each.n_bytes, each.path.stat().st_mtime_ns if each.is_local else None) for each in places]


def _tokenizer_stamp(name: str) -> object:
    """Return what tells a tokenizer of a file from what the file may hold later; None of one that has a name."""
    path = Path(name).expanduser()
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    stats = [(file.name, file.stat()) for file in files if file.is_file()]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats] or None
