"""Which files a path, folder or glob means, and in which format each is."""

from __future__ import annotations

import codecs
import glob
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import CorpusFile
from advisor.corpus.files.card import named_by_card
from advisor.corpus.files.folder import each_once, files_below, place_of, read_of
from advisor.corpus.files.kinds import POINTER, compression_in, is_pointer, kind_of
from advisor.corpus.files.selection import are_of_another_type, chosen_files
from advisor.corpus.formats import FORMATS
from advisor.corpus.remote.address import is_remote
from advisor.corpus.token_files.magic import conversion
from advisor.corpus.token_files.sets import may_be_of_a_set, named_set
from advisor.errors import CorpusError, UsageError, asked_wrongly
from advisor.json_fields import read_json
from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.corpus.corpus_file import Place
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally


_MOST_LOOKED_INTO = 1000  # files, to say that all are text
_HEAD = 4096  # bytes of each


@dataclass(frozen=True, kw_only=True)
class FileSet:
    """The files that a source means; ``has_splits`` and ``has_configurations``: which is read can be chosen."""

    files: tuple[CorpusFile, ...]
    has_splits: bool = False
    has_configurations: bool = False


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
    if source.startswith("hf://"):
        return None
    if is_remote(source):
        return _remote_files(source, options, tally)
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            return _saved_dataset(path, options.hub.split, tally) or _in_folder(path, options, tally)
        if path.exists():
            return FileSet(files=_named_files(path, options))
    except PermissionError as error:
        raise CorpusError(f"{source} cannot be read: permission denied.") from error
    except OSError as error:
        raise CorpusError(f"{source[:200]} cannot be read: {error.strerror}.") from error
    if not glob.has_magic(source):
        return None
    return _in_glob(str(path), source, options, tally)


def _named_files(path: Path, options: CorpusOptions) -> tuple[CorpusFile, ...]:
    """Return what one named file means: itself, or the set of token ids or shards that it is of."""
    if not path.is_file():
        raise CorpusError(
            f"{path} is neither a file nor a folder: to read a pipe, send it to standard input and name -."
        )
    if not os.access(path, os.R_OK):
        raise CorpusError(f"{path} cannot be read: permission denied.")
    siblings = (
        [place_of(each) for each in path.parent.iterdir() if each.is_file()] if may_be_of_a_set(path.name) else []
    )
    return named_place(place_of(path), siblings, options)


def named_place(place: Place, siblings: Sequence[Place], options: CorpusOptions) -> tuple[CorpusFile, ...]:
    """Return what one named file means, with those beside it.

    Raises:
        CorpusError: it is empty, or of a format that is not read; the sentence has the command that converts it.
    """
    if place.n_bytes == 0:
        raise CorpusError(f"{place.name} is empty.")
    if options.format is not None:
        compression = compression_in(place)
        return (CorpusFile(place=place, format=options.format, compression=compression, named=True),)
    if is_pointer(place):
        raise CorpusError(conversion(POINTER, place.name))
    if may_be_of_a_set(place.file_name) and (files := named_set(place, siblings)):
        return tuple(files)
    found = kind_of(place, options.encoding, named=True)
    if found.unread is not None:
        raise CorpusError(conversion(found.unread, place.name))
    return (CorpusFile(place=place, format=found.format or "text", compression=found.compression, named=True),)


def _remote_files(source: str, options: CorpusOptions, tally: Tally) -> FileSet:
    from advisor.corpus.remote.listing import list_remote, places_beside

    listing = list_remote(source)
    if listing.is_file:
        place = listing.places[0]
        siblings = places_beside(place) if may_be_of_a_set(place.file_name) else []
        return FileSet(files=named_place(place, siblings, options))
    places = read_of(listing.places, listing.below, tally, everything=options.everything)
    found = chosen_files(places, listing.below, options, tally, choose_split=not glob.has_magic(source))
    if not found:
        raise CorpusError(
            f"None of the {plural(len(listing.places), 'file')} of {source} can be read; name a --format."
        )
    return FileSet(files=found, has_splits=True)


