"""What is held of token ids does not grow with their file: what is drawn is copied, and a bomb is told."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from advisor.corpus.documents import Document, passage
from advisor.corpus.token_files import npy
from advisor.corpus.token_files.passages import pieces_of_ids
from tests.corpus.reading import profile, sentence


def test_a_compressed_npz_is_read_in_blocks(tmp_path: Path) -> None:
    ids = np.random.default_rng(0).integers(0, 50_000, 1000).astype("u2")
    np.savez_compressed(tmp_path / "few.npz", ids=np.tile(ids, 2))
    np.savez_compressed(tmp_path / "many.npz", ids=np.tile(ids, 16_000))  # 122 MB as int64, 16 blocks
    profile(tmp_path / "few.npz")  # imports
    tracemalloc.start()
    found = profile(tmp_path / "many.npz", n_sequences=50)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.estimated_tokens == 16_000_000
    assert peak < 130 << 20  # 94 MB; 211 where draws hold the blocks that they fell on


def test_pieces_and_passages_hold_no_block() -> None:
    block = np.arange(2_000_000)
    piece = next(pieces_of_ids("x", 0, block[5:500_000], 64))
    assert piece.content.base is None  # type: ignore[union-attr]
    drawn = passage(Document(key=("x", 0, 0), content=block, raw_bytes=1.0), 0.5, (), 64)
    assert drawn.content.base is None  # type: ignore[union-attr]
    assert len(drawn.content) == 128


def test_an_npz_that_expands_as_no_ids_do_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npy, "_MOST_FREE", 1 << 20)
    np.savez_compressed(tmp_path / "x.npz", ids=np.zeros(2_000_000, "u2"))
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        n_stored = archive.getinfo("ids.npy").compress_size
    monkeypatch.setattr(npy, "_MOST_TIMES", 900)
    assert sentence(tmp_path / "x.npz").replace(f"{tmp_path}/", "") == (
        f"x.npz, array ids, expands over 900 times, its {n_stored:,} bytes to 3 MB, which no token ids do: if it is "
        "meant, write it with numpy.savez, which does not compress."
    )
