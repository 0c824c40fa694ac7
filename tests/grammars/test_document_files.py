"""Data sets on disk: what is in them, who can read them, and that half a data set never appears."""

import json

import numpy as np
import pytest

from advisor.errors import AdvisorError, UsageError
from calibration.grammars import document_files, sampling
from calibration.grammars.document_files import write_documents
from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import NamedGrammar, named_set
from calibration.grammars.tilting import tilt

pq = pytest.importorskip("pyarrow.parquet")
A2 = named_set("paper", seed=0)[1]


@pytest.fixture
def small_shards(monkeypatch):
    for module in (sampling, document_files):
        monkeypatch.setattr(module, "SHARD_DOCUMENTS", 100)


def test_the_files_hold_the_documents_in_order(tmp_path, small_shards):
    written = []
    files = write_documents(A2, tmp_path / "A2", n_tokens=64_000, seed=3, progress=written.append)
    assert (files.n_documents, files.n_tokens, files.n_files) == (250, 64_000, 3)
    names = ["part-00000-of-00003.parquet", "part-00001-of-00003.parquet", "part-00002-of-00003.parquet"]
    assert sorted(path.name for path in files.folder.iterdir()) == names
    assert files.n_bytes == sum(path.stat().st_size for path in files.folder.iterdir())
    assert written == [25_600, 25_600, 12_800]
    table = pq.read_table(files.folder)
    assert str(table.schema.field("input_ids").type) == "list<element: int16>"
    expected = sample_documents(tilt(A2.grammar), n_documents=250, seed=3)
    assert (np.array(table.column("input_ids").to_pylist()) == expected).all()
    about = json.loads(pq.read_schema(files.folder / names[1]).metadata[b"advisor"])
    assert about == {"grammar": "A2", "shape": [10, 150, 5, 3], "grammar_seed": 0, "seed": 3, "shard": 1}


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("first", "second"):
        write_documents(A2, tmp_path / name, n_tokens=5000, seed=1)
    (first,), (second,) = ((tmp_path / name).iterdir() for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_tokens_are_rounded_up_to_whole_documents(tmp_path):
    assert write_documents(A2, tmp_path / "one", n_tokens=257, seed=0).n_tokens == 512


def test_hugging_face_datasets_reads_them(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    write_documents(A2, tmp_path / "A2", n_tokens=2560, seed=0)
    loaded = datasets.load_dataset(str(tmp_path / "A2"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == ["input_ids"]
    assert (np.array(loaded["input_ids"][:]) == sample_documents(tilt(A2.grammar), n_documents=10, seed=0)).all()


def test_a_folder_that_exists_is_left_alone(tmp_path):
    with pytest.raises(UsageError) as error:
        write_documents(A2, tmp_path, n_tokens=256, seed=0)
    assert str(error.value) == f"{tmp_path} exists: remove it or write to another folder."


def test_an_interrupted_data_set_leaves_nothing(tmp_path, small_shards):
    def interrupt(n_tokens: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_documents(A2, tmp_path / "new" / "A2", n_tokens=64_000, seed=0, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_gets_one_sentence(tmp_path, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", refuse)
    with pytest.raises(AdvisorError) as error:
        write_documents(A2, tmp_path / "A2", n_tokens=256, seed=0)
    assert str(error.value) == f"{tmp_path}/A2 cannot be written: No space left on device."
    assert list(tmp_path.iterdir()) == []


def test_fewer_than_one_token_gets_one_sentence(tmp_path):
    with pytest.raises(UsageError) as error:
        write_documents(A2, tmp_path / "A2", n_tokens=0, seed=0)
    assert str(error.value) == "A data set of 0 tokens cannot be written: ask for at least 1."


def test_a_large_vocabulary_is_written_as_int32(tmp_path):
    from calibration.grammars.grammar import GrammarShape, draw

    shape = GrammarShape(nonterminals=3, terminals=100_000, max_options=50, max_length=5)
    source = NamedGrammar(name="wide", shape=shape, seed=0, grammar=draw(shape, seed=0))
    write_documents(source, tmp_path / "wide", n_tokens=256, seed=0)
    assert str(pq.read_schema(next((tmp_path / "wide").iterdir())).field("input_ids").type) == "list<element: int32>"
