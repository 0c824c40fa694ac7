"""Reading what nobody vouches for: files of bounded size, names that become files, and what parsing libraries raise."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from advisor.errors import NOT_THERE, AdvisorError, asked_wrongly, first_line

# JSON of so many bytes is at most some 400 MB of Python objects; no file of advisor's own comes near it.
MOST_JSON_BYTES = 8 << 20
_LONGEST_NAME = 200  # bytes: file systems know 255, and endings and temporary names come on top
_PANIC = "PanicException"  # what pyo3 raises where a Rust library panics: a BaseException, so that nothing catches it


@contextmanager
def parsing(
    place: object, what: str, error: type[AdvisorError], *, advice: str = "", too_large: str = ""
) -> Iterator[None]:
    """Turn whatever a parsing library raises inside into ``error``, with the place; only the library's call is inside.

    ``what`` is what it is read as, "a parquet file"; ``advice`` what to do, behind the library's words;
    ``too_large`` what is said of a MemoryError, where it is a bound of ours that was met. An error of ours passes, and
    so does what ends the program.

    >>> with parsing("x.json", "JSON", AdvisorError):
    ...     int("one")
    Traceback (most recent call last):
    advisor.errors.AdvisorError: x.json cannot be read as JSON: invalid literal for int() with base 10: 'one'.
    """
    try:
        yield
    except AdvisorError:
        raise
    except MemoryError as problem:
        asked = too_large or f"it asks for more memory than there is{advice}"
        raise error(f"{place} cannot be read as {what}: {asked}.") from problem
    except BaseException as problem:
        if not isinstance(problem, Exception) and type(problem).__name__ != _PANIC:
            raise
        raise error(f"{place} cannot be read as {what}: {first_line(problem)}{advice}.") from problem


def bounded_bytes(path: Path, most_bytes: int, error: type[AdvisorError], *, regular: bool = False) -> bytes:
    """Return what a file holds, or a pipe or device that the user named; never more than ``most_bytes`` are read.

    ``regular`` is for what is found rather than named: a pipe, a device or a folder is an error, and is not opened.

    Raises:
        error: it cannot be read, is larger, or is no regular file where it must be one.
    """
    try:
        if regular and not stat.S_ISREG(os.stat(path).st_mode):
            raise error(f"{path} is not a regular file: remove it.")
        with path.open("rb", buffering=0) as file:
            data = _first_bytes(file, most_bytes + 1)
    except (OSError, ValueError) as problem:  # ValueError: a NUL in its name
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        found = error(f"Cannot read {path}: {reason}.")
        raise (found if regular or not isinstance(problem, NOT_THERE) else asked_wrongly(found)) from problem
    if len(data) > most_bytes:
        size = f"{most_bytes >> 20} MB" if most_bytes >= 1 << 20 else f"{most_bytes:,} bytes"
        raise error(f"{path} holds over {size}: it is not one of advisor's files.")
    return data


def _first_bytes(file: object, most_bytes: int) -> bytes:
    parts, left = [], most_bytes
    while left and (part := file.read(min(left, 1 << 20))):  # type: ignore[attr-defined]
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def name_problem(name: str) -> str | None:
    """Return why ``name`` cannot be that of a file inside a folder, after "it"; None where it can.

    >>> name_problem("../../escaped"), name_problem("code"), name_problem("..")
    ("has a '/' in it", None, 'is a folder of every folder')
    """
    if not name:
        return "is empty"
    if name in (".", ".."):
        return "is a folder of every folder"
    if found := next((char for char in name if char in "/\\" or not char.isprintable()), None):
        return f"has a {found!r} in it"
    if name[0] in ".- " or name[-1] == " ":
        return f"begins or ends with {(name[0] if name[0] in '.- ' else name[-1])!r}"
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        return f"is longer than {_LONGEST_NAME} bytes"
    return None


def check_name(name: str, what: str, error: type[AdvisorError]) -> str:
    """Return ``name``, which may become that of a file; ``what`` says of what it is the name.

    Raises:
        error: it may not: it could lead out of the folder, or be no file's.
    """
    if (problem := name_problem(name)) is not None:
        raise error(f"{what} cannot be called {name[:80]!r}: it would name a file, and it {problem}.")
    return name
