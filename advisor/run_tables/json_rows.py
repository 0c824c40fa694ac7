"""Rows of JSON text: lines of objects, a list of them, an object of columns, and what pandas writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from advisor.errors import RunsError
from advisor.untrusted.reading import MOST_JSON_BYTES

Row = dict[str, Any]
_LAW = {"E", "A", "B", "alpha", "beta"}
_DEEPEST = 16  # levels of objects that become dotted names
_MOST_DIGITS = 1000  # Python makes a number of no more than 4,300, and a float of none over 309
_SPACE = re.compile(r"[\s]*")


def read_json_rows(path: Path, text: str, is_name: Callable[[str], bool]) -> list[Row]:
    """Return the rows of JSON text; ``is_name`` says whether a key reads as the name of one of our columns.

    Raises:
        RunsError: it is not JSON, or no table.
    """
    values = list(_values(path, text))
    if len(values) != 1:
        return [_flat(_object(path, f"line {line}", value)) for line, value in values]
    ((_, value),) = values
    rows = _of_list(path, value) if isinstance(value, list) else _of_object(path, value, is_name)
    return [_flat(row) for row in rows]


def is_law(path: Path) -> bool:
    """Whether a file holds one JSON object with the constants of a law, and not a table."""
    try:
        value = json.loads(path.read_bytes()) if path.is_file() and path.stat().st_size <= MOST_JSON_BYTES else None
    except (ValueError, OSError, RecursionError):
        return False
    return isinstance(value, dict) and _law_like(value)


def _law_like(value: Mapping[str, Any]) -> bool:
    return len(_LAW & set(value)) >= 2 and not any(isinstance(value[key], (list, dict)) for key in _LAW & set(value))


def _values(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    """Yield each JSON value of the text with the number of its line."""
    decoder = json.JSONDecoder(object_pairs_hook=_no_key_twice, parse_int=_whole)
    at, end = _after_space(text, 0), len(text)
    line, counted = 1, 0
    while at < end:
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            where = error.lineno if text[at] == "[" else line  # of JSON lines it is the line that counts
            raise RunsError(f"{path}, line {where}: this is not JSON ({error.msg}).") from None
        except _TwiceError as error:
            raise RunsError(f"{path}, line {line}: a run has the key {error} twice: rename one.") from None
        except RecursionError:
            raise RunsError(f"{path}, line {line}: this JSON is nested too deeply for a table.") from None
        yield line, value
        at = _after_space(text, at)


def _whole(digits: str) -> int | str:
    """Return a whole number; the digits themselves where they are too many for one, for a message with their cell."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


class _TwiceError(Exception):
    """A key that one JSON object has twice."""


def _no_key_twice(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return found


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return at if space is None else space.end()


def _object(path: Path, place: str, value: Any) -> Row:
    if not isinstance(value, dict):
        raise RunsError(f"{path}, {place}: a run must be a JSON object, this is {json.dumps(value)[:30]}.")
    return value


def _of_list(path: Path, values: list[Any]) -> list[Row]:
    if values and all(isinstance(value, list) for value in values):
        raise RunsError(f"{path} is a list of lists, which has no column names: write a list of objects.")
    return [_object(path, f"run {i}", value) for i, value in enumerate(values, 1)]


def _of_object(path: Path, value: Any, is_name: Callable[[str], bool]) -> list[Row]:
    """Return the rows of one JSON object, by what its values are."""
    table = _object(path, "line 1", value)
    if _law_like(table):
        raise RunsError(f"{path} is a law and no table of runs: `advisor fit LAW --predict RUNS` compares them.")
    if isinstance(table.get("laws"), dict):
        raise RunsError(f"{path} holds laws and no runs: give the table that was fitted.")
    if {"columns", "data"} <= set(table):  # pandas' "split"
        return _of_split(path, table["columns"], table["data"])
    if table and all(isinstance(column, list) for column in table.values()):
        lists = [key for key, rows in table.items() if rows and all(isinstance(row, dict) for row in rows)]
        return table[lists[0]] if len(table) == len(lists) == 1 else _of_columns(path, table)
    if table and all(isinstance(column, dict) for column in table.values()):
        return _of_nested(path, table, is_name)
    records = [key for key, rows in table.items() if _is_records(rows) and any(map(is_name, rows[0]))]
    if len(records) == 1:
        return list(table[records[0]])
    if any(is_name(key) for key in table) and not any(isinstance(each, (list, dict)) for each in table.values()):
        return [table]  # one run
    raise RunsError(f"{path} is a JSON object that holds no table: write a list of objects, one a run.")


def _is_records(rows: Any) -> bool:
    return isinstance(rows, list) and bool(rows) and all(isinstance(row, dict) for row in rows)


def _of_split(path: Path, names: Any, data: Any) -> list[Row]:
    fits = isinstance(names, list) and isinstance(data, list)
    if not fits or any(not isinstance(row, list) or len(row) != len(names) for row in data):
        raise RunsError(f"{path} has columns and data, but not as many fields in each row as columns.")
    if len(set(map(str, names))) < len(names):
        raise RunsError(f"{path} has a column name twice: rename one.")
    return [dict(zip(map(str, names), row, strict=True)) for row in data]


def _of_columns(path: Path, table: Mapping[str, list[Any]]) -> list[Row]:
    lengths = {name: len(column) for name, column in table.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise RunsError(f"{path} has columns of different lengths: {said}.")
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def _of_nested(path: Path, table: Mapping[str, Row], is_name: Callable[[str], bool]) -> list[Row]:
    """Return the rows of an object of objects: pandas' "columns", names outside, or "index", names inside."""
    inside = list(dict.fromkeys(key for each in table.values() for key in each))
    outer, inner = any(map(is_name, table)), any(map(is_name, inside))
    if inner and not outer:
        return list(table.values())
    if outer and not inner:
        if any(list(column) != inside for column in table.values()):
            raise RunsError(f"{path} has columns whose rows have different keys: each must have all of them.")
        return [{name: column[key] for name, column in table.items()} for key in inside]
    raise RunsError(f"{path} is an object of objects, and neither their keys nor its own are all columns of runs.")


def _flat(row: Row, depth: int = 0) -> Row:
    """Return a row with nested objects as dotted names, such as config.n_params; what is very deep stays an object."""
    found: Row = {}
    for key, value in row.items():
        is_open = isinstance(value, dict) and depth < _DEEPEST
        inner = {f"{key}.{name}": each for name, each in _flat(value, depth + 1).items()} if is_open else {}
        found |= inner or {key: value}
    return found
