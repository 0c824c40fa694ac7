"""Which files of a folder belong together: datasets of token ids and shards, with the indexes that are none of them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import CorpusFile, Place, read_at
from advisor.corpus.token_files.index_json import index_node, is_litdata, is_mds, read_index
from advisor.corpus.token_files.llm_c import read_llm_c_header
from advisor.corpus.token_files.magic import binary_format
from advisor.corpus.token_files.stored import opened
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from advisor.json_fields import Node

_MDS_COMPRESSIONS = {"gz": "gzip", "bz2": "bzip2", "zstd": "zstd"}
_SIDECAR = ".csv.gz"  # a plain .csv beside a .npy is another table
_SHARD_NAME = re.compile(r"\.mds($|\.)|^chunk-\d+-\d+\.")  # of MDS and litdata
# What a flat .bin is called in a folder: nanoGPT's train.bin, fineweb_train_000001.bin, tokens.bin; not firmware.bin.
_FLAT_NAME = re.compile(r"(^|[^a-z])(train|val|valid|validation|test|eval|tokens?|ids|tokenized|corpus)([^a-z]|$)")

_MEGATRON_NAME = re.compile(r"_(document|sentence)\.bin$")  # of what its preprocess_data.py writes
# The caches of its datasets (megatron/core/datasets: gpt_dataset, blended_dataset; before: helpers of its data folder).
_MEGATRON_ORDER = re.compile(r"(_indexmap_.*|(document|sample|shuffle|dataset)_index|_(doc|sample|shuffle)_idx)\.npy$")


def found_sets(
    places: Sequence[Place], *, named: bool = False, dtype: str | None = None
) -> tuple[list[CorpusFile], list[Place]]:
    """Return the files of token ids and shards among those of a folder, and the files that are no part of any.

    A set is an index and what it lists (MDS, litdata), a Megatron x.bin with x.idx, a dolma x.npy with x.csv.gz, and
    each .bin and .npy that is called, or begins, as ids of pretraining do; where the user says the ``dtype`` of ids,
    each .bin that is no other kind of file. The orders of documents that Megatron keeps as .npy are of no corpus.

    Raises:
        CorpusError: a shard that an index lists is missing, or of another size; so is half of a Megatron pair.
    """
    around = {place.name: place for place in places if not _MEGATRON_ORDER.search(place.file_name)}
    left = dict(around)
    found: list[CorpusFile] = []
    indexes = [place for place in places if place.file_name == "index.json"]
    for index in sorted(indexes, key=lambda place: place.name.count("/")):  # one above others may list all their shards
        found += _take(left, _of_index(index, around, named))
    for place in places:
        if place.name in left:
            found += _take(left, _of_name(place, left, named, dtype))
    for place in left.values():
        _refuse_half_a_pair(place, around)
    return sorted(found, key=lambda file: file.name), list(left.values())


def may_be_of_a_set(file_name: str) -> bool:
    """Return whether a file's name is one that those of ids and shards have, alone or beside others.

    >>> may_be_of_a_set("train.bin"), may_be_of_a_set("train.jsonl")
    (True, False)
    """
    is_shard = ".mds." in file_name or file_name.startswith("chunk-")
    return is_shard or file_name == "index.json" or file_name.endswith((".idx", ".bin", ".npy", ".npz", ".mds"))


def named_set(place: Place, siblings: Sequence[Place]) -> list[CorpusFile]:
    """Return what one named file means, with those beside it: [] if it is no token file.

    x.bin finds its x.idx and x.idx its x.bin; an index.json is its shards; a shard is itself.

    Raises:
        CorpusError: what it belongs to is missing, or of another size.
    """
    around = {each.name: each for each in (*siblings, place)}
    suffix = PurePosixPath(place.name).suffix.lower()
    if place.file_name == "index.json":
        return _of_index(place, around, True)
    if suffix == ".idx":
        return _of_idx(place, around)
    if suffix == ".mds" or ".mds." in place.file_name or place.file_name.startswith("chunk-"):
        return _of_shard(place, around)
    if suffix == ".bin":
        return [_bin(place, around, True)] if binary_format(place) in (None, "bin") else []
    return _of_name(place, around, True)


def _take(left: dict[str, Place], files: list[CorpusFile]) -> list[CorpusFile]:
    """Return the files that are still left, and drop them and those beside them from ``left``."""
    taken = [file for file in files if file.place.name in left]
    for file in files:
        for place in (file.place, *file.beside):
            left.pop(place.name, None)
    return taken


def _beside(place: Place, name: str, around: Mapping[str, Place]) -> Place | None:
    return around.get(f"{place.name.removesuffix(place.file_name)}{name}")


def _of_name(place: Place, around: Mapping[str, Place], named: bool, dtype: str | None = None) -> list[CorpusFile]:
    """Return the set of a file by its name: a .bin, .npy, .npz or .mds, with its index or sidecar."""
    suffix = PurePosixPath(place.name).suffix.lower()
    if not place.n_bytes:
        return []
    if suffix == ".bin":
        has_index = _beside(place, f"{place.file_name[:-4]}.idx", around) is not None
        is_flat = has_index or _is_flat(place) or (dtype is not None and binary_format(place) is None)
        return [_bin(place, around, named)] if is_flat else []
    if suffix == ".npy":
        sidecar = _beside(place, place.file_name[:-4] + _SIDECAR, around)
        return [_file(place, "npy", named, beside=() if sidecar is None else (sidecar,))]
    if suffix in (".npz", ".mds"):
        return [_file(place, suffix[1:], named)]
    return []


def _file(
    place: Place, format: str, named: bool, compression: str | None = None, beside: tuple[Place, ...] = ()
) -> CorpusFile:
    return CorpusFile(place=place, format=format, compression=compression, named=named, beside=beside)


def _bin(place: Place, around: Mapping[str, Place], named: bool) -> CorpusFile:
    index = _beside(place, f"{place.file_name[:-4]}.idx", around)
    return _file(place, "bin", named) if index is None else _file(place, "megatron", named, beside=(index,))


def _is_flat(place: Place) -> bool:
    """Return whether a .bin of a folder is taken as ids: it has llm.c's header, or is called so and nothing else."""
    try:
        if read_llm_c_header(place) is not None:
            return True
    except CorpusError:
        return bool(_FLAT_NAME.search(place.file_name.lower()))
    return binary_format(place) is None and bool(_FLAT_NAME.search(place.file_name.lower()))


