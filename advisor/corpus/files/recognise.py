"""What text really is, by its first bytes: JSON lines in a .txt file, records of a crawl, token ids written as text.

Pure functions. ``recognised`` is given the head of what a file holds, decompressed and in UTF-8; a format that the user
named with --format is not to be asked about. What compression a file has, by its first bytes, says
``compression.compression_of``.
"""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import islice
from typing import Any

from advisor.corpus.compression import compression_of
from advisor.corpus.values.messages import are_messages

__all__ = ["HEAD_BYTES", "TEXT_FORMATS", "compression_of", "recognised"]

HEAD_BYTES = 1 << 20  # of a file, enough to tell; less will do
TEXT_FORMATS = ("text", "jsonl", "json", "csv", "tsv", "warc", "ids")  # what may be told apart here

_LINES = 50  # lines looked at
_MOST = 0.9  # of them: a log of JSON lines may hold a torn one, which its reader names
_LARGEST_ID = 1 << 20  # no tokenizer has a million tokens
_LEAST_IDS = 64  # in all lines: fewer numbers are a table, or a text about numbers
_IDS_A_LINE = 8  # on average
_LEAST_ROWS = 3  # of a table that no name announces, its header included
_WARC = re.compile(rb"WARC/[01]\.\d+\r?\n")
_IDS = re.compile(rb"\[?[ \t]*+\d{1,7}(?:(?:[ \t]*+,[ \t]*+|[ \t]++)\d{1,7})*+[ \t]*+,?[ \t]*+\]?,?")
_NAME = re.compile(r"\w[\w.\-/]*( [\w.\-/]+){0,2}")  # of a column
_CUT = 8  # bytes: an error so near the end of the head can come of the cut


def recognised(head: bytes, format: str | None) -> str:
    r"""Return the format that text really is, one of TEXT_FORMATS.

    ``head``: its first bytes, at most HEAD_BYTES, which may end anywhere. ``format``: what its name says; None where
    the name says nothing (standard input, part-00000). Only without a name is plain text taken for a table, and a
    single JSON object for records: a notebook or a settings file is text where its name says so. Any other format
    (parquet, say) comes back as it is.

    >>> recognised(b'{"text": "a"}\n{"text": "b"}\n', "text")
    'jsonl'
    >>> recognised(b"{'text': 'a'}\n{'text': 'b'}\n", "text")
    'text'
    """
    if format is not None and format not in TEXT_FORMATS:
        return format
    head = head.removeprefix(b"\xef\xbb\xbf")
    begin = head.lstrip()
    if _WARC.match(begin):
        return "warc"
    if begin[:1] in (b"{", b"["):
        found = _of_json(begin, format)
        if found:
            return found
    if format in (None, "text", "jsonl") and _is_ids(begin):
        return "ids"
    if format is None:
        return _table(begin) or "text"
    return format


def _of_json(begin: bytes, format: str | None) -> str | None:
    """Return the format of what begins with a bracket; None where it is no JSON, or is what its name says."""
    values = [_value(line) for line in _lines(begin) if line.strip()]
    if len(values) > 1 and isinstance(values[0], dict):
        n_objects = sum(isinstance(value, dict) for value in values)
        if n_objects >= _MOST * len(values):
            return "jsonl"
        return "jsonl" if format == "jsonl" else None
    if _is_ids(begin):
        return "json" if format == "json" else "ids"
    if begin.startswith(b"["):
        is_list = _is_one_list(begin) if format == "jsonl" else _is_json_list(begin)
        return "json" if is_list else None
    return _of_object(begin, format)


def _of_object(begin: bytes, format: str | None) -> str | None:
    """Return the format of one object, whole or cut, on one line or several, and what may follow it."""
    value, end = _first_value(begin)
    if end is None:  # cut, or no JSON
        if not _is_cut_json(begin):
            return None
        if format == "jsonl" and b"\n" in begin:
            return "json"
        if format in (None, "text"):
            return "jsonl" if b"\n" not in begin else "json" if format is None else None
        return None
    follows = begin[end:].lstrip()
    is_over_lines = b"\n" in begin[:end].strip()
    if follows.startswith(b"{"):
        # JSON lines too, where the head cuts the second of them; else objects that follow one another anyhow.
        are_lines = b"\n" in begin[end : len(begin) - len(follows)] and not is_over_lines and b"\n" not in follows
        return "jsonl" if are_lines else "json"
    if follows:
        return None
    if format == "jsonl":
        return "json" if is_over_lines else None
    if format is None or not is_over_lines:
        return "json"
    holds_records = any(isinstance(each, list) and each and isinstance(each[0], dict) for each in value.values())
    return "json" if holds_records and "nbformat" not in value else None


