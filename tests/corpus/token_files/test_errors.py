"""What is wrong with a file of token ids is said in one sentence, with the number and the place."""

from __future__ import annotations

import gzip
import json
import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from advisor.corpus.corpus_file import CorpusFile
from advisor.corpus.documents import Reader
from advisor.corpus.options import CorpusOptions, IdOptions
from advisor.corpus.tally import Tally
from advisor.corpus.token_files.readers import token_reader
from advisor.errors import AdvisorError, CorpusError
from tests.corpus.token_files.writing import (
    EOS,
    contents,
    documents,
    joined,
    mds_array,
    place,
    readers,
    sample_of,
    write_dolma,
    write_litdata,
    write_llm_c,
    write_mds,
    write_megatron,
)

DOCS = documents(40)


def refused(source: Path, **said: object) -> str:
    """Return the sentence that refuses a source, with the folder left out of it."""
    with pytest.raises(AdvisorError) as caught:
        contents(source, **said)
    assert "\n" not in str(caught.value)
    folder = source if source.is_dir() else source.parent
    return str(caught.value).replace(f"{folder}/", "")


def flat(path: Path, dtype: str = "uint16") -> Path:
    path.write_bytes(joined(DOCS).astype(dtype).tobytes())
    return path


def test_an_odd_size(tmp_path):
    path = flat(tmp_path / "train.bin")
    path.write_bytes(path.read_bytes()[:-1])
    n_bytes = path.stat().st_size
    assert refused(path, dtype="uint16") == (
        f"train.bin has {n_bytes:,} bytes, which is no whole number of ids of type uint16: it is truncated, or of "
        "another --dtype."
    )
    assert refused(path).startswith("train.bin does not say what type its ids have")


def test_a_type_that_is_none(tmp_path):
    assert refused(flat(tmp_path / "train.bin"), dtype="u2") == (
        "--dtype must be one of uint8, uint16, uint32, uint64, int8, int16, int32, int64, not 'u2'."
    )


def test_an_id_that_the_vocabulary_does_not_have(tmp_path):
    path = flat(tmp_path / "train.bin")
    said = refused(path, vocab_size=50_256, eos_id=0)
    at = int(np.flatnonzero(joined(DOCS) == EOS)[0])
    assert said == (
        f"train.bin, read as uint16, has the id {EOS:,} at place {at:,}, and the vocabulary has 50,256 ids: say what "
        "type they have with --dtype, or whose they are with --tokenizer or --vocab-size."
    )
    assert len(contents(path, vocab_size=50_257, eos_id=EOS)) == len(DOCS)


def test_the_wrong_type_is_caught_by_the_vocabulary(tmp_path):
    path = tmp_path / "train.bin"
    path.write_bytes(joined(DOCS)[:60].astype("uint16").tobytes())  # too few bytes to say their type
    assert "read as uint32, has the id" in refused(path, dtype="uint32", vocab_size=50_257)
    assert "read as uint32, has the id" in refused(path, dtype="uint32")  # past all vocabularies: 2^31
    assert "read as int32, has the id -1 at place 0, and ids lie in 0 to 2,147,483,647" in refused(
        (tmp_path / "minus.bin", (tmp_path / "minus.bin").write_bytes(np.full(64, -1, "i4").tobytes()))[0],
        dtype="int32",
    )


def test_a_declared_tokenizer_says_what_ids_there_are(tmp_path):
    (tmp_path / "train.bin").write_bytes(np.array([104, 105, 256, 104], "u2").tobytes())
    assert contents(tmp_path / "train.bin", dtype="uint16", tokenizer="bytes") == [[104, 105], [104]]
    (tmp_path / "train.bin").write_bytes(np.array([104, 105, 257, 104], "u2").tobytes())
    assert "has the id 257 at place 2, and the vocabulary has 257 ids" in refused(
        tmp_path / "train.bin", dtype="uint16", tokenizer="bytes"
    )


