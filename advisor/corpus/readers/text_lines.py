"""Lines of a byte stream, none of which need fit in memory."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from advisor.corpus.streams import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, kw_only=True)
class TextLine:
    """A line of a stream: where it begins, its number from 1, and its bytes in one chunk, or several if it is long.

    The number is 0 where it is not known: the lines before it were not read.
    """

    offset: int
    number: int
    chunks: Iterable[bytes]
    is_long: bool


def lines(stream: IO[bytes], longest: int, *, begin: int = 0) -> Iterator[TextLine]:
    """Yield the lines of a stream; one over ``longest`` bytes in chunks, which must be taken before the next line.

    ``begin`` is the byte of its file at which the stream stands.
    """
    offset = begin
    for number in itertools.repeat(0) if begin else itertools.count(1):
        head = stream.readline(longest)
        if not head:
            return
        if len(head) < longest or head.endswith(b"\n"):
            yield TextLine(offset=offset, number=number, chunks=(head,), is_long=False)
            offset += len(head)
            continue
        begin, read = offset, [len(head)]
        rest = _rest_of_line(stream, read)
        yield TextLine(offset=begin, number=number, chunks=itertools.chain((head,), rest), is_long=True)
        for _ in rest:
            pass
        offset = begin + sum(read)


def _rest_of_line(stream: IO[bytes], read: list[int]) -> Iterator[bytes]:
    while chunk := stream.readline(BLOCK):
        read.append(len(chunk))
        yield chunk
        if chunk.endswith(b"\n"):
            return
