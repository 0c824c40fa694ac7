"""What one law for the rows of a table would mix: corpora and the like, vocabularies, losses of unfinished training.

Columns that are not ours are looked at by their values, so that what would move a law does not pass unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from advisor.run_tables.numbers import is_empty
from calibration.fit.objective import Array
from calibration.fit.reason import Reason

_MOST_GROUPS = 20
_LETTER_FIRST = re.compile(r"[^\W\d_]")
_MOVES_NO_LOSS = re.compile(
    r"hardware|gpu|device|host|machine|node|user|owner|author|date|time|path|url|file|note|comment|tags?$|state|status",
    re.IGNORECASE,
)
_OF_A_RUN = re.compile(
    r"(wandb|train(ing)?)?[ _./-]?(runs?|exp|experiment|trial|job)[ _./-]?(id|name|uid)?|uid", re.IGNORECASE
)
_MOST_NAMED = 3
_LEAST_CHECKPOINTS = 3  # of a run that has a name
_LEAST_UNNAMED = 10  # different D of one N, in the median: more than tables of separate runs have
_LATE = "losses before the end of a decaying learning rate are too high and bend the law: keep the last row of each run"


def mixture_cautions(
    rows: Sequence[Mapping[str, Any]],
    taken: Collection[str],
    n_params: Array,
    n_tokens: Array,
    *,
    cluster: str | None,
    vocab_size: Array | None,
    vocab_column: str | None,
) -> tuple[Reason, ...]:
    """Return the cautions for the rows of one group.

    Args:
        rows: The rows.
        taken: The columns that are ours, or name the group: their values are known to differ.
        n_params: N of each row.
        n_tokens: D of each row.
        cluster: The column whose values mark the checkpoints of one model, where the user named one.
        vocab_size: Of each row, where it is known.
        vocab_column: The table's name of vocab_size.
    """
    found: list[Reason | None] = [*_words(rows, {*taken, cluster}, n_params)]
    found.append(_vocabularies(vocab_size, vocab_column))
    found.append(_checkpoints(rows, taken, n_params, n_tokens, cluster))
    return tuple(reason for reason in found if reason is not None)


def _words(rows: Sequence[Mapping[str, Any]], taken: Collection[str | None], n_params: Array) -> Iterator[Reason]:
    """Yield a caution for each column of words that says more than which model or run a row is of."""
    for column in dict.fromkeys(name for row in rows for name in row):
        values = [str(row.get(column) or "").strip() for row in rows]
        if column in taken or _MOVES_NO_LOSS.search(column) or _OF_A_RUN.fullmatch(column):
            continue
        if not all(isinstance(row.get(column), str) or row.get(column) is None for row in rows):
            continue
        if not all(is_empty(value) or _LETTER_FIRST.match(value) for value in values):
            continue
        n = len(set(values))
        names_sizes = len(set(zip(values, n_params, strict=True))) == n
        if 2 <= n <= min(_MOST_GROUPS, len(rows) / 2) and not names_sizes:
            message = f"the table's column {column} has {n} values: --group {column} fits a law to the runs of each."
            yield Reason(code="one-law-for-groups", message=message, level="caution")


def _vocabularies(vocab_size: Array | None, column: str | None) -> Reason | None:
    sizes = [] if vocab_size is None else list(dict.fromkeys(f"{size:.0f}" for size in vocab_size))
    if column is None or len(sizes) < 2:
        return None
    several = ", ".join(sizes[:_MOST_NAMED]) + (", ..." if len(sizes) > _MOST_NAMED else "")
    message = (
        f"{column} differs ({several}), and losses per token of several vocabularies cannot be compared: --group "
        f"{column} fits a law to the runs of each."
    )
    return Reason(code="several-vocabularies", message=message, level="caution")


def _checkpoints(
    rows: Sequence[Mapping[str, Any]], taken: Collection[str], n_params: Array, n_tokens: Array, cluster: str | None
) -> Reason | None:
    """Return the caution that rows are checkpoints: runs by name have several D, or each N has very many."""
    columns = dict.fromkeys(name for row in rows for name in row)
    named = [name for name in columns if name == cluster or (name not in taken and _OF_A_RUN.fullmatch(name))]
    for column in named:
        n = _rows_of_a_run([str(row.get(column)) for row in rows], n_params, n_tokens)
        if n >= _LEAST_CHECKPOINTS:
            return _late(f"the runs of column {column} have {n:g} rows each in the median", column, cluster)
    n = _rows_of_a_run([str(value) for value in n_params], n_params, n_tokens)
    if n < _LEAST_UNNAMED:
        return None
    return _late(f"each N has {n:g} different D in the median, and if they are checkpoints of one run", None, cluster)


def _rows_of_a_run(names: Sequence[str], n_params: Array, n_tokens: Array) -> float:
    """Return the median number of different D of a name; 0 where a name has several N, and is not of a run."""
    of_name: dict[str, set[float]] = {}
    sizes: dict[str, float] = {}
    for name, n, d in zip(names, n_params, n_tokens, strict=True):
        if sizes.setdefault(name, n) != n:
            return 0.0
        of_name.setdefault(name, set()).add(d)
    return float(np.median([len(tokens) for tokens in of_name.values()]))


def _late(fact: str, column: str | None, cluster: str | None) -> Reason:
    apart = "" if cluster is not None else f", and add --cluster {column or 'COLUMN'}"
    separator = ", " if column is None else ": "
    message = f"{fact}{separator}{_LATE}, unless the rate was constant{apart}."
    return Reason(code="unfinished-training", message=message, level="caution")