def test_a_file_without_ends_is_said(tmp_path):
    path, tally = flat(tmp_path / "train.bin"), Tally()
    assert len(contents(path, tally=tally)) == 1
    assert [(each.code, each.message) for each in tally.cautions] == [
        (
            "no_boundaries",
            f"{path} does not say where documents end, so it is read as one and sequences may cross them: say which id "
            "stands between them with --eos-id, or whose ids they are with --tokenizer.",
        )
    ]


def test_one_document_and_its_end_is_no_reason_for_a_caution(tmp_path):
    tally = Tally()
    (tmp_path / "train.bin").write_bytes(np.append(DOCS[0], EOS).astype("uint16").tobytes())
    assert contents(tmp_path / "train.bin", dtype="uint16", eos_id=EOS, tally=tally) == [DOCS[0].tolist()]
    assert tally.cautions == ()


def test_many_files_without_ends_are_said_once(tmp_path):
    tally = Tally()
    for number in range(5):
        flat(tmp_path / f"train_{number}.bin")
    readers(tmp_path, tally=tally)
    assert [each.code for each in tally.cautions] == ["no_boundaries"]


def compressed(path: Path) -> Reader:
    file = CorpusFile(place=place(path), format="bin", compression="gzip", named=True)
    return token_reader(file, CorpusOptions(ids=IdOptions(dtype="uint16", eos_id=EOS)), 64, Tally())


def test_a_compressed_file_is_read_in_order(tmp_path):
    ids = joined(DOCS).astype("uint16").tobytes()
    path = tmp_path / "train.bin.gz"
    path.write_bytes(gzip.compress(ids))
    reader = compressed(path)
    assert reader.size is None
    assert [doc.content.tolist() for doc in reader.documents()] == [doc.tolist() for doc in DOCS]  # type: ignore[union-attr]
    path.write_bytes(gzip.compress(ids)[:-20])
    with pytest.raises(CorpusError, match=r"train.bin.gz is truncated: it ends at byte"):
        list(compressed(path).documents())
    write_llm_c(tmp_path / "x.bin", DOCS)
    path.write_bytes(gzip.compress((tmp_path / "x.bin").read_bytes()))
    with pytest.raises(CorpusError, match=r"has the header of llm.c and is compressed: decompress it first.$"):
        list(compressed(path).documents())


def test_a_file_of_another_format_is_not_read_as_bare_ids(tmp_path):
    np.save(tmp_path / "ids.npy", np.arange(1000, dtype="u2"))
    file = CorpusFile(place=place(tmp_path / "ids.npy"), format="bin", compression=None, named=True)
    with pytest.raises(CorpusError, match=r"ids.npy is no bare array of ids: it begins as a npy file does.$"):
        token_reader(file, CorpusOptions(), 64, Tally())


@pytest.mark.parametrize("drawn", [False, True])
def test_an_end_that_is_never_met_is_said(tmp_path, monkeypatch, drawn):
    path, tally = flat(tmp_path / "train.bin"), Tally()
    if drawn:
        monkeypatch.setattr("advisor.corpus.sampling._READ_WHOLE", 0)
    missing = next(i for i in range(50_000) if i not in joined(DOCS))
    sample_of(readers(path, eos_id=missing, tally=tally), n_sequences=20)
    assert [each.message for each in tally.cautions] == [
        f"The id {missing} that should stand between documents was not met in {path}, so sequences may cross them: say "
        "which id does with --eos-id."
    ]


def test_llm_c(tmp_path):
    path = tmp_path / "fineweb_train_000001.bin"
    write_llm_c(path, DOCS)
    n_ids = sum(map(len, DOCS)) + len(DOCS)
    path.write_bytes(path.read_bytes()[:-10])
    assert refused(path) == (
        f"{path.name} has {1024 + 2 * n_ids - 10:,} bytes, and the {n_ids:,} ids of type uint16 that its header says "
        f"it has take {1024 + 2 * n_ids:,}: it is truncated or damaged."
    )
    write_llm_c(path, DOCS, magic=20240522)
    assert refused(path) == f"{path.name} is an evaluation set of llm.c (magic number 20240522), not token ids."
    write_llm_c(path, DOCS, version=3)
    assert refused(path) == f"{path.name} has llm.c's magic number 20240520 and version 3, which is not known."


