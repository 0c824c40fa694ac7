"""The options of ``advisor fit`` that make a coefficients file of a table's laws, and what is said of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.commands.options import FILE, is_given
from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.report import terminal

if TYPE_CHECKING:
    from advisor.laws.scaling_law import Count
    from calibration.fit.analysis import Analysis
    from calibration.lines.table_coefficients import TableCoefficients

_OPTIONS = (
    click.option(
        "--coefficients", type=FILE, metavar="FILE", help="Write coefficients for `recommend --coefficients`."
    ),
    click.option(
        "--profiles", "profiles_file", type=FILE, metavar="FILE", help="H of each group, by hand or of `score --out`."
    ),
    click.option("--install", "install_as", metavar="NAME", help="Install the coefficients: `--calibration NAME`."),
    click.option(
        "--score-tokenizer",
        metavar="NAME",
        help=f"What H was measured on, where --profiles does not say.  [default: {DEFAULT_PROTOCOL.tokenizer}]",
    ),
    click.option("--tokenizer", metavar="NAME", help="What the models read, where H was measured on another."),
    click.option("--h-ref", type=float, metavar="H", help="H of web text.  [default: .576, see docs/h_ref.md]"),
    click.option("--source", metavar="TEXT", help="Where the runs are from, for the record."),
)
_NAMES = ("coefficients", "profiles_file", "install_as", "score_tokenizer", "tokenizer", "h_ref", "source")


def coefficients_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which has them as ``wanted``."""

    @wraps(command)
    def gathering(**given: Any) -> Any:
        wanted = {name: given.pop(name) for name in _NAMES}
        return command(**given, wanted=wanted)

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


def coefficients_of(wanted: Mapping[str, Any], count: Count) -> TableCoefficients:
    """Return which coefficients are wanted, with the profiles of their file.

    Raises:
        CorpusError: the file of profiles cannot be used.
    """
    from advisor.compressibility.group_profiles import read_group_profiles
    from calibration.lines.table_coefficients import TableCoefficients

    own = {name: wanted[name] for name in _NAMES if name != "profiles_file"}
    file = wanted["profiles_file"]
    return TableCoefficients(count=count, profiles=None if file is None else read_group_profiles(file), **own)


def write(wanted: TableCoefficients, analysis: Analysis, table: Path) -> None:
    """Write the coefficients where they are wanted, and say on stderr what was done."""
    installed = wanted.write(analysis, table, command=_as_typed())
    if wanted.coefficients is not None:
        terminal.note(f"Coefficients are written to {wanted.coefficients}.")
    if installed is not None:
        terminal.note(f"Installed as {installed}: advisor recommend --calibration {wanted.install_as}.")


def _as_typed() -> str:
    """Return the running command as it can be typed again: its arguments and the options that were given."""
    context = click.get_current_context()
    words = ["advisor", str(context.info_name)]
    for each in context.command.params:
        value = context.params.get(each.name or "")
        if not is_given(each.name or ""):
            continue
        if isinstance(each, click.Argument):
            words.insert(2, str(value))
        elif getattr(each, "is_flag", False):
            words.append(each.opts[0])
        else:
            values = value if each.multiple else (value,)
            words += [word for one in values or () for word in (each.opts[0], _number(one))]
    return shlex.join(words)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
