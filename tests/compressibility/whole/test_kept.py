"""The sample of a whole corpus: the same in any order, in any parts, and uniform over the sequences."""

from __future__ import annotations

import io
import random

import numpy as np

from advisor.compressibility.whole.kept import KeptSequences


def told(shards: list[int], *, most: int = 50, seed: int = 0) -> KeptSequences:
    """Return what is kept of shards of 200 sequences each, whose tokens are their place."""
    kept = KeptSequences(most=most, seed=seed)
    for shard in shards:
        for first in range(0, 200, 8):
            ids = np.array([[shard, number, 0] for number in range(first, first + 8)])
            kept.tell(shard, first, ids, ("a", shard, first))
    return kept


def test_the_same_is_kept_in_any_order_and_from_any_parts() -> None:
    ids, keys = told([0, 1, 2, 3]).in_order()
    assert ids.shape == (50, 3)
    assert ids[:, :2].tolist() == sorted(ids[:, :2].tolist())
    assert all(key == ("a", row[0], row[1] // 8 * 8) for key, row in zip(keys, ids.tolist(), strict=True))
    backwards = told([3, 2, 1, 0]).in_order()
    assert (backwards[0] == ids).all()
    assert backwards[1] == keys
    together = told([2])
    for other in (told([0, 3]), told([1]), told([3])):  # a shard that is measured again is told twice
        together.add(other)
    assert (together.in_order()[0] == ids).all()


def test_all_is_kept_where_there_is_no_more() -> None:
    ids, _ = told([5], most=500).in_order()
    assert ids[:, 1].tolist() == list(range(200))


def test_another_seed_keeps_others() -> None:
    assert told([0, 1], seed=1).in_order()[0].tolist() != told([0, 1]).in_order()[0].tolist()


def test_every_sequence_is_as_likely() -> None:
    counts = np.zeros((4, 200))
    for seed in range(100):
        for shard, number, _ in told([0, 1, 2, 3], seed=seed).in_order()[0].tolist():
            counts[shard, number] += 1
    assert counts.sum() == 100 * 50
    expected = 100 * 50 / 800
    assert abs(counts.sum(axis=1) - 1250).max() < 5 * np.sqrt(1250)
    assert ((counts - expected) ** 2 / expected).sum() / 799 < 1.25


def test_what_is_kept_is_written_and_read_back() -> None:
    kept = told(random.Random(0).sample(range(9), 9))
    data = io.BytesIO()
    np.savez(data, **kept.arrays())
    data.seek(0)
    again = KeptSequences(most=50, seed=0)
    with np.load(data, allow_pickle=False) as arrays:
        again.restore(arrays)
    assert (again.in_order()[0] == kept.in_order()[0]).all()
    assert again.in_order()[1] == kept.in_order()[1]
