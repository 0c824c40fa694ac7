"""The table of a pilot's runs: written with an empty column for the losses, read when it is filled.

    corpus,role,flops,n_params,n_tokens,loss,compressibility,bytes_per_token,non_ascii_fraction,...

``flops`` is the budget that a run's size belongs to, ``loss`` the validation loss in nats/token on the run's own
corpus. What stands behind the first eight columns is advice: shape, batch, rate, hours; it is not read.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from advisor.data_files import write_atomically
from advisor.errors import RunsError
from advisor.laws.text import Text
from advisor.pilot.pilot import Pilot, PilotCorpus, PlannedRun
from advisor.pilot.runs import ROLES, PilotRun, Role
from advisor.quantities import format_flops, plural
from advisor.run_tables.domains import LOSS, beyond, domain_of, is_beyond
from advisor.run_tables.numbers import DecimalMark, decimal_mark, is_empty, number_of, shown
from advisor.run_tables.rows import read_rows

Row = Mapping[str, float | str]

_NEEDED = ("corpus", "role", "flops", "n_params", "n_tokens", "loss")
_NUMBERS = ("flops", "n_params", "n_tokens", "loss")
_KNOWN = ("compressibility", "bytes_per_token", "non_ascii_fraction")
_ADVICE = (
    *("width", "n_layers", "n_heads", "ffn_width", "vocab_size", "context_tokens"),
    *("batch_tokens", "peak_learning_rate", "gpu_hours", "cost"),
)
_MOST_OFF = 0.1  # of the budget that 6 N D may be away from it
_MOST_NATS = 20.0  # a uniform guess over 5e8 pieces


@dataclass(frozen=True, kw_only=True)
class PilotTable:
    """A filled table: its runs and its corpora; ``reference`` is None where it has none."""

    path: Path
    sha256: str
    runs: tuple[PilotRun, ...]
    corpus: PilotCorpus
    reference: PilotCorpus | None


def write_table(pilot: Pilot, path: Path) -> None:
    """Write the runs of a pilot as CSV, the losses empty, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, (*_NEEDED, *_KNOWN, *_ADVICE), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(run, pilot) for run in pilot.runs)
    write_atomically(path, text.getvalue())


def _row(planned: PlannedRun, pilot: Pilot) -> dict[str, str]:
    run, shape = planned.run, planned.plan.shape
    corpus = pilot.corpus if run.role == "corpus" else pilot.reference
    row: dict[str, float | str | None] = {
        "corpus": corpus.name,
        "role": run.role,
        "flops": run.flops,
        "n_params": run.n_params,
        "n_tokens": run.n_tokens,
        "loss": None,
        "compressibility": corpus.text.compressibility,
        "bytes_per_token": corpus.text.bytes_per_token,
        "non_ascii_fraction": corpus.text.non_ascii or None,
        "batch_tokens": planned.batch_tokens,
        "peak_learning_rate": planned.peak_learning_rate,
        "gpu_hours": planned.gpu_hours,
        "cost": planned.cost,
    }
    if shape is not None:
        row |= {name: getattr(shape, name) for name in ("width", "n_layers", "n_heads", "ffn_width", "vocab_size")}
        row["context_tokens"] = shape.context
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: float | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def read_table(path: Path) -> PilotTable:
    """Return a pilot's runs with their losses.

    Raises:
        RunsError: the file cannot be read, is no pilot's, has a wrong value, or its losses are not all filled in.
    """
    rows = _rows(path)
    _check_filled(path, rows)
    runs = tuple(_run(path, number, row) for number, row in enumerate(rows, 1))
    corpus = _corpus(path, rows, "corpus")
    if corpus is None:
        raise RunsError(f"{path} has no run whose role is corpus; the roles are {' and '.join(ROLES)}.")
    reference = _corpus(path, rows, "reference")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return PilotTable(path=path, sha256=sha256, runs=_joined(runs), corpus=corpus, reference=reference)


