"""The folder of a corpus that is being measured whole: its finished shards, so that a killed run goes on from them.

In it are a line of JSON for each finished shard (a torn last line is dropped), the sequences that are kept, and the
digests of each. Sequences are written before the lines of their shards: a shard that is measured again tells the same
ones, which are kept once. One process at a time works there.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import sys
import time
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.compressibility.whole.joining import SeamTokens
from advisor.compressibility.whole.kept import KeptSequences
from advisor.compressibility.whole.shard import ShardCounts, digest_path
from advisor.corpus.tally import read_tally
from advisor.data_files import folder_made, write_atomically
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SECONDS = 1.0  # at most between writes: what a killed run does again
_LINES, _KEPT, _LOCK = "shards.jsonl", "kept.npz", ".lock"
_FOLDER = "data-scaling-advisor"
_COUNTS = ("number", "n_pieces", "n_documents", "n_documents_measured", "n_tokens", "n_text_bytes", "n_non_ascii")


def cache_folder() -> Path:
    """Return where runs are kept that name no folder: ``data-scaling-advisor/score`` in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or ("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    return Path(base).expanduser() / _FOLDER / "score"


def name_of_run(parts: Iterable[Any]) -> str:
    """Return a name for a run: the same for the same command over the same files, and for no other."""
    return hashlib.sha256(json.dumps([repr(part) for part in parts]).encode()).hexdigest()[:20]


@dataclass(kw_only=True)
class FinishedShards:
    """The finished shards of a run: where their lines begin, by their numbers, and the sequences that are kept."""

    folder: Path
    kept: KeptSequences
    begins: dict[int, int] = field(default_factory=dict)
    _waiting: list[ShardCounts] = field(default_factory=list)
    _written: float = field(default_factory=time.monotonic)

    def read(self) -> None:
        """Find what an earlier run of the same command finished."""
        lines, kept = self.folder / _LINES, self.folder / _KEPT
        for begin, line in _whole_lines(lines):
            counts = _read_line(line)
            if counts is not None and (counts.seam or digest_path(self.folder, counts.number).is_file()):
                self.begins[counts.number] = begin
        if self.begins and not _restored(kept, self.kept):
            self.begins.clear()
        if not self.begins:
            for path in (lines, kept):
                path.unlink(missing_ok=True)

    def take(self, counts: ShardCounts) -> None:
        """Take a finished shard; it is on disk a second later at most, if others follow."""
        self.kept.add(counts.kept)
        self._waiting.append(counts)
        if time.monotonic() - self._written >= _SECONDS:
            self.write()

    def write(self) -> None:
        """Write what was not written yet.

        Raises:
            AdvisorError: it cannot be.
        """
        if not self._waiting:
            return
        import numpy as np

        data = io.BytesIO()
        np.savez(data, **self.kept.arrays())
        try:
            write_atomically(self.folder / _KEPT, data.getvalue())
        except AdvisorError as error:
            raise AdvisorError(f"{str(error).rstrip('.')}; --scratch names another folder.") from error
        try:
            with (self.folder / _LINES).open("ab") as file:
                for counts in self._waiting:
                    self.begins[counts.number] = file.tell()
                    file.write(_line(counts))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AdvisorError(
                f"Cannot write {self.folder / _LINES}: {error.strerror}; --scratch names another folder."
            ) from error
        self._waiting.clear()
        self._written = time.monotonic()

    def clear(self) -> None:
        """Keep nothing: the same command would come to the same error."""
        self.begins.clear()
        self._waiting.clear()

    def __contains__(self, number: int) -> bool:
        return number in self.begins

    def __iter__(self) -> Iterator[ShardCounts]:
        """Yield the counts of the finished shards, which stay on disk, in the order of the corpus."""
        with (self.folder / _LINES).open("rb") as file:
            for number in sorted(self.begins):
                file.seek(self.begins[number])
                counts = _read_line(file.readline())
                if counts is None:
                    raise AdvisorError(f"{self.folder / _LINES} was changed while it was in use: remove its folder.")
                yield counts

    def digests(self) -> list[Path]:
        """Return the files of digests."""
        return [digest_path(self.folder, number) for number in sorted(self.begins)]


@contextmanager
def opened_run(folder: Path, *, most: int, seed: int) -> Iterator[FinishedShards]:
    """Yield the finished shards of the run in ``folder``, which is removed once all is done without an error.

    Raises:
        AdvisorError: the folder cannot be made or written to, or another process works in it.
    """
    with folder_made(folder, "--scratch names another"), _locked(folder):
        found = FinishedShards(folder=folder, kept=KeptSequences(most=most, seed=seed))
        found.read()
        try:
            yield found
        except BaseException:
            with suppress(AdvisorError):  # the error that ended the run says more
                found.write()
            if not found.begins:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise AdvisorError(f"Cannot work in {folder}: {error.strerror}; --scratch names another folder.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise AdvisorError(f"{folder} is in use: the same command is running already; wait for it.") from error
    finally:
        os.close(descriptor)


def _line(counts: ShardCounts) -> bytes:
    seam = None if counts.seam is None else asdict(counts.seam)
    document = {
        **{name: getattr(counts, name) for name in _COUNTS},
        **{"kinds": counts.kinds, "ids": counts.ids, "sizes": counts.sizes, "seam": seam},
        "tally": counts.tally.as_json(),
    }
    return json.dumps(document).encode() + b"\n"


def _whole_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file and where they begin; one that a killed process did not end is cut off it."""
    if not path.is_file():
        return
    begin = 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                os.truncate(path, begin)
                return
            yield begin, line
            begin += len(line)


def _read_line(line: bytes) -> ShardCounts | None:
    """Return what a line says; None of one that a power cut left half written."""
    try:
        read = json.loads(line)
        return ShardCounts(
            **{name: read[name] for name in _COUNTS},
            kinds=tuple(read["kinds"]),
            ids=None if read["ids"] is None else tuple(read["ids"]),
            sizes={int(size): n for size, n in read["sizes"].items()},
            seam=None if read["seam"] is None else _seam(read["seam"]),
            tally=read_tally(read["tally"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _seam(read: dict[str, Any]) -> SeamTokens:
    key = None if read["key"] is None else tuple(read["key"])
    return SeamTokens(head=tuple(read["head"]), tail=tuple(read["tail"]), key=key, is_new=read["is_new"])


def _restored(path: Path, kept: KeptSequences) -> bool:
    """Return whether the sequences of the finished shards could be read back."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            kept.restore(arrays)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return False
    return True
