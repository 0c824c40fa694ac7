"""What a page is made of, and a sentence for everything else: what it is, and the command that shows it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.errors import AdvisorError, UsageError, printable
from advisor.report.text import shortened
from advisor.untrusted.reading import MOST_JSON_BYTES

_SHOWN = (
    "what score, recommend, compare, repeat, table and fit print with --json, law files, coefficients files and "
    "folders of advisor calibrate"
)
TAKES = f"a page shows {_SHOWN}"
MOST_FILES = 50  # a recommendation takes 2 to 5 seconds and adds some 0.2 MB to a page
# Documents of advisor that are no page's: the keys by which each is known, what it is, and where it is read.
_ELSEWHERE: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("$schema",), "a JSON Schema", "advisor schema prints it"),
    (("terms",), "what advisor explain prints", "advisor explain shows it"),
    (("exponents", "transfers", "signs"), "what advisor evidence prints", "advisor evidence shows it"),
    (
        ("data_dependent_laws", "laws"),
        "the list of advisor laws",
        "advisor report --flops 1e21 --out report.html says what each law answers",
    ),
    (
        ("share_of_budget", "expected", "runs"),
        "the design of a pilot",
        "train its runs, then advisor fit pilot.csv --pilot --out pilot.json, and give advisor report a budget and "
        "--pilot pilot.json",
    ),
    (("grammars", "seed"), "what advisor grammar drew", "advisor grammar shows it"),
    (
        ("jobs", "n_works_missing"),
        "a calibration that is planned and has no results",
        "advisor calibrate trains it without --dry-run, and its folder makes a page",
    ),
    (
        ("lines", "epsilon", "files"),
        "what advisor calibrate printed",
        "name the folder that it wrote, which has the laws",
    ),
)
_PILOT = ("what a pilot measured", "give advisor report a budget and --pilot FILE")
_PREDICTED = ("what a law predicts of new runs", "advisor fit LAW --predict RUNS shows it")
_HUB = re.compile(r"[\w.-]+/[\w.-]+")
_GLOB = frozenset("*?[")
_LONGEST = 200  # characters of a name in a sentence
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def is_elsewhere(keys: Mapping[str, Any]) -> bool:
    """Return whether a document with these keys is one of advisor's that no page shows."""
    return bool(_known(keys))


class ElsewhereError(AdvisorError):
    """A document of advisor that no page shows: it is no corpus either."""


def elsewhere(path: Path, keys: Mapping[str, Any]) -> AdvisorError:
    """Return the error for JSON that no page shows: an ElsewhereError, with where to read it, for one of advisor's."""
    for what, instead in _known(keys):
        return ElsewhereError(f"{path} is {what}, of which no page is made: {instead}; {TAKES}.")
    named = ", ".join(sorted(printable(key)[:40] for key in keys)[:6]) or "nothing in it"
    return AdvisorError(f"{path} is JSON with {named}, which is no document of advisor; {needs_budget(str(path))}")


def _known(keys: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a document of advisor is that no page shows, with where it is read; nothing for another."""
    if keys.get("kind") == "pilot":
        return [_PILOT]
    if keys.get("laws") == {} and keys.get("predictions"):
        return [_PREDICTED]
    return [(what, instead) for wanted, what, instead in _ELSEWHERE if keys.keys() >= set(wanted)]


def is_small_object(path: Path) -> bool:
    """Return whether a regular file begins as a JSON object and may be a document; a pipe is not opened."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_JSON_BYTES:
            return False
        with path.open("rb") as file:
            return file.read(64).lstrip()[:1] == b"{"
    except (OSError, ValueError):  # ValueError: a NUL in its name
        return False


def unreadable(path: Path, data: bytes, problem: AdvisorError) -> AdvisorError:
    """Return the error for a file that is no JSON: how it is damaged, or that a corpus needs a budget."""
    if not data.strip():
        return AdvisorError(f"{path} is empty: write it again with --out FILE, which leaves none half written.")
    if data.startswith(_UTF16):
        return AdvisorError(f"{path} is UTF-16, as PowerShell's > writes it: write it with --out FILE, in UTF-8.")
    said = str(problem).rstrip(".")
    if path.suffix.lower() == ".json" and data.lstrip()[:1] == b"{":
        return AdvisorError(f"{said}: it is cut off, or altered, or holds two documents; write each with --out FILE.")
    return AdvisorError(f"{said}; {needs_budget(str(path))}")


def needs_budget(name: str) -> str:
    """Return that a page about a corpus needs a budget, with the command."""
    return (
        f"a page about a corpus needs a budget, advisor report {typed(name)} --flops 1e21 --out report.html, and "
        f"without one shows {_SHOWN}."
    )


def check_files(names: Sequence[str]) -> list[Path]:
    """Return the paths of a page's files, each of which must be there and be named once.

    Raises:
        UsageError: none is named, or too many, or one is twice, or is not there, or is a corpus.
    """
    if not names:
        raise UsageError(f"Name what the page is to show: FILE..., or a budget such as --flops 1e21; {TAKES}.")
    if len(names) > MOST_FILES:
        raise UsageError(
            f"A page shows at most {MOST_FILES} files, not {len(names)}: compare many corpora or budgets with advisor "
            "compare --json, which is one file."
        )
    if "" in names:
        raise UsageError("The name of a FILE is empty.")
    paths = [Path(name) for name in names]
    for name, path in zip(names, paths, strict=True):
        if paths.count(path) > 1:
            raise UsageError(f"{path} is named twice: name each file once.")
        _check_there(name, path)
    return paths


def _check_there(name: str, path: Path) -> None:
    """Raise UsageError unless a file or a folder is there that a page may be made of."""
    try:
        there = path.exists()
    except (OSError, ValueError) as problem:  # a name too long for a file, or a NUL in it
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise UsageError(f"{shortened(name, _LONGEST)} names no file: {reason}.") from problem
    if there:
        return
    shown = shortened(name, _LONGEST)
    if name == "-" or "://" in name or _GLOB & set(name):
        raise UsageError(f"{shown} is no file of results: {needs_budget(name)}")
    if _HUB.fullmatch(name) and path.suffix.lower() != ".json":
        raise UsageError(f"There is no file or folder {shown}; if it is a dataset of the hub, {needs_budget(name)}")
    raise UsageError(f"There is no file or folder {shown}: {TAKES}.")


def typed(name: str) -> str:
    """Return a name as it is typed in a shell, without its middle where it is long."""
    return shlex.quote(shortened(name, _LONGEST))