def test_llm_c_of_llama_has_four_bytes(tmp_path):
    docs = [doc + 65_536 for doc in DOCS]
    write_llm_c(tmp_path / "a.bin", [*docs], magic=20240801, version=7)
    found = contents(tmp_path / "a.bin", eos_id=EOS)
    assert found == [doc.tolist() for doc in docs]


def test_npy(tmp_path):
    path = tmp_path / "ids.npy"
    np.save(path, np.array([[1, 2], [3]], dtype=object), allow_pickle=True)
    assert refused(path) == (
        "ids.npy holds pickled Python objects, which are never loaded: save the ids of each document in a list column "
        "of parquet, or one after the other as uint16 or uint32."
    )
    np.save(path, np.zeros(8, "f4"))
    assert refused(path) == "ids.npy is an array of float32: token ids are whole numbers, such as uint16 or uint32."
    np.save(path, np.zeros((2, 2, 2), "u2"))
    assert refused(path) == (
        "ids.npy is an array of shape (2, 2, 2): save token ids with numpy.save as one row of ids, or as rows of one "
        "length."
    )
    np.save(path, np.asfortranarray(np.arange(12, dtype="u2").reshape(3, 4)))
    assert "an array of shape (3, 4), stored column after column" in refused(path)
    np.save(path, np.arange(100, dtype="u2"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert refused(path) == (
        "ids.npy has 318 bytes, and the array of shape (100,) that it says it has takes 328: it is truncated."
    )
    path.write_bytes(whole + whole)
    assert refused(path).endswith("it holds more than one array, or something else.")


def test_rows_of_npy_are_documents(tmp_path):
    rows = np.arange(12, dtype=">i4").reshape(3, 4)
    np.save(tmp_path / "ids.npy", rows)
    assert contents(tmp_path / "ids.npy") == rows.tolist()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_npz_is_refused(tmp_path, save):
    path = tmp_path / "ids.npz"
    save(path, tokens=np.arange(5000) % 97, other=np.array([0.5]))
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert refused(path).startswith("ids.npz is not a zip file, or it is truncated:")
    data = bytearray(whole)
    data[len(data) - 100] ^= 0xFF
    data[60:70] = bytes(10)
    path.write_bytes(data)
    assert refused(path).startswith("ids.npz")


@pytest.mark.parametrize("shape", [(12,), (12, 1), (1, 12)])
def test_an_array_of_one_row_or_one_column_is_flat(tmp_path, shape):
    np.save(tmp_path / "ids.npy", np.arange(12, dtype="u2").reshape(shape))
    np.savez(tmp_path / "ids.npz", ids=np.arange(12, dtype="u2").reshape(shape))
    for name in ("ids.npy", "ids.npz"):
        assert contents(tmp_path / name, eos_id=5) == [[0, 1, 2, 3, 4], [6, 7, 8, 9, 10, 11]]


def test_rows_without_columns_hold_nothing(tmp_path):
    np.save(tmp_path / "ids.npy", np.zeros((5, 0), "u2"))
    assert contents(tmp_path / "ids.npy") == []


def test_npz_of_several_arrays(tmp_path):
    np.savez(tmp_path / "ids.npz", tokens=np.arange(5), input_ids=np.arange(6), scale=np.ones(3))
    assert refused(tmp_path / "ids.npz") == (
        "ids.npz has several text columns: choose --column tokens or --column input_ids."
    )
    assert contents(tmp_path / "ids.npz", column="input_ids") == [[0, 1, 2, 3, 4, 5]]
    np.savez(tmp_path / "ids.npz", np.array([None]))
    assert "holds pickled Python objects, which are never loaded" in refused(tmp_path / "ids.npz")


def test_megatron(tmp_path):
    write_megatron(tmp_path / "x", DOCS)
    index, dataset = tmp_path / "x.idx", tmp_path / "x.bin"
    whole, n_bytes = index.read_bytes(), dataset.stat().st_size
    index.write_bytes(whole[:-8])
    assert refused(tmp_path) == (
        f"x.idx has {len(whole) - 8:,} bytes, and the {len(DOCS)} sequences that it says it has take {len(whole):,}: "
        "it is truncated or damaged."
    )
    index.write_bytes(whole)
    dataset.write_bytes(dataset.read_bytes()[:-100])
    assert refused(tmp_path).endswith(f"or one of them is damaged: it ends at byte {n_bytes:,} of {n_bytes - 100:,}.")
    write_megatron(tmp_path / "y", documents(40, seed=1))
    shutil.copy(tmp_path / "y.idx", index)
    write_megatron(tmp_path / "z", DOCS)
    shutil.copy(tmp_path / "z.bin", dataset)
    assert refused(dataset).startswith("x.idx is not the index of x.bin, or one of them is damaged: it ends at byte")


def test_megatron_of_another_kind(tmp_path):
    write_megatron(tmp_path / "x", DOCS, dtype="float32")
    assert refused(tmp_path) == "x.idx says that its dataset is of type float32: token ids are integers."
    index = tmp_path / "x.idx"
    index.write_bytes(b"MMIDIDX\0\0" + struct.pack("<QBQQ", 2, 8, 0, 0))
    assert refused(tmp_path) == "x.idx is a Megatron index of version 2: only version 1 is read."
    index.write_bytes(b"hello, this is some text")
    assert refused(tmp_path) == "x.idx is not the index of a Megatron dataset: it does not begin with MMIDIDX."


def test_an_index_without_its_dataset(tmp_path):
    write_megatron(tmp_path / "x", DOCS)
    (tmp_path / "x.bin").unlink()
    assert refused(tmp_path / "x.idx") == "x.idx is the index of x.bin, which is not beside it."


def test_megatron_is_found_by_either_file(tmp_path):
    write_megatron(tmp_path / "x", DOCS)
    want = [doc.tolist() for doc in DOCS]
    assert contents(tmp_path / "x.idx") == contents(tmp_path / "x.bin") == want


def test_dolma(tmp_path):
    write_dolma(tmp_path / "part-0", DOCS, old=True)
    assert contents(tmp_path, eos_id=EOS) == [doc.tolist() for doc in DOCS]
    n_ids = sum(map(len, DOCS)) + len(DOCS)
    path = tmp_path / "part-0.npy"
    path.write_bytes(path.read_bytes()[:-2])
    assert refused(tmp_path) == (
        f"part-0.csv.gz is not the sidecar of part-0.npy, or one of them is truncated: its documents end at id "
        f"{n_ids:,}, and there are {n_ids - 1:,} ids."
    )
    with gzip.open(tmp_path / "part-0.csv.gz", "wt") as file:
        file.write("name,age\nann,3\n")
    assert refused(tmp_path) == (
        "part-0.csv.gz is not the sidecar of a dolma .npy: a row is 'name,age', where start,end,id,src,loc is expected."
    )


def test_the_sidecar_of_dolma_says_the_type_where_the_bytes_do_not(tmp_path):
    docs = [np.arange(1 << 16, dtype=np.int64)]
    write_dolma(tmp_path / "part-0", docs)
    assert [len(doc) for doc in contents(tmp_path)] == [(1 << 16) + 1]


def mds(folder: Path, **said: object) -> Path:
    rows = [{"tokens": mds_array(doc, "int32"), "text": f"Document {i}.".encode()} for i, doc in enumerate(DOCS)]
    write_mds(folder, rows, {"tokens": "ndarray:int32", "text": "str"}, **said)  # type: ignore[arg-type]
    return folder


def test_mds_of_two_columns(tmp_path):
    assert refused(mds(tmp_path)) == (
        "shard.00000.mds has several text columns: choose --column tokens or --column text."
    )
    assert contents(tmp_path, column="text") == [f"Document {i}." for i in range(len(DOCS))]
    assert contents(tmp_path / "shard.00000.mds", column="text")[:2] == ["Document 0.", "Document 1."]
    (tmp_path / "index.json").unlink()
    assert contents(tmp_path / "shard.00000.mds", column="tokens")[0] == DOCS[0].tolist()
    assert len(contents(tmp_path, column="tokens")) == len(DOCS)


def test_mds_that_is_not_whole(tmp_path):
    (mds(tmp_path) / "shard.00001.mds").unlink()
    assert refused(tmp_path) == "index.json lists shard.00001.mds, which is not there: the dataset is not whole."
    path = mds(tmp_path) / "shard.00001.mds"
    n_bytes = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-7])
    assert refused(tmp_path) == (
        f"shard.00001.mds has {n_bytes - 7:,} bytes, and index.json says {n_bytes:,}: it is truncated or of another "
        "dataset."
    )
    (tmp_path / "index.json").unlink()
    assert refused(path) == (
        f"shard.00001.mds is truncated: its records end at byte {n_bytes:,}, and it has {n_bytes - 7:,}."
    )
    mds(tmp_path)
    (tmp_path / "index.json").write_text((tmp_path / "index.json").read_text()[:-20])
    assert refused(tmp_path) == "index.json is not valid JSON: it is truncated or damaged."