def _in_folder(folder: Path, options: CorpusOptions, tally: Tally) -> FileSet:
    places = files_below(folder, tally, everything=options.everything)
    named = named_by_card(places, folder, options.hub.name, options.hub.split, tally)
    if named is None:
        found = chosen_files(places, str(folder), options, tally, choose_split=True)
    else:
        found = chosen_files(
            named, str(folder), replace(options, hub=replace(options.hub, split=None)), tally, choose_split=False
        )
    if not found:
        if are_of_another_type(tally.left_out) and _begin_as_text(places):
            where = plural(len(places), "file")
            if len(places) > _MOST_LOOKED_INTO:
                where = f"the first {_MOST_LOOKED_INTO:,} of {where}"
            raise CorpusError(
                f"The folder {folder} holds no file whose name says what it is, but UTF-8 text in {where}: --format "
                "text reads it."
            )
        reasons = "; ".join(f"{each.n:,} {each.reason}" for each in tally.left_out)
        raise CorpusError(
            f"The folder {folder} holds no file to read{f'; left out: {reasons}' if reasons else ''}. "
            f"Expected: {', '.join(FORMATS)} or a save_to_disk folder; --format reads any file as one of these."
        )
    return FileSet(files=found, has_splits=True, has_configurations=named is not None)


def _begin_as_text(places: Sequence[Place]) -> bool:
    """Return whether there are files, and all begin as UTF-8 text; of very many the first are looked at."""
    return bool(places) and all(_begins_as_text(place) for place in places[:_MOST_LOOKED_INTO])


def _begins_as_text(place: Place) -> bool:
    with place.open() as file:
        head = file.read(_HEAD)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # which may be cut within a character
    except UnicodeDecodeError:
        return False
    return bool(text) and "\0" not in text


def _in_glob(pattern: str, source: str, options: CorpusOptions, tally: Tally) -> FileSet:
    once = re.sub(r"(\*\*/+)+", "**/", _with_literal_folder(pattern))  # each ** more multiplies what is looked through
    matches = glob.glob(once, recursive=True)
    names = sorted(matches, key=lambda name: (name.count(os.sep), name))
    places = each_once((Path(name) for name in names if os.path.isfile(name)), tally)
    if not places:
        raise asked_wrongly(CorpusError(f"No file matches {source}."))
    below = os.path.commonpath([place.name for place in places])
    found = chosen_files(places, below, options, tally, choose_split=False)
    if not found:
        raise CorpusError(
            f"None of the {plural(len(places), 'file')} that match {source} can be read; name a --format."
        )
    return FileSet(files=found, has_splits=True)


def _with_literal_folder(pattern: str) -> str:
    """Return a glob in which the folders that exist under their names are those, brackets and all."""
    folder, name = os.path.split(pattern)
    return os.path.join(glob.escape(folder), name) if os.path.isdir(folder) else pattern


def _saved_dataset(folder: Path, split: str | None, tally: Tally) -> FileSet | None:
    """Return the arrow files of a ``save_to_disk`` folder, or None if it is not one."""
    if (folder / "dataset_dict.json").is_file():
        splits = sorted(child.name for child in folder.iterdir() if (child / "state.json").is_file())
        chosen = split or "train"
        if chosen not in (*splits, "all"):
            raise CorpusError(
                f"{folder} has no split {chosen!r}: choose one of {', '.join(splits)}, or all, with --split."
            )
        read = splits if chosen == "all" else [chosen]
        others = ", ".join(name for name in splits if name not in read)
        if others and not split:
            tally.caution("one_split", f"Read is the split {chosen}; left out: {others}. --split NAME reads another.")
        files = tuple(file for name in read for file in _arrow_files(folder / name))
        return FileSet(files=files, has_splits=True)
    return FileSet(files=_arrow_files(folder)) if (folder / "state.json").is_file() else None


def _arrow_files(folder: Path) -> tuple[CorpusFile, ...]:
    """Return the arrow files of one split that was saved.

    Raises:
        CorpusError: there are none, or one that its state lists is missing.
    """
    paths = sorted(folder.glob("data-*.arrow")) or sorted(folder.glob("*.arrow"))
    if not paths:
        raise CorpusError(f"{folder} is a save_to_disk folder without arrow files.")
    state = read_json(folder / "state.json", CorpusError, versioned=False)
    listed = [each["filename"].text() for each in state["_data_files"].items()] if state.get("_data_files") else []
    missing = sorted(set(listed) - {path.name for path in paths})
    if missing:
        raise CorpusError(f"{folder} lacks {missing[0]}, which its state.json lists: the data set is not whole.")
    places = map(place_of, paths)
    return tuple(CorpusFile(place=place, format="arrow", compression=None, named=True) for place in places)
