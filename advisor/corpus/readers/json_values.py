"""The values of JSON text, one at a time and in order, of which a few megabytes are held."""

from __future__ import annotations

import json
import re
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from advisor.corpus.long_lines import LongObject
from advisor.corpus.streams import BLOCK, text_of
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_VALUE = 8 << 20  # characters: a longer value is never held whole
_SLACK = 16  # characters: an error so near the end of what was read can come of what was not
_SPACE = re.compile(r"[ \t\r\n]*")
_SPACE_OR_COMMA = re.compile(r"[ \t\r\n,]*")


class TooLongError(Exception):
    """A value is longer than LONGEST_VALUE."""


class JsonItem(NamedTuple):  # a frozen dataclass takes three times as long to make
    """A value and the bytes it takes.

    Attributes:
        value: what json.loads gives; of an object of over LONGEST_VALUE a LongObject, to be read before the next item.
        offset: of its first byte.
        n_bytes: its bytes; 0 for a LongObject.
    """

    value: Any
    offset: int
    n_bytes: int


class JsonText:
    """A stream of JSON text: ``offset`` is that of its next byte.

    Each method raises CorpusError where the text is not valid JSON, or stops; the message gives the byte.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream, self.name = stream, name
        self.buffer = ""
        self.at = 0  # in the buffer
        self.offset = 0
        self.pending = b""  # read, and not decoded yet
        self.ended = False
        self.decoder = json.JSONDecoder()

    def peek(self, *, comma: bool = False) -> str:
        """Return the next character that is no space (with ``comma``: and no comma), and pass those; "" at the end."""
        passed = _SPACE_OR_COMMA if comma else _SPACE
        while True:
            found = passed.match(self.buffer, self.at)
            if found and found.end() > self.at:
                self._advance(found.end())
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self._more():
                return ""

    def expect(self, char: str) -> None:
        """Pass this character."""
        if (found := self.peek()) != char:
            raise self.error(f"there is {found!r} where {char!r} should be" if found else "it ends too early")
        self._advance(self.at + 1)

    def items(self) -> Iterator[JsonItem]:
        """Yield the items of the list that begins here, and pass it."""
        begin = self.offset
        self.expect("[")
        while (char := self.peek(comma=True)) != "]":
            if not char:
                raise CorpusError(
                    f"{self.name} is truncated: it ends at byte {self.offset}, inside the list from byte {begin} on."
                )
            yield from self.held()
            if self.peek(comma=True) not in ("", "]"):
                yield from self.item()
        self._advance(self.at + 1)

    def held(self, first: str = "") -> Iterator[JsonItem]:
        """Yield the values from here on that end in what is held, and pass them; ``first``: those that begin so.

        Commas between them are passed, and what is wrong with the next value is left to ``item``: this is the loop
        over the records of a file, and costs little for each.
        """
        passed = (_SPACE if first else _SPACE_OR_COMMA).match
        buffer, decode, is_ascii = self.buffer, self.decoder.raw_decode, self.buffer.isascii()
        while (found := passed(buffer, self.at)) and (at := found.end()) < len(buffer):
            if buffer[at] == "]" or not buffer.startswith(first, at):
                return
            try:
                value, end = decode(buffer, at)
            except (ValueError, RecursionError):
                return
            if end == len(buffer):  # a number may go on
                return
            begin = self.offset + at - self.at if is_ascii else self.offset + _n_bytes(buffer[self.at : at])
            n_bytes = end - at if is_ascii else _n_bytes(buffer[at:end])
            self.at, self.offset = end, begin + n_bytes
            yield JsonItem(value, begin, n_bytes)

    def item(self) -> Iterator[JsonItem]:
        """Yield the value that begins here, and pass it: a long one once it was read."""
        begin = self.offset
        try:
            value = self.value()
        except TooLongError as error:
            if self.peek() != "{":
                raise CorpusError(
                    f"{self.name} holds a value of over {LONGEST_VALUE >> 20} MB at byte {begin} that is no object: "
                    'write it as JSON lines, {"text": ...}.'
                ) from error
            yield from self._long_item()
            return
        yield JsonItem(value=value, offset=begin, n_bytes=self.offset - begin)

    def value(self, *, within: bool = False) -> Any:
        """Return the value that begins here, and pass it; ``within``: only if it ends in what is held.

        Raises:
            TooLongError: it is longer than LONGEST_VALUE.
        """
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.at)
                if end < len(self.buffer) or self.ended or isinstance(value, str | list | dict):
                    self._advance(end)
                    return value
            except json.JSONDecodeError as error:
                if self.ended or (error.pos < len(self.buffer) - _SLACK and not error.msg.startswith("Unterminated")):
                    raise self._invalid(error) from error
            except RecursionError as error:
                raise self.error("it is nested too deeply") from error
            except ValueError as error:  # the digits of an integer
                raise self.error("it holds an integer of over 4,300 digits") from error
            if within or len(self.buffer) - self.at > LONGEST_VALUE:
                raise TooLongError
            self._more()

    def mark(self) -> tuple[int, int]:
        """Return where the next character is, for ``reset`` before more is read."""
        return self.at, self.offset

    def reset(self, mark: tuple[int, int]) -> None:
        """Go back to a mark."""
        self.at, self.offset = mark

    def error(self, problem: str) -> CorpusError:
        """Return the error for what is wrong at the next byte."""
        return CorpusError(f"{self.name} is not valid JSON at byte {self.offset}: {problem}.")

    def _invalid(self, error: json.JSONDecodeError) -> CorpusError:
        place = self.offset + _n_bytes(self.buffer[self.at : error.pos])
        if self.ended and (error.msg.startswith("Unterminated") or not self.buffer[error.pos :].strip()):
            end = self.offset + _n_bytes(self.buffer[self.at :])
            return CorpusError(
                f"{self.name} is truncated: it ends at byte {end}, inside the value from byte {self.offset} on."
            )
        return CorpusError(f"{self.name} is not valid JSON at byte {place}: {error.msg}.")

    def _advance(self, end: int) -> None:
        """Pass what is before ``end`` in the buffer."""
        self.offset += end - self.at if self.buffer.isascii() else _n_bytes(self.buffer[self.at : end])
        self.at = end

    def _more(self) -> bool:
        """Read as much again as is held, so that a value is parsed a few times at most; return whether there was more.

        What was passed is dropped, and little more than LONGEST_VALUE is held: with one emoji it takes four times the
        bytes.
        """
        if self.ended:
            return False
        n_held = len(self.buffer) - self.at
        data = self.stream.read(max(BLOCK, min(n_held, LONGEST_VALUE - n_held)))
        self.ended = not data
        held = self.offset + n_held  # about where the data begin, for messages
        data = self.pending + data
        cut = len(data) - (0 if self.ended else _incomplete(data))
        self.buffer, self.at, self.pending = (
            self.buffer[self.at :] + text_of(data[:cut], self.name, held),
            0,
            data[cut:],
        )
        return cut > 0 or not self.ended

    def _long_item(self) -> Iterator[JsonItem]:
        begin = self.offset
        found = LongObject(self._chunks(), f"The record at byte {begin} of {self.name}")
        yield JsonItem(value=found, offset=begin, n_bytes=0)
        self.pending = found.finish()
        self.offset = begin + found.dropped + found.at

    def _chunks(self) -> Iterator[bytes]:
        """Yield what is held and what follows it, in bytes."""
        data = self.buffer[self.at :].encode("utf-8", "replace") + self.pending
        self.buffer, self.at, self.pending = "", 0, b""
        yield from (data[start : start + BLOCK] for start in range(0, len(data), BLOCK))
        while block := self.stream.read(BLOCK):
            yield block


def _n_bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _incomplete(data: bytes) -> int:
    """Return how many bytes at the end belong to a character that is not whole yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0
