"""How an answer is given: as text, JSON or a picture, and how much of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from advisor.commands.options.declared import FILE, Decorator, all_of


def json_option(in_place_of: str | None = None) -> Decorator:
    """Return --json; ``in_place_of`` is what is printed without it."""
    instead = "" if in_place_of is None else f" in place of {in_place_of}"
    return click.option("--json", "as_json", is_flag=True, help=f"Print one JSON document{instead}.")


def output_options(in_place_of: str) -> Decorator:
    """Return --json and --out, of the commands whose result is one document."""
    out = click.option("--out", type=FILE, metavar="FILE", help="Also write the JSON document to FILE.")
    return all_of(json_option(in_place_of), out)


def plot_option(what: str) -> Decorator:
    """Return --plot; ``what`` is what is drawn."""
    return click.option("--plot", type=FILE, metavar="FILE", help=f"Draw {what} into FILE, a .svg, .pdf or .png.")


def check_plot(plot: Path | None, out: Path | None, *read: str | Path | None) -> None:
    """Raise, before any work is done, if no picture can be written to ``plot``, or it would overwrite what is read."""
    if plot is not None:
        from advisor.report.pictures.files import check_picture

        check_picture(plot, *read, out=out)


def draw(result: Any, plot: Path | None) -> None:
    """Write the picture of a result where one is asked for."""
    if plot is not None:
        from advisor.report.pictures.plot import plot as draw_into

        draw_into(result, plot)


quiet_option = click.option("--quiet", is_flag=True, help="No progress on stderr.")
explain_option = click.option(
    "--explain", is_flag=True, help="Print how the answer comes about: formulas, constants, sources."
)
explain_all_option = click.option(
    "--explain-all", is_flag=True, help="Print the formula, constants and source of every number on any screen."
)
cautions_option = click.option("--cautions", is_flag=True, help="Print every caution, those that change nothing too.")
full_option = click.option("--full", is_flag=True, help="Print all there is, cautions too.")