def _refuse_half_a_pair(place: Place, around: Mapping[str, Place]) -> None:
    """Raise where a file that belongs to no set is the index of a Megatron dataset that is missing, or the contrary."""
    if place.file_name.endswith(".idx"):
        _of_idx(place, around)
    if _MEGATRON_NAME.search(place.file_name) and place.n_bytes and binary_format(place) is None:
        raise CorpusError(
            f"{place.name} is called as the ids of a Megatron dataset, and its {place.file_name[:-4]}.idx is not "
            "beside it: --dtype uint16 (or what their type is) reads them without it, as one document."
        )


def _of_idx(place: Place, around: Mapping[str, Place]) -> list[CorpusFile]:
    with opened(place) as handle:
        if read_at(handle, 7, 0) not in (b"MMIDIDX", b"TNTIDX\0"):
            return []
    dataset = _beside(place, f"{place.file_name[:-4]}.bin", around)
    if dataset is None:
        raise CorpusError(f"{place.name} is the index of {place.file_name[:-4]}.bin, which is not beside it.")
    return [_file(dataset, "megatron", True, beside=(place,))]


def _of_shard(place: Place, around: Mapping[str, Place]) -> list[CorpusFile]:
    """Return a shard that is named, with its index where that lies beside it."""
    index = _beside(place, "index.json", around)
    if index is not None:
        names = {place.name, index.name}
        return _of_index(index, {name: each for name, each in around.items() if name in names}, True, only=place)
    return [_file(place, "mds", True)] if place.file_name.endswith(".mds") else _of_name(place, around, True)


