"""Documents longer than memory would hold: cut where all of them would be, in bounded memory."""

from __future__ import annotations

import functools
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from advisor.corpus import documents as corpus_documents
from advisor.corpus import sampling
from advisor.corpus.corpus_file import Place
from advisor.corpus.options import CorpusOptions, IdOptions
from advisor.corpus.tally import Tally
from advisor.corpus.token_files import flat, indexed, passages
from advisor.corpus.token_files.readers import token_reader
from advisor.corpus.token_files.sets import found_sets
from tests.corpus.token_files.writing import (
    EOS,
    documents,
    h_of,
    mds_array,
    places,
    readers,
    sample_of,
    write_dolma,
    write_mds,
    write_megatron,
    write_parquet,
)

LIMIT_MB = 400


@pytest.mark.parametrize("format", ["bin", "megatron", "npy"])
def test_pieces_are_cut_as_the_whole_document_is(tmp_path, monkeypatch, format):
    docs = [np.concatenate(documents(20, seed=seed)) for seed in range(3)]
    parquet = sample_of(write_parquet(tmp_path / "x.parquet", docs))
    for module in (corpus_documents, passages):
        monkeypatch.setattr(module, "PIECE_CHARS", 1000)
    for module in (flat, indexed):
        monkeypatch.setattr(module, "_BLOCK", 1500)
    if format == "megatron":
        write_megatron(tmp_path / "x", docs)
    elif format == "bin":
        ids = np.concatenate([np.append(doc, EOS) for doc in docs])
        (tmp_path / "x.bin").write_bytes(ids.astype("uint16").tobytes())
    else:
        length = min(map(len, docs))
        docs = [doc[:length] for doc in docs]
        parquet = sample_of(write_parquet(tmp_path / "x.parquet", docs))
        np.save(tmp_path / "x.npy", np.array(docs, "uint16"))
    name = "x.npy" if format == "npy" else "x.bin"
    ours = sample_of(readers(tmp_path / name, **({"eos_id": EOS} if format == "bin" else {})))
    assert len({key[2] for key in ours.keys}) > 3
    assert (ours.ids == parquet.ids).all()
    assert h_of(ours) == h_of(parquet)


MEASURE = """
import re, sys
from pathlib import Path
from tests.corpus.token_files.writing import readers, sample_of
sample = sample_of(readers(Path(sys.argv[1]), dtype="uint16", eos_id=int(sys.argv[2])), n_sequences=100)
# Not ru_maxrss, which begins at that of the process that started this one.
print(len(sample.ids), re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.parametrize("eos", [1, 3], ids=["long documents", "an end that is not met"])
def test_a_large_file_takes_little_memory(tmp_path, eos):
    """2 GB that lie in no memory and on no disk: zeros, and an id every 100 MB."""
    path: Path = tmp_path / "train.bin"
    with path.open("wb") as file:
        for begin in range(0, 2 << 30, 100 << 20):
            file.seek(begin)
            file.write(b"\1\0")
        file.truncate(2 << 30)
    done = subprocess.run([sys.executable, "-c", MEASURE, path, str(eos)], capture_output=True, text=True, check=True)
    n_sequences, peak = map(int, done.stdout.split())
    assert n_sequences == 100
    assert peak < LIMIT_MB << 10


class Counted(io.FileIO):
    """A file that counts the bytes that are read of it."""

    n_read = 0

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        n = super().readinto(buffer)
        Counted.n_read += n or 0
        return n

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        data = super().read(size)
        Counted.n_read += len(data)
        return data


@pytest.mark.parametrize("format", ["bin", "megatron", "mds", "dolma"])
def test_a_remote_file_is_read_where_the_draws_fall(tmp_path, monkeypatch, format):
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    docs = documents(2000, longest=2000) * 5
    if format == "bin":
        ids = np.concatenate([np.append(doc, EOS) for doc in docs])
        (tmp_path / "train.bin").write_bytes(ids.astype("uint16").tobytes())
    elif format == "megatron":
        write_megatron(tmp_path / "x", docs)
    elif format == "dolma":
        write_dolma(tmp_path / "x", docs)
    else:
        rows = [{"tokens": mds_array(doc, "int32")} for doc in docs]
        write_mds(tmp_path, rows, {"tokens": "ndarray:int32"})
    remote = [
        Place(name=f"s3://bucket/{each.file_name}", n_bytes=each.n_bytes, opener=functools.partial(Counted, each.name))
        for each in places(tmp_path)
    ]
    Counted.n_read = 0
    files, left = found_sets(remote)
    options = CorpusOptions(ids=IdOptions(eos_id=EOS))
    found = [token_reader(file, options, 64, Tally()) for file in files]
    sample = sample_of(found, n_sequences=20)
    assert (len(sample.ids), left) == (20, [])
    assert all(key[0].startswith("s3://bucket/") for key in sample.keys)
    assert Counted.n_read < 0.2 * sum(each.n_bytes for each in remote)
