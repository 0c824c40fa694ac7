"""Which files a path, folder or glob means, and in which format each is."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.corpus.corpus_file import CorpusFile, Place
from advisor.corpus.formats import COMPRESSIONS, FORMAT_OF, FORMATS
from advisor.errors import CorpusError, UsageError

# Left out of a folder unless asked for: code of others, and caches.
_LINKS = "links to files that are read already"
LEFT_OUT_FOLDERS = ("__pycache__", "site-packages", "dist-packages", "node_modules")


@dataclass(frozen=True, kw_only=True)
class FileSet:
    """The files that a source means, and what was left out: reason -> number of files."""

    files: tuple[CorpusFile, ...]
    left_out: dict[str, int]
    split: str | None = None  # of a save_to_disk folder that has several


def find_files(
    source: str, *, format: str | None = None, everything: bool = False, split: str | None = None
) -> FileSet | None:
    """Return the files that ``source`` (a file, a folder or a glob) means, sorted by path; None if nothing is there.

    ``everything`` also takes hidden folders and LEFT_OUT_FOLDERS. A folder that holds tables and other files is read as
    whichever has more bytes: a data set with its README, or a source tree with its fixtures.

    Raises:
        CorpusError: the file cannot be read, or the folder or glob holds nothing to read.
        UsageError: ``format`` is not one of FORMATS.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"There is no format {format!r}: choose one of {', '.join(FORMATS)}.")
    if not source:
        raise UsageError("The name of the corpus is empty.")
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            return _saved_dataset(path, split) or _in_folder(path, format, everything)
        if path.exists():
            return FileSet(files=(_named_file(path, format),), left_out={})
    except PermissionError as error:
        raise CorpusError(f"{source} cannot be read: permission denied.") from error
    except OSError as error:
        raise CorpusError(f"{source[:200]} cannot be read: {error.strerror}.") from error
    if not glob.has_magic(source):
        return None
    return _in_glob(str(path), source, format)


def format_of(path: Path) -> tuple[str | None, str | None]:
    """Return the format and the compression that a file's name says; None for what it does not say."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    if compression:
        suffixes.pop()
    return (FORMAT_OF.get(suffixes[-1]) if suffixes else None), compression


def _named_file(path: Path, format: str | None) -> CorpusFile:
    if not path.is_file():
        raise CorpusError(
            f"{path} is neither a file nor a folder: to read a pipe, send it to standard input and name -."
        )
    found, compression = format_of(path)
    if not os.access(path, os.R_OK):
        raise CorpusError(f"{path} cannot be read: permission denied.")
    if path.stat().st_size == 0:
        raise CorpusError(f"{path} is empty.")
    format = format or found or ("parquet" if _begins_with(path, b"PAR1") else "text")
    return CorpusFile(place=_place(path), format=format, compression=compression, named=True)


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _in_folder(folder: Path, format: str | None, everything: bool) -> FileSet:
    left_out: dict[str, int] = {}
    passed_over: set[str] = set()
    paths = _each_once(_walk(folder, everything, passed_over), left_out)
    files = [_found_file(path, format, left_out) for path in paths]
    kept = [file for file in files if file is not None]
    if format is None:
        kept = _one_kind(kept, left_out)
    if not kept:
        found = [f"{count} ({reason})" for reason, count in left_out.items()]
        reasons = "; ".join(found + [f"the folders {name}, which --all-folders reads" for name in sorted(passed_over)])
        raise CorpusError(
            f"The folder {folder} holds no file to read{f'; left out: {reasons}' if reasons else ''}. "
            f"Expected: {', '.join(FORMATS)} or a save_to_disk folder; --format reads any file as one of these."
        )
    return FileSet(files=tuple(kept), left_out=left_out)


def _in_glob(pattern: str, source: str, format: str | None) -> FileSet:
    left_out: dict[str, int] = {}
    names = sorted(glob.glob(pattern, recursive=True), key=lambda name: (name.count(os.sep), name))
    paths = _each_once([Path(name) for name in names if os.path.isfile(name)], left_out)
    if not paths:
        raise CorpusError(f"No file matches {source}.")
    kept = [file for file in (_found_file(path, format, left_out) for path in paths) if file is not None]
    if format is None:
        kept = _one_kind(kept, left_out)
    if not kept:
        raise CorpusError(f"None of the {len(paths)} files that match {source} can be read; name a --format.")
    return FileSet(files=tuple(kept), left_out=left_out)


def _each_once(paths: list[Path], left_out: dict[str, int]) -> list[Path]:
    """Return the paths, sorted, without those that lead to the same file as one before: links, and loops of them."""
    kept: dict[str, Path] = {}
    for path in paths:
        if kept.setdefault(os.path.realpath(path), path) is not path:
            left_out[_LINKS] = left_out.get(_LINKS, 0) + 1
    return sorted(kept.values())


def _walk(folder: Path, everything: bool, passed_over: set[str]) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        passed_over.update(name for name in folders if not everything and name in LEFT_OUT_FOLDERS)
        folders[:] = sorted(name for name in folders if everything or not _is_left_out(name))
        found += [Path(parent, name) for name in sorted(names) if everything or not name.startswith(".")]
    return found


def _is_left_out(name: str) -> bool:
    return name.startswith(".") or name in LEFT_OUT_FOLDERS


def _found_file(path: Path, format: str | None, left_out: dict[str, int]) -> CorpusFile | None:
    found, compression = format_of(path)
    reason = None
    if found is None and format is None:
        reason = "files of another type"
    elif not path.is_file():
        reason = "broken links or special files"
    elif not os.access(path, os.R_OK):
        reason = "files without permission to read"
    elif path.stat().st_size == 0:
        reason = "empty files"
    if reason:
        left_out[reason] = left_out.get(reason, 0) + 1
        return None
    return CorpusFile(place=_place(path), format=format or str(found), compression=compression, named=False)


def _place(path: Path) -> Place:
    return Place(name=str(path), n_bytes=path.stat().st_size)


def _one_kind(files: list[CorpusFile], left_out: dict[str, int]) -> list[CorpusFile]:
    """Keep the files of the format that has the most bytes, and count the others as left out."""
    n_bytes: dict[str, int] = {}
    for file in files:
        n_bytes[file.format] = n_bytes.get(file.format, 0) + file.n_bytes
    if len(n_bytes) < 2:
        return files
    main = max(n_bytes, key=lambda name: n_bytes[name])
    for file in files:
        if file.format != main:
            reason = f"{file.format} files (most of the bytes are {main})"
            left_out[reason] = left_out.get(reason, 0) + 1
    return [file for file in files if file.format == main]


def _saved_dataset(folder: Path, split: str | None) -> FileSet | None:
    """Return the arrow files of a ``save_to_disk`` folder, or None if it is not one."""
    if (folder / "dataset_dict.json").is_file():
        splits = sorted(child.name for child in folder.iterdir() if (child / "state.json").is_file())
        chosen = split or "train"
        if chosen not in splits:
            raise CorpusError(f"{folder} has no split {chosen!r}: choose one of {', '.join(splits)} with --split.")
        found = _saved_dataset(folder / chosen, None)
        return replace(found, split=chosen) if found else None
    if not (folder / "state.json").is_file():
        return None
    paths = sorted(folder.glob("data-*.arrow")) or sorted(folder.glob("*.arrow"))
    if not paths:
        raise CorpusError(f"{folder} is a save_to_disk folder without arrow files.")
    return FileSet(files=tuple(_named_file(path, "arrow") for path in paths), left_out={})
