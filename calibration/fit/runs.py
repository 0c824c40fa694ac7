"""Training runs as checked arrays, made from the rows of a table.

A table that cannot be read (a missing column, text in a number, N in millions) raises RunsError. A table that can be
read but cannot carry a law is not an error here: ``calibration.fit.run_checks`` refuses it in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from advisor.compressibility.group_profiles import GroupProfiles
from advisor.errors import RunsError
from advisor.run_tables.numbers import is_empty
from calibration.fit.objective import Array, Problem
from calibration.fit.reason import Reason
from calibration.fit.table.cells import Cells
from calibration.fit.table.choice import OF_FLOPS
from calibration.fit.table.loss_checks import check_losses
from calibration.fit.table.losses import ReadLoss, read_loss
from calibration.fit.table.mixtures import mixture_cautions
from calibration.fit.table.names import OPTIONAL, REQUIRED
from calibration.fit.table.read_cells import read_cells, without_sparse
from calibration.fit.table.reading import TableReading, TableUnits, mapping_said
from calibration.fit.table.sizes import Sizes, read_sizes
from calibration.fit.table.unit_checks import (
    WrongUnitError,
    check_epochs,
    check_sizes,
    check_units,
    stated_flops_caution,
)

ALL_RUNS = "all"  # the name of the only group when the table is not grouped
_MOST_FLOPS = 1e60
_MOST_GROUPS = 1000  # each is fitted, and a comparison of more laws is not read
_AS_GOOD_AS_NEW = 4.0  # epochs, Muennighoff et al. 2023
COVARIATE = "compressibility"  # the covariate that profiles give


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The runs of one group, one array element each; optional columns are None where the table has none.

    Units: parameters, tokens seen in training, nats/token. ``unique_tokens`` is the number of different tokens that the
    run could see; ``stated_flops`` is the budget that the table's column ``flops`` gives a run, which may not be 6 N D.
    ``cluster`` numbers, from 0, the runs that are not independent of each other. ``cautions`` are what the units of the
    table give reason for.
    """

    name: str
    n_params: Array
    n_tokens: Array
    loss: Array
    weight: Array
    seed: npt.NDArray[np.object_] | None = None
    vocab_size: Array | None = None
    unique_tokens: Array | None = None
    compressibility: Array | None = None
    stated_flops: Array | None = None
    covariate: float | None = None
    cluster: npt.NDArray[np.int64] | None = None
    cautions: tuple[Reason, ...] = ()

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def flops(self) -> Array:
        """6 N D of each run."""
        return 6.0 * self.n_params * self.n_tokens

    def problem(self) -> Problem:
        """Return the arrays that the fit works on."""
        return Problem(
            log_n=np.log(self.n_params), log_d=np.log(self.n_tokens), log_loss=np.log(self.loss), weight=self.weight
        )

    def where(self, keep: npt.NDArray[np.bool_]) -> Runs:
        """Return the runs that ``keep`` marks."""
        optional = ("seed", "vocab_size", "unique_tokens", "compressibility", "stated_flops")
        arrays = ("n_params", "n_tokens", "loss", "weight", *optional)
        kept: dict[str, Any] = {k: None if getattr(self, k) is None else getattr(self, k)[keep] for k in arrays}
        if self.cluster is not None:
            kept["cluster"] = np.unique(self.cluster[keep], return_inverse=True)[1].astype(np.int64)
        return replace(self, **kept)


@dataclass(frozen=True, kw_only=True)
class RunTable:
    """The runs of each group of a table, in the order in which the groups first appear, and how it was read."""

    groups: Mapping[str, Runs]
    reading: TableReading


def read_runs(path: str | Path, **asked: Any) -> dict[str, Runs]:
    """Return the runs of each group of a table; the arguments are those of ``read_run_table``."""
    return dict(read_run_table(path, **asked).groups)