def _of_index(index: Place, around: Mapping[str, Place], named: bool, only: Place | None = None) -> list[CorpusFile]:
    """Return the shards that an index lists, or the one asked for; [] if it is another kind of index.json."""
    files, listed = [], list(_listed(index))
    if not listed:
        _refuse_empty(index, around)
    format = "mds" if is_mds(read_index(index)) else "litdata"
    for name, raw, compression, n_bytes in listed:
        for each in (name, raw):
            _check_inside(each, index)
        stored, decompressed = _beside(index, name, around), _beside(index, raw, around)
        place = decompressed or stored
        if only is not None and place != only:
            continue
        if place is None:
            raise CorpusError(f"{index.name} lists {name}, which is not there: the dataset is not whole.")
        if place is stored and n_bytes is not None and place.n_bytes != n_bytes:
            raise CorpusError(
                f"{place.name} has {place.n_bytes:,} bytes, and {index.name} says {n_bytes:,}: it is truncated or of "
                "another dataset."
            )
        codec = None if place is not stored or compression is None else _codec(compression, place)
        both = (stored,) if stored is not None and stored is not place else ()
        files.append(_file(place, format, named, compression=codec, beside=(index, *both)))
    return files


def _refuse_empty(index: Place, around: Mapping[str, Place]) -> None:
    """Raise where an index.json that lists nothing lies beside shards: it is theirs, and wrong."""
    shards = [
        place
        for place in around.values()
        if _SHARD_NAME.search(place.file_name) and _beside(place, "index.json", around) == index
    ]
    if shards:
        raise CorpusError(
            f"{index.name} is not the index of {shards[0].file_name} beside it: an object is expected whose shards "
            "(MDS), or chunks and config (litdata), list the files; get it again."
        )


def _check_inside(name: str, index: Place) -> None:
    """Raise where a name that an index lists leads out of its folder."""
    if name.startswith("/") or ".." in name.split("/"):
        raise CorpusError(
            f"{index.name} lists {name[:80]!r}, which leads out of its folder, and is not read: a shard lies beside "
            "its index, or in a folder there; mend the index, or get it again."
        )


def _codec(compression: str, place: Place) -> str:
    if compression not in _MDS_COMPRESSIONS:
        raise CorpusError(
            f"{place.name} is compressed with {compression}, which is not read: decompress the shards, or write them "
            f"with one of {', '.join(_MDS_COMPRESSIONS)}."
        )
    return _MDS_COMPRESSIONS[compression]


def _listed(index: Place) -> Iterator[tuple[str, str, str | None, int | None]]:
    """Yield of each shard of an index: its file, the same decompressed, the compression, and the file's bytes.

    Raises:
        CorpusError: the index is damaged, or lists shards that are none of MDS version 2.
    """
    found = index_node(index)
    if is_mds(found.value):
        yield from (_mds_entry(shard) for shard in found["shards"].items())
    elif is_litdata(found.value):
        yield from (_litdata_entry(chunk, found["config"]) for chunk in found["chunks"].items())


def _mds_entry(shard: Node) -> tuple[str, str, str | None, int | None]:
    format, version = shard["format"].text(), shard["version"].whole(0)
    if format != "mds" or version != 2:
        what = f"{format} shards of version {version}"
        raise CorpusError(f"{shard.file} lists {what}: of those only mds, version 2, is read.")
    raw, zipped = shard["raw_data"], shard.get("zip_data")
    stored = raw if zipped is None else zipped
    compression = None if zipped is None else shard["compression"].text().partition(":")[0]
    return stored["basename"].text(), raw["basename"].text(), compression, stored["bytes"].whole(0)


def _litdata_entry(chunk: Node, config: Node) -> tuple[str, str, str | None, int | None]:
    name, compression = chunk["filename"].text(), config.get("compression")
    if compression is not None and f".{compression.text()}" in name:
        return name, name, compression.text().partition(":")[0], None  # chunk_bytes: of the decompressed chunk
    return name, name, None, chunk["chunk_bytes"].whole(0)
