"""The sidecar of a dolma or OLMo .npy: x.csv.gz says at which ids each document of x.npy begins and ends.

A row is start, end, id, src, loc (dolma, dolma/tokenizer/memmap_writer.py), and in older ones id, src, loc, start, end.
"""

from __future__ import annotations

import array
import csv
import functools
from typing import TYPE_CHECKING

from advisor.corpus.streams import open_utf8
from advisor.errors import CorpusError
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.corpus_file import CorpusFile


_ADVICE = "get it again, or move it away, and documents end at --eos-id"
_LONGEST = 1 << 16  # bytes of a line: ids, paths and places in files are of hundreds


class SidecarBounds:
    """Where documents begin and end, held as two numbers each.

    Raises:
        CorpusError: the sidecar cannot be read, is none, or is of another file.
    """

    def __init__(self, sidecar: CorpusFile, name: str, n_ids: int) -> None:
        import numpy as np

        begins, ends = array.array("q"), array.array("q")
        for begin, end in _rows(sidecar):
            begins.append(begin)
            ends.append(end)
        self.begins, self.ends = np.frombuffer(begins, np.int64), np.frombuffer(ends, np.int64)
        self.n_documents = len(self.begins)
        last = int(self.ends[-1]) if self.n_documents else 0
        if last != n_ids:
            raise CorpusError(
                f"{sidecar.name} is not the sidecar of {name}, or one of them is truncated: its documents end at id "
                f"{last:,}, and there are {n_ids:,} ids."
            )
        if (self.ends < self.begins).any() or (self.begins[1:] < self.ends[:-1]).any():
            raise CorpusError(f"{sidecar.name} has documents that overlap or are not in order.")

    def number_at(self, position: int) -> int:
        """Return the last document that begins at or before an id."""
        import numpy as np

        return int(np.searchsorted(self.begins, position, side="right")) - 1

    def bounds(self, first: int, last: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where documents begin and end."""
        return self.begins[first:last], self.ends[first:last]


def last_end(sidecar: CorpusFile) -> int:
    """Return at which id the last document ends: with the size of the ids, it says their type."""
    return max((end for _, end in _rows(sidecar)), default=0)


def _rows(sidecar: CorpusFile) -> Iterator[tuple[int, int]]:
    columns: tuple[int, int] | None = None
    for row in _parsed(csv.reader(_lines(sidecar)), sidecar.name):
        try:
            columns = columns or _columns(row)
            begin, end = int(row[columns[0]]), int(row[columns[1]])
            if not 0 <= begin < 1 << 62 or not 0 <= end < 1 << 62:
                raise ValueError
            yield begin, end
        except (ValueError, IndexError) as error:
            raise CorpusError(
                f"{sidecar.name} is not the sidecar of a dolma .npy: a row is {','.join(row[:6])[:60]!r}, where "
                "start,end,id,src,loc is expected."
            ) from error


def _lines(sidecar: CorpusFile) -> Iterator[str]:
    """Yield the lines of a sidecar.

    Raises:
        CorpusError: one is longer than any of a sidecar, or is not UTF-8.
    """
    with open_utf8(sidecar, "utf-8") as stream:
        for number, line in enumerate(iter(functools.partial(stream.readline, _LONGEST + 1), b""), 1):
            if len(line) > _LONGEST:
                raise CorpusError(
                    f"{sidecar.name}, line {number:,}, has over {_LONGEST >> 10} kB: a sidecar of a dolma .npy has "
                    f"start,end,id,src,loc on each line; {_ADVICE}."
                )
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise CorpusError(
                    f"{sidecar.name}, line {number:,}, is not UTF-8 at its byte {error.start:,}: it is damaged, or not "
                    f"the sidecar of a dolma .npy; {_ADVICE}."
                ) from error


def _parsed(rows: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    while True:
        with parsing(name, "the sidecar of a dolma .npy", CorpusError, advice=f"; {_ADVICE}"):
            try:
                row = next(rows, None)
            except csv.Error as error:
                if "field limit" not in str(error):
                    raise
                raise CorpusError(
                    f"{name} is not the sidecar of a dolma .npy: a cell of it, in quotes over several lines, has over "
                    f"{csv.field_size_limit():,} characters; {_ADVICE}."
                ) from error
        if row is None:
            return
        yield row


def _columns(row: list[str]) -> tuple[int, int]:
    """Return which columns are a document's start and end: the first two, and in older sidecars the last two."""
    return (0, 1) if len(row) > 1 and row[0].isdecimal() and row[1].isdecimal() else (len(row) - 2, len(row) - 1)
