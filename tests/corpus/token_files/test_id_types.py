"""The type of a flat file's ids: said where the bytes leave no doubt, refused where they do, never a wrong one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from advisor.corpus.token_files.id_types import type_of_ids
from advisor.errors import CorpusError
from tests.corpus.token_files.writing import place

VOCABULARIES = (65, 256, 1000, 32_000, 50_257, 100_277, 128_256, 151_936, 256_000)


def told(path: Path, values: npt.NDArray[np.generic] | bytes) -> str:
    """Return what is told of a file that holds these values."""
    path.write_bytes(values if isinstance(values, bytes) else values.tobytes())
    try:
        return type_of_ids(place(path))
    except CorpusError as error:
        n_bytes = f"{path.stat().st_size:,} bytes"
        said = f"{path} does not say what type its ids have, and its {n_bytes} are not plainly uint16 or uint32: say"
        return "refused" if str(error).startswith(said) else str(error)


def text_like(rng: np.random.Generator, n: int, vocabulary: int) -> npt.NDArray[np.int64]:
    """Return ids of which few are frequent, in no order."""
    return rng.permutation(vocabulary)[np.minimum(rng.zipf(1.2, size=n), vocabulary) - 1]


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("n", [20_000, 200_000])
def test_ids_of_every_vocabulary_are_told_in_each_type(tmp_path, vocabulary, n):
    rng = np.random.default_rng(vocabulary)
    for ids in (text_like(rng, n, vocabulary), rng.integers(0, vocabulary, n)):
        for dtype in ("uint16", "uint32", "int64") if vocabulary <= 1 << 16 else ("uint32", "int64"):
            assert told(tmp_path / "x.bin", ids.astype(dtype)) == dtype


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("n", [64, 300, 1000])
def test_a_short_file_is_told_rightly_or_refused(tmp_path, vocabulary, n):
    rng = np.random.default_rng(n + vocabulary)
    for dtype in ("uint16", "uint32", "int64") if vocabulary <= 1 << 16 else ("uint32", "int64"):
        ids = text_like(rng, n, vocabulary)
        assert told(tmp_path / "x.bin", ids.astype(dtype)) in (dtype, "refused")


OTHERS = {
    "bytes": lambda rng: rng.integers(0, 256, 100_001).astype("u1"),
    "ids of one byte": lambda rng: text_like(rng, 100_000, 256).astype("u1"),
    "the other byte order": lambda rng: text_like(rng, 100_000, 50_257).astype(">u2"),
    "the other order of four": lambda rng: text_like(rng, 100_000, 128_256).astype(">u4"),
    "half floats": lambda rng: rng.normal(0, 0.02, 100_000).astype("f2"),
    "bfloat16": lambda rng: (rng.normal(0, 0.02, 100_000).astype("f4").view("u4") >> 16).astype("u2"),
    "floats": lambda rng: rng.normal(0, 0.02, 100_000).astype("f4"),
    "doubles": lambda rng: rng.normal(0, 0.02, 100_000),
    "sound": lambda rng: rng.normal(0, 3000, 100_000).astype("i2"),
    "all ids of two bytes": lambda rng: rng.integers(0, 1 << 16, 100_000).astype("u2"),
    "text": lambda rng: ("Nine years out of ten the river stays in its bed. " * 2000).encode(),
    "UTF-16": lambda rng: ("Nine years out of ten the river stays in its bed. " * 2000).encode("utf-16"),
    "notes and their lengths": lambda rng: np.ravel(
        np.column_stack((rng.integers(300, 900, 50_000), rng.integers(0, 40, 50_000)))
    ).astype("u2"),
    "nothing but zeros": lambda rng: np.zeros(100_000, "u2"),
    "a few ids": lambda rng: np.arange(20, dtype="u2"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_may_be_something_else_is_refused(tmp_path, kind):
    assert told(tmp_path / "x.bin", OTHERS[kind](np.random.default_rng(5))) == "refused"


def test_no_more_than_a_few_spans_are_read(tmp_path):
    path = tmp_path / "x.bin"
    ids = text_like(np.random.default_rng(0), 32 * 4096, 50_257).astype("u2")
    with path.open("wb") as file:
        for span in range(32):  # sparse: zeros between
            file.seek(span << 27)
            file.write(ids[4096 * span : 4096 * (span + 1)].tobytes())
        file.truncate(1 << 32)
    assert type_of_ids(place(path)) == "uint16"
