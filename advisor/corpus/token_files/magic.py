"""What a binary file is by its first bytes; of a format that is not read, the one command that converts it."""

from __future__ import annotations

import shlex
import struct
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import read_at
from advisor.corpus.token_files.llm_c import MAGICS
from advisor.corpus.token_files.megatron import MAGIC as MEGATRON
from advisor.corpus.token_files.npy import MAGIC as NPY
from advisor.corpus.token_files.stored import opened

if TYPE_CHECKING:
    from advisor.corpus.corpus_file import Place

_HEAD = 4096
_PICKLED = (b"\x95", b"]", b"}", b"c", b"(", b"K", b"\x8a")
_BEGINNINGS = {
    NPY: "npy",
    MEGATRON: "megatron index",
    b"TNTIDX\0\0": "old Megatron index",
    b"PAR1": "parquet",
    b"ARROW1\0\0": "arrow",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"SQLite format 3\0": "SQLite",
    b"%PDF-": "PDF",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
    b"ORC": "ORC",
    b"Obj\x01": "Avro",
    b"FEA1": "feather version 1",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "old Microsoft Office",
    b"{\\rtf": "RTF",
    b"\x7fELF": "program",
    b"GGUF": "GGUF model",
    b"\x89PNG": "PNG image",
    b"\xff\xd8\xff": "JPEG image",
    b"GIF8": "GIF image",
    b"OggS": "Ogg media",
    b"fLaC": "FLAC audio",
    b"ID3": "MP3 audio",
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x1f\x9d": "compress",
    b"]\0\0": "lzma",
    b"\x04\x22\x4d\x18": "lz4",
}
# What the name of a member begins with that tells what a zip file is.
_ZIPPED = {
    **dict.fromkeys(("word/document", "word/styles.xml"), "Word document"),
    **dict.fromkeys(("xl/workbook", "xl/worksheets/", "xl/sharedStrings.xml"), "Excel workbook"),
    **dict.fromkeys(("ppt/presentation.xml", "ppt/slides/"), "PowerPoint presentation"),
    "META-INF/container.xml": "EPUB",
    "META-INF/MANIFEST.MF": "Java archive",
    "content.xml": "OpenDocument",
}


def binary_format(place: Place) -> str | None:
    """Return what a file is by its first bytes: a format that is read (bin, npy, npz, tar, zip, parquet, arrow, gzip,
    bzip2, xz, zstd), the name of one that is not, or None where they do not say.
    """
    with opened(place) as handle:
        head = read_at(handle, _HEAD, 0)
    found = format_of_head(head)
    if found == "zip":
        return _kind_of_zip(place)
    if found is not None:
        return found
    if _is_safetensors(head, place.n_bytes):
        return "safetensors"
    if _is_tfrecord(head, place.n_bytes):
        return "TFRecord"
    return "pickle" if _is_pickle(head) else None


