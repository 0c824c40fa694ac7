"""What a file is by its first bytes, and the command that converts what is not read."""

from __future__ import annotations

import io
import lzma
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest

from advisor.corpus.token_files.magic import binary_format, conversion
from tests.corpus.token_files.writing import documents, place, write_llm_c


def zipped(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return data.getvalue()


def tarred() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return data.getvalue()


FILES = {
    "npy": b"\x93NUMPY\x01\x00",
    "npz": zipped("arr_0.npy"),
    "zip": zipped("a.txt", "b.npy"),
    "PyTorch": zipped("archive/data.pkl", "archive/data/0"),
    "Word document": zipped("[Content_Types].xml", "word/document.xml"),
    "Excel workbook": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "EPUB": zipped("mimetype", "META-INF/container.xml"),
    "tar": tarred(),
    "gzip": b"\x1f\x8b\x08\x00",
    "compress": b"\x1f\x9d\x90",
    "lzma": lzma.compress(b"text", lzma.FORMAT_ALONE),
    "lz4": b"\x04\x22\x4d\x18\x64",
    "megatron index": b"MMIDIDX\0\0" + struct.pack("<Q", 1),
    "old Megatron index": b"TNTIDX\0\0",
    "safetensors": struct.pack("<Q", 16) + b'{"a":{"dtype":1}}',
    "pickle": pickle.dumps([1, 2, 3]),
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "SQLite": b"SQLite format 3\0",
    "PDF": b"%PDF-1.7\n",
    "TFRecord": struct.pack("<Q", 20) + b"\1\2\3\4" + b"\x0a\x12" + bytes(22),
    "ORC": b"ORC\x0a",
    "Avro": b"Obj\x01\x04",
    "program": b"\x7fELF\x02\x01",
}


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("xl/sharedStrings.xml", "Excel workbook"),
        ("xl/worksheets/sheet1.xml", "Excel workbook"),
        ("xl/workbook.bin", "Excel workbook"),
        ("ppt/slides/slide1.xml", "PowerPoint presentation"),
        ("word/document2.xml", "Word document"),
        ("docs/xl/worksheets/sheet1.xml", "zip"),
        ("excel.xml", "zip"),
    ],
)
def test_a_zip_is_what_one_of_its_members_says(tmp_path, name, format):
    (tmp_path / "x").write_bytes(zipped("[Content_Types].xml", name))
    assert binary_format(place(tmp_path / "x")) == format


@pytest.mark.parametrize("format", FILES)
def test_a_format_is_known_by_its_first_bytes(tmp_path, format):
    (tmp_path / "x").write_bytes(FILES[format])
    assert binary_format(place(tmp_path / "x")) == format


def test_text_and_bare_ids_say_nothing(tmp_path):
    ids = np.concatenate(documents(20)).astype("uint16").tobytes()
    for data in (b"", b"a", b"Once upon a time.", "Mögen täte man schon.".encode(), b'{"text": "x"}\n', ids):
        (tmp_path / "x").write_bytes(data)
        assert binary_format(place(tmp_path / "x")) is None


def test_llm_c(tmp_path):
    write_llm_c(tmp_path / "x", documents(20))
    assert binary_format(place(tmp_path / "x")) == "bin"


def test_the_sentence_has_the_command():
    assert conversion("PDF", "/data/my book.pdf") == (
        "/data/my book.pdf is a PDF file, which is not read: pdftotext '/data/my book.pdf' 'my book.txt' converts it."
    )
    assert conversion("pickle", "ids.pkl") == (
        'ids.pkl is a pickle file, which is not read: python -c "import numpy, pickle, sys; numpy.save(sys.argv[2], '
        "numpy.array(pickle.load(open(sys.argv[1], 'rb'))))\" ids.pkl ids.npy converts it (if you trust it: to load a "
        "pickle runs what is in it)."
    )
    assert conversion("PNG image", "x") == "x is a PNG image file, which holds no text or token ids that are read."


def run(sentence: str, folder: Path) -> None:
    """Run the command in a sentence, with this Python."""
    command = sentence.split(" is not read: ")[1].split(" converts it")[0].replace("python ", f"{sys.executable} ", 1)
    subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)


def test_the_commands_convert(tmp_path):
    ids = list(range(100))
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(ids))
    run(conversion("pickle", "a.pkl"), tmp_path)
    assert np.load(tmp_path / "a.npy").tolist() == ids
    (tmp_path / "c.txt.lzma").write_bytes(lzma.compress(b"text", lzma.FORMAT_ALONE))
    run(conversion("lzma", "c.txt.lzma"), tmp_path)
    assert (tmp_path / "c.txt").read_text() == "text"
    orc.write_table(pa.table({"text": ["one", "two"]}), tmp_path / "b.orc")
    run(conversion("ORC", "b.orc"), tmp_path)
    assert pq.read_table(tmp_path / "b.parquet").to_pylist() == [{"text": "one"}, {"text": "two"}]
