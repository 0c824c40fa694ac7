"""A record batch that is read some rows at a time holds what the library reads of it at once."""

import io

import pyarrow as pa
import pytest

from advisor.corpus.arrow.messages import layout_of
from advisor.corpus.arrow.slices import BatchSlices
from tests.corpus.arrow.test_damaged import arrow_bytes

N = 203
TEXTS = [None if number % 7 == 3 else "x" * (number % 11) for number in range(N)]
LISTS = [None if number % 5 == 2 else list(range(number % 9)) for number in range(N)]
COLUMNS = {
    "null": pa.array([True, False, None] * 67 + [True, None]),
    "strings": pa.array(TEXTS),
    "large": pa.array(TEXTS, pa.large_string()),
    "view": pa.array(TEXTS, pa.string_view()),  # of another layout: the buffers behind it are found all the same
    "ids": pa.array(LISTS, pa.list_(pa.int32())),
    "large_ids": pa.array(LISTS, pa.large_list(pa.uint16())),
    "fixed": pa.array([None if number % 4 == 1 else [number, 1] for number in range(N)], pa.list_(pa.int16(), 2)),
    "chats": pa.array([[{"role": "user", "content": text}] * (number % 3) for number, text in enumerate(TEXTS)]),
    "doc": pa.array([{"text": text, "flag": number % 2 == 0} for number, text in enumerate(TEXTS)]),
    "lists": pa.array([[["a", None], []] if number % 2 else None for number in range(N)]),
    "bytes": pa.array([b"abc"] * N, pa.binary(3)),
}


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "view"])
def test_slices_of_every_layout(name: str, compression: str | None) -> None:
    table = pa.table(COLUMNS)
    data = arrow_bytes(table, compression=compression)
    file = io.BytesIO(data)
    layout = layout_of(file, len(data))
    slices = BatchSlices.of(file, layout.batches[0], table.schema, [table.schema.get_field_index(name)])
    assert slices is not None
    found = [slices.take(n)[0] for n in (1, 13, 64, 125)]
    for each in found:
        each.validate(full=True)
    assert pa.concat_arrays(found).to_pylist() == COLUMNS[name].to_pylist()


def test_a_layout_of_views_is_read_as_a_whole() -> None:
    table = pa.table(COLUMNS)
    data = arrow_bytes(table)
    file = io.BytesIO(data)
    number = table.schema.get_field_index("view")
    assert BatchSlices.of(file, layout_of(file, len(data)).batches[0], table.schema, [number]) is None