def _rows(path: Path) -> list[Row]:
    """Return the rows as a spreadsheet may have left them: other delimiters, decimal commas, grouped digits."""
    table = read_rows(path)
    if missing := [name for name in _NEEDED if name not in table.names]:
        raise RunsError(
            f"{path} is not the table of a pilot: it has no column {missing[0]}; `advisor pilot --out` writes one."
        )
    numbers = [name for name in (*_NUMBERS, *_KNOWN) if name in table.names]
    try:
        mark = decimal_mark((row.get(name) for row in table.rows for name in numbers), table.delimiter)
    except ValueError as error:
        raise RunsError(f"{path}: {error}.") from None
    return [{name: _cell_of(path, i, name, row, mark) for name in table.names} for i, row in enumerate(table.rows, 1)]


def _cell_of(path: Path, number: int, name: str, row: Mapping[str, Any], mark: DecimalMark) -> float | str:
    """Return a cell, a number where the column has numbers; "" where it is empty."""
    value = row.get(name)
    if is_empty(value):
        return ""
    if name not in (*_NUMBERS, *_KNOWN):
        return str(value).strip()
    try:
        found = number_of(value, mark, suffixes=name in ("flops", "n_params", "n_tokens"))
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise RunsError(f"{path}, run {number}: {name} is {shown(value)}; it must be a number above 0.")
    domain = LOSS if name == "loss" else domain_of(name)
    if is_beyond(found, domain):
        raise RunsError(f"{path}, run {number}: {name} is {found:g}, {beyond(domain)}.")
    return found


def _check_filled(path: Path, rows: list[Row]) -> None:
    empty = sum(row["loss"] == "" for row in rows)
    if empty:
        raise RunsError(
            f"{path} has no loss yet for {empty} of its {plural(len(rows), 'run')}: train them, write each "
            "one's validation loss "
            "in nats/token into the column loss, or remove the runs that you leave out."
        )


def _run(path: Path, number: int, row: Row) -> PilotRun:
    role, corpus = str(row["role"]), str(row["corpus"])
    if role not in ROLES:
        raise RunsError(f"{path}, run {number}: role is {role!r}; it must be {' or '.join(ROLES)}.")
    values = {name: _filled(path, number, name, row) for name in _NUMBERS}
    if values["loss"] > _MOST_NATS:
        raise RunsError(f"{path}, run {number}: a loss of {values['loss']:g} cannot be nats/token.")
    spent = 6 * values["n_params"] * values["n_tokens"]
    if abs(spent / values["flops"] - 1) > _MOST_OFF:
        raise RunsError(
            f"{path}, run {number}: 6 N D is {format_flops(spent)} FLOPs and its budget "
            f"{format_flops(values['flops'])}: runs of one budget must cost the same."
        )
    return PilotRun(role=role, corpus=corpus, **values)


def _filled(path: Path, number: int, name: str, row: Row) -> float:
    value = row[name]
    if isinstance(value, str):
        raise RunsError(f"{path}, run {number}: {name} is {value!r}; it must be a number above 0.")
    return value


def _corpus(path: Path, rows: list[Row], role: Role) -> PilotCorpus | None:
    """Return the one corpus that has a role, with what its first row knows of it; None where there is none."""
    of_role = [row for row in rows if row["role"] == role]
    names = sorted({str(row["corpus"]) for row in of_role})
    if len(names) > 1:
        raise RunsError(f"{path} has several corpora whose role is {role}: {', '.join(names)}; a pilot compares two.")
    if not names:
        return None
    first = of_role[0]
    h, rate, other = (_known(first.get(name, "")) for name in _KNOWN)
    return PilotCorpus(name=names[0], text=Text(compressibility=h, bytes_per_token=rate, non_ascii=other))


def _known(value: float | str) -> float | None:
    return None if isinstance(value, str) else value


def _joined(runs: Iterable[PilotRun]) -> tuple[PilotRun, ...]:
    """Return the runs with one number for each budget: those that differ in the last digits are the same."""
    known: list[float] = []
    joined = []
    for run in runs:
        same = next((flops for flops in known if abs(run.flops / flops - 1) < 1e-3), None)
        if same is None:
            known.append(run.flops)
        joined.append(replace(run, flops=same or run.flops))
    return tuple(joined)
