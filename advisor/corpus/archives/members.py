"""The files in an archive: which are read, and what of them as text, ids or records."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.formats import COMPRESSIONS, FORMAT_OF
from advisor.corpus.token_files.npy import read_npy_header
from advisor.corpus.token_files.stored import read_fully
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LEFT_OUT_FOLDERS = ("__pycache__", "site-packages", "dist-packages", "node_modules", "__MACOSX")
ARCHIVES = (".tar", ".tgz", ".tbz2", ".txz", ".zip", ".7z", ".rar", ".jar", ".whl", ".egg")
LARGEST_RECORD = 64 << 20  # bytes of a .json or .npy that is held whole


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in an archive.

    Attributes:
        name: its path in the archive.
        n_bytes: its size, decompressed.
        open: opens it for reading once, in order; of a tar before the next member is taken.
    """

    name: str
    n_bytes: int
    open: Callable[[], IO[bytes]]

    @property
    def key(self) -> str:
        """What it shares with the other parts of a WebDataset sample: its path up to the first dot of its name."""
        folder, slash, name = self.name.rpartition("/")
        return f"{folder}{slash}{name.partition('.')[0]}"

    @property
    def part(self) -> str:
        """What WebDataset calls a part of a sample: its name from the first dot on, in lower case."""
        return self.name.rpartition("/")[2].partition(".")[2].lower()

    @property
    def ending(self) -> str:
        """Its last ending; a dot that its name begins or ends with is none."""
        stem, _, ending = self.name.rpartition("/")[2].rpartition(".")
        return f".{ending.lower()}" if stem and ending else ""


def why_left_out(member: Member, everything: bool) -> str | None:
    """Return why a member is not read as text; None if it is."""
    folders, ending = member.name.split("/"), member.ending
    if not everything and any(part in LEFT_OUT_FOLDERS or part.startswith(".") for part in folders if part != "."):
        return "hidden files and caches in archives"
    if ending in ARCHIVES:
        return "archives in archives"
    if ending in COMPRESSIONS:
        return "compressed files in archives"
    if not member.n_bytes:
        return "empty files"
    format = FORMAT_OF.get(ending)
    if format is None:
        return "files of another type in archives"
    return None if format == "text" else f"{format} files in archives (unpack them to read them)"


def holds_samples(members: Sequence[Member]) -> bool:
    """Return whether the first files of an archive are WebDataset's samples: most have the same parts, and several.

    Files that each stand alone are samples where they are records (.json) or arrays (.npy): other archives hold text.
    """
    parts: dict[str, list[str]] = {}
    for member in members:
        parts.setdefault(member.key, []).append(member.part)
    kinds = [tuple(sorted(each)) for each in list(parts.values())[: max(len(parts) - 1, 1)]]  # the last may be cut
    if not kinds:
        return False
    commonest = max(set(kinds), key=kinds.count)
    if kinds.count(commonest) <= 0.8 * len(kinds):
        return False
    is_several = len(set(commonest)) == len(commonest) > 1
    return commonest in (("json",), ("npy",)) or (is_several and any(part in _PARTS for part in commonest))


_PARTS = ("txt", "text", "json", "npy", "cls", "jpg", "jpeg", "png", "webp", "wav", "flac", "mp3", "mp4")


def record_of(sample: Mapping[str, bytes], place: str) -> dict[str, Any]:
    """Return the text, ids and JSON fields of a sample by name: of its parts, and of the objects in them.

    Raises:
        CorpusError: a part is damaged.
    """
    record: dict[str, Any] = {}
    for part, data in sample.items():
        ending = part.rpartition(".")[2]
        if ending == "json":
            value = _json(data, place, part)
            record.update(value if isinstance(value, dict) else {part: value})
        elif ending == "npy":
            record[part] = _array(data, f"{place}, {part},")
        else:
            record[part] = _text(data, place, part)
    return record


def is_readable(part: str) -> bool:
    """Return whether a part of a sample is text, JSON or an array; the others are left out."""
    ending = part.rpartition(".")[2]
    return ending in ("json", "npy") or FORMAT_OF.get("." + ending) == "text" or ending == "text"


def _json(data: bytes, place: str, part: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{place}, {part}, is not valid JSON.") from error


def _text(data: bytes, place: str, part: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{place}, {part}, is not UTF-8 at byte {error.start}.") from error


def _array(data: bytes, name: str) -> list[int] | None:
    import numpy as np

    stream = io.BytesIO(data)
    try:
        header = read_npy_header(stream, name)
    except CorpusError:
        return None
    values = np.frombuffer(read_fully(stream, len(data)), header.dtype)
    if len(values) != header.n_ids:
        raise CorpusError(f"{name} is truncated: it has {len(values):,} of {header.n_ids:,} numbers.")
    return [int(value) for value in values] if len(header.shape) == 1 else None
