"""Runs of a table that failed: by a column of states, or by what stands in place of a loss."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from advisor.errors import RunsError
from advisor.run_tables.numbers import DecimalMark, is_empty, number_of
from advisor.run_tables.rows import TableRows

_STATE = re.compile(r"(run|job|training|final|exit)?[ _./-]?(state|status)", re.IGNORECASE)
_ENDED = {"finished", "finish", "completed", "complete", "done", "success", "successful", "succeeded", "ok", "ended"}
_NOT_ENDED = {
    *("crashed", "crash", "failed", "fail", "failure", "error", "running", "killed", "preempted", "preempting"),
    *("cancelled", "canceled", "aborted", "stopped", "timeout", "oom", "out_of_memory", "diverged", "nan", "pending"),
    *("queued", "interrupted", "incomplete", "unfinished", "partial", "stalled", "tbd", "todo", "spiked", "evicted"),
}
_NO_LOSS = {"#n/a", "n.a.", "?", "x", "#div/0!", "#value!", "#num!", "missing", "nil", *_NOT_ENDED}
_YES, _NO = {"true", "yes", "1", "1.0"}, {"false", "no", "0", "0.0"}
_MOST_NAMED = 5


def says_no_loss(value: Any) -> bool:
    """Whether a cell in place of a loss is empty or says that the run failed."""
    return is_empty(value) or str(value).strip().lower() in _NO_LOSS


def failed_runs(table: TableRows, loss: str | None, mark: DecimalMark, *, by_loss: bool) -> list[int]:
    """Return which runs failed, from 0: those of a state that is no end and, where ``by_loss``, those without a loss.

    Args:
        table: The rows.
        loss: The table's name of the column of losses; None where it has none.
        mark: What stands before the decimals.
        by_loss: Whether a loss that is no positive number says so too.
    """
    bad = {i for i, row in enumerate(table.rows) if by_loss and loss is not None and _without_loss(row.get(loss), mark)}
    column = state_column(table)
    if column is not None:
        bad |= {i for i, row in enumerate(table.rows) if _failed(column, row.get(column))}
    return sorted(bad)


def refuse_failed(table: TableRows) -> None:
    """Raise RunsError where a column of states names runs that did not end."""
    column = state_column(table)
    bad = [] if column is None else [i for i, row in enumerate(table.rows) if _failed(column, row.get(column))]
    if not bad:
        return
    states = ", ".join(dict.fromkeys(str(table.rows[i][column or ""]).strip() for i in bad))
    n = len(bad)
    raise RunsError(
        f"{table.path}: {n} of {len(table.rows)} runs did not end well by the column {column} ({states}; "
        f"{run_numbers(bad)}): --skip-failed leaves {'it' if n == 1 else 'them'} out, or remove the column if "
        f"{'its loss' if n == 1 else 'their losses'} can be used."
    )


def run_numbers(rows: Sequence[int]) -> str:
    """Return runs as people number them.

    >>> run_numbers([2]), run_numbers([0, 4, 6])
    ('run 3', 'runs 1, 5 and 7')
    """
    names = [str(i + 1) for i in rows[:_MOST_NAMED]]
    if len(rows) > _MOST_NAMED:
        return f"runs {', '.join(names)} and {len(rows) - _MOST_NAMED} more"
    return f"run {names[0]}" if len(names) == 1 else f"runs {', '.join(names[:-1])} and {names[-1]}"


def state_column(table: TableRows) -> str | None:
    """Return the column that says how runs ended: by its name, or as all its values are states."""
    for column in table.names:
        values = {_word(row.get(column)) for row in table.rows} - {""}
        plain = column.strip().lower()
        if plain in _ENDED | _NOT_ENDED and values <= _YES | _NO:
            return column
        if values & _NOT_ENDED and (_STATE.fullmatch(column) or values <= _ENDED | _NOT_ENDED):
            return column
    return None


def _failed(column: str, value: Any) -> bool:
    word, plain = _word(value), column.strip().lower()
    if word in _YES | _NO:
        return (word in _YES) == (plain in _NOT_ENDED)
    return word in _NOT_ENDED


def _word(value: Any) -> str:
    """Return the first word of a state, such as CANCELLED by 1234."""
    words = str("" if value is None else value).strip().lower().split()
    return words[0].strip(":;,.") if words and words[0] not in ("none", "null", "nan") else ""


def _without_loss(value: Any, mark: DecimalMark) -> bool:
    if says_no_loss(value):
        return True
    try:
        number = number_of(value, mark, suffixes=False)
    except ValueError:
        return False  # a text that nobody writes for a failed run is an error where it is read
    return not (math.isfinite(number) and number > 0)


def without_runs(rows: Sequence[Mapping[str, Any]], left_out: Sequence[int]) -> tuple[Mapping[str, Any], ...]:
    """Return the rows that are not left out."""
    out = set(left_out)
    return tuple(row for i, row in enumerate(rows) if i not in out)