def _lines(text: bytes) -> list[bytes]:
    """Return the first lines, without a last one that is cut."""
    lines = list(islice(io.BytesIO(text), _LINES))
    if lines and not lines[-1].endswith(b"\n") and _value(lines[-1]) is None:
        lines.pop()
    return lines


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _first_value(begin: bytes) -> tuple[Any, int | None]:
    """Return the value that the text begins with, and the byte behind it; None where it does not end here."""
    text = begin.decode("utf-8", "replace")
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None, None
    return value, len(text[:end].encode())


def _is_cut_json(begin: bytes) -> bool:
    """Return whether the text is JSON as far as it goes."""
    text = begin.decode("utf-8", "ignore")
    try:
        json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        return len(text) > 1 and (error.msg.startswith("Unterminated") or error.pos >= len(text) - _CUT)
    except (ValueError, RecursionError):
        return False
    return True


def _is_json_list(begin: bytes) -> bool:
    """Return whether the text is a list of objects or strings in JSON, whole or cut."""
    first = begin[1:].lstrip()[:1]
    return first in (b"{", b'"', b"[") and _is_cut_json(begin)


def _is_one_list(begin: bytes) -> bool:
    """Return whether a list is all there is, over lines or on one, whatever the name says; no list of messages is."""
    first, _, rest = begin.partition(b"\n")
    if not _is_json_list(begin):
        return False
    if (value := _value(first)) is None:
        return bool(rest) or len(begin) >= HEAD_BYTES // 2
    return not rest.strip() and bool(value) and isinstance(value[0], dict) and not are_messages(value)


def _is_ids(begin: bytes) -> bool:
    """Return whether lines are token ids: whole numbers that a vocabulary can have, many a line, in no table."""
    lines = [line.strip() for line in islice(io.BytesIO(begin), _LINES)]
    lines = [line for line in lines if line]
    if len(lines) > 1 or len(begin) >= HEAD_BYTES // 2:
        lines[-1] = _without_last_number(lines[-1])  # it may be cut inside it
    lines = [line for line in lines if line]
    if not lines or not all(_IDS.fullmatch(line) for line in lines):
        return False
    ids = [list(map(int, re.findall(rb"\d+", line))) for line in lines]
    counts = {len(line) for line in ids[: -1 or None]}
    n_ids = sum(map(len, ids))
    is_table = len(ids) >= _LEAST_ROWS and len(counts) == 1 and max(counts) < _LEAST_IDS
    largest = max(map(max, ids))
    return n_ids >= max(_LEAST_IDS, _IDS_A_LINE * len(ids)) and largest < _LARGEST_ID and not is_table


def _without_last_number(line: bytes) -> bytes:
    stem = line.rstrip(b"0123456789")
    cut = stem.rstrip(b" \t\n\r\x0b\x0c,")
    return line if cut == stem else cut


def _table(begin: bytes) -> str | None:
    """Return csv or tsv where plain text is one: names, then rows of as many cells; markup and prose are none."""
    text = begin.decode("utf-8", "replace")
    for delimiter, format in (("\t", "tsv"), (",", "csv"), (";", "csv"), ("|", "csv")):
        try:
            rows = [
                row for row in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _LINES) if row
            ]
        except csv.Error:
            continue
        if len(rows) < _LINES - 1 and not text.endswith("\n"):
            rows = rows[:-1] or rows
        if len(rows) >= _LEAST_ROWS and len(rows[0]) > 1 and {len(row) for row in rows} == {len(rows[0])}:
            names = rows[0]
            if len(set(names)) == len(names) and all(_NAME.fullmatch(name) and not name.isdecimal() for name in names):
                return format
    return None
