"""What a table of runs cannot do, seen before anything is fitted: reasons, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from advisor.quantities import plural
from calibration.fit.objective import Array
from calibration.fit.reason import Reason
from calibration.fit.runs import Runs
from calibration.fit.table.failed import run_numbers
from calibration.fit.table.groups import grouping_columns
from calibration.fit.table.read_cells import read_cells
from calibration.fit.table.reading import TableUnits
from calibration.fit.table.unit_checks import LEAST_TOKENS

LEAST_RUNS = 6  # one more than the law has parameters
_ON_ONE_LINE = 0.99  # correlation of ln N and ln D
_NEARLY_ON_ONE_LINE = 0.95
_NARROWEST, _NARROW = 2.0, 8.0  # range of N or of D
_SAME = 1e-9  # range of ln L, or a power of N or D: what is under it is rounding
_UNTRAINED = 0.95  # of ln(vocabulary): what guessing costs
_SAME_RUN = 1e-6  # nats/token by which two runs of one N, D and seed may differ


def usable(runs: Runs) -> npt.NDArray[np.bool_]:
    """Return which runs have a loss that can be fitted: a positive number."""
    return np.isfinite(runs.loss) & (runs.loss > 0)


def check_runs(runs: Runs) -> tuple[Reason, ...]:
    """Return every reason that the table itself gives, refusals and cautions alike."""
    good = runs.where(usable(runs))
    found = [_bad_losses(runs), _too_few(good)]
    if len(good):
        found += [_few_tokens(good), _untrained(good), _contradictions(good), _repeated(good)]
    if len(good) >= LEAST_RUNS:
        found += [_same(good), _rising(good), _narrow("N", good.n_params), _narrow("D", good.n_tokens), _one_line(good)]
    return (*runs.cautions, *(reason for reason in found if reason is not None))


def grouping_reason(path: Path, columns: Mapping[str, str], units: TableUnits | None) -> Reason | None:
    """Return the caution, for a table whose one law is refused, that a column's values may have a law each."""
    groups = grouping_columns(read_cells(path, columns, units))
    if not groups:
        return None
    column, n = groups[0]
    message = f"the table's column {column} has {n} values: --group {column} fits a law to the runs of each."
    return Reason(code="one-law-for-groups", message=message, level="caution")


def _refuse(code: str, message: str) -> Reason:
    return Reason(code=code, message=message, level="refused")


def _bad_losses(runs: Runs) -> Reason | None:
    rows = np.flatnonzero(~usable(runs)).tolist()
    bad = runs.loss[rows]
    if not rows:
        return None
    return _refuse(
        "bad-loss",
        f"{_runs(len(bad))} of {len(runs)} {_have(len(bad))} a loss that is not a positive number "
        f"({run_numbers(rows)}; the first is {bad[0]:g}): mend or remove them, or add --skip-failed, which leaves them "
        "out.",
    )


def _too_few(good: Runs) -> Reason | None:
    if len(good) >= LEAST_RUNS:
        return None
    return _refuse("few-runs", f"there are {len(good)} usable runs, and five parameters need at least {LEAST_RUNS}.")


def _few_tokens(good: Runs) -> Reason | None:
    n = int((good.n_tokens < LEAST_TOKENS).sum())
    if not n:
        return None
    return _refuse(
        "few-tokens",
        f"{_runs(n)} of {len(good)} {_have(n)} fewer than {LEAST_TOKENS:g} tokens "
        f"(the least is {good.n_tokens.min():.0f}): either the unit is wrong or nothing was learned.",
    )


def _untrained(good: Runs) -> Reason | None:
    if good.vocab_size is None:
        return None
    guess = np.log(good.vocab_size)
    n = int((good.loss >= _UNTRAINED * guess).sum())
    if not n:
        return None
    return _refuse(
        "untrained-runs",
        f"{_runs(n)} of {len(good)} {_have(n)} a loss within 5 % of ln(vocabulary) = {guess.max():.2f} nats/token, "
        "which is that of guessing: they have learned nothing.",
    )


