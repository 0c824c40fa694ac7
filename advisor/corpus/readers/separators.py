"""Where one text ends and the next begins in a file of many: at marks such as <|endoftext|>."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from advisor.corpus.corpus_file import read_at
from advisor.corpus.streams import BLOCK, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD_BYTES = 1 << 18  # of a file, by which it is decided whether marks separate it
_MARKS = (
    *(b"<|endoftext|>", b"<|end_of_text|>", b"<|endofdoc|>", b"<|end_of_document|>", b"<|eos|>", b"<|EOS|>"),
    *(b"<eos>", b"<EOS>", b"[EOS]", b"<eot>", b"<EOT>", b"[EOT]", b"<eod>", b"<EOD>", b"[EOD]"),
)
_SENTENCE_MARKS = (b"</s>", b"<s>")  # which are also tags of HTML
_MARKUP = re.compile(rb"</(?!s>)\w+>|<[?!]\w")  # of HTML or XML; <unk> and the like are none
_LEAST = 3  # of a mark in the head
_MOST = 0.9  # of its occurrences stand between texts: else the text speaks of it
_QUOTES = b"\"'`)],;"  # right behind a mark that is spoken of
_OPENING = b"`([="  # right before one
_BREAKS = re.compile(rb"[ \t]{0,2}(?:\r?\n){0,2}")
_BREAKS_BEFORE = re.compile(rb"[ \t]{0,2}(?:\r?\n){0,2}\Z")
_AROUND = 6  # bytes that they match at most
_HOLD = 128  # bytes: no match is longer
_FARTHEST = 8 << 20  # bytes that are searched for the ends of a document at a drawn byte


@dataclass(frozen=True, kw_only=True)
class Separator:
    """The marks that end a file's documents, in words and as a pattern."""

    words: str
    pattern: re.Pattern[bytes]

    def gaps(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield where each mark begins and ends, with the line breaks around it."""
        past = 0
        for match in self.pattern.finditer(data):
            near = max(match.start() - _AROUND, past)
            before, after = _BREAKS_BEFORE.search(data[near : match.start()]), _BREAKS.match(data, match.end())
            begin = near + before.start() if before else match.start()
            past = after.end() if after else match.end()
            yield begin, past


def separator_of(head: bytes) -> Separator | None:
    """Return what separates the documents of a file that begins with ``head``; None where it is one document.

    A mark separates where it occurs several times and stands alone on its line, or where texts end and begin; code and
    prose that quote it are left whole.
    """
    marks = [mark for mark in _MARKS if _separates(head, mark)]
    if not marks and not _MARKUP.search(head):
        marks = [mark for mark in _SENTENCE_MARKS if _separates(head, mark, at_lines=True)]
    if not marks:
        return None
    found = b"|".join(map(re.escape, marks))
    return Separator(words=" or ".join(mark.decode() for mark in marks), pattern=re.compile(found))


def _separates(head: bytes, mark: bytes, *, at_lines: bool = False) -> bool:
    places = [match.start() for match in re.finditer(re.escape(mark), head)]
    standing = sum(_stands(head, begin, begin + len(mark), at_lines=at_lines) for begin in places)
    return standing >= _LEAST and standing >= _MOST * len(places)


def _stands(head: bytes, begin: int, end: int, *, at_lines: bool) -> bool:
    """Return whether the mark at these bytes stands between texts."""
    before, after = head[max(begin - 2, 0) : begin], head[end : end + 1]
    if after in (b"", b"\n", b"\r") or before[-1:] in (b"", b"\n"):
        return True
    if at_lines or after in _QUOTES or before[-1:] in _OPENING:
        return False
    is_apart = before[-1:].isspace() and after.isspace()  # as a word of a sentence is, or the end of one
    return not is_apart or before.strip()[-1:] in b".!?\"'" or not head[end : end + 2].strip()[:1].islower()


@dataclass(frozen=True, kw_only=True, slots=True)
class TextPiece:
    """A piece of a document: the byte where the document begins, which piece it is, its text and its bytes.

    The bytes of the separator count to the piece before it.
    """

    begin: int
    number: int
    text: str
    n_bytes: int


def separated(stream: IO[bytes], name: str, separator: Separator, limit: int = BLOCK) -> Iterator[TextPiece]:
    """Yield the documents of a UTF-8 stream, those over about ``limit`` bytes in pieces that end at whitespace."""
    data, offset, begin, number, ended = b"", 0, 0, 0, False
    while not ended:
        block = stream.read(limit)
        data, ended, done = data + block, not block, 0
        safe = len(data) if ended else max(len(data) - _HOLD, 0)  # a match that begins before is whole
        for first, past in separator.gaps(data):
            if first >= safe:
                break
            text = text_of(data[done:first], name, offset + done)
            if text.strip():
                yield TextPiece(begin=begin, number=number, text=text, n_bytes=past - done)
            done, number = past, 0
            begin = offset + done
        cut = len(data) if ended else max(_whitespace_before(data, done, safe - _HOLD), done)
        text = text_of(data[done:cut], name, offset + done)
        if cut - done >= limit // 2 or (ended and text.strip()):
            yield TextPiece(begin=begin, number=number, text=text, n_bytes=cut - done)
            done, number = cut, number + 1
        data, offset = data[done:], offset + done


def _whitespace_before(data: bytes, begin: int, end: int) -> int:
    """Return the byte behind the last whitespace before ``end``; failing that, where a character begins."""
    space = max(data.rfind(b" ", begin, end), data.rfind(b"\n", begin, end)) + 1
    if space > begin:
        return space
    while end > begin and data[end] & 0xC0 == 0x80:
        end -= 1
    return end


def bounds(handle: IO[bytes], n_bytes: int, position: int, separator: Separator) -> tuple[int, int, int]:
    """Return where the document at byte ``position`` of a file begins, where its text ends and where the next begins.

    Within _FARTHEST bytes of the position: a document that goes on farther is taken to end there.
    """
    begin = _begin_of(handle, position, separator)
    at, step, data = max(begin, position - _HOLD), 1 << 14, b""
    while at + len(data) < n_bytes and len(data) < _FARTHEST:
        data += read_at(handle, step, at + len(data))
        for first, past in separator.gaps(data):
            is_whole = past < len(data) - _HOLD or at + len(data) >= n_bytes
            if at + past > position and is_whole:
                return begin, at + first, at + past
        step = min(2 * step, BLOCK)
    return begin, min(at + len(data), n_bytes), min(at + len(data), n_bytes)


def _begin_of(handle: IO[bytes], position: int, separator: Separator) -> int:
    step, low = 1 << 14, position
    while low > 0 and position - low < _FARTHEST:
        high, low = min(low + _HOLD, position + _HOLD), max(low - step, 0)
        data = read_at(handle, high - low, low)
        ends = [past for _, past in separator.gaps(data) if low + past <= position]
        if ends:
            return low + ends[-1]
        step = min(2 * step, BLOCK)
    return low
