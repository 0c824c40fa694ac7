"""A parquet file in the child process: its row groups, and rows of its columns, a few at a time."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from advisor.corpus.arrow.leaves import LeafPaths
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_MAGIC = b"PAR1"  # at the beginning and at the end
_SLICE_BYTES = 4 << 20  # of rows decoded at a time, by the sizes that the file states
_MOST_ROWS, _FEW_ROWS = 1024, 64  # decoded at a time; where not all of a row group is read


class ParquetFile:
    """A file that ``request`` asks about."""

    def __init__(self, file: Any, request: dict[str, Any]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.request = request
        try:
            self.table = pq.ParquetFile(pa.PythonFile(file, "r"), pre_buffer=False, buffer_size=request["buffer"])
        except pa.ArrowInvalid as error:
            if _is_cut(file):
                raise CorpusError(
                    f"{request['name']} is truncated: it begins as a parquet file and does not end as one; get the "
                    "whole file."
                ) from error
            raise
        self.metadata, self.schema = self.table.metadata, self.table.schema_arrow

    def outline(self) -> dict[str, Any]:
        """Return the number of rows, and of the first row group with some its number, rows and columns."""
        groups = range(self.metadata.num_row_groups)
        first = next((group for group in groups if self.metadata.row_group(group).num_rows), None)
        if first is None:
            return {"n_rows": 0}
        rows = self.metadata.row_group(first)
        return {"n_rows": self.metadata.num_rows, "part": first, "rows": rows.num_rows, "columns": _columns(rows)}

    def first_rows(self) -> pa.RecordBatch:
        """Return the first rows of the columns that are looked at."""
        wanted = self.request
        batches = self.table.iter_batches(
            wanted["n_rows"], row_groups=[wanted["part"]], columns=wanted["names"], use_threads=False
        )
        return next(batches)

    def parts(self) -> list[list[int]]:
        """Return the rows of each row group, and the bytes of its chosen columns."""
        groups = map(self.metadata.row_group, range(self.metadata.num_row_groups))
        return [[rows.num_rows, self._n_bytes(rows)] for rows in groups]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the chosen columns of a row group, some rows at a time: at once they take three times their size."""
        part = self.request["part"]
        rows = self.metadata.row_group(part)
        most = _MOST_ROWS if self.request["most_bytes"] is None else _FEW_ROWS
        n_rows = max(1, min(most, _SLICE_BYTES * rows.num_rows // max(self._n_bytes(rows), 1)))
        prefixes = self.request["prefixes"]
        yield from self.table.iter_batches(n_rows, row_groups=[part], columns=prefixes, use_threads=False)

    def _n_bytes(self, rows: Any) -> int:
        return sum(rows.column(leaf).total_uncompressed_size for leaf in self._leaves)

    @functools.cached_property
    def _leaves(self) -> list[int]:
        """The numbers of the chosen columns' leaves: they are the same in every row group."""
        paths = [self.metadata.schema.column(leaf).path for leaf in range(self.metadata.num_columns)]
        return LeafPaths(paths).leaves_of(self.request["prefixes"])


def _columns(rows: Any) -> list[tuple[str, bool, int]]:
    """Return of each leaf its path, whether it holds bytes, and how many bytes it has before compression."""
    leaves = map(rows.column, range(rows.num_columns))
    return [(leaf.path_in_schema, leaf.physical_type == "BYTE_ARRAY", leaf.total_uncompressed_size) for leaf in leaves]


def _is_cut(file: Any) -> bool:
    """Return whether a file begins as a parquet file and does not end as one."""
    file.seek(0)
    begin = file.read(len(_MAGIC))
    file.seek(max(0, file.n_bytes - len(_MAGIC)))
    return bool(begin == _MAGIC != file.read())
