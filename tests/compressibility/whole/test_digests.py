"""How many documents are distinct: counted in memory and in files give the same, whatever the order and the copies."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from advisor.compressibility.whole import digests
from advisor.compressibility.whole.digests import DigestFile, Distinct, count_distinct
from advisor.errors import AdvisorError


def write(path: Path, documents: list[str]) -> Path:
    with DigestFile(path) as file:
        for text in documents:
            file.begin()
            file.take(text[: len(text) // 2], len(text) // 2)
            file.take(text[len(text) // 2 :], len(text) - len(text) // 2)
    return path


def test_documents_are_distinct_by_all_of_their_content(tmp_path: Path) -> None:
    path = write(tmp_path / "0.digests", ["one", "two", "one", "three", "on", "e", "one "])
    assert path.stat().st_size == 7 * 24
    assert count_distinct([path], tmp_path) == Distinct(n_documents=6, n_tokens=3 + 3 + 5 + 2 + 1 + 4)


def test_ids_are_distinct_by_all_of_theirs(tmp_path: Path) -> None:
    with DigestFile(tmp_path / "0.digests") as file:
        for ids in ([1, 2], [1, 2], [2, 1], [1]):
            file.begin()
            file.take(np.array(ids, dtype=np.int64), len(ids))
    assert count_distinct([tmp_path / "0.digests"], tmp_path) == Distinct(n_documents=3, n_tokens=5)


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    def interrupted() -> None:
        with DigestFile(tmp_path / "0.digests") as file:
            file.begin()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("in_memory", [24 * 20, 24 * 200, 24 * 5000])
def test_files_that_do_not_fit_into_memory_are_parted(
    tmp_path: Path, in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "_BLOCK", 70)
    rng = random.Random(0)
    documents = [str(rng.randrange(1500)) for _ in range(2000)] + ["the same"] * 500
    paths = [write(tmp_path / f"{n}.digests", documents[n::7]) for n in range(7)]
    distinct = set(documents)
    found = count_distinct(paths, tmp_path, in_memory=in_memory)
    assert found == Distinct(n_documents=len(distinct), n_tokens=sum(map(len, distinct)))
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_no_documents_are_none(tmp_path: Path) -> None:
    assert count_distinct([write(tmp_path / "0.digests", [])], tmp_path) == Distinct()


def test_a_disk_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "0.part").symlink_to("/dev/full")
    with pytest.raises(AdvisorError) as caught:
        write(tmp_path / "0.digests", ["one"])
    assert str(caught.value) == (
        f"Cannot write {tmp_path}/0.digests: No space left on device; --scratch names a folder with room for 48 bytes "
        "a document."
    )
