"""A --dtype that contradicts what a file states, or plainly holds, is an error; one that does not is no matter."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import CorpusError
from tests.corpus.token_files.writing import (
    contents,
    documents,
    joined,
    mds_array,
    write_litdata,
    write_llm_c,
    write_mds,
    write_megatron,
)

DOCS = documents(60)


def problem(source: Path, dtype: str) -> str:
    with pytest.raises(CorpusError) as caught:
        contents(source, dtype=dtype)
    return str(caught.value)


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        *(("uint32", "uint16"), ("uint32", "uint8"), ("uint16", "uint32"), ("uint16", "uint8")),
        *(("int64", "int32"), ("int64", "uint16"), ("uint16", "int64")),
    ],
)
def test_the_bytes_of_a_file_of_ids_alone_say_their_width(tmp_path: Path, dtype: str, said: str) -> None:
    ids = joined(DOCS)[: len(joined(DOCS)) // 4 * 4]
    told = f"holds ids of type {dtype} by its bytes, and not {said}: say --dtype {dtype}."
    path = tmp_path / "x.bin"
    path.write_bytes(ids.astype(dtype).tobytes())
    assert problem(path, said) == f"{path} {told}"
    assert contents(path, dtype=dtype) == [ids.tolist()]
    path = tmp_path / "x.npy"
    path.write_bytes(ids.astype(dtype).tobytes())
    assert problem(path, said) == f"{path} {told}"
    rows = [{"tokens": doc.astype(dtype).tobytes()} for doc in DOCS]
    write_mds(tmp_path / "mds", rows, {"tokens": "bytes"}, n_shards=1)
    shard = tmp_path / "mds" / "shard.00000.mds"
    assert problem(shard, said) == f"'tokens' of {shard} {told}"
    assert contents(shard, dtype=dtype) == [doc.tolist() for doc in DOCS]


def test_so_do_those_of_a_compressed_one(tmp_path: Path) -> None:
    from dataclasses import replace

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.options import CorpusOptions, IdOptions
    from advisor.corpus.tally import Tally
    from advisor.corpus.token_files.readers import token_reader
    from tests.corpus.token_files.writing import place

    path = tmp_path / "x.bin.gz"
    path.write_bytes(gzip.compress(joined(DOCS).astype("uint32").tobytes()))
    file = CorpusFile(place=place(path), format="bin", compression="gzip", named=True)
    options = CorpusOptions(ids=IdOptions(dtype="uint16"))
    with pytest.raises(CorpusError) as caught:
        list(token_reader(file, options, 64, Tally()).documents())
    assert str(caught.value) == f"{path} holds ids of type uint32 by its bytes, and not uint16: say --dtype uint32."
    options = replace(options, ids=IdOptions(dtype="int32"))
    (document,) = token_reader(file, options, 64, Tally()).documents()
    assert document.size == len(joined(DOCS))


def test_a_file_that_states_its_type_is_right(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", joined(DOCS).astype("uint16"))
    np.savez(tmp_path / "x.npz", ids=joined(DOCS).astype("uint16"))
    write_llm_c(tmp_path / "c.bin", DOCS)
    write_megatron(tmp_path / "m", DOCS)
    write_mds(tmp_path, [{"t": mds_array(doc, "uint16")} for doc in DOCS], {"t": "ndarray:uint16"}, n_shards=1)
    for name, stated in (
        *(("x.npy", "x.npy"), ("x.npz", "x.npz"), ("c.bin", "c.bin"), ("m.bin", "m.idx")),
        ("shard.00000.mds", "shard.00000.mds"),
    ):
        column = "t" if name.endswith("mds") else None
        with pytest.raises(CorpusError) as caught:
            contents(tmp_path / name, dtype="uint32", column=column)
        what = f"{tmp_path / stated} states that its ids are uint16, and not uint32: leave out --dtype."
        assert str(caught.value) == (f"'t' of {what}" if column else what)
        assert contents(tmp_path / name, dtype="uint16", column=column)
    write_litdata(tmp_path / "lit", DOCS, n_chunks=1)
    with pytest.raises(CorpusError, match="states that its ids are int32, and not uint16: leave out --dtype"):
        contents(tmp_path / "lit" / "chunk-0-0.bin", dtype="uint16")
