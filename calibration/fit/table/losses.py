"""Losses in nats/token, whatever unit a table has them in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from advisor.errors import RunsError, UsageError, asked_wrongly
from advisor.run_tables.domains import LOSS, beyond, is_beyond
from calibration.fit.objective import Array
from calibration.fit.table.cells import Cells
from calibration.fit.table.failed import says_no_loss
from calibration.fit.table.names import LossUnit, read_name

_PER_OTHER = re.compile(r"bpc|per.?char|per.?word|word.?(ppl|perplexity)|(?<!bits)(?<!bits.)per.?byte", re.IGNORECASE)
_LEAST_BYTES, _MOST_BYTES = 1.0, 20.0
_NO_RATE = "a token has 1 byte or more, 4 or so in English and no more than 20"
_CALLED = {"nats": "nats/token", "bits": "bits per token", "bpb": "bits per byte", "ppl": "perplexity"}


@dataclass(frozen=True, kw_only=True)
class ReadLoss:
    """Losses in nats/token, the unit that the table has them in, and the bytes per token used, where one number."""

    values: Array
    unit: LossUnit
    bytes_per_token: float | None
    said: str | None


def read_loss(cells: Cells, unit: LossUnit | None, bytes_per_token: float | None) -> ReadLoss:
    """Return the losses of a table: bits times ln 2, bits per byte times ln 2 and bytes per token, ln of perplexity.

    Args:
        cells: The table.
        unit: What --loss-unit says; None takes what the column's name says.
        bytes_per_token: What --bytes-per-token says.

    Raises:
        RunsError: bits per byte without bytes per token, a perplexity below 1, or a loss per character or word.
        UsageError: bytes per token for another unit.
    """
    column = cells.names["loss"]
    named = read_name(column)
    by_name: LossUnit = "nats" if named is None or named.ours != "loss" else named.unit
    found = unit or by_name
    if unit is not None and named is not None and by_name not in ("nats", unit):
        raise UsageError(
            f"--loss-unit {unit} contradicts the column {column}, which is {_CALLED[by_name]} by its name: leave it "
            "out, or rename the column."
        )
    if unit is None and "loss" not in cells.scale and _PER_OTHER.search(column):
        raise RunsError(
            f"{cells.path}: {column} is a loss per something else than a token by its name: multiply it into "
            "nats/token with --scale loss=FACTOR, or say its unit with --loss-unit."
        )
    values = cells.numbers("loss", missing=says_no_loss)
    rates = _bytes_per_token(cells, bytes_per_token) if found == "bpb" else None
    if bytes_per_token is not None and found != "bpb":
        raise UsageError(
            f"--bytes-per-token is for losses in bits per byte, and {column} is {_CALLED[found]}: leave it out."
        )
    return ReadLoss(
        values=_checked(cells, column, _in_nats(cells, column, values, found, rates)),
        unit=found,
        bytes_per_token=None if rates is None or np.ptp(rates) > 0 else float(rates[0]),
        said=None if found == "nats" else _said(column, found, rates),
    )


def _checked(cells: Cells, column: str, losses: Array) -> Array:
    """Return losses in nats/token, none of which is beyond all that a loss can be."""
    for i, loss in enumerate(losses):
        if is_beyond(float(loss), LOSS):
            raise RunsError(f"{cells.path}, run {i + 1}: {column} is a loss of {loss:g} nats/token, {beyond(LOSS)}.")
    return losses


def _in_nats(cells: Cells, column: str, values: Array, unit: LossUnit, rates: Array | None) -> Array:
    if unit == "ppl":
        if (values < 1).any():
            i = int(np.argmax(values < 1))
            raise RunsError(f"{cells.path}, run {i + 1}: {column} is {values[i]:g}, and no perplexity is below 1.")
        return np.asarray(np.log(values))
    if unit == "nats":
        return values
    return values * math.log(2) * (1.0 if rates is None else rates)


def _bytes_per_token(cells: Cells, given: float | None) -> Array:
    if given is not None:
        if not _LEAST_BYTES <= given <= _MOST_BYTES:
            raise UsageError(f"--bytes-per-token is {given:g}: {_NO_RATE}{_inverse(given)}.")
        return np.full(len(cells.table.rows), given)
    if not cells.has("bytes_per_token"):
        raise asked_wrongly(
            RunsError(
                f"{cells.path}: {cells.names['loss']} is bits per byte; give --bytes-per-token T, the tokenizer's "
                "bytes per token on that text, or a column bytes_per_token."
            )
        )
    rates = cells.numbers("bytes_per_token")
    if not (np.isfinite(rates) & (rates > 0)).all():
        raise RunsError(f"{cells.path} has a bytes_per_token that is not a positive number.")
    if not _LEAST_BYTES <= (middle := float(np.median(rates))) <= _MOST_BYTES:
        raise RunsError(
            f"{cells.path}: the median of {cells.names['bytes_per_token']} is {middle:g}: {_NO_RATE}{_inverse(middle)}."
        )
    return rates


def _inverse(rate: float) -> str:
    return f" (if it is tokens per byte, give {1 / rate:.3g})" if 0 < rate < _LEAST_BYTES else ""


def _said(column: str, unit: LossUnit, rates: Array | None) -> str:
    if unit == "ppl":
        return f"loss is ln of {column}, a perplexity"
    if rates is None:
        return f"loss is {column} x ln 2, from bits per token"
    rate = f"{rates[0]:g}" if np.ptp(rates) == 0 else "bytes_per_token"
    return f"loss is {column} x ln 2 x {rate}, from bits per byte"
