"""Which files a path, folder or glob means, and in which format each is."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import CorpusFile, Place
from advisor.corpus.folder import each_once, files_below, place_of
from advisor.corpus.formats import COMPRESSIONS, FORMAT_OF, FORMATS, NO_CORPUS, is_metadata
from advisor.corpus.splits import one_split
from advisor.errors import CorpusError, UsageError
from advisor.quantities import format_bytes, format_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import LeftOut, Tally

_CARD_KEYS = ("license:", "dataset_info:", "configs:", "task_categories:", "size_categories:", "annotations_creators:")


@dataclass(frozen=True, kw_only=True)
class FileSet:
    """The files that a source means; ``has_splits``: which split is read can be chosen."""

    files: tuple[CorpusFile, ...]
    has_splits: bool = False


def find_files(source: str, options: CorpusOptions, tally: Tally) -> FileSet | None:
    """Return the files that ``source`` (a file, a folder or a glob) means, sorted by path; None if nothing is there.

    A folder that holds tables and other files is read as whichever has more bytes: a data set with its README, or a
    source tree with its fixtures. What is left out is in ``tally``.

    Raises:
        CorpusError: the file cannot be read, the folder or glob holds nothing to read, or most of its bytes would not
            be read.
        UsageError: the format is not one of FORMATS.
    """
    if options.format is not None and options.format not in FORMATS:
        raise UsageError(f"There is no format {options.format!r}: choose one of {', '.join(FORMATS)}.")
    if not source:
        raise UsageError("The name of the corpus is empty.")
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            return _saved_dataset(path, options.hub.split) or _in_folder(path, options, tally)
        if path.exists():
            return FileSet(files=(_named_file(path, options.format),))
    except PermissionError as error:
        raise CorpusError(f"{source} cannot be read: permission denied.") from error
    except OSError as error:
        raise CorpusError(f"{source[:200]} cannot be read: {error.strerror}.") from error
    if not glob.has_magic(source):
        return None
    return _in_glob(str(path), source, options, tally)


def format_of(name: str) -> tuple[str | None, str | None]:
    """Return the format and the compression that a file's name says; None for what it does not say."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    compression = COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    if compression:
        suffixes.pop()
    return (FORMAT_OF.get(suffixes[-1]) if suffixes else None), compression


def _named_file(path: Path, format: str | None) -> CorpusFile:
    if not path.is_file():
        raise CorpusError(
            f"{path} is neither a file nor a folder: to read a pipe, send it to standard input and name -."
        )
    if not os.access(path, os.R_OK):
        raise CorpusError(f"{path} cannot be read: permission denied.")
    place = place_of(path)
    if place.n_bytes == 0:
        raise CorpusError(f"{path} is empty.")
    found, compression = format_of(place.name)
    format = format or found or ("parquet" if _begins_with(place, b"PAR1") else "text")
    return CorpusFile(place=place, format=format, compression=compression, named=True)


def _begins_with(place: Place, magic: bytes) -> bool:
    with place.open() as file:
        return file.read(len(magic)) == magic


def _in_folder(folder: Path, options: CorpusOptions, tally: Tally) -> FileSet:
    places = files_below(folder, tally, everything=options.everything)
    found = _chosen(places, str(folder), options, tally, choose_split=True)
    if not found.files:
        reasons = "; ".join(f"{each.n:,} {each.reason}" for each in tally.left_out)
        raise CorpusError(
            f"The folder {folder} holds no file to read{f'; left out: {reasons}' if reasons else ''}. "
            f"Expected: {', '.join(FORMATS)} or a save_to_disk folder; --format reads any file as one of these."
        )
    return found


def _in_glob(pattern: str, source: str, options: CorpusOptions, tally: Tally) -> FileSet:
    names = sorted(glob.glob(pattern, recursive=True), key=lambda name: (name.count(os.sep), name))
    places = each_once((Path(name) for name in names if os.path.isfile(name)), tally)
    if not places:
        raise CorpusError(f"No file matches {source}.")
    found = _chosen(places, os.path.commonpath([place.name for place in places]), options, tally, choose_split=False)
    if not found.files:
        raise CorpusError(f"None of the {len(places)} files that match {source} can be read; name a --format.")
    return found


def _chosen(
    places: Sequence[Place], below: str, options: CorpusOptions, tally: Tally, *, choose_split: bool
) -> FileSet:
    """Return which of the files are the corpus."""
    files = [file for place in places if (file := _found_file(place, options.format, tally)) is not None]
    if options.format is None:
        files = _one_kind(_without_caches(files, tally), tally)
    of_data = any(file.format != "text" for file in files)
    chosen = one_split(files, below, options.hub.split, tally, choose=choose_split and of_data)
    if chosen and not options.skip_bad:
        check_mostly_read(sum(file.n_bytes for file in chosen), below, tally.missed)
    return FileSet(files=tuple(chosen), has_splits=True)


