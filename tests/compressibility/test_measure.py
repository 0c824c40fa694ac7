"""H: the protocol against gzip itself, known anchors, and the bootstrap over documents."""

from __future__ import annotations

import gzip
import io
import struct

import numpy as np
import pytest

from advisor.compressibility.measure import ceiling, measure, median_interval, sequence_ratios, shuffled
from advisor.compressibility.protocol import Protocol
from advisor.corpus.tokenizer import load_tokenizer


def gzip_file_size(ids: list[int]) -> int:
    """The original's measurement, spelled out: 4-byte big-endian signed ids through gzip.GzipFile at level 9."""
    sink = io.BytesIO()
    with gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=9) as file:
        file.write(b"".join(struct.pack(">i", token) for token in ids))
    return len(sink.getvalue())


def test_every_sequence_of_real_text_has_the_size_that_gzip_gives(sources: list[str]) -> None:
    ids = [token for text in sources[:30] for token in load_tokenizer().encode(text)]
    rows = np.array(ids[: len(ids) // 256 * 256]).reshape(-1, 256)
    assert len(rows) > 200
    expected = [gzip_file_size(row.tolist()) / 1024 for row in rows]
    assert sequence_ratios(rows).tolist() == expected


def test_level_is_pinned_at_nine_whatever_the_default_of_this_python(sources: list[str]) -> None:
    ids = np.array(load_tokenizer().encode(sources[0])[:256])[None]
    assert sequence_ratios(ids, level=9) == sequence_ratios(ids)
    assert sequence_ratios(ids, level=1) > sequence_ratios(ids)


def test_anchors_of_a_constant_id_and_of_uniform_ids() -> None:
    assert sequence_ratios(np.full((1, 256), 17))[0] == pytest.approx(0.031, abs=0.0005)
    # Uniform random ids at 256 tokens, by vocabulary: measured once with 1000 sequences.
    for vocab_size, expected in ((2000, 0.612), (8000, 0.688), (32000, 0.727), (131072, 0.778)):
        assert ceiling(vocab_size, 256) == pytest.approx(expected, abs=0.002)


def test_shuffling_keeps_the_tokens_of_each_sequence_and_their_order_not() -> None:
    ids = np.arange(512).reshape(2, 256)
    mixed = shuffled(ids, seed=1)
    assert (np.sort(mixed, axis=1) == ids).all()
    assert (mixed != ids).mean() > 0.9
    assert (shuffled(ids, seed=1) == mixed).all()


def test_measure_gives_the_statistics_of_the_ratios() -> None:
    ids = np.random.default_rng(3).integers(0, 500, (60, 64))
    keys = [("doc", number, 0) for number in range(60)]
    found = measure(ids, keys, vocab_size=500, protocol=Protocol(tokenizer=None, seq_len=64), seed=0)
    ratios = sequence_ratios(ids)
    assert found.median == float(np.median(ratios))
    assert found.mean == pytest.approx(ratios.mean())
    assert found.sd == pytest.approx(ratios.std(ddof=1))
    assert found.ci95 is not None
    assert found.ci95[0] <= found.median <= found.ci95[1]
    assert sum(found.histogram.counts) == 60


def test_documents_are_resampled_not_sequences() -> None:
    rng = np.random.default_rng(0)
    by_document = np.repeat(rng.normal(0.4, 0.05, 40), 25)
    alike = median_interval(by_document, [number // 25 for number in range(1000)], seed=0)
    alone = median_interval(by_document, range(1000), seed=0)
    assert alike is not None
    assert alone is not None
    assert alike[1] - alike[0] > 2.5 * (alone[1] - alone[0])  # 25 copies of 40 values: about sqrt(25) wider


def test_the_interval_covers_the_median_of_the_population() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for seed in range(100):
        centres = rng.normal(0.4, 0.05, 60)
        ratios = np.repeat(centres, 5) + rng.normal(0, 0.03, 300)
        interval = median_interval(ratios, np.repeat(np.arange(60), 5).tolist(), seed=seed)
        assert interval is not None
        hits += interval[0] <= 0.4 <= interval[1]
    assert 88 <= hits <= 100


def test_too_few_documents_give_no_interval() -> None:
    assert median_interval(np.linspace(0.3, 0.5, 9), range(9), seed=0) is None


def test_ceilings_are_the_known_ones():
    # Uniform random ids, and one id repeated.
    for terminals, expected in {2000: 0.612, 8000: 0.688, 32000: 0.727, 131072: 0.778, 0: 0.031}.items():
        assert ceiling(terminals + 1, 256) == pytest.approx(expected, abs=0.004)


def test_ratios_are_those_of_gzip_files():
    gzip = pytest.importorskip("gzip")
    documents = np.random.default_rng(0).integers(0, 50, (5, 256)).astype(np.int16)
    expected = [len(gzip.compress(row.astype(">i4").tobytes(), 9)) / 1024 for row in documents]
    assert sequence_ratios(documents).tolist() == expected


def test_an_interval_holds_its_median_where_ratios_are_nearly_all_the_same():
    ratios = np.array([0.035] * 100 + [0.039] * 100)
    low, high = median_interval(ratios, list(range(10)) * 20, seed=0)
    assert low <= np.median(ratios) <= high
