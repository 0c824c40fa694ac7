"""The files that ``advisor fit`` writes, a law of each group and a picture, and what is refused before the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.commands.options import check_plot, draw
from advisor.data_files import check_writable, refuse_overwriting
from advisor.errors import UsageError
from advisor.report import terminal
from advisor.untrusted.reading import check_name

if TYPE_CHECKING:
    from calibration.fit.analysis import Analysis


def check_files(out: Path | None, plot: Path | None, *read: Path | None) -> None:
    """Raise if a file cannot be written, or would take the place of one that is read or of the other."""
    refuse_overwriting(out, *read)
    check_writable(out)
    check_plot(plot, out, *read)


def check_names(out: Path | None, groups: list[str]) -> None:
    """Raise before anything is fitted if two groups' laws would get one name, or one that no file can have."""
    if out is None:
        return
    if len(groups) > 1 and "{group}" not in out.name:
        raise UsageError(f"--out {out} names one file for {len(groups)} groups; put {{group}} in its name.")
    taken: dict[Path, str] = {}
    for group in groups:
        path = _law_path(out, group)
        if "{group}" in out.name:
            check_name(path.name, f"The law file of the group {group[:80]!r}", UsageError)
        check_writable(path)
        if taken.setdefault(path, group) != group:
            raise UsageError(f"The laws of the groups {taken[path]!r} and {group!r} would both be written to {path}.")


def shown_laws(analysis: Analysis, force: bool) -> Analysis:
    """Return an analysis with the laws that may be written alone: those that are not refused, or all when forced."""
    refused = () if force else analysis.refused
    return replace(analysis, groups={name: g for name, g in analysis.groups.items() if g.law and name not in refused})


def write_laws(shown: Analysis, out: Path | None) -> None:
    """Write the file of each law."""
    from calibration.fit.document import write_law_file

    if out is not None:
        for name, group in shown.groups.items():
            write_law_file(_law_path(out, name), group, shown)


def write_files(analysis: Analysis, out: Path | None, plot: Path | None, force: bool) -> None:
    """Write law files and the picture of every law that is not refused, or of all when forced."""
    shown = shown_laws(analysis, force)
    write_laws(shown, out)
    if out is not None and not shown.groups:
        terminal.note(f"No law could be fitted, so nothing is written to {out}.")
    if plot is not None and not shown.groups:
        terminal.note(f"No law could be fitted, so nothing is drawn into {plot}.")
    draw(shown, plot if shown.groups else None)


def _law_path(out: Path, group: str) -> Path:
    return out.with_name(out.name.replace("{group}", _name_part(group)))


def _name_part(group: str) -> str:
    """Return a group's name as it stands in that of a file: a "/" would lead into a folder."""
    return group.replace("/", "_")