def check_mostly_read(n_bytes: float, source: str, missed: Sequence[LeftOut]) -> None:
    """Raise where more bytes of a corpus were ``missed`` than read.

    Raises:
        CorpusError: with the largest files that are left out.
    """
    n_lost = sum(each.n_bytes or 0 for each in missed)
    if n_lost <= n_bytes:
        return
    lost = [each for each in missed if each.n_bytes]
    reasons = ", ".join(f"{each.n:,} {each.reason} ({format_bytes(each.n_bytes or 0)})" for each in lost)
    largest = ", ".join(name for each in lost for name in each.largest[:2])
    raise CorpusError(
        f"Only {format_share(n_bytes / (n_bytes + n_lost))} of the bytes of {source} can be read. Left out: {reasons}"
        f"{f'; the largest: {largest}' if largest else ''}. Name the files to read, or leave these out with --skip-bad."
    )


def _found_file(place: Place, format: str | None, tally: Tally) -> CorpusFile | None:
    found, compression = format_of(place.name)
    if format is None and is_metadata(place.file_name):
        tally.skip("descriptions of data", n_bytes=place.n_bytes, name=place.name, deliberate=True)
    elif format is None and found is None:
        is_none = PurePosixPath(place.name).suffix.lower() in NO_CORPUS
        reason = "pictures, sound, programs and the like" if is_none else "files of another type"
        tally.skip(reason, n_bytes=place.n_bytes, name=place.name, deliberate=is_none)
    elif format is None and found == "text" and _is_card(place):
        tally.skip("data set cards", n_bytes=place.n_bytes, name=place.name, deliberate=True)
    else:
        return CorpusFile(place=place, format=format or str(found), compression=compression, named=False)
    return None


def _is_card(place: Place) -> bool:
    """Return whether a file is the card of a data set: README.md with the hub's metadata before its text."""
    if place.file_name.lower() != "readme.md":
        return False
    with place.open() as file:
        head = file.read(1 << 12)
    return head.startswith(b"---\n") and any(f"\n{key}".encode() in head for key in _CARD_KEYS)


def _without_caches(files: list[CorpusFile], tally: Tally) -> list[CorpusFile]:
    """Return the files without what the library datasets cached of others: cache-*.arrow holds the same rows again."""
    folders = {os.path.dirname(file.name) for file in files if file.format == "arrow" and not _is_cache(file)}
    kept = []
    for file in files:
        if _is_cache(file) and os.path.dirname(file.name) in folders:
            tally.skip("caches of the library datasets", n_bytes=file.n_bytes, name=file.name, deliberate=True)
        else:
            kept.append(file)
    return kept


def _is_cache(file: CorpusFile) -> bool:
    return file.format == "arrow" and file.place.file_name.startswith("cache-")


def _one_kind(files: list[CorpusFile], tally: Tally) -> list[CorpusFile]:
    """Keep the files of the format that has the most bytes, and count the others as left out."""
    n_bytes: dict[str, int] = {}
    for file in files:
        n_bytes[file.format] = n_bytes.get(file.format, 0) + file.n_bytes
    if len(n_bytes) < 2:
        return files
    main = max(n_bytes, key=lambda name: n_bytes[name])
    for file in files:
        if file.format != main:
            tally.skip(f"{file.format} files (most of the bytes are {main})", n_bytes=file.n_bytes, name=file.name)
    return [file for file in files if file.format == main]


def _saved_dataset(folder: Path, split: str | None) -> FileSet | None:
    """Return the arrow files of a ``save_to_disk`` folder, or None if it is not one."""
    if (folder / "dataset_dict.json").is_file():
        splits = sorted(child.name for child in folder.iterdir() if (child / "state.json").is_file())
        chosen = split or "train"
        if chosen not in splits:
            raise CorpusError(f"{folder} has no split {chosen!r}: choose one of {', '.join(splits)} with --split.")
        found = _saved_dataset(folder / chosen, None)
        return FileSet(files=found.files, has_splits=True) if found else None
    if not (folder / "state.json").is_file():
        return None
    paths = sorted(folder.glob("data-*.arrow")) or sorted(folder.glob("*.arrow"))
    if not paths:
        raise CorpusError(f"{folder} is a save_to_disk folder without arrow files.")
    return FileSet(files=tuple(_named_file(path, "arrow") for path in paths))