def read_run_table(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    group: str | None = None,
    cluster: str | None = None,
    covariate: str | None = None,
    vocab_size: int | None = None,
    units: TableUnits | None = None,
) -> RunTable:
    """Return the runs of a table and how it was read.

    Args:
        path: A file of delimited text, JSON, JSON lines or parquet.
        columns: The table's name for each of ours, e.g. {"n_params": "model_size"}.
        group: The column whose values name the groups; without it all runs are one group, "all".
        cluster: The column whose values mark runs that are not independent, such as checkpoints of one model.
        covariate: The column that holds the covariate; it must be one number for each group.
        vocab_size: The vocabulary of every run, where the table has no such column.
        units: What is known of the table's units.

    Raises:
        RunsError: The file or a value in it cannot be used, or a unit is surely wrong.
    """
    units = units or TableUnits()
    cells = without_sparse(read_cells(Path(path), columns or {}, units), covariate)
    labels = [ALL_RUNS] * len(cells.table.rows) if group is None else [str(v).strip() for v in cells.raw(group)]
    if (n_groups := len(set(labels))) > _MOST_GROUPS:
        raise RunsError(
            f"{cells.path}: the column {group} has {n_groups:,} values, and each would be a law of its own: name the "
            f"column of the corpora, at most {_MOST_GROUPS:,}."
        )
    everything, reading = _arrays(cells, vocab_size, units)
    clusters = None if cluster is None else _cluster_ids(cells.raw(cells.names.get(cluster, cluster)))
    covariates = None if covariate is None else cells.numbers(covariate)
    groups = {}
    for label in dict.fromkeys(labels):
        keep = np.array([other == label for other in labels])
        value = None if covariates is None else _one_value(cells.path, label, covariate or "", covariates[keep])
        runs = replace(everything, name=label, covariate=value, cluster=clusters).where(keep)
        where = str(cells.path) if group is None else f"{cells.path}, group {label}"
        rows = [row for row, kept in zip(cells.table.rows, keep, strict=True) if kept]
        mixed = mixture_cautions(
            rows,
            {*cells.names.values(), group or ""},
            runs.n_params,
            runs.n_tokens,
            cluster=None if cluster is None else cells.names.get(cluster, cluster),
            vocab_size=runs.vocab_size,
            vocab_column=cells.names.get("vocab_size"),
        )
        groups[label] = replace(runs, cautions=(*_cautions(where, runs, units, reading), *mixed))
    return RunTable(groups=groups, reading=reading)


def _cautions(where: str, runs: Runs, units: TableUnits, reading: TableReading) -> tuple[Reason, ...]:
    if runs.unique_tokens is not None and "unique_tokens" not in units.scale:
        check_epochs(where, runs.n_tokens, runs.unique_tokens)
    unique = np.inf if runs.unique_tokens is None else runs.unique_tokens
    worth = np.minimum(runs.n_tokens, _AS_GOOD_AS_NEW * unique)
    named = [name for name, factor in reading.scale.items() if factor != 1 and name not in units.scale]
    found = [_units_caution(where, runs, units, reading, named)]
    if units.loss_unit is None:
        by_loss = check_losses(where, runs.n_params, worth, runs.loss, runs.vocab_size)
        found.append(None if found[0] is not None else by_loss)  # a wrong N or D makes the losses look odd too
    if runs.stated_flops is not None and "flops" not in units.scale:
        found.append(stated_flops_caution(runs.stated_flops, runs.n_params, runs.n_tokens))
    return tuple(reason for reason in found if reason is not None)


def _units_caution(
    where: str, runs: Runs, units: TableUnits, reading: TableReading, named: Sequence[str]
) -> Reason | None:
    """Return the caution that N and D give; they are refused, but for a column that --scale already changes.

    ``named`` are the columns whose names have a factor in them.
    """
    vouched = {name for name, factor in units.scale.items() if factor == 1}
    budget = [name for name, formula in (reading.derived or {}).items() if formula.startswith("flops")]
    try:
        return check_units(where, runs.n_params, runs.n_tokens, runs.loss, vouched)
    except WrongUnitError as error:
        if budget and "flops" not in units.scale:
            fact = f"{budget[0]} is derived from {reading.columns['flops']} as FLOPs, and {error.fact}"
            remedy = f"if it is in another unit, --scale flops=FACTOR, {OF_FLOPS}"
            raise WrongUnitError(where, fact, remedy) from None
        if not {"n_params", "n_tokens"} & (set(units.scale) - vouched):
            if not named:
                raise
            remedy = f"give the right ones, such as --scale {named[0]}=1"
            raise WrongUnitError(where, f"with the factors in the names of columns, {error.fact}", remedy) from None
        return Reason(code="odd-units", level="caution", message=f"with the factors of --scale, {error.fact}.")


def with_profiles(groups: Mapping[str, Runs], profiles: GroupProfiles) -> dict[str, Runs]:
    """Return the runs of each group with H of its profile as their compressibility and covariate.

    Raises:
        CorpusError: a group has no profile.
    """
    values = {name: profile.compressibility for name, profile in profiles.of(groups).items()}
    return {
        name: replace(runs, covariate=values[name], compressibility=np.full(len(runs), values[name]))
        for name, runs in groups.items()
    }


