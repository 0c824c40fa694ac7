"""Files of any size whose shape is hard on a reader: ``SHAPES`` has for each a name, a file name and what writes it."""

import bz2
import gzip
import io
import json
import lzma
import random
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

MB = 1_000_000
_PART = 1 << 16  # characters of a generated text
# A shape: its name, the file that it is written to, and what writes about so many bytes.
Shape = tuple[str, str, Callable[[Path, int], None]]


@lru_cache
def prose() -> str:
    """Return ordinary text: the standard library's sources."""
    return "".join(path.read_text() for path in sorted(Path(sysconfig.get_path("stdlib")).glob("[a-c]*.py")))


@lru_cache
def letters(alphabet: str) -> str:
    """Return random letters without whitespace."""
    return "".join(random.Random(0).choices(alphabet, k=_PART))


DNA, BASE64 = "ACGT", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CJK = "".join(map(chr, range(0x4E00, 0x5E00)))
EMOJI = "".join(map(chr, range(0x1F600, 0x1F640)))


def filled(begin: str, unit: str, end: str = "") -> Callable[[Path, int], None]:
    """Return what writes ``begin``, then ``unit`` again and again, then ``end``."""

    def write(path: Path, n_bytes: int) -> None:
        data = unit.encode("utf-8", "surrogatepass")
        data *= max(1, MB // len(data))
        with path.open("wb") as file:
            file.write(begin.encode())
            for _ in range(max(n_bytes // len(data), 1)):
                file.write(data)
            file.write(end.encode())

    return write


def chunked(chunks: Callable[[], Iterable[bytes]]) -> Callable[[Path, int], None]:
    """Return what writes chunks until there are enough bytes."""

    def write(path: Path, n_bytes: int) -> None:
        with path.open("wb") as file:
            for chunk in chunks():
                file.write(chunk)
                if file.tell() >= n_bytes:
                    return

    return write


def numbered(begin: str, unit: Callable[[int], str], end: str) -> Callable[[Path, int], None]:
    """Return what writes ``unit(0)``, ``unit(1)``, ... between ``begin`` and ``end``."""

    def write(path: Path, n_bytes: int) -> None:
        with path.open("w") as file:
            file.write(begin + unit(0))
            number = 1
            while file.tell() < n_bytes:
                file.write("".join(unit(number + each) for each in range(1000)))
                number += 1000
            file.write(end)

    return write


def record(text: str, **more: object) -> str:
    return json.dumps({"text": text, **more}, ensure_ascii=False)


def json_text(text: str) -> str:
    return json.dumps(text)[1:-1]


def wide_csv(path: Path, n_bytes: int) -> None:
    """Write a table whose rows have as many columns as there are rows, or a million at most."""
    n_columns = min(int((n_bytes / 4) ** 0.5), 1_000_000)
    with path.open("w") as file:
        file.write("text," + ",".join(f"c{at}" for at in range(n_columns)) + "\n")
        row = "words of a text" + ",3" * n_columns + "\n"
        for _ in range(max((n_bytes - file.tell()) // len(row), 2)):
            file.write(row)


def header_csv(path: Path, n_bytes: int) -> None:
    """Write a table of two rows and as many columns as fit."""
    n_columns = n_bytes // 12
    with path.open("w") as file:
        file.write("text," + ",".join(f"c{at}" for at in range(n_columns)) + "\n")
        file.write(("words of a text" + "," * n_columns + "\n") * 2)


def table(rows: Callable[[], list[str]], row_group: int, **options: object) -> Callable[[Path, int], None]:
    """Return what writes a parquet file of these rows again and again, so many to a row group."""

    def write(path: Path, n_bytes: int) -> None:
        held = pa.table({"text": rows()})
        with pq.ParquetWriter(path, held.schema, **options) as writer:
            for _ in range(max(n_bytes // held.nbytes, 1)):
                writer.write_table(held, row_group_size=row_group)

    return write


def one_group(path: Path, n_bytes: int) -> None:
    pq.write_table(pa.table({"text": [prose()] * max(n_bytes // len(prose()), 1)}), path, row_group_size=1 << 30)


def arrow_batches(path: Path, n_bytes: int) -> None:
    held = pa.record_batch({"text": [prose()[:20_000]] * 500})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, held.schema) as writer:
        for _ in range(max(n_bytes // held.nbytes, 1)):
            writer.write_batch(held)


def compressed(compress: Callable[[bytes], bytes], text: Callable[[], str]) -> Callable[[Path, int], None]:
    """Return what writes members, or frames, of a text until they hold so many bytes of it."""

    def write(path: Path, n_bytes: int) -> None:
        data = (text() * (8 * MB // len(text()) + 1)).encode()
        member = compress(data)
        with path.open("wb") as file:
            for _ in range(max(n_bytes // len(data), 1)):
                file.write(member)

    return write


def tar_of_texts(path: Path, n_bytes: int) -> None:
    with tarfile.open(path, "w") as archive:
        for number, data in zip(range(max(n_bytes // 200_000, 1)), repeat(prose()[:200_000].encode()), strict=False):
            member = tarfile.TarInfo(f"{number}.txt")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def zip_of_one(path: Path, n_bytes: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.txt", "w") as member:
        for _ in range(max(n_bytes // MB, 1)):
            member.write(prose()[:MB].encode())


def warc_records(text: Callable[[int], str]) -> Callable[[Path, int], None]:
    """Return what writes WET records of these texts."""

    def records() -> Iterator[bytes]:
        for number in range(1 << 30):
            body = text(number).encode()
            yield (
                b"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://example.org/\r\n"
                b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n" % (len(body), body)
            )

    return chunked(records)


def one_warc_record(path: Path, n_bytes: int) -> None:
    warc_records(lambda number: prose()[:MB] * (n_bytes // MB))(path, 1)


def token_file(path: Path, n_bytes: int) -> None:
    np.random.default_rng(0).integers(0, 32000, n_bytes // 2, dtype=np.uint16).tofile(path)


def npy_file(path: Path, n_bytes: int) -> None:
    np.save(path, np.random.default_rng(0).integers(0, 32000, n_bytes // 2, dtype=np.uint16))


def notebook(path: Path, n_bytes: int) -> None:
    """Write a notebook of the largest size that is read."""
    cells = [{"cell_type": "code", "source": prose()[:2000].splitlines(keepends=True), "outputs": []}]
    cells *= min(n_bytes, 60 * MB) // len(json.dumps(cells))
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))


def _text_shapes() -> Iterator[Shape]:
    yield "text: prose", "a.txt", filled("", prose())
    yield "text: one line", "a.txt", filled("", prose().replace("\n", " "))
    for name, alphabet in (("DNA", DNA), ("base64", BASE64), ("CJK", CJK), ("emoji", EMOJI)):
        yield f"text: one line, {name}", "a.txt", filled("", letters(alphabet))
    yield "text: line breaks", "a.txt", filled("a", "\n")
    yield "text: marks", "a.txt", filled("", "a<|endoftext|>\n")
    yield "text: mark, then none", "a.txt", filled("a <|endoftext|>\n" * 5, letters(BASE64))
    yield "text.gz: emoji", "a.txt.gz", compressed(gzip.compress, lambda: letters(EMOJI))
    yield "notebook", "a.ipynb", notebook


def _jsonl_shapes() -> Iterator[Shape]:
    yield "jsonl: records of 20 B", "a.jsonl", filled("", '{"text": "a word"}\n')
    yield "jsonl: records of 2 kB", "a.jsonl", filled("", record(prose()[:2000]) + "\n")
    yield "jsonl: records of 7 MB, an emoji", "a.jsonl", filled("", record("😀" + "word of it " * 640_000) + "\n")
    begin, end = '{"text": "', '"}\n'
    yield "jsonl: one line", "a.jsonl", filled(begin, json_text(prose()), end)
    for name, text in (("DNA", letters(DNA)), ("base64", letters(BASE64)), ("CJK", letters(CJK))):
        yield f"jsonl: one line, {name}", "a.jsonl", filled(begin, text, end)
    yield "jsonl: one line, CJK in escapes", "a.jsonl", filled(begin, json_text(letters(CJK)), end)
    yield "jsonl: one line, emoji in escapes", "a.jsonl", filled(begin, json_text(letters(EMOJI)), end)
    yield "jsonl: one line, \\u0000", "a.jsonl", filled(begin, "\\u0000", end)
    yield "jsonl: one line, backslashes", "a.jsonl", filled(begin, "\\\\", end)
    yield "jsonl: one line, nested", "a.jsonl", filled('{"text": "a", "n": ', "[")
    yield "jsonl: one line, a number", "a.jsonl", filled('{"text": "a", "n": ', "9", "}\n")
    yield "jsonl: one line, a long key", "a.jsonl", filled('{"text": "a", "', "key", '": 1}\n')
    yield "jsonl: one line, many keys", "a.jsonl", numbered('{"text": "a"', lambda at: f', "k{at}": {at}', "}\n")
    yield "jsonl: one line, ids", "a.jsonl", filled('{"input_ids": [1', ", 523, 99", "]}\n")
    short = '{"text": "words of it"}\n'
    yield "jsonl: a short line, then one", "a.jsonl", filled(short + begin, letters(BASE64), end)
    yield "jsonl: blank", "a.jsonl", filled(short * 20, "\n")


def _json_shapes() -> Iterator[Shape]:
    yield "json: records of 20 B", "a.json", filled("[" + record("a"), ', {"text": "a word"}', "]")
    yield "json: records of 1 kB", "a.json", filled("[" + record("a"), ", " + record(prose()[:1000]), "]")
    yield "json: records of 100 kB", "a.json", filled("[" + record("a"), ", " + record(prose()[:100_000]), "]")
    yield "json: records of 5 MB", "a.json", filled("[" + record("a"), ", " + record(prose()[:MB] * 5), "]")
    yield "json: one emoji, one record", "a.json", filled('[{"text": "😀', "words of it ", '"}]')
    yield "json: one emoji, one string", "a.json", filled('["😀', "words of it ", '"]')
    for name, text in (("base64", letters(BASE64)), ("CJK", letters(CJK)), ("emoji", letters(EMOJI))):
        yield f"json: one record, {name}", "a.json", filled('[{"text": "', text, '"}]')
        yield f"json: one record, {name} in escapes", "a.json", filled('[{"text": "', json_text(text), '"}]')
    yield "json: strings", "a.json", filled('["a"', ', "a word"', "]")
    yield "json: empty lists", "a.json", filled("[[]", ",[]", "]")
    yield "json: empty objects", "a.json", filled("", "{}")
    yield "json: nested", "a.json", filled("", "[")
    yield "json: nested objects", "a.json", filled("", '{"a":')
    yield "json: numbers", "a.json", filled('{"input_ids": [1', ", 523, 99", "]}")
    yield "json: a number", "a.json", filled('[{"text": "a", "n": ', "9", "}]")
    yield "json: a long key", "a.json", filled('[{"text": "a", "', "key", '": 1}]')
    yield "json: many keys", "a.json", numbered('{"text": "a"', lambda at: f', "k{at}": {at}', "}")
    yield "json: by columns", "a.json", filled('{"text": ["a"', ', "a word of it"', "]}")
    yield "json: split", "a.json", filled('{"columns": ["text"], "data": [["a"]', ', ["a word of it"]', "]}")
    yield "json: records in an object", "a.json", filled('{"v": 1, "data": [{"text": "a"}', ', {"text": "word"}', "]}")
    yield "json: blanks", "a.json", filled("[" + record("a word"), " ", "]")


def _table_shapes() -> Iterator[Shape]:
    yield "csv: short rows", "a.csv", filled("id,text\n", "1,words of it\n")
    yield "csv: rows of 2 kB", "a.csv", filled("id,text\n", '1,"' + prose()[:2000].replace('"', '""') + '"\n')
    yield "csv: rows of 15 MB", "a.csv", filled("id,text\n", "1," + letters(BASE64) * 228 + "\n")
    yield "csv: rows of 15 MB, emoji", "a.csv", filled("id,text\n", "1,😀" + letters(BASE64) * 228 + "\n")
    yield "csv: one line", "a.csv", filled("id,text\n1,", letters(BASE64), "\n")
    yield "csv: one quoted field", "a.csv", filled('id,text\n1,"', prose().replace('"', "'"), '"\n')
    yield "csv: a quote that is not closed", "a.csv", filled('id,text\n1,a\n2,"', "words of it\n")
    yield "csv: as many columns as rows", "a.csv", wide_csv
    yield "csv: a header of all columns", "a.csv", header_csv
    yield "csv: commas", "a.csv", filled("id,text\n1,a\n", ",")
    yield "csv: a name", "a.csv", filled("id,", "text", "\n1,a\n")
    yield "tsv: short rows", "a.tsv", filled("id\ttext\n", "1\twords of it\n")
    yield "ids: lines", "a.txt", filled("", "5 523 99 1024 7 88 31999 4 " * 9 + "\n")
    yield "ids: one line", "a.txt", filled("", "5 523 99 1024 7 88 31999 4 ")
    yield "ids: one number", "a.ids.txt", filled("5 523 99 1024 7 88 31999 4 " * 20, "9")


def _other_shapes() -> Iterator[Shape]:
    yield "text.gz", "a.txt.gz", compressed(gzip.compress, prose)
    yield "text.bz2", "a.txt.bz2", compressed(bz2.compress, prose)
    yield "text.xz", "a.txt.xz", compressed(lzma.compress, prose)
    yield "text.zst", "a.txt.zst", compressed(zstandard.ZstdCompressor().compress, prose)
    yield "text.zst: one letter", "a.txt.zst", compressed(zstandard.ZstdCompressor().compress, lambda: "a")
    yield "json.zst: one letter", "a.json.zst", compressed(zstandard.ZstdCompressor().compress, lambda: "[")
    yield "parquet", "a.parquet", table(lambda: [prose()[:20_000]] * 2000, 500, compression="zstd")
    yield "parquet: one row group", "a.parquet", one_group
    yield "parquet: rows of 30 MB", "a.parquet", table(lambda: [letters(BASE64) * 460], 1)
    yield "arrow", "a.arrow", arrow_batches
    yield "tar", "a.tar", tar_of_texts
    yield "zip: one file", "a.zip", zip_of_one
    yield "warc", "a.warc", warc_records(lambda number: prose()[:5000])
    yield "warc: one record", "a.warc", one_warc_record
    yield "bin", "a.bin", token_file
    yield "npy", "a.npy", npy_file


SHAPES: tuple[Shape, ...] = tuple(
    chain(_text_shapes(), _jsonl_shapes(), _json_shapes(), _table_shapes(), _other_shapes())
)
