"""The options of ``advisor fit`` that make a coefficients file of a table's laws, and what they do."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.calibrations.installed import check_name, install
from advisor.commands.options import FILE, is_given
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, Protocol
from advisor.data_files import check_writable, refuse_overwriting
from advisor.errors import CorpusError, UsageError
from advisor.report import terminal

if TYPE_CHECKING:
    from advisor.compressibility.group_profiles import GroupProfiles
    from calibration.fit.analysis import Analysis

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
        own = {name: given.pop(name) for name in _NAMES}
        return command(**given, wanted=WantedCoefficients(count=given["count"], **own))

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


@dataclass(frozen=True, kw_only=True)
class WantedCoefficients:
    """What was asked for; nothing is written where ``coefficients`` is None."""

    count: Any
    coefficients: Path | None
    profiles_file: Path | None
    install_as: str | None
    score_tokenizer: str | None
    tokenizer: str | None
    h_ref: float | None
    source: str | None

    @cached_property
    def profiles(self) -> GroupProfiles | None:
        """The profiles of the groups; None where the table has their H.

        Raises:
            CorpusError: the file cannot be used.
        """
        if self.profiles_file is None:
            return None
        from advisor.compressibility.group_profiles import read_group_profiles

        return read_group_profiles(self.profiles_file)

    def check(self, table: Path, covariate: str | None) -> None:
        """Raise before anything is fitted if it cannot be done."""
        if self.coefficients is None:
            for name in ("install", "score-tokenizer", "tokenizer", "h-ref", "source"):
                if getattr(self, {"install": "install_as"}.get(name, name.replace("-", "_"))) is not None:
                    raise UsageError(f"--{name} is about the coefficients: name their file with --coefficients.")
            return
        if covariate is None:
            raise UsageError("--coefficients are lines in H: give --group and --covariate compressibility.")
        if self.h_ref is not None and not 0 < self.h_ref < 1:
            raise UsageError(f"--h-ref must be above 0 and below 1, not {self.h_ref:g}.")
        if self.install_as is not None:
            check_name(self.install_as)
        refuse_overwriting(self.coefficients, table, self.profiles_file, option="--coefficients")
        check_writable(self.coefficients)
        _ = self.protocol

    @property
    def protocol(self) -> Protocol:
        """How H was measured: what the profiles say, else the default protocol with the tokenizer given.

        Raises:
            CorpusError: the tokenizer given is not that of the profiles.
        """
        own = None if self.profiles is None else self.profiles.protocol
        if own is None:
            return replace(DEFAULT_PROTOCOL, tokenizer=self.score_tokenizer or DEFAULT_PROTOCOL.tokenizer)
        if self.score_tokenizer not in (None, own.tokenizer):
            raise CorpusError(
                f"{self.profiles_file} says that H was measured on {own.tokenizer}, and --score-tokenizer says "
                f"{self.score_tokenizer}: leave the option out, or measure again."
            )
        return own

    def write(self, analysis: Analysis, table: Path) -> None:
        """Write the coefficients of the laws, and install them where that was asked for; say what was done on stderr.

        Raises:
            RunsError: the laws give none.
            AdvisorError: a file cannot be read or written.
        """
        if self.coefficients is None:
            return
        from advisor.calibrations.coefficients import write_coefficients
        from calibration.lines.table_document import AboutTable, coefficients_document

        own = self.protocol
        about = AboutTable(
            name=self.install_as or self.coefficients.name.split(".")[0],
            table=table,
            command=_as_typed(),
            count=self.count,
            source=self.source,
            profiles=self.profiles_file,
            protocol=own,
            training_tokenizer=None if self.tokenizer == own.tokenizer else self.tokenizer,
        )
        if self.h_ref is not None:
            about = replace(about, h_ref=self.h_ref, h_ref_source="given with --h-ref")
        known = None if self.profiles is None else self.profiles.of(analysis.groups)
        write_coefficients(coefficients_document(analysis, about, profiles=known), self.coefficients)
        terminal.note(f"Coefficients are written to {self.coefficients}.")
        if self.install_as is not None:
            where = install(self.install_as, self.coefficients)
            terminal.note(f"Installed as {where}: advisor recommend --calibration {self.install_as}.")


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
