"""How far a run is that measures a corpus whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.compressibility.whole.shard import CorpusShard
    from advisor.corpus.sequences import Progress


class RunProgress:
    """Tells how far a run is: stored bytes of the shards, or shards where their bytes are not known.

    Of what is compressed more bytes are read than are stored: it is done when it ends.
    """

    def __init__(self, shards: Sequence[CorpusShard], missing: set[int], progress: Progress) -> None:
        self.progress, self.n_shards = progress, len(shards)
        known = all(shard.part.n_bytes for shard in shards)
        self.sizes = {shard.number: float(shard.part.n_bytes if known else 1) for shard in shards}
        self.read: dict[int, float] = {}
        self.total = sum(self.sizes.values())
        self.n_ended = self.n_shards - len(missing)
        self.done = sum(size for number, size in self.sizes.items() if number not in missing)
        self.is_known = known
        self._report()

    def tell(self, number: int, n_bytes: float) -> None:
        """Note how many bytes of a shard were read."""
        self.read[number] = min(n_bytes, self.sizes[number]) if self.is_known else 0.0
        self._report()

    def end(self, number: int) -> None:
        """Note that a shard is done."""
        self.n_ended += 1
        self.done += self.sizes[number]
        self.read.pop(number, None)
        self._report()

    def _report(self) -> None:
        what = f"measuring {plural(self.n_shards, 'shard')}, {self.n_ended:,} done"
        self.progress(what, self.done + sum(self.read.values()), self.total)
