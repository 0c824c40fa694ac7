"""Small valid and hostile examples of files of token ids, by the layouts of their makers."""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fuzz.bundle import Files, packed
from tests.corpus.token_files import writing

_DOCUMENTS = writing.documents(12, longest=60, vocabulary=900)


def npy() -> list[bytes]:
    """Return arrays of the types that ids have, of those that they have not, and heads that lie."""
    ids = writing.joined(_DOCUMENTS)
    arrays = [ids.astype(kind) for kind in ("uint16", "int32", ">u4", "int64", "float32")]
    arrays += [ids[:300].reshape(20, 15).astype("uint16"), ids[:0], np.zeros((0, 5), "uint16"), np.array(7)]
    arrays += [np.arange(400), -ids.astype("int32"), np.array(["a", "b"]), np.zeros(9, "bool")]
    found = [_saved(array) for array in arrays]
    # A pickle inside an array is what must never be loaded; that this one is harmless does not matter.
    found.append(_saved(np.array([{"a": 1}, None], dtype=object)))
    found += [_lying(shape) for shape in ("(10**9,)", "(-1,)", "(4294967296, 4294967296)", "(" * 3000, "1e9", "'a'")]
    found += [_lying("(8,)", kind) for kind in ("|O", "<U9", "|V0", "<c16", "<M8[ns]", "[('a', '<u2')]", "\x1b[31m")]
    return found


def _saved(array: object) -> bytes:
    sink = io.BytesIO()
    np.save(sink, np.asarray(array), allow_pickle=True)
    return sink.getvalue()


def _lying(shape: str, kind: str = "<u2") -> bytes:
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(head) + 1) + head + b"\n" + bytes(400)


def npz() -> list[bytes]:
    """Return archives of arrays."""
    ids = writing.joined(_DOCUMENTS).astype("uint16")
    found = []
    for save in (np.savez, np.savez_compressed):
        for arrays in (
            {"input_ids": ids},
            {"input_ids": ids[:300].reshape(20, 15), "attention_mask": np.ones((20, 15))},
        ):
            sink = io.BytesIO()
            save(sink, allow_pickle=False, **arrays)
            found.append(sink.getvalue())
    sink = io.BytesIO()
    np.savez_compressed(sink, allow_pickle=False, ids=np.zeros(12 << 20, "uint16"))
    return [*found, sink.getvalue()]


def flat() -> list[bytes]:
    """Return ids as nanoGPT writes them, and as llm.c does behind its head, with heads that lie."""
    ids = writing.joined(_DOCUMENTS)
    found = [ids.astype(kind).tobytes() for kind in ("<u2", "<u4", "<i8")]
    found += [_written(writing.write_llm_c, "a.bin", _DOCUMENTS, version=version)[b"a.bin"] for version in (1, 7)]
    return [*found, found[0][:-1], b"", bytes(2000), found[3][:1024], found[3][:500]]


def megatron() -> list[bytes]:
    """Return pairs of x.bin and x.idx, and one without its index."""
    kinds = (("uint16", 1), ("int32", 2), ("int64", 1))
    found = [_written(writing.write_megatron, "x", _DOCUMENTS, dtype=kind, sentences=n) for kind, n in kinds]
    return [*map(packed, found), packed({b"x.bin": found[0][b"x.bin"]}), packed({**found[0], b"x.idx": b"MMIDIDX\0\0"})]


def dolma() -> list[bytes]:
    """Return flat ids named .npy beside their bounds in .csv.gz."""
    return [packed(_written(writing.write_dolma, "x", _DOCUMENTS, old=old)) for old in (False, True)]


def mds() -> list[bytes]:
    """Return folders of MDS: texts, ids and arrays, compressed and not."""
    texts = [{"text": b"The river rose in the night. " * 9, "id": struct.pack("<q", i)} for i in range(9)]
    ids = [{"tokens": document.astype("<i4").tobytes()} for document in _DOCUMENTS]
    arrays = [{"tokens": writing.mds_array(document, "uint16")} for document in _DOCUMENTS]
    found = [
        _written(writing.write_mds, "", texts, {"text": "str", "id": "int"}, sizes={"id": 8}),
        _written(writing.write_mds, "", texts, {"text": "str", "id": "int"}, sizes={"id": 8}, compression="zstd"),
        _written(writing.write_mds, "", ids, {"tokens": "bytes"}),
        _written(writing.write_mds, "", arrays, {"tokens": "ndarray:uint16"}),
        _written(writing.write_mds, "", texts, {"text": "pkl", "id": "json"}),
    ]
    return [packed(each) for each in found]


def litdata() -> list[bytes]:
    """Return folders of litdata with ids of several types, one of them unknown."""
    return [packed(_written(writing.write_litdata, "", _DOCUMENTS, code=code)) for code in (16, 11, 4, 99)]


def _written(write: Callable[..., object], name: str, *said: object, **more: object) -> Files:
    """Return the files that ``write`` writes at ``name`` in an empty folder."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder / name, *said, **more)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix().encode(): path.read_bytes() for path in paths}
