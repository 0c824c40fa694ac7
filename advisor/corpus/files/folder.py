"""The files below a folder: links followed once, and what is passed over counted in bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import Place
from advisor.corpus.tally import UNOPENED
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from advisor.corpus.tally import Tally

# Left out of a folder unless asked for: code of others, and caches.
LEFT_OUT_FOLDERS = ("__pycache__", "site-packages", "dist-packages", "node_modules")


def files_below(folder: Path, tally: Tally, *, everything: bool) -> list[Place]:
    """Return the files below ``folder``, sorted by path; linked folders are entered, each folder and file once.

    ``everything`` also takes hidden files and folders and LEFT_OUT_FOLDERS. What is passed over is in ``tally``.
    """
    entered: set[tuple[int, int]] = set()
    linked: list[Path] = []
    found = list(_walk(folder, tally, everything, entered, linked))
    while linked:  # after the folders themselves, so that a file keeps the name of where it is
        link = linked.pop(0)
        if _leads_up(link, folder):
            tally.skip("links to a folder that holds them", name=str(link), deliberate=True)
        else:
            found += _walk(link, tally, everything, entered, linked)
    return each_once(found, tally)


def each_once(paths: Iterable[Path], tally: Tally) -> list[Place]:
    """Return what is at the paths, sorted, each file once: of links to it, the first whose name has an ending.

    In the hub's cache the names say what the files are, and the files themselves are called by hashes.
    """
    kept: dict[str, Path] = {}
    for path in paths:
        real = os.path.realpath(path)
        other = kept.setdefault(real, path)
        if other is not path:
            kept[real] = path if path.suffix and not other.suffix else other
            tally.skip("links to files that are read already", deliberate=True)
    return [place for path in sorted(kept.values()) if (place := _place(path, tally)) is not None]


def read_of(places: Iterable[Place], below: str, tally: Tally, *, everything: bool) -> list[Place]:
    """Return the places of a listing that are read, as of the files below a folder of this machine."""
    kept = []
    for place in places:
        *folders, name = place.name.removeprefix(below).strip("/").split("/")
        passed_over = [(each, True) for each in folders] + [(name, False)]
        reason = next((why for part in passed_over if (why := _passed_over(*part))), None)
        if reason and not everything:
            tally.skip(reason, n_bytes=place.n_bytes, name=place.name, deliberate=True)
        elif place.n_bytes == 0:
            tally.skip("empty files", n_bytes=0, name=place.name, deliberate=True)
        else:
            kept.append(place)
    return kept


def place_of(path: Path) -> Place:
    """Return a file of this machine as a place."""
    return Place(name=str(path), n_bytes=path.stat().st_size)


def _place(path: Path, tally: Tally) -> Place | None:
    if not path.is_file():
        tally.skip("broken links or special files", name=str(path))
    elif not os.access(path, os.R_OK):
        tally.skip("files without permission to read", n_bytes=path.stat().st_size, name=str(path))
    elif (place := place_of(path)).n_bytes == 0:
        tally.skip("empty files", n_bytes=0, name=str(path), deliberate=True)
    else:
        return place
    return None


def _walk(
    folder: Path, tally: Tally, everything: bool, entered: set[tuple[int, int]], linked: list[Path]
) -> Iterator[Path]:
    """Yield the files below a folder; what is entered waits in a list, since folders may be thousands deep."""
    waiting = [folder]
    while waiting:
        inner: list[Path] = []
        for path, is_folder in _read_in(waiting.pop(), tally, everything, entered):
            if not is_folder:
                yield path
            elif path.is_symlink():
                linked.append(path)
            else:
                inner.append(path)
        waiting += reversed(inner)


def _read_in(
    folder: Path, tally: Tally, everything: bool, entered: set[tuple[int, int]]
) -> Iterator[tuple[Path, bool]]:
    """Yield what lies in a folder and is read, and whether it is a folder; nothing of one that was entered before."""
    try:
        status = os.stat(folder)  # and not its real path, which is looked up folder by folder from the root
        if (identity := (status.st_dev, status.st_ino)) in entered:
            return
        entered.add(identity)
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        tally.skip(UNOPENED, name=str(folder))
        return
    names = {entry.name for entry in entries}
    if "_delta_log" in names:
        raise CorpusError(
            f"{folder} is a Delta table, whose log says which of its files are current: write them as parquet, such as "
            f"by deltalake.DeltaTable({str(folder)!r}).to_pyarrow_table(), and name that."
        )
    if {"blobs", "snapshots"} <= names:
        snapshot = _snapshot(folder)
        n_others = len(list((folder / "snapshots").iterdir())) - 1
        tally.skip("other revisions in the hub's cache", n_others, deliberate=True)
        yield from _read_in(snapshot, tally, everything, entered)
        return
    for entry in entries:
        path, is_folder = folder / entry.name, os.path.isdir(entry)  # False of a link to itself
        if not everything and (reason := _passed_over(entry.name, is_folder)):
            n_files, n_bytes = _weight(path)
            if n_files:
                tally.skip(reason, n_files, n_bytes=n_bytes, name=str(path), deliberate=True)
        else:
            yield path, is_folder


def _snapshot(folder: Path) -> Path:
    """Return the revision that the hub's cache has as main, or the one that it has at all."""
    main, revisions = folder / "refs" / "main", sorted((folder / "snapshots").iterdir())
    commit = main.read_text(encoding="utf-8").strip() if main.is_file() else ""
    if (folder / "snapshots" / commit).is_dir() and commit:
        return folder / "snapshots" / commit
    if len(revisions) != 1:
        raise CorpusError(
            f"{folder} caches {len(revisions)} revisions of a dataset, none of them main: name one of them."
        )
    return revisions[0]


def _passed_over(name: str, is_folder: bool) -> str | None:
    """Return why a file or folder is not read unless everything is; None if it is read."""
    if is_folder and name in LEFT_OUT_FOLDERS:
        return f"files in {name}, which --all-folders reads"
    return "hidden files, which --all-folders reads" if name.startswith(".") else None


def _weight(path: Path) -> tuple[int, float]:
    """Return how many files there are at or below a path, without following links, and their bytes."""
    if not path.is_dir() or path.is_symlink():
        return 1, float(path.lstat().st_size)
    n_files, n_bytes = 0, 0.0
    for parent, _, names in os.walk(path):
        for name in names:
            n_files += 1
            n_bytes += os.lstat(os.path.join(parent, name)).st_size
    return n_files, n_bytes


def _leads_up(link: Path, folder: Path) -> bool:
    """Return whether a link leads to ``folder`` or one above it: entering it would read far more than was named."""
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(link))