def test_a_column_that_is_pickled_is_never_read(tmp_path):
    rows = [{"extra": pickle.dumps({i}), "text": b"A sentence."} for i in range(6)]
    write_mds(tmp_path, rows, {"extra": "pkl", "text": "str"})
    assert contents(tmp_path) == ["A sentence."] * 6
    assert refused(tmp_path, column="extra").startswith("Column 'extra' of shard.00000.mds holds no text")


def test_mds_in_folders_is_read_once(tmp_path):
    """A merged index beside those of the folders lists the same shards."""
    merged = []
    for name in ("a", "b"):
        mds(tmp_path / name)
        for shard in json.loads((tmp_path / name / "index.json").read_text())["shards"]:
            shard["raw_data"]["basename"] = f"{name}/{shard['raw_data']['basename']}"
            merged.append(shard)
    (tmp_path / "index.json").write_text(json.dumps({"version": 2, "shards": merged}))
    assert len(contents(tmp_path, column="text")) == 2 * len(DOCS)
    (tmp_path / "index.json").unlink()
    assert len(contents(tmp_path, column="text")) == 2 * len(DOCS)


def test_mds_compressed_in_another_way(tmp_path):
    mds(tmp_path, compression="zstd")
    index = tmp_path / "index.json"
    index.write_text(index.read_text().replace('"compression": "zstd"', '"compression": "br:11"'))
    assert refused(tmp_path, column="text") == (
        "shard.00000.mds.zstd is compressed with br, which is not read: decompress the shards, or write them with one "
        "of gz, bz2, zstd."
    )


def test_litdata(tmp_path):
    write_litdata(tmp_path, DOCS)
    assert contents(tmp_path) == [doc.tolist() for doc in DOCS]
    path = tmp_path / "chunk-0-1.bin"
    path.write_bytes(path.read_bytes()[:-4])
    assert "chunk-0-1.bin has" in refused(tmp_path)
    write_litdata(tmp_path, DOCS)
    index = tmp_path / "index.json"
    index.write_text(index.read_text().replace('"encryption": null', '"encryption": {"algorithm": "fernet"}'))
    assert refused(tmp_path) == "index.json says that its chunks are encrypted: decrypt them first."
