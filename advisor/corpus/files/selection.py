"""Which of many files are the corpus: those of one format and split, without what only lies beside them."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import CorpusFile, read_at
from advisor.corpus.files.card import LONGEST_CARD
from advisor.corpus.files.kinds import POINTER, FileKind, compression_in, is_pointer, kind_of
from advisor.corpus.files.splits import one_split
from advisor.corpus.formats import NO_CORPUS, is_backup, is_metadata
from advisor.corpus.token_files.sets import found_sets
from advisor.errors import CorpusError
from advisor.quantities import format_bytes, format_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.corpus.corpus_file import Place
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import LeftOut, Tally

_LEAST_COPY = 1 << 12  # bytes: small files may be alike
_ENDING_IN, _WITHOUT_ENDING = "files ending in ", "files without an ending"
_PIECES, _PIECE = 16, 1 << 12  # looked at, and their bytes
_SHARD = re.compile(r"(?P<number>\d{3,6})-of-(?P<of>\d{3,6})")
_CARD_KEYS = ("license:", "dataset_info:", "configs:", "task_categories:", "size_categories:", "annotations_creators:")


def chosen_files(
    places: Sequence[Place], below: str, options: CorpusOptions, tally: Tally, *, choose_split: bool
) -> tuple[CorpusFile, ...]:
    """Return which of the files are the corpus."""
    whole = []
    for place in places:
        if options.format is None and is_pointer(place):
            tally.skip(f"{POINTER} files, which are not read", n_bytes=place.n_bytes, name=place.name)
        else:
            whole.append(place)
    sets, others = found_sets(whole, dtype=options.ids.dtype) if options.format is None else ([], whole)
    files = [*sets, *(file for place in others if (file := _found_file(place, options, tally)) is not None)]
    if options.format is None:
        files = _one_kind(_without_pages(_without_caches(files, tally), tally), tally)
    of_data = any(file.format != "text" for file in files)
    chosen = _without_copies(one_split(files, below, options.hub.split, tally, choose=choose_split and of_data), tally)
    _note_missing_shards(chosen, tally)
    if chosen and not options.skip_bad:
        check_mostly_read(sum(file.n_bytes for file in chosen), below, tally.missed)
    return tuple(chosen)


def _note_missing_shards(files: Sequence[CorpusFile], tally: Tally) -> None:
    """Caution of files called 00003-of-00010 where others of the ten are not there."""
    found: dict[tuple[str, int], set[int]] = {}
    for file in files:
        if shard := _SHARD.search(file.name):
            found.setdefault((file.name[: shard.start()], int(shard["of"])), set()).add(int(shard["number"]))
    for (stem, of), numbers in found.items():
        if len(numbers) < of:
            message = (
                f"{len(numbers):,} of the {of:,} shards {stem}* are there: the others are not in what is measured."
            )
            tally.caution("missing_shards", message)


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


def _found_file(place: Place, options: CorpusOptions, tally: Tally) -> CorpusFile | None:
    """Return a file of a folder in the format that it is in; None where it is no corpus, and why to ``tally``."""
    if options.format is not None:
        return CorpusFile(place=place, format=options.format, compression=compression_in(place), named=False)
    found, reason = FileKind(None, None), ""
    if is_metadata(place.file_name):
        reason = "descriptions of data"
    elif is_backup(place.file_name):
        reason = "earlier or unfinished states of files"
    elif place.suffixes[-1:] and place.suffixes[-1] in NO_CORPUS:
        reason = "pictures, sound, programs and the like"
    else:
        found = kind_of(place, options.encoding, named=False)
        if found.format == "text" and _is_card(place):
            reason = "data set cards"
    if reason:
        tally.skip(reason, n_bytes=place.n_bytes, name=place.name, deliberate=True)
    elif found.format is None:
        what = f"{found.unread} files, which are not read" if found.unread else _of_another_type(place)
        tally.skip(what, n_bytes=place.n_bytes, name=place.name)
    else:
        return CorpusFile(place=place, format=found.format, compression=found.compression, named=False)
    return None


def _of_another_type(place: Place) -> str:
    """Return what files are called whose name says no format that is read, and whose content none either."""
    return f"{_ENDING_IN}{place.suffixes[-1]}" if place.suffixes else _WITHOUT_ENDING


def are_of_another_type(left_out: Sequence[LeftOut]) -> bool:
    """Return whether all that was left out are files whose names say nothing that is read."""
    return all(each.reason == _WITHOUT_ENDING or each.reason.startswith(_ENDING_IN) for each in left_out)


def _is_card(place: Place) -> bool:
    """Return whether a file is the card of a data set: README.md with the hub's metadata before its text.

    So is one whose metadata do not end, of any size: it is no text that anybody wrote.
    """
    if place.file_name.lower() != "readme.md":
        return False
    with place.open() as file:
        head = file.read(LONGEST_CARD + 1)
    keys = head.partition(b"\n---")[0]
    known = len(keys) > LONGEST_CARD or any(f"\n{key}".encode() in keys for key in _CARD_KEYS)
    return head.startswith(b"---\n") and known


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


def _without_pages(files: list[CorpusFile], tally: Tally) -> list[CorpusFile]:
    """Return the files without the WARC files of a crawl whose text lies beside them as WET."""
    texts = [file for file in files if ".wet" in file.place.suffixes]
    pages = [file for file in files if file.format == "warc" and file not in texts] if texts else []
    for file in pages:
        reason = "WARC files beside WET, which hold their text"
        tally.skip(reason, n_bytes=file.n_bytes, name=file.name, deliberate=True)
    return [file for file in files if file not in pages]


def _is_cache(file: CorpusFile) -> bool:
    return file.format == "arrow" and file.place.file_name.startswith("cache-")


def _without_copies(files: list[CorpusFile], tally: Tally) -> list[CorpusFile]:
    """Return files of data without those that hold the same again: compressed beside themselves, or copied."""
    plain = {file.name for file in files if file.compression is None}
    seen: set[tuple[int, bytes]] = set()
    kept = []
    for file in files:
        reason = None
        if file.compression is not None and file.name.rpartition(".")[0] in plain:
            reason = "compressed files whose content lies beside them"
        elif file.format != "text" and file.place.is_local and file.n_bytes >= _LEAST_COPY:
            looks = (file.n_bytes, _pieces(file))
            reason = "copies of other files" if looks in seen else None
            seen.add(looks)
        if reason is None:
            kept.append(file)
        else:
            tally.skip(reason, n_bytes=file.n_bytes, name=file.name, deliberate=True)
    return kept


def _pieces(file: CorpusFile) -> bytes:
    """Return a digest of bytes from all over a file: files of one size that share it are copies."""
    found = hashlib.sha256()
    with file.place.open() as handle:
        for number in range(_PIECES):
            found.update(read_at(handle, _PIECE, number * max(file.n_bytes - _PIECE, 0) // (_PIECES - 1)))
    return found.digest()


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
