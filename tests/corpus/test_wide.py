"""Tables of thousands of columns: what is done for a column does not look at all the others."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.corpus.arrow.leaves import LeafPaths, LeafSizes
from advisor.corpus.arrow.slices import starts_of
from tests.corpus.reading import sentence


class CountedPath(str):
    """A path that counts how often any is compared with another."""

    n_compared = 0

    def __lt__(self, other: str) -> bool:
        CountedPath.n_compared += 1
        return str.__lt__(self, other)

    def __gt__(self, other: str) -> bool:
        CountedPath.n_compared += 1
        return str.__gt__(self, other)


def test_the_leaves_of_all_columns_are_found_with_few_comparisons() -> None:
    n = 4096
    paths = LeafPaths([CountedPath(f"c{number}.list.element") for number in range(n)])
    assert paths.leaves_of(f"c{number}" for number in reversed(range(n))) == list(range(n))
    assert n < CountedPath.n_compared < 5 * 14 * n  # to sort, and to halve four times for each; not n * n, 16 million


def test_a_column_has_what_is_nested_in_it_and_nothing_of_those_with_longer_names() -> None:
    leaves = [
        ("a.b", True, 1),
        ("a", True, 2),
        ("a-b", True, 4),
        ("a.c.d", False, 8),
        ("ab", True, 16),
        ("a/", True, 32),
    ]
    sizes = LeafSizes(leaves)
    assert [sizes.n_bytes(name) for name in ("a", "a.c", "ab", "b")] == [11, 8, 16, 0]
    assert sizes.n_bytes("a", only_text=True) == 3


@pytest.mark.parametrize("names", [["z", "b", "b", "a", "a"], [*map(str, range(5000)), "a", "a"]])
def test_the_first_of_the_names_that_are_there_twice_is_told(tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["x"])] * len(names), names=names), path)
    assert sentence(path) == f"{path} has several columns called 'a': rename all but one."


def test_the_starts_of_columns_are_found_in_one_pass() -> None:
    schema = pa.schema([("n", pa.int32()), ("v", pa.string_view()), ("t", pa.string()), ("l", pa.list_(pa.int8()))])
    assert starts_of(schema, [3]) == [(0, 0, 0), (1, 2, 0), (2, 7, 1), (3, 10, 1)]
