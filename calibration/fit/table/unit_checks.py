"""Whether N and D of a table can be in ones, and the likely factor if not.

A law fitted to N or D in the wrong unit fits as well as the right one: its A or B takes the factor up, and its N* is
wrong by as much. What is known from outside tells them apart. Published tables of runs, and those of this project down
to models of 1,000 parameters, train on a median of .008 to 600 tokens per parameter; single runs on 4e-5 (a first look
at small samples) to 3e7 (Kaplan et al. 2020, 768 parameters on 22e9 tokens). Where N and D are both in another unit the
ratio is right, and how the losses fall tells (``calibration.fit.table.web_text``).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from advisor.errors import RunsError
from calibration.fit.objective import Array
from calibration.fit.reason import Reason
from calibration.fit.table.web_text import FACTORS, USUAL_RATIO, fits_better, likely_factors

_LEAST_PARAMS, LEAST_TOKENS = 1e3, 1e4  # medians: no table has models of 999 parameters, or runs of 9,999 tokens
_REFUSED, _CAUTION = (1e-3, 1e6), (0.1, 1e5)  # medians of D/N
_OF_A_RUN = (1e-6, 1e8)
_GAP = 2.5  # decades of D/N without a run: those beyond it are in another unit
_MOST_PARAMS, _MOST_TOKENS = 5e12, 1e14  # medians; the largest models that are known of have 2e12 and 4e13
_MOST_EPOCHS = 1e4
_TINY = 1e6  # N: below, a table that falls as text with a factor is not of models so small
_CALLED = {1e3: "thousands", 1e6: "millions", 1e9: "billions", 1e12: "trillions"}
_FAR_FROM_ONE = 1.2  # stated FLOPs over 6 N D: from here on a frontier by the one misleads who thinks in the other


class WrongUnitError(RunsError):
    """N or D is in another unit: where, the fact that says so, and what to do about it."""

    def __init__(self, where: str, fact: str, remedy: str) -> None:
        super().__init__(f"{where}: {fact}: {remedy}.")
        self.fact = fact


_LEAST, _MOST = 1e-12, 1e30  # of N and D: no run, in billions or in bytes, is beyond


def check_sizes(path: Path, sizes: Sequence[tuple[str, Array]]) -> None:
    """Raise RunsError for an N or D that is not a positive finite number."""
    for name, values in sizes:
        if not np.isfinite(values).all():
            bad = values[~np.isfinite(values)][0]
            raise RunsError(f"{path} has {name} = {bad:g}; every run needs a finite number.")
        if values.min() <= 0:
            raise RunsError(f"{path} has {name} = {values.min():g}; it must be positive.")
        if (far := values[(values < _LEAST) | (values > _MOST)]).size:
            raise RunsError(f"{path} has {name} = {far[0]:g}; it must be from {_LEAST:g} to {_MOST:g}, in any unit.")


def check_units(where: str, n_params: Array, n_tokens: Array, loss: Array, vouched: Collection[str]) -> Reason | None:
    """Return the caution that N and D of runs give by their units.

    Args:
        where: The table, and the group where there are several, for messages.
        n_params: N of each run.
        n_tokens: D of each run.
        loss: Of each run; those that are no positive number are left out.
        vouched: Which of n_params and n_tokens the user says are right.

    Raises:
        WrongUnitError: a unit is surely wrong; the message has the likely factor.
        RunsError: a single run's is.
    """
    good = np.isfinite(loss) & (loss > 0)
    if not good.any():
        good, loss = np.ones(len(loss), bool), np.ones(len(loss))
    n, d, own = n_params[good], n_tokens[good], loss[good]
    factors = likely_factors(n, d, own)
    _refuse_small(where, n_params, n_tokens, factors, vouched)
    _refuse_large(where, n_params, n_tokens, vouched)
    found = _ratio(where, n_params, n_tokens, factors, vouched)
    if found is not None or {"n_params", "n_tokens"} & set(vouched) or not fits_better(n, d, own, factors):
        return found
    return _by_shape(where, n, factors)


def _refuse_small(
    where: str, n_params: Array, n_tokens: Array, factors: tuple[float, float], vouched: Collection[str]
) -> None:
    for name, values, least, factor, why in (
        ("n_params", n_params, _LEAST_PARAMS, factors[0], "no language model has so few"),
        ("n_tokens", n_tokens, LEAST_TOKENS, factors[1], "nothing is learned from so few"),
    ):
        middle = float(np.median(values))
        if name not in vouched and middle < least:
            raise _refusal(where, name, f"its median is {_count(middle)}, and {why}", factor)


def _refuse_large(where: str, n_params: Array, n_tokens: Array, vouched: Collection[str]) -> None:
    for name, values, most, what in (
        ("n_params", n_params, _MOST_PARAMS, "no model has so many"),
        ("n_tokens", n_tokens, _MOST_TOKENS, "no model has seen so many"),
    ):
        middle = float(np.median(values))
        if name not in vouched and middle > most:
            fact = f"{name} is too large to be in ones (its median is {plainly(middle)}, and {what})"
            raise WrongUnitError(where, fact, f"--scale {name}=FACTOR, or --scale {name}=1 if it is right")


def _ratio(
    where: str, n_params: Array, n_tokens: Array, factors: tuple[float, float], vouched: Collection[str]
) -> Reason | None:
    """Return the caution that the median of D/N gives; raise where it is out of all reason, for one run too."""
    ratio = n_tokens / n_params
    middle = float(np.median(ratio))
    name, factor = ("n_tokens", factors[1]) if middle < 1 else ("n_params", factors[0])
    factor = _nearest(middle) if factor == 1.0 else factor
    fact = f"the median is {plainly(middle)} tokens per parameter"
    if name not in vouched and not _REFUSED[0] <= middle <= _REFUSED[1]:
        raise _refusal(where, name, fact, factor)
    if not {"n_params", "n_tokens"} & set(vouched):
        _refuse_odd_run(where, ratio, n_params, n_tokens)
    if name in vouched or _CAUTION[0] <= middle <= _CAUTION[1]:
        return None
    message = f"{fact}, and published tables have .1 to 1e5: if {name} is in other units, {_remedy(name, factor)}."
    return Reason(code="odd-units", level="caution", message=message)


def _nearest(middle: float) -> float:
    """Return the factor that brings a ratio of D to N nearest to the usual one."""
    off = abs(math.log10(middle / USUAL_RATIO))
    return min(FACTORS[1:], key=lambda factor: abs(math.log10(factor) - off))


def _refuse_odd_run(where: str, ratio: Array, n_params: Array, n_tokens: Array) -> None:
    """Raise for a single run whose N or D is in other units than those of the others."""
    odd = np.flatnonzero((ratio < _OF_A_RUN[0]) | (ratio > _OF_A_RUN[1]) | _beyond_a_gap(ratio))
    if len(odd):
        i = int(odd[0])
        raise RunsError(
            f"{where}, run {i + 1}: n_params = {n_params[i]:g} and n_tokens = {n_tokens[i]:g} are {plainly(ratio[i])} "
            "tokens per parameter, so that one of them is in another unit than in the other runs: write all in ones."
        )


def _beyond_a_gap(ratio: Array) -> npt.NDArray[np.bool_]:
    """Return which runs lie beyond a gap in D/N, on the side that has fewer."""
    logs = np.sort(np.log10(ratio))
    steps = np.diff(logs)
    if not len(steps) or steps.max() < _GAP:
        return np.zeros(len(ratio), bool)
    below = int(steps.argmax()) + 1
    edge = (logs[below - 1] + logs[below]) / 2
    low = np.log10(ratio) < edge
    return np.asarray(low if 2 * below <= len(ratio) else ~low)


def _by_shape(where: str, n_params: Array, factors: tuple[float, float]) -> Reason | None:
    """Refuse tiny models whose losses fall as those of text with a factor; return the caution for larger ones."""
    scale = _scale(*factors)
    fact = f"with {scale} the losses fall with N and D as those of text do, and as they are written not nearly so"
    middle = float(np.median(n_params))
    if middle < _TINY:
        looks = _CALLED.get(factors[0], "so few because n_tokens is in another unit")
        what = f"n_params looks like {looks}"
        fact = f"its median is {_count(middle)}, and {fact}"
        raise WrongUnitError(where, f"{what} ({fact})", f"{scale}, or --scale n_params=1 if it is right")
    return Reason(code="odd-units", level="caution", message=f"{fact}: add it if they are in other units.")


def _scale(n_factor: float, d_factor: float) -> str:
    pairs = [f"{name}={_plain(f)}" for name, f in (("n_params", n_factor), ("n_tokens", d_factor)) if f != 1]
    return f"--scale {','.join(pairs)}"


def _refusal(where: str, name: str, fact: str, factor: float) -> WrongUnitError:
    looks = f"{name} looks like {_CALLED.get(factor, 'another unit')}"
    return WrongUnitError(where, f"{looks} ({fact})", f"{_remedy(name, factor)}, or --scale {name}=1 if it is right")


def _remedy(name: str, factor: float) -> str:
    scale = f"--scale {name}={'FACTOR' if factor == 1.0 else _plain(factor)}"
    return scale if name == "n_params" else f"{scale}, or the tokens of a step if it counts steps"


def _plain(factor: float) -> str:
    return f"{factor:.0e}".replace("e+0", "e").replace("e+", "e")


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def plainly(value: float) -> str:
    """Return a ratio with two digits.

    >>> plainly(2.2e-5), plainly(0.0123), plainly(2.13e7)
    ('.000022', '.012', '2.1e7')
    """
    if 1e-5 <= value < 1:
        return f"{value:.{1 - math.floor(math.log10(value))}f}".rstrip("0").removeprefix("0")
    return f"{value:.2g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def check_epochs(where: str, n_tokens: Array, unique_tokens: Array) -> None:
    """Raise RunsError where a run repeats its data more often than any does: unique_tokens are in another unit."""
    epochs = n_tokens / unique_tokens
    i = int(epochs.argmax())
    if epochs[i] > _MOST_EPOCHS:
        raise RunsError(
            f"{where}, run {i + 1}: n_tokens is {plainly(float(epochs[i]))} times unique_tokens, and no run repeats "
            "its data so often: --scale unique_tokens=FACTOR, or --scale unique_tokens=1 if it is right."
        )


def stated_flops_caution(stated: Array, n_params: Array, n_tokens: Array) -> Reason | None:
    """Return the caution that the column flops is far from 6 N D, with the median of their ratio."""
    ratio = float(np.median(stated / (6.0 * n_params * n_tokens)))
    if 1 / _FAR_FROM_ONE <= ratio <= _FAR_FROM_ONE:
        return None
    message = (
        f"the column flops is {plainly(ratio)} times 6 N D in the median: the law and its budgets are by 6 N D, those "
        "of IsoFLOP profiles by the column; if it counts the same FLOPs, a column may be in another unit."
    )
    return Reason(code="flops-not-6nd", level="caution", message=message)
