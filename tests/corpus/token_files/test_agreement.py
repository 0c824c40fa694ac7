"""Every format of ids gives the H of the same documents as lists in parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from advisor.corpus import sampling
from tests.corpus.token_files.writing import (
    EOS,
    Ids,
    documents,
    h_of,
    joined,
    mds_array,
    readers,
    sample_of,
    write_dolma,
    write_litdata,
    write_llm_c,
    write_mds,
    write_megatron,
    write_parquet,
)

END = {"eos_id": EOS}
Written = tuple[Path, dict[str, object]]


def flat(folder: Path, docs: Sequence[Ids], dtype: str) -> Written:
    (folder / "train.bin").write_bytes(joined(docs).astype(dtype).tobytes())
    return folder / "train.bin", END


def llm_c(folder: Path, docs: Sequence[Ids]) -> Written:
    write_llm_c(folder / "fineweb_train_000001.bin", docs)
    return folder, {}


def npy(folder: Path, docs: Sequence[Ids]) -> Written:
    np.save(folder / "ids.npy", joined(docs).astype("uint16"))
    return folder, END


def npz(folder: Path, docs: Sequence[Ids]) -> Written:
    np.savez(folder / "ids.npz", *docs)
    return folder, {}


def npz_of_one(folder: Path, docs: Sequence[Ids]) -> Written:
    np.savez(folder / "ids.npz", tokens=joined(docs).astype("uint32"))
    return folder, END


def npz_compressed(folder: Path, docs: Sequence[Ids]) -> Written:
    np.savez_compressed(folder / "ids.npz", tokens=joined(docs).astype("uint32"))
    return folder, END


def megatron(folder: Path, docs: Sequence[Ids]) -> Written:
    write_megatron(folder / "x_text_document", docs)
    return folder, {}


def megatron_sentences(folder: Path, docs: Sequence[Ids]) -> Written:
    write_megatron(folder / "x_text_sentence", docs, dtype="int32", sentences=3)
    return folder, {}


def megatron_with_ends(folder: Path, docs: Sequence[Ids]) -> Written:
    write_megatron(folder / "x_text_document", [np.append(doc, EOS) for doc in docs])
    return folder, END


def dolma(folder: Path, docs: Sequence[Ids]) -> Written:
    write_dolma(folder / "part-000-00000", docs)
    return folder, END


def mds(folder: Path, docs: Sequence[Ids]) -> Written:
    write_mds(folder, [{"tokens": mds_array(doc, "int32")} for doc in docs], {"tokens": "ndarray:int32"})
    return folder, {}


def mds_compressed(folder: Path, docs: Sequence[Ids]) -> Written:
    rows = [{"tokens": doc.tobytes()} for doc in docs]  # llm-foundry's: int64 as bytes
    write_mds(folder, rows, {"tokens": "bytes"}, compression="zstd:3")
    return folder, {}


def litdata(folder: Path, docs: Sequence[Ids]) -> Written:
    write_litdata(folder, docs)
    return folder, {}


WRITERS: dict[str, Callable[[Path, Sequence[Ids]], Written]] = {
    **{"uint16": lambda folder, docs: flat(folder, docs, "uint16")},
    **{"uint32": lambda folder, docs: flat(folder, docs, "uint32")},
    **{"int64": lambda folder, docs: flat(folder, docs, "int64")},
    **{"llm.c": llm_c, "npy": npy, "npz": npz, "npz of one": npz_of_one, "npz, compressed": npz_compressed},
    **{"megatron": megatron, "sentences": megatron_sentences, "megatron, ends": megatron_with_ends, "dolma": dolma},
    **{"mds": mds, "mds, compressed": mds_compressed, "litdata": litdata},
}


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize("longest", [900, 40], ids=["documents", "joined"])
def test_a_whole_corpus_gives_the_h_of_parquet_to_the_last_digit(tmp_path, format, longest):
    docs = documents(300, longest=longest)
    (tmp_path / "ids").mkdir()
    source, said = WRITERS[format](tmp_path / "ids", docs)
    ours, parquet = sample_of(readers(source, **said)), sample_of(write_parquet(tmp_path / "ids.parquet", docs))
    assert ours.exhaustive
    assert ours.joined == (longest == 40)
    assert (ours.ids == parquet.ids).all()
    assert h_of(ours) == h_of(parquet)
    assert (ours.n_documents, ours.estimated_tokens) == (parquet.n_documents, parquet.estimated_tokens)


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize("longest", [3000, 40], ids=["documents", "joined"])
def test_a_drawn_corpus_gives_the_h_of_parquet(tmp_path, monkeypatch, format, longest):
    """Draws from the middle of files, where larger ones are read no other way."""
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    docs = documents(80 if longest == 3000 else 2500, longest=longest, seed=3)
    (tmp_path / "ids").mkdir()
    source, said = WRITERS[format](tmp_path / "ids", docs)
    ours = sample_of(readers(source, **said), n_sequences=300)
    parquet = sample_of(write_parquet(tmp_path / "ids.parquet", docs), n_sequences=300, seed=1)
    (_, mean, error), (_, other, other_error) = h_of(ours), h_of(parquet)
    assert not ours.exhaustive
    assert abs(mean - other) < 3 * (error**2 + other_error**2) ** 0.5
    n_tokens = sum(map(len, docs))
    assert ours.estimated_tokens == pytest.approx(n_tokens, rel=0.1)
    assert ours.n_documents == pytest.approx(len(docs), rel=0.35)


@pytest.mark.parametrize("format", WRITERS)
def test_the_passage_at_a_position_is_of_the_document_that_lies_there(tmp_path, format):
    docs = documents(40, longest=1500)
    source, said = WRITERS[format](tmp_path, docs)
    as_text = {",".join(map(str, doc)) for doc in docs}
    for reader in readers(source, **said):
        if reader.size is None:
            continue
        positions = np.linspace(0, reader.size - 0.001, 500).tolist()
        found = list(reader.at(positions))
        assert len(found) == len(positions)
        assert sum(each is not None for each in found) > 450
        for each in found:
            if each is not None:
                cell = ",".join(map(str, each.content.tolist()))
                assert any(cell in text for text in as_text)
                assert 0 <= each.position < 1
                assert 0 < each.cell <= len(each.content)
