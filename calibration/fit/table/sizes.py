"""N and D of each run: columns of their own, or from others: C = 6 N D, or steps x batch x length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.errors import RunsError
from calibration.fit.objective import Array
from calibration.fit.table.cells import Cells
from calibration.fit.table.choice import missing_columns
from calibration.fit.table.names import PART_OF_BATCH, PARTS, REQUIRED, read_name

_BUDGET = ("flops",)  # C = 6 N D
_MOST_SEQUENCES = 65536  # in a batch; above, the batch is surely in tokens


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """N and D of each run, and the formula of the one that is derived, in our names."""

    n_params: Array
    n_tokens: Array
    derived: Mapping[str, str]


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
    return Sizes(n_params=n_params, n_tokens=n_tokens, derived=derived)


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
    """Raise where the column named as n_tokens says that it counts steps."""
    theirs = cells.names["n_tokens"]
    named = read_name(theirs)
    if named is not None and named.ours in PARTS and "n_tokens" not in cells.scale:
        raise RunsError(
            f"{cells.path}: {theirs} is no number of tokens by its name: multiply steps by the tokens of one with "
            "--scale n_tokens=TOKENS, or give columns steps and batch_tokens, or steps, batch_size and seq_len."
        )


def _formula(name: str, parts: tuple[str, ...]) -> str:
    if parts == _BUDGET:
        return f"flops / (6 {'n_tokens' if name == 'n_params' else 'n_params'})"
    return " x ".join(parts)


def _ways(cells: Cells) -> dict[str, tuple[str, ...]]:
    """Return the columns that each missing one of N and D is derived from."""
    ways: dict[str, tuple[str, ...]] = {}
    if not cells.has("n_tokens"):
        products = (("steps", "batch_tokens"), ("steps", "batch_size", "seq_len"))
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
        shared = next((name for name in cells.table.names if PART_OF_BATCH.search(name)), None)
        if shared is not None or PART_OF_BATCH.search(cells.names["batch_size"]):
            beside = "" if shared is None else f" and {shared}"
            raise RunsError(
                f"{cells.path} has {cells.names['batch_size']}{beside}: a step may be several such "
                "batches, so give a column n_tokens, or batch_tokens, the tokens of one step."
            )
        if float(np.median(cells.numbers("batch_size"))) > _MOST_SEQUENCES:
            theirs = cells.names["batch_size"]
            raise RunsError(
                f"{cells.path}: {theirs} is too large to be sequences and looks like tokens: "
                f"--columns batch_tokens={theirs}."
            )
    return np.asarray(np.prod([cells.numbers(part) for part in parts], axis=0))