def _arrays(cells: Cells, vocab_size: int | None, units: TableUnits) -> tuple[Runs, TableReading]:
    sizes = read_sizes(cells)
    check_sizes(cells.path, (("n_params", sizes.n_params), ("n_tokens", sizes.n_tokens)))
    loss = read_loss(cells, units.loss_unit, units.bytes_per_token)
    optional = _optional(cells, sizes.n_tokens)
    weight = optional.pop("weight", np.ones(len(loss.values)))
    if sizes.unique_tokens is not None:
        optional["unique_tokens"] = sizes.unique_tokens
    if vocab_size is not None and "vocab_size" not in optional:
        optional["vocab_size"] = np.full(len(loss.values), float(vocab_size))
    runs = Runs(
        name=ALL_RUNS,
        n_params=sizes.n_params,
        n_tokens=sizes.n_tokens,
        loss=loss.values,
        weight=weight,
        seed=np.array(cells.raw(cells.names["seed"]), dtype=object) if cells.has("seed") else None,
        vocab_size=optional.get("vocab_size"),
        unique_tokens=optional.get("unique_tokens"),
        compressibility=optional.get("compressibility"),
        stated_flops=optional.get("flops"),
    )
    return runs, _reading(cells, sizes, loss)


def _optional(cells: Cells, n_tokens: Array) -> dict[str, Array]:
    """Return the columns that a table may have, checked."""
    optional = {
        name: cells.numbers(name, missing=is_empty if name == "unique_tokens" else None)
        for name in OPTIONAL
        if name != "seed" and cells.has(name)
    }
    if "unique_tokens" in optional:
        unlimited = np.array([is_empty(row.get(cells.names["unique_tokens"])) for row in cells.table.rows])
        optional["unique_tokens"] = np.where(unlimited, n_tokens, optional["unique_tokens"])
    for name, unit in (("unique_tokens", "tokens"), ("flops", "FLOPs")):
        values = optional.get(name, np.ones(1))
        wrong = ~(values > 0) | (np.isinf(values) & (name == "flops")) | (np.isfinite(values) & (values > _MOST_FLOPS))
        if wrong.any():
            raise RunsError(f"{cells.path} has {name} of {values[wrong][0]:g}; it must be a positive number of {unit}.")
    vocab_size = optional.get("vocab_size", np.full(1, 2.0))
    if not (np.isfinite(vocab_size) & (vocab_size >= 2)).all():
        bad = vocab_size[~(np.isfinite(vocab_size) & (vocab_size >= 2))][0]
        raise RunsError(f"{cells.path} has vocab_size of {bad:g}; it must be a number of pieces, 2 or more.")
    weight = optional.get("weight", np.ones(1))
    if not (np.isfinite(weight).all() and (weight > 0).all()):
        bad = weight[~(np.isfinite(weight) & (weight > 0))][0]
        raise RunsError(f"{cells.path} has a weight of {bad:g}; weights must be positive numbers.")
    return optional


def _reading(cells: Cells, sizes: Sizes, loss: ReadLoss) -> TableReading:
    parts = {word for formula in sizes.derived.values() for word in re.findall(r"[a-z_]+", formula)}
    parts |= {"bytes_per_token"} if loss.unit == "bpb" and loss.bytes_per_token is None else set()
    used = {ours: name for ours, name in cells.names.items() if ours in {*REQUIRED, *OPTIONAL, *parts}}
    mapped = {ours: name for ours, name in used.items() if ours != "loss" or loss.said is None}
    said = [*mapping_said(cells, mapped)] + [f"{name} is {formula}" for name, formula in sizes.derived.items()]
    said += [] if loss.said is None else [loss.said]
    said += [*cells.table.said, *(("numbers have a decimal comma",) if cells.mark == "comma" else ())]
    return TableReading(
        path=cells.path,
        columns={**dict.fromkeys(REQUIRED), **used},
        derived=dict(sizes.derived) or None,
        loss_unit=loss.unit,
        bytes_per_token=loss.bytes_per_token,
        scale={ours: cells.factor(ours) for ours in used if cells.factor(ours) != 1 or ours in cells.scale},
        decimal_comma=cells.mark == "comma",
        said=tuple(said),
    )


def _one_value(path: Path, label: str, covariate: str, values: Array) -> float:
    if not np.isfinite(values).all() or np.ptp(values) > 1e-9 * max(abs(float(values[0])), 1e-300):
        raise RunsError(
            f"{path}, group {label}: {covariate} runs from {values.min():g} to {values.max():g}; "
            "a covariate must be one number for each group."
        )
    return float(values[0])


def _cluster_ids(values: Iterable[Any]) -> npt.NDArray[np.int64]:
    ids: dict[str, int] = {}
    return np.array([ids.setdefault(str(v), len(ids)) for v in values], dtype=np.int64)
