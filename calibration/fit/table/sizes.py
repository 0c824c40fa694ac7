"""N and D of each run: columns of their own, or from others: C = 6 N D, steps x batch x length, data x epochs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.errors import RunsError
from advisor.run_tables.numbers import is_empty
from calibration.fit.objective import Array
from calibration.fit.table.cells import Cells
from calibration.fit.table.choice import missing_columns, of_bytes, quoted
from calibration.fit.table.name_units import bytes_in
from calibration.fit.table.names import OF_DEVICES, PART_OF_BATCH, PARTS, REQUIRED, read_name

_BUDGET = ("flops",)  # C = 6 N D
_MOST_SEQUENCES = 65536  # in a batch; above, the batch is surely in tokens
_WHOLE = re.compile(r"global|total|effective", re.IGNORECASE)  # batches of all devices
_NUMBER_IN_FRONT = re.compile(r"(\d+(?:\.\d*)?)\s*(?:$|[x×*]|gpu|tpu|chip|node|dev)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """N and D of each run, unique_tokens where epochs give them, and the formula of what is derived, in our names."""

    n_params: Array
    n_tokens: Array
    derived: Mapping[str, str]
    unique_tokens: Array | None = None


def read_sizes(cells: Cells) -> Sizes:
    """Return N and D of each run of a table.

    Raises:
        RunsError: A column is missing and cannot be derived; all that are missing are named.
    """
    ways = _ways(cells)
    missing = [name for name in REQUIRED if not cells.has(name) and name not in ways]
    if missing:
        raise missing_columns(cells.table, cells.names, missing)
    if "n_params" in ways:
        n_tokens = _tokens(cells, ways)
        n_params = _quotient(cells, "n_tokens", n_tokens) * cells.scale.get("n_params", 1.0)
    else:
        n_params = cells.numbers("n_params")
        n_tokens = _tokens(cells, ways, n_params)
    derived = {name: _formula(name, parts) for name, parts in ways.items()}
    unique = _unique_by_epochs(cells, n_tokens, derived)
    if unique is not None:
        derived["unique_tokens"] = "n_tokens / epochs"
    return Sizes(n_params=n_params, n_tokens=n_tokens, derived=derived, unique_tokens=unique)


def _unique_by_epochs(cells: Cells, n_tokens: Array, derived: Mapping[str, str]) -> Array | None:
    """Return the different tokens of runs of several epochs; None where the table says them, or has no such runs.

    Raises:
        RunsError: n_tokens may be all tokens seen or those of the data set.
    """
    if not cells.has("epochs") or cells.has("unique_tokens"):
        return None
    epochs = cells.numbers("epochs", missing=is_empty)
    if not (epochs > 1).any():
        return None
    if (unknown := np.flatnonzero(~np.isfinite(epochs))).size:
        raise RunsError(
            f"{cells.path}, run {unknown[0] + 1}: {cells.names['epochs']} is no number, and others see data more than "
            "once: fill it in or remove the run."
        )
    if "n_tokens" not in derived and "n_tokens" not in cells.given:
        theirs, data = cells.names["n_tokens"], cells.names["epochs"]
        raise RunsError(
            f"{cells.path}: {data} is up to {epochs.max():g}, and {theirs} may be all tokens seen in training or those "
            f"of the data set: say --columns {quoted('n_tokens', theirs)} if they are all that were seen, or --columns "
            f"{quoted('unique_tokens', theirs)} if they are the data set, and D is that times {data}."
        )
    return np.asarray(n_tokens / np.maximum(epochs, 1.0))


def _tokens(cells: Cells, ways: Mapping[str, tuple[str, ...]], n_params: Array | None = None) -> Array:
    if "n_tokens" not in ways:
        _refuse_steps(cells)
        return cells.numbers("n_tokens")
    parts = ways["n_tokens"]
    derived = (
        _quotient(cells, "n_params", n_params) if n_params is not None and parts == _BUDGET else _product(cells, parts)
    )
    return derived * cells.scale.get("n_tokens", 1.0)


def _refuse_steps(cells: Cells) -> None:
    """Raise where the column named as n_tokens says by its name that it counts something else."""
    theirs = cells.names["n_tokens"]
    if "n_tokens" in cells.scale:
        return
    if (unit := bytes_in(theirs)) is not None:
        raise RunsError(f"{cells.path}: {theirs} counts bytes by its name: {of_bytes(theirs, unit)}.")
    named = read_name(theirs)
    if named is None or named.ours not in (*PARTS, "flops"):
        return
    if named.ours == "steps":
        of_one = "one" if named.factor == 1 else f"{named.factor:,.0f} of them"
        raise RunsError(
            f"{cells.path}: {theirs} is no number of tokens by its name: multiply steps by the tokens of {of_one} with "
            "--scale n_tokens=TOKENS, or give columns steps and batch_tokens, or steps, batch_size and seq_len."
        )
    raise RunsError(
        f"{cells.path}: {theirs} is no number of tokens by its name: say --columns {quoted(named.ours, theirs)}, or "
        "multiply it into tokens with --scale n_tokens=FACTOR."
    )


def _formula(name: str, parts: tuple[str, ...]) -> str:
    if parts == _BUDGET:
        return f"flops / (6 {'n_tokens' if name == 'n_params' else 'n_params'})"
    return " x ".join(parts)


def _ways(cells: Cells) -> dict[str, tuple[str, ...]]:
    """Return the columns that each missing one of N and D is derived from."""
    ways: dict[str, tuple[str, ...]] = {}
    if not cells.has("n_tokens"):
        products = (
            *(("steps", "batch_tokens"), ("steps", "batch_size", "seq_len"), ("samples", "seq_len")),
            *(("unique_tokens", "epochs"), ("n_params", "tokens_per_param")),
        )
        if (found := next((parts for parts in products if all(map(cells.has, parts))), None)) is not None:
            ways["n_tokens"] = found
        elif cells.has("flops") and cells.has("n_params"):
            ways["n_tokens"] = _BUDGET
    if not cells.has("n_params") and cells.has("flops") and (cells.has("n_tokens") or "n_tokens" in ways):
        ways["n_params"] = _BUDGET
    return ways


def _quotient(cells: Cells, name: str, values: Array) -> Array:
    flops = cells.numbers("flops")
    for what, column in ((name, values), ("flops", flops)):
        if not (np.isfinite(column) & (column > 0)).all():
            raise RunsError(f"{cells.path} has a {what} that is not a positive number, and C = 6 N D needs one.")
    return flops / (6.0 * values)


def _product(cells: Cells, parts: tuple[str, ...]) -> Array:
    if "batch_size" in parts:
        _refuse_part_of_batch(cells)
        if float(np.median(cells.numbers("batch_size"))) > _MOST_SEQUENCES:
            theirs = cells.names["batch_size"]
            raise RunsError(
                f"{cells.path}: {theirs} is too large to be sequences and looks like tokens: "
                f"--columns batch_tokens={theirs}."
            )
    return np.asarray(np.prod([cells.numbers(part) for part in parts], axis=0))


def _refuse_part_of_batch(cells: Cells) -> None:
    """Raise where a batch may be one device's: it is not called global, and something counts several of its kind."""
    theirs = cells.names["batch_size"]
    if _WHOLE.search(theirs):
        return
    ours = set(cells.names.values())
    shared = next((name for name in cells.table.names if name not in ours and _counts_several(cells, name)), None)
    if shared is None and not PART_OF_BATCH.search(theirs):
        return
    beside = "" if shared is None else f" and {shared}"
    raise RunsError(
        f"{cells.path} has {theirs}{beside}: a step may be several such batches, so give a column n_tokens, or "
        "batch_tokens, the tokens of one step, or call the batch of a step global_batch_size."
    )


def _counts_several(cells: Cells, name: str) -> bool:
    """Whether a column counts devices or steps of accumulation, and more than one in some run, or is another batch."""
    named = read_name(name)
    if named is not None and named.ours == "batch_size":
        return True
    if not PART_OF_BATCH.search(name) or OF_DEVICES.search(name):
        return False
    return any(_count_in(row.get(name)) > 1 for row in cells.table.rows)


def _count_in(value: object) -> float:
    """Return the number in front of a text such as 8xH100; 1 where there is none."""
    found = _NUMBER_IN_FRONT.match(str(value).strip())
    return float(found[1]) if found else 1.0
