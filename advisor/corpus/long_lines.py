"""The text of one field of a JSON object that is too long to parse at once: a line of a gigabyte, in pieces."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from advisor.corpus.columns import MOST_COLUMNS
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST_UNCUT = 1 << 25  # bytes without a place to cut: a file that is not UTF-8, or one endless number
_LONGEST_KEY = 1 << 20
_SPACE_OR_COMMA = re.compile(rb"[ \t\r\n,]*")
_STRUCTURE = re.compile(rb'["\[\]{}]')
_SCALAR_END = re.compile(rb"[,}\]\s]")
_TO_QUOTE = re.compile(rb'(?:[^"\\]++|\\.)*+"', re.DOTALL)  # the rest of a string
_HIGH_SURROGATE = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")
_LONGEST_ESCAPE = 6


class LongLineError(CorpusError):
    """A long object is not what it should be; what holds it can be read on."""


class LongFieldError(LongLineError):
    """A long object has no such field, or not as a string; it can be passed."""


class LongObject:
    """A JSON object read once, in chunks: ``pieces(column)`` or ``columns()``."""

    def __init__(self, chunks: Iterable[bytes], name: str) -> None:
        self.chunks = iter(chunks)
        self.name = name
        self.data = b""
        self.at = 0
        self.dropped = 0  # bytes before self.data
        self.finished = False
        self._fields = self._keys()

    def columns(self) -> dict[str, str | None]:
        """Return the names of the object's fields, each with "text" where its value is a string and None elsewhere.

        Raises:
            LongLineError: it is not a JSON object, or one of more than MOST_COLUMNS fields.
        """
        found: dict[str, str | None] = {}
        for key in self._fields:
            if len(found) == MOST_COLUMNS:
                raise LongLineError(f"{self.name} has over {MOST_COLUMNS:,} fields: name one with --column.")
            found[key] = "text" if self._peek() == ord('"') else None
            self._skip_value()
        return found

    def pieces(self, column: str) -> Iterator[tuple[str, int, int]]:
        """Yield (text, offset in the line, length in the line) of the string field ``column``; nothing if it is null.

        Raises:
            LongLineError: it is not a JSON object.
            LongFieldError: it has no such field, or one of another type.
        """
        for key in self._fields:
            if key == column:
                byte = self._peek()
                if byte not in b'"n':
                    raise LongFieldError(f"{self.name} has a field {column!r} that is not a string.")
                if byte == ord('"'):
                    for raw, offset in self._string():
                        yield self._unescape(raw), offset, len(raw)
                    return
                self._skip_value()
                return
            self._skip_value()
        raise LongFieldError(f"{self.name} has no field {column!r}.")

    def finish(self) -> bytes:
        """Pass the rest of the object, and return what was read behind it; ``dropped`` and ``at`` say where it ended.

        Raises:
            LongLineError: it is not a JSON object.
        """
        for _ in self._fields:
            self._skip_value()
        if not self.finished:
            self.at += 1
            self.finished = True
        return self.data[self.at :]

    def _keys(self) -> Iterator[str]:
        if self._peek() != ord("{"):
            raise self._error()
        self.at += 1
        while (byte := self._peek()) != ord("}"):
            if byte != ord('"'):
                raise self._error()
            key, begin = b"", self.dropped + self.at
            for raw, _ in self._string():
                key += raw
                if len(key) > _LONGEST_KEY:
                    raise LongLineError(
                        f"{self.name} has a field at its byte {begin} with a name of over {_LONGEST_KEY >> 20} MB."
                    )
            if self._peek() != ord(":"):
                raise self._error()
            self.at += 1
            yield self._unescape(key)

    def _error(self) -> LongLineError:
        return LongLineError(f"{self.name} is not valid JSON at its byte {self.dropped + self.at}.")

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
            found = _SPACE_OR_COMMA.match(self.data, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.data):
                return self.data[self.at]
            self._more()

    def _string(self) -> Iterator[tuple[bytes, int]]:
        """Consume a string; yield its raw inside, with offsets, in slices that no escape or character straddles."""
        self.at += 1
        while (end := self._end_of_string()) < 0:
            cut = self._safe_cut()
            if cut > self.at:
                yield self.data[self.at : cut], self.dropped + self.at
                self.at = cut
            self._more()
        if end > self.at:
            yield self.data[self.at : end], self.dropped + self.at
        self.at = end + 1

    def _end_of_string(self) -> int:
        """Return the index of the quote that ends the string; -1 where it is not read yet."""
        quote = self.data.find(b'"', self.at)
        if self.data.find(b"\\", self.at, quote if quote >= 0 else len(self.data)) < 0:
            return quote
        found = _TO_QUOTE.match(self.data, self.at)
        return found.end() - 1 if found else -1

    def _safe_cut(self) -> int:
        """Return an index up to which the string can be cut: a space, or failing that what no escape straddles."""
        space = self.data.rfind(b" ", self.at)
        if space > self.at:
            return space
        cut = len(self.data)
        while cut > self.at and cut > len(self.data) - 4 and self.data[cut - 1] >= 0x80:
            cut -= 1  # a character of several bytes that may go on, or the whole one before it
            if self.data[cut] >= 0xC0:
                break
        while (begin := self._escape_across(cut)) is not None:
            cut = begin
        return max(cut, self.at)

    def _escape_across(self, cut: int) -> int | None:
        """Return where the escape begins that ``cut`` would divide, or leave without its other half."""
        begin = self.data.rfind(b"\\", max(cut - _LONGEST_ESCAPE, self.at), cut)
        if begin < 0:
            return None
        run = begin + 1 - self.at - len(self.data[self.at : begin + 1].rstrip(b"\\"))
        if run % 2 == 0:  # it ends an escape
            return None
        length = _LONGEST_ESCAPE if self.data[begin + 1 : begin + 2] in (b"u", b"") else 2
        is_half = _HIGH_SURROGATE.match(self.data, begin) is not None
        return begin if begin + length + is_half > cut else None

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
