"""The cells of a table: our names found, runs that failed refused or left out, and columns with holes not used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from advisor.errors import RunsError
from advisor.quantities import plural
from advisor.run_tables.rows import TableRows, read_rows
from calibration.fit.table.cells import Cells
from calibration.fit.table.choice import choose_columns
from calibration.fit.table.failed import failed_runs, refuse_failed, run_numbers, without_runs
from calibration.fit.table.names import OPTIONAL, is_ours
from calibration.fit.table.reading import TableUnits


def read_cells(path: Path, columns: Mapping[str, str], units: TableUnits | None = None) -> Cells:
    """Return the rows of a table with our names for its columns.

    Raises:
        RunsError: The file cannot be read, or it cannot be told which column is which.
    """
    units = units or TableUnits()
    table = read_rows(path, is_ours)
    chosen = choose_columns(table, columns)
    table = replace(table, said=(*table.said, *chosen.said))
    cells = Cells(table=table, names=chosen.names, scale=units.scale, given=tuple(columns))
    if not units.skip_failed:
        refuse_failed(table)
        return cells
    return replace(cells, table=_without_failed(cells))


def without_sparse(cells: Cells, covariate: str | None) -> Cells:
    """Return the cells without optional columns that are empty in some runs, where nothing needs them in all.

    An empty unique_tokens stays, as no limit; weights, what is derived from, and the covariate must be whole.
    """
    needed = {"unique_tokens", covariate}
    if cells.has("weight") and cells.n_empty("weight") < len(cells.table.rows):
        needed.add("weight")  # of a run without one nothing is known, but that its like have another
    needed |= {"flops"} if not (cells.has("n_params") and cells.has("n_tokens")) else set()
    empty = {name: cells.n_empty(name) for name in OPTIONAL if cells.has(name) and name not in needed}
    sparse = {name: n for name, n in empty.items() if n}
    of = len(cells.table.rows)
    said = [f"{cells.names[name]} is empty in {n} of {of} runs and not used" for name, n in sparse.items()]
    if cells.has("unique_tokens") and (n := cells.n_empty("unique_tokens")):
        said.append(f"{n} of {of} runs without {cells.names['unique_tokens']} are taken to repeat no data")
    names = {ours: theirs for ours, theirs in cells.names.items() if ours not in sparse}
    return replace(cells, names=names, table=replace(cells.table, said=(*cells.table.said, *said)))


def _without_failed(cells: Cells) -> TableRows:
    """Return the rows of runs that did not fail, with a word on how many did."""
    table = cells.table
    failed = failed_runs(table, cells.names.get("loss"), cells.mark, by_loss=True)
    if not failed:
        return table
    if len(failed) == len(table.rows):
        raise RunsError(
            f"{table.path}: --skip-failed leaves out all {plural(len(failed), 'run')}, as none has a loss to use."
        )
    are = "is" if len(failed) == 1 else "are"
    said = f"{len(failed)} of {plural(len(table.rows), 'run')} failed and {are} left out ({run_numbers(failed)})"
    return replace(table, rows=without_runs(table.rows, failed), said=(*table.said, said))
