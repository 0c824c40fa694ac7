"""--fail-on: the exit code 3 where an answer has a caution that a program must not pass over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, Protocol

import click

from advisor.caution import CODES, severity_of
from advisor.commands import completed
from advisor.errors import UsageError, did_you_mean
from advisor.report import terminal

EXIT_CODE = 3
ANY_WARNING = "warning"


class Coded(Protocol):
    """A caution of an answer or a reason of a fit."""

    @property
    def code(self) -> str:
        """What it is of."""


def fail_on_option(command: Callable[..., Iterable[Coded]]) -> Callable[..., None]:
    """Add --fail-on to a command that returns the cautions of its answer."""

    @wraps(command)
    def failing(*, fail_on: tuple[str, ...], **given: Any) -> None:
        wanted = wanted_codes(fail_on)  # before hours of work
        found = failing_codes((each.code for each in command(**given)), wanted)
        if found:
            terminal.note(f"Exit code {EXIT_CODE} for --fail-on: the answer has {', '.join(found)}.")
            click.get_current_context().exit(EXIT_CODE)

    return click.option(
        "--fail-on",
        multiple=True,
        metavar="CODE,...",
        shell_complete=completed.fail_on,
        help="Exit with 3 if the answer has a caution of this code, or any `warning`; repeatable.",
    )(failing)


def wanted_codes(given: Sequence[str]) -> frozenset[str]:
    """Return the codes that are named, one or several with commas between them.

    Raises:
        UsageError: there is no such code; the message has the nearest one there is.
    """
    named = [part.strip() for text in given for part in text.split(",")]
    for code in named:
        if code != ANY_WARNING and code not in CODES:
            hint = did_you_mean(code, (ANY_WARNING, *CODES)) or ";"
            raise UsageError(
                f"--fail-on names {code!r}, which is no code of a caution{hint} `advisor schema --codes` lists them."
            )
    return frozenset(named)


def failing_codes(codes: Iterable[str], wanted: frozenset[str]) -> list[str]:
    """Return those of an answer's codes that are wanted, each once."""
    every = ANY_WARNING in wanted
    return [code for code in dict.fromkeys(codes) if code in wanted or (every and severity_of(code) == "warning")]
