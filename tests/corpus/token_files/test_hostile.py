"""Token files and indexes that lie: each ends in one sentence, in time and memory that do not grow with the lie."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard

from advisor.corpus.compressed.zip_file import open_member, open_zip
from advisor.corpus.corpus_file import Place
from advisor.corpus.options import CorpusOptions
from advisor.corpus.source import open_corpus
from advisor.corpus.token_files.stores import HELD, _unzipped
from advisor.errors import CorpusError
from tests.corpus.reading import contents, sentence
from tests.corpus.token_files.writing import documents, write_dolma, write_litdata, write_mds

DOCS = documents(9, longest=60)


def npy(header: str) -> bytes:
    data = header.encode().ljust(118 + max(len(header) - 117, 0)) + b"\n"
    return b"\x93NUMPY\2\0" + len(data).to_bytes(4, "little") + data + bytes(64)


@pytest.mark.parametrize(
    "header",
    [
        "(" * 5000,
        "[" * 9000 + "]" * 9000,
        "{'descr': '<u2', 'fortran_order': False, 'shape': ('a',)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (32,), 3: 4}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (1" + "0" * 4000 + ",)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (1" + "0" * 400 + ",)}",
        "{'descr': 'm8', 'fortran_order': False, 'shape': (8,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (8,)}",
        "{'descr': [('a', '<u2')], 'fortran_order': False, 'shape': (32,)}",
        "{'descr': 'no-such', 'fortran_order': False, 'shape': (32,)}",
        "__import__('os').abort()",
    ],
)
def test_headers_of_npy(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.npy").write_bytes(npy(header))
    assert sentence(tmp_path / "a.npy").startswith(f"{tmp_path / 'a.npy'} ")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", npy(header))
    assert sentence(tmp_path / "a.npz").startswith(f"{tmp_path / 'a.npz'}")


WRONG: list[Any] = [None, [], {}, "", -1, 1 << 80, 1e300, float("inf"), True, 1.5, "a", "../../etc/passwd", [None], [1]]


def _each_part(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, part in inner for each in _each_part(part, (*path, key)))]


@pytest.mark.parametrize("format", ["mds", "litdata"])
def test_an_index_with_anything_anywhere(tmp_path: Path, format: str) -> None:
    if format == "mds":
        rows = [{"tokens": doc.astype("<i8").tobytes()} for doc in DOCS]
        write_mds(tmp_path, rows, {"tokens": "bytes"}, compression="zstd", n_shards=1)
    else:
        write_litdata(tmp_path, DOCS, n_chunks=1)
    whole, n_errors = (tmp_path / "index.json").read_text(), 0
    for path in _each_part(json.loads(whole))[1:]:
        for wrong in WRONG:
            index = json.loads(whole)
            inner = index
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = wrong
            (tmp_path / "index.json").write_text(json.dumps(index))
            with contextlib.suppress(CorpusError):
                contents(tmp_path)
                continue
            n_errors += 1
    assert n_errors > 100


def test_a_field_that_is_wrong_is_named(tmp_path: Path) -> None:
    write_litdata(tmp_path, DOCS, n_chunks=1)
    index = json.loads((tmp_path / "index.json").read_text())
    index["chunks"][0]["chunk_bytes"] = "12"
    (tmp_path / "index.json").write_text(json.dumps(index))
    assert (
        sentence(tmp_path)
        == f"{tmp_path}/index.json: chunks[0].chunk_bytes must be a whole number of at least 0, not '12'."
    )
    for name in ("../../etc/passwd", "/etc/passwd", "a/../../b"):
        index["chunks"][0].update(chunk_bytes=12, filename=name)
        (tmp_path / "index.json").write_text(json.dumps(index))
        assert sentence(tmp_path) == (
            f"{tmp_path}/index.json lists {name!r}, which leads out of its folder, and is not read: a shard lies "
            "beside its index, or in a folder there; mend the index, or get it again."
        )


@pytest.mark.parametrize("written", ["[1, 2]", '{"shards": []}', '{"shards": [null]}', "{}"])
def test_an_index_that_lists_nothing_is_what_is_wrong(tmp_path: Path, written: str) -> None:
    write_mds(tmp_path, [{"text": b"The river rose."}], {"text": "str"}, n_shards=1)
    shard = next(tmp_path.glob("*.mds"))
    (tmp_path / "index.json").write_text(written)
    for named in (tmp_path, shard, tmp_path / "index.json"):
        assert sentence(named) == (
            f"{tmp_path}/index.json is not the index of {shard.name} beside it: an object is expected whose shards "
            "(MDS), or chunks and config (litdata), list the files; get it again."
        )


ADVICE = "get it again, or move it away, and documents end at --eos-id."


def test_rows_of_a_sidecar_that_are_no_places(tmp_path: Path) -> None:
    write_dolma(tmp_path / "x", DOCS)
    sidecar = tmp_path / "x.csv.gz"
    for row in ("a,b", "-1,5", f"0,{'9' * 25}", f"0,{'9' * 5000}", "0,1\0"):
        sidecar.write_bytes(gzip.compress(row.encode()))
        assert sentence(tmp_path / "x.npy").startswith(f"{sidecar} ")
    said = {
        b"0,1,a\n0,\xff": ", line 2, is not UTF-8 at its byte 2: it is damaged, or not the sidecar of a dolma .npy; ",
        b"0,1\n" + b"0" * 200_000: ", line 2, has over 64 kB: a sidecar of a dolma .npy has start,end,id,src,loc on "
        "each line; ",
        b'0,1,"' + b"a\n" * 70_000: " is not the sidecar of a dolma .npy: a cell of it, in quotes over several lines, "
        "has over 131,072 characters; ",
    }
    for data, words in said.items():
        sidecar.write_bytes(gzip.compress(data))
        assert sentence(tmp_path / "x.npy") == f"{sidecar}{words}{ADVICE}"


def test_a_line_of_a_sidecar_takes_no_memory(tmp_path: Path) -> None:
    write_dolma(tmp_path / "x", DOCS)
    with gzip.open(tmp_path / "x.csv.gz", "wb") as file:
        for _ in range(100):
            file.write(b"0" * 1_000_000)
    sentence(tmp_path / "x.npy")  # imports
    tracemalloc.start()
    assert "line 1, has over 64 kB" in sentence(tmp_path / "x.npy")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 << 20


def test_a_csv_beside_a_npy_is_no_sidecar(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(5000, dtype="u2") % 97)
    (tmp_path / "x.csv").write_text("name,age\nAda,36\n")
    assert len(contents(tmp_path / "x.npy")) == 1


def test_sizes_that_are_not_there_take_no_memory(tmp_path: Path) -> None:
    framed = b"LDFZ01\0\0" + np.array([0, 0], "<u2").tobytes() + np.array([1 << 31, 1, 1 << 31], "<u4").tobytes()
    write_litdata(tmp_path, DOCS, n_chunks=1)
    chunk = next(tmp_path.glob("chunk*"))
    index = json.loads((tmp_path / "index.json").read_text())
    index["chunks"][0]["chunk_bytes"] = len(framed)
    (tmp_path / "index.json").write_text(json.dumps(index))
    chunk.write_bytes(framed)
    tracemalloc.start()
    assert sentence(tmp_path) == f"{chunk} is truncated: it ends in the table of its records."
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 150 << 20


def test_a_sparse_terabyte_is_told_in_no_time(tmp_path: Path) -> None:
    (tmp_path / "train.bin").touch()
    os.truncate(tmp_path / "train.bin", 1 << 40)
    assert sentence(tmp_path / "train.bin").startswith(f"{tmp_path / 'train.bin'} ")


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 50_000, 4_000_000).astype("<u2"))
    corpus = open_corpus(str(tmp_path / "a.npy"), CorpusOptions(), seq_len=64)
    found = corpus.readers[0].documents()
    next(found)
    os.truncate(tmp_path / "a.npy", 1 << 20)
    with pytest.raises(CorpusError, match=r"is truncated: it ends after [\d,]+ of 4,000,000 ids\.$"):
        list(found)


def test_a_zip_of_bzip2_is_decompressed_a_little_at_a_time(tmp_path: Path) -> None:
    lines = np.random.default_rng(0).integers(97, 123, 3 << 20).astype("u1").tobytes()  # 1.8 MB of bzip2
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.txt", lines)
    place = Place(name=str(tmp_path / "a.zip"), n_bytes=(tmp_path / "a.zip").stat().st_size)
    with open_zip(place) as archive, open_member(archive, archive.infolist()[0]) as member:
        assert member.read(1 << 20) == lines[: 1 << 20]
        assert archive.fp is not None
        assert archive.fp.tell() < 0.75 * place.n_bytes  # zipfile itself takes as many stored bytes as are asked for
        assert member.read() == lines[1 << 20 :]


def test_a_zip_of_more_members_than_can_be_held(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.txt", "word")
    whole = bytearray(data.getvalue())
    whole[-10:-6] = (64 << 20).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(whole)
    assert sentence(tmp_path / "a.zip") == (
        f"{tmp_path / 'a.zip'} names its members in 64 MB, over 12 MB, about 200,000 files: unpack it, and name the "
        "folder."
    )


def test_records_that_expand_without_end(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"^x expands over 1,000 times, its first "):
        _unzipped(zstandard.compress(bytes(HELD + 1)), "x")
    half = os.urandom(1 << 19) + bytes(1 << 19)  # which expands twice
    with pytest.raises(CorpusError, match=r"^x holds a record or frame of over 160 MB, decompressed: it is damaged\.$"):
        _unzipped(zstandard.compress(half * (HELD // len(half) + 1)), "x")
