"""Training runs as checked arrays, made from the rows of a table.

A table that cannot be read (a missing column, text in a number, N in millions) raises RunsError. A table that can be
read but cannot carry a law is not an error here: ``calibration.fit.run_checks`` refuses it in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from advisor.compressibility.group_profiles import GroupProfiles
from advisor.errors import RunsError
from calibration.fit.objective import Array, Problem
from calibration.fit.row_file import OPTIONAL, REQUIRED, Table, read_rows

ALL_RUNS = "all"  # the name of the only group when the table is not grouped
COVARIATE = "compressibility"  # the covariate that profiles give

# Below these, N or D is surely in millions or billions: no one fits a law to models of 999 parameters.
_LEAST_PARAMS, LEAST_TOKENS = 1e3, 1e4


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The runs of one group, one array element each; optional columns are None where the table has none.

    Units: parameters, tokens seen in training, nats/token. ``unique_tokens`` is the number of different tokens that the
    run could see; ``stated_flops`` is the budget that the table's column ``flops`` gives a run, which may not be 6 N D.
    ``cluster`` numbers, from 0, the runs that are not independent of each other.
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


def read_runs(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    group: str | None = None,
    cluster: str | None = None,
    covariate: str | None = None,
    vocab_size: int | None = None,
) -> dict[str, Runs]:
    """Return the runs of each group of a table, in the order in which the groups first appear.

    Args:
        path: A .csv, .jsonl or .parquet file.
        columns: The table's name for each of ours, e.g. {"n_params": "model_size"}.
        group: The column whose values name the groups; without it all runs are one group, "all".
        cluster: The column whose values mark runs that are not independent, such as checkpoints of one model.
        covariate: The column that holds the covariate; it must be one number for each group.
        vocab_size: The vocabulary of every run, where the table has no such column.

    Raises:
        RunsError: The file or a value in it cannot be used.
    """
    names = dict(columns or {})
    unknown = [name for name in names if name not in REQUIRED + OPTIONAL]
    if unknown:
        raise RunsError(f"--columns maps {unknown[0]}, which is not one of {', '.join(REQUIRED + OPTIONAL)}.")
    path = Path(path)
    rows = read_rows(path)
    table = Table(path=path, rows=rows, names=names)
    labels = [ALL_RUNS] * len(rows) if group is None else [str(v) for v in table.raw(group)]
    everything = _arrays(table, vocab_size)
    clusters = None if cluster is None else _cluster_ids(table.raw(names.get(cluster, cluster)))
    covariates = None if covariate is None else table.numbers(covariate)
    groups = {}
    for label in dict.fromkeys(labels):
        keep = np.array([other == label for other in labels])
        value = None if covariates is None else _one_value(path, label, covariate or "", covariates[keep])
        groups[label] = replace(everything, name=label, covariate=value, cluster=clusters).where(keep)
    return groups


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


def _arrays(table: Table, vocab_size: int | None) -> Runs:
    n_params, n_tokens, loss = (table.numbers(name) for name in REQUIRED)
    for name, values in (("n_params", n_params), ("n_tokens", n_tokens)):
        _check_size(table.path, name, values)
    optional = {name: table.numbers(name) for name in OPTIONAL if name != "seed" and table.has(name)}
    for name, unit in (("unique_tokens", "tokens"), ("flops", "FLOPs")):
        values = optional.get(name, np.ones(1))
        wrong = ~(values > 0) | (np.isinf(values) & (name == "flops"))
        if wrong.any():
            raise RunsError(f"{table.path} has {name} of {values[wrong][0]:g}; it must be a positive number of {unit}.")
    weight = optional.pop("weight", np.ones(len(loss)))
    if not (np.isfinite(weight).all() and (weight > 0).all()):
        bad = weight[~(np.isfinite(weight) & (weight > 0))][0]
        raise RunsError(f"{table.path} has a weight of {bad:g}; weights must be positive numbers.")
    if vocab_size is not None and "vocab_size" not in optional:
        optional["vocab_size"] = np.full(len(loss), float(vocab_size))
    seed = np.array(table.raw(table.names.get("seed", "seed")), dtype=object) if table.has("seed") else None
    return Runs(
        name=ALL_RUNS,
        n_params=n_params,
        n_tokens=n_tokens,
        loss=loss,
        weight=weight,
        seed=seed,
        vocab_size=optional.get("vocab_size"),
        unique_tokens=optional.get("unique_tokens"),
        compressibility=optional.get("compressibility"),
        stated_flops=optional.get("flops"),
    )


def _check_size(path: Path, name: str, values: Array) -> None:
    """Raise RunsError for a column that is not finite, not positive, or not counted in ones.

    A single run with few tokens can be a real one, so for tokens it is the median that tells the unit; the run itself
    is judged later.
    """
    if not np.isfinite(values).all():
        raise RunsError(f"{path} has {name} = {values[~np.isfinite(values)][0]:g}; every run needs a finite number.")
    least = _LEAST_PARAMS if name == "n_params" else LEAST_TOKENS
    value = float(values.min()) if name == "n_params" or values.min() <= 0 else float(np.median(values))
    if value <= 0:
        raise RunsError(f"{path} has {name} = {value:g}; it must be positive.")
    if value < least:
        raise RunsError(
            f"{path} has {name} = {value:g}, which is under {least:g} and looks like a count in millions or billions; "
            f"give {name} in ones."
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