def _contradictions(good: Runs) -> Reason | None:
    """Look for runs of one N, D and seed that disagree; without a seed column two equal (N, D) may be two seeds.

    Runs that repeat other amounts of data are other runs.
    """
    if good.seed is None:
        return None
    ranges: dict[tuple[float, float, str, float], tuple[float, float]] = {}
    unique = good.n_tokens if good.unique_tokens is None else good.unique_tokens
    for n, d, seed, u, loss in zip(good.n_params, good.n_tokens, good.seed, unique, good.loss, strict=True):
        low, high = ranges.get((n, d, str(seed), u), (loss, loss))
        ranges[n, d, str(seed), u] = (min(low, loss), max(high, loss))
    for (n, d, seed, _), (low, high) in ranges.items():
        if high - low > _SAME_RUN:
            return _refuse(
                "contradictory-runs",
                f"two runs of N = {n:.4g}, D = {d:.4g} and seed {seed} have losses {low:.7g} and {high:.7g}, over "
                f"{_SAME_RUN:g} nats/token apart: one of them is another run than it says.",
            )
    return None


def _repeated(good: Runs) -> Reason | None:
    """Look for rows that are there twice to the last digit: a copied run narrows every interval without a reason."""
    unique = good.n_tokens if good.unique_tokens is None else good.unique_tokens
    rows = np.column_stack([good.n_params, good.n_tokens, good.loss, unique])
    copies = len(rows) - len(np.unique(rows, axis=0))
    if not copies:
        return None
    message = f"{_runs(copies)} repeat another to the last digit: if they are copies, the intervals are too narrow."
    return Reason(code="repeated-rows", message=message, level="caution")


def _same(good: Runs) -> Reason | None:
    if np.ptp(np.log(good.loss)) > _SAME:
        return None
    return _refuse("same-loss", f"the losses are all {good.loss[0]:g}: nothing can be read off them.")


def _rising(good: Runs) -> Reason | None:
    """Look for losses that rise with N and with D, as an accuracy does: by least squares of ln L on ln N and ln D."""
    design = np.column_stack([np.ones(len(good)), np.log(good.n_params), np.log(good.n_tokens)])
    log_loss = np.log(good.loss)
    powers = np.linalg.lstsq(design, log_loss, rcond=None)[0]
    by_n, by_d = powers[1:]
    left = float(np.var(log_loss - design @ powers))
    if min(by_n, by_d) <= _SAME or left > 0.5 * float(np.var(log_loss)):
        return None
    return _refuse(
        "rising-loss",
        f"the losses rise with N (as its power {by_n:.2g}) and with D ({by_d:.2g}), and losses fall: is the column an "
        "accuracy or another score?",
    )


def _narrow(symbol: str, values: Array) -> Reason | None:
    spread = float(values.max() / values.min())
    code = f"narrow-{symbol.lower()}"
    if spread < _NARROWEST:
        return _refuse(code, f"{symbol} ranges over {spread:.3g}x; a law cannot be read off less than {_NARROWEST:g}x.")
    if spread < _NARROW:
        message = f"{symbol} ranges over {spread:.3g}x; {_NARROW:g}x or more is needed to trust its exponent."
        return Reason(code=code, message=message, level="caution")
    return None


def correlation(good: Runs) -> float:
    """Return the correlation of ln N and ln D; nan where either does not vary."""
    x, y = np.log(good.n_params), np.log(good.n_tokens)
    if len(good) < 2 or np.ptp(x) < 1e-12 or np.ptp(y) < 1e-12:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])


def _one_line(good: Runs) -> Reason | None:
    r = correlation(good)
    if math.isnan(r) or abs(r) <= _NEARLY_ON_ONE_LINE:
        return None
    ratio = float(np.median(good.n_tokens / good.n_params))
    fact = f"the correlation of ln N and ln D is {r:.3f} (median {ratio:.3g} tokens per parameter)"
    limits = f"over {_NEARLY_ON_ONE_LINE:g} is a caution, over {_ON_ONE_LINE:g} a law is refused"
    if abs(r) > _ON_ONE_LINE:
        return _refuse("one-line", f"{fact}: runs on one line cannot tell the two terms of the law apart; {limits}.")
    message = f"{fact}: N and D hardly vary apart from each other; {limits}."
    return Reason(code="one-line", message=message, level="caution")


def _runs(n: int) -> str:
    return plural(n, "run")


def _have(n: int) -> str:
    return "has" if n == 1 else "have"