def format_of_head(head: bytes) -> str | None:
    """Return what begins with these bytes, of which some hundreds are needed, where that much says it; zip for any."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head[257:262] == b"ustar":
        return "tar"
    if len(head) >= 1024 and int.from_bytes(head[:4], "little") in MAGICS:
        return "bin"
    return next((name for beginning, name in _BEGINNINGS.items() if head.startswith(beginning)), None)


def _kind_of_zip(place: Place) -> str:
    from advisor.corpus.compressed.zip_file import open_zip

    with open_zip(place) as archive:
        names = archive.namelist()
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    if any(name.endswith("/data.pkl") for name in names):
        return "PyTorch"
    return next((kind for begin, kind in _ZIPPED.items() if any(name.startswith(begin) for name in names)), "zip")


def _is_safetensors(head: bytes, n_bytes: int) -> bool:
    length = int.from_bytes(head[:8], "little")
    return 2 <= length <= n_bytes - 8 and head[8:10] == b'{"'


def _is_tfrecord(head: bytes, n_bytes: int) -> bool:
    """Return whether a record begins: its length, 4 bytes of checksum, and one protobuf message of that length."""
    if len(head) < 24 or head[12] != 0x0A:
        return False
    (length,) = struct.unpack_from("<Q", head)
    stated, n_digits = 0, 0
    for n_digits, byte in enumerate(head[13:18], 1):
        stated |= (byte & 0x7F) << 7 * (n_digits - 1)
        if byte < 128:
            break
    return length <= n_bytes - 16 and 1 + n_digits + stated == int(length)


def _is_pickle(head: bytes) -> bool:
    """Return whether a pickle of protocol 2 to 5 begins: its version, then a frame or what is written first."""
    return len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5 and head[2:3] in _PICKLED


# The format -> Python that makes of sys.argv[1] a file that is read, sys.argv[2], and its ending.
_PYTHON = {
    "HDF5": ("import h5py, numpy, sys; numpy.save(sys.argv[2], h5py.File(sys.argv[1])['tokens'][:])", ".npy"),
    "safetensors": (
        "import numpy, sys, safetensors.numpy as st; numpy.savez(sys.argv[2], **st.load_file(sys.argv[1]))",
        ".npz",
    ),
    "PyTorch": (
        "import numpy, sys, torch; numpy.save(sys.argv[2], torch.load(sys.argv[1], weights_only=True).numpy())",
        ".npy",
    ),
    "pickle": (
        "import numpy, pickle, sys; numpy.save(sys.argv[2], numpy.array(pickle.load(open(sys.argv[1], 'rb'))))",
        ".npy",
    ),
    "TFRecord": (
        "import json, sys, tfrecord; open(sys.argv[2], 'w').writelines(json.dumps({'text': bytes(r['text']).decode()})"
        " + chr(10) for r in tfrecord.tfrecord_loader(sys.argv[1], None))",
        ".jsonl",
    ),
    "Excel workbook": ("import pandas, sys; pandas.read_excel(sys.argv[1]).to_csv(sys.argv[2], index=False)", ".csv"),
    "PowerPoint presentation": (
        "import pptx, sys; open(sys.argv[2], 'w').write(chr(10).join(s.text_frame.text for p in"
        " pptx.Presentation(sys.argv[1]).slides for s in p.shapes if s.has_text_frame))",
        ".txt",
    ),
    "ORC": (
        "import sys, pyarrow.orc as o, pyarrow.parquet as p; p.write_table(o.read_table(sys.argv[1]), sys.argv[2])",
        ".parquet",
    ),
    "feather version 1": (
        "import sys, pyarrow.feather as f, pyarrow.parquet as p; p.write_table(f.read_table(sys.argv[1]), sys.argv[2])",
        ".parquet",
    ),
}
_TOOLS = {
    **dict.fromkeys(("Word document", "OpenDocument", "EPUB", "RTF"), ("pandoc -t plain -o {new} {old}", ".txt")),
    "PDF": ("pdftotext {old} {new}", ".txt"),
    "SQLite": ("sqlite3 -json {old} 'select text from documents' > {new}", ".json"),
    "Avro": ("python -m fastavro {old} > {new}", ".jsonl"),
    "compress": ("gzip -dc {old} > {new}", ""),
    "lzma": ("xz -dc {old} > {new}", ""),
    "lz4": ("lz4 -dc {old} > {new}", ""),
    "7z": ("7z x {old}", ""),
    "RAR": ("unrar x {old}", ""),
}
_TRUST = " (if you trust it: to load a pickle runs what is in it)"
READ = ("bin", "npy", "npz", "tar", "zip", "parquet", "arrow", "gzip", "bzip2", "xz", "zstd")


def article_of(format: str) -> str:
    """Return "a" or "an", as it stands before the name of a format."""
    return "an" if format.lower().startswith(("a", "e", "o", "hdf", "mp3", "lz", "npy", "npz", "rtf", "xz")) else "a"


def conversion(format: str, name: str) -> str:
    """Return the sentence that refuses a file of a format that is not read, with the command that converts it."""
    if format == "Git LFS pointer":
        return f"{name} is a Git LFS pointer, not the file itself: `git lfs pull` fetches it."
    command, ending = _TOOLS.get(format, ("", ""))
    if format in _PYTHON:
        code, ending = _PYTHON[format]
        command = f'python -c "{code}" {{old}} {{new}}'
    article = article_of(format)
    if not command:
        return f"{name} is {article} {format} file, which holds no text or token ids that are read."
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    command = command.replace("{old}", shlex.quote(name)).replace("{new}", shlex.quote(stem + ending))
    return (
        f"{name} is {article} {format} file, which is not read: {command} converts it{_TRUST * (format == 'pickle')}."
    )
