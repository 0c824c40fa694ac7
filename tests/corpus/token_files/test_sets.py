"""Which files of a folder are sets of token ids, and what is left of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advisor.corpus.token_files.sets import found_sets, named_set
from advisor.errors import CorpusError
from tests.corpus.token_files.writing import (
    documents,
    joined,
    mds_array,
    place,
    places,
    write_dolma,
    write_litdata,
    write_llm_c,
    write_mds,
    write_megatron,
)

DOCS = documents(30)


def sets(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Return the files of a folder that are sets, with their formats, and the names of the rest."""
    files, left = found_sets(places(folder))
    inside = {file.name.removeprefix(f"{folder}/"): file.format for file in files}
    assert len(inside) == len(files)
    return inside, [each.name.removeprefix(f"{folder}/") for each in left]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("Something to read.")


def test_nanogpt(tmp_path):
    for name in ("train.bin", "val.bin"):
        (tmp_path / name).write_bytes(joined(DOCS).astype("uint16").tobytes())
    touch(tmp_path, "prepare.py", "readme.md")
    (tmp_path / "meta.pkl").write_bytes(b"\x80\x04\x95")
    assert sets(tmp_path) == ({"train.bin": "bin", "val.bin": "bin"}, ["meta.pkl", "prepare.py", "readme.md"])


def test_megatron(tmp_path):
    write_megatron(tmp_path / "x_text_document", DOCS)
    touch(tmp_path, "merges.txt", "vocab.json")
    assert sets(tmp_path) == ({"x_text_document.bin": "megatron"}, ["merges.txt", "vocab.json"])


def test_dolma(tmp_path):
    for name in ("part-0-00000", "part-1-00000"):
        write_dolma(tmp_path / name, DOCS)
    touch(tmp_path, "other.csv")
    assert sets(tmp_path) == ({"part-0-00000.npy": "npy", "part-1-00000.npy": "npy"}, ["other.csv"])


def test_mds_with_both_of_each_shard_is_read_decompressed(tmp_path):
    rows = [{"tokens": mds_array(doc, "int32")} for doc in DOCS]
    write_mds(tmp_path, rows, {"tokens": "ndarray:int32"}, n_shards=1)
    raw = (tmp_path / "shard.00000.mds").read_bytes()
    (tmp_path / "shard.00000.mds").unlink()
    write_mds(tmp_path, rows, {"tokens": "ndarray:int32"}, n_shards=1, compression="zstd")
    assert sets(tmp_path) == ({"shard.00000.mds.zstd": "mds"}, [])
    (tmp_path / "shard.00000.mds").write_bytes(raw)
    assert sets(tmp_path) == ({"shard.00000.mds": "mds"}, [])


def test_streams_of_mds_and_litdata(tmp_path):
    rows = [{"tokens": mds_array(doc, "int32")} for doc in DOCS]
    write_mds(tmp_path / "web" / "train", rows, {"tokens": "ndarray:int32"}, n_shards=2)
    write_litdata(tmp_path / "code", DOCS, n_chunks=1)
    touch(tmp_path, "index.json.bak")
    found = {"code/chunk-0-0.bin": "litdata"}
    found |= {"web/train/shard.00000.mds": "mds", "web/train/shard.00001.mds": "mds"}
    assert sets(tmp_path) == (found, ["index.json.bak"])


def test_what_is_not_ids_is_left(tmp_path):
    """A model beside its tokenizer, firmware, another index.json."""
    (tmp_path / "pytorch_model.bin").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "model.bin").write_bytes(np.random.default_rng(0).normal(size=1000).astype("f4").tobytes())
    (tmp_path / "firmware.bin").write_bytes(joined(DOCS).astype("uint16").tobytes())
    (tmp_path / "index.json").write_text('{"title": "A page"}')
    (tmp_path / "train.bin").write_bytes(b"")
    assert sets(tmp_path) == (
        {},
        ["firmware.bin", "index.json", "model.bin", "pytorch_model.bin", "train.bin"],
    )


def test_the_header_of_llm_c_is_known_under_any_name(tmp_path):
    write_llm_c(tmp_path / "000001.bin", DOCS)
    assert sets(tmp_path) == ({"000001.bin": "bin"}, [])


def test_a_named_file_is_read_whatever_it_is_called(tmp_path):
    path = tmp_path / "firmware.bin"
    path.write_bytes(joined(DOCS).astype("uint16").tobytes())
    (file,) = named_set(place(path), places(tmp_path))
    assert (file.format, file.named, file.beside) == ("bin", True, ())


def test_a_named_file_that_is_none(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "index.json").write_text('{"title": "A page"}')
    touch(tmp_path, "notes.txt", "x.idx")
    for name in ("pytorch_model.bin", "index.json", "notes.txt", "x.idx"):
        assert named_set(place(tmp_path / name), places(tmp_path)) == []


ORDERS = (
    *("x_text_document_train_indexmap_10ns_64sl_1s_doc_idx.npy", "c0ffee-GPTDataset-train-document_index.npy"),
    *("c0ffee-GPTDataset-train-sample_index.npy", "c0ffee-BlendedDataset-train-dataset_sample_index.npy"),
    "c0ffee_shuffle_index.npy",
)


def test_the_orders_that_megatron_keeps_of_its_documents_are_no_ids(tmp_path):
    write_megatron(tmp_path / "x_text_document", DOCS)
    (tmp_path / "cache").mkdir()
    for name in ORDERS:
        np.save(tmp_path / name, np.arange(9000))
        np.save(tmp_path / "cache" / name, np.arange(9000))
    np.save(tmp_path / "tokens_index_2.npy", joined(DOCS))
    assert sets(tmp_path) == ({"x_text_document.bin": "megatron", "tokens_index_2.npy": "npy"}, [])


@pytest.mark.parametrize(
    ("suffix", "problem"),
    [
        (".bin", "b_text_document.idx is the index of b_text_document.bin, which is not beside it."),
        (
            ".idx",
            "b_text_document.bin is called as the ids of a Megatron dataset, and its b_text_document.idx is not beside "
            "it: --dtype uint16 (or what their type is) reads them without it, as one document.",
        ),
    ],
)
@pytest.mark.parametrize("others", [True, False])
def test_half_of_a_pair_is_an_error(tmp_path, suffix, problem, others):
    for name in ("a", "b") if others else ("b",):
        write_megatron(tmp_path / f"{name}_text_document", DOCS)
    (tmp_path / f"b_text_document{suffix}").unlink()
    with pytest.raises(CorpusError) as caught:
        sets(tmp_path)
    assert str(caught.value) == f"{tmp_path}/{problem}"


def test_where_the_type_is_said_a_bin_is_ids(tmp_path):
    joined(DOCS).astype("int32").tofile(tmp_path / "c_text_document.bin")
    joined(DOCS).astype("int32").tofile(tmp_path / "part0.bin")
    (tmp_path / "weights.bin").write_bytes(b"GGUF" + bytes(99))
    files, left = found_sets(places(tmp_path), dtype="int32")
    assert [(file.place.file_name, file.format) for file in files] == [
        ("c_text_document.bin", "bin"),
        ("part0.bin", "bin"),
    ]
    assert [each.file_name for each in left] == ["weights.bin"]
