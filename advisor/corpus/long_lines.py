"""The text of one field of a JSON object that is too long to parse at once: a line of a gigabyte, in pieces."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST_UNCUT = 1 << 25  # bytes without a place to cut: a file that is not UTF-8, or one endless number
_SPACE_OR_COMMA = b" \t\r\n,"
_STRUCTURE = re.compile(rb'["\[\]{}]')
_SCALAR_END = re.compile(rb"[,}\]\s]")
_ESCAPED_RUN = re.compile(
    rb'(?:[^\\"\x80-\xff]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}'
    rb"|\\u[0-9a-fA-F]{4}|\\[^u])*"
)
_HIGH_SURROGATE = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}$")


class LongObject:
    """A JSON object read once, in chunks: ``pieces(column)`` or ``columns()``."""

    def __init__(self, chunks: Iterable[bytes], name: str) -> None:
        self.chunks = iter(chunks)
        self.name = name
        self.data = b""
        self.at = 0
        self.dropped = 0  # bytes before self.data

    def columns(self) -> dict[str, str | None]:
        """Return the names of the object's fields, each with "text" where its value is a string and None elsewhere.

        Raises:
            CorpusError: it is not a JSON object.
        """
        found: dict[str, str | None] = {}
        for key in self._keys():
            found[key] = "text" if self._peek() == ord('"') else None
            self._skip_value()
        return found

    def pieces(self, column: str) -> Iterator[tuple[str, int, int]]:
        """Yield (text, offset in the line, length in the line) of the string field ``column``; nothing if it is none.

        Raises:
            CorpusError: it is not a JSON object.
        """
        for key in self._keys():
            if key == column and self._peek() == ord('"'):
                for raw, offset in self._string():
                    yield self._unescape(raw), offset, len(raw)
                return
            self._skip_value()

    def _keys(self) -> Iterator[str]:
        if self._peek() != ord("{"):
            raise self._error()
        self.at += 1
        while (byte := self._peek()) != ord("}"):
            if byte != ord('"'):
                raise self._error()
            key = b"".join(raw for raw, _ in self._string())
            if self._peek() != ord(":"):
                raise self._error()
            self.at += 1
            yield self._unescape(key)

    def _error(self) -> CorpusError:
        return CorpusError(f"{self.name} is not valid JSON at byte {self.dropped + self.at} of the line.")

    def _unescape(self, raw: bytes) -> str:
        try:
            text: str = json.loads(b'"' + raw + b'"', strict=False)
        except ValueError as error:
            raise self._error() from error
        return text

    def _more(self) -> None:
        """Take one more chunk, dropping what was consumed."""
        chunk = next(self.chunks, b"")
        if not chunk:
            raise self._error()
        if len(self.data) - self.at > _LONGEST_UNCUT:
            raise self._error()
        self.dropped += self.at
        self.data = self.data[self.at :] + chunk
        self.at = 0

    def _peek(self) -> int:
        """Return the next byte that is neither space nor comma."""
        while True:
            while self.at < len(self.data):
                if self.data[self.at] not in _SPACE_OR_COMMA:
                    return self.data[self.at]
                self.at += 1
            self._more()

    def _string(self) -> Iterator[tuple[bytes, int]]:
        """Consume a string; yield its raw inside, with offsets, in slices that no escape or character straddles."""
        self.at += 1
        search = self.at
        while True:
            end = self.data.find(b'"', search)
            if end < 0:
                cut = self._safe_cut()
                if cut > self.at:
                    yield self.data[self.at : cut], self.dropped + self.at
                    self.at = cut
                search = len(self.data) - self.at
                self._more()
            elif self._is_escaped(end):
                search = end + 1
            else:
                if end > self.at:
                    yield self.data[self.at : end], self.dropped + self.at
                self.at = end + 1
                return

    def _is_escaped(self, index: int) -> bool:
        first = index
        while first > self.at and self.data[first - 1] == ord("\\"):
            first -= 1
        return (index - first) % 2 == 1

    def _safe_cut(self) -> int:
        """Return an index up to which the string can be cut: a space, or failing that the end of a whole escape."""
        space = self.data.rfind(b" ", self.at)
        if space >= 0:
            return space
        match = _ESCAPED_RUN.match(self.data, self.at, max(len(self.data) - 4, self.at))
        cut = match.end() if match else self.at
        return cut - 6 if _HIGH_SURROGATE.search(self.data, max(cut - 6, self.at), cut) else cut

    def _skip_value(self) -> None:
        byte = self._peek()
        if byte == ord('"'):
            for _ in self._string():
                pass
        elif byte in b"[{":
            self._skip_nested()
        else:
            while (end := _SCALAR_END.search(self.data, self.at)) is None:
                self.at = len(self.data)
                self._more()
            self.at = end.start()

    def _skip_nested(self) -> None:
        depth = 0
        while True:
            found = _STRUCTURE.search(self.data, self.at)
            if found is None:
                self.at = len(self.data)
                self._more()
                continue
            self.at = found.start()
            if found[0] == b'"':
                for _ in self._string():
                    pass
                continue
            self.at += 1
            depth += 1 if found[0] in b"[{" else -1
            if depth == 0:
                return
