"""Which columns of a table are ours: named by the user, called as ours are, or the only one whose name reads so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from advisor.errors import RunsError
from advisor.run_tables.numbers import is_empty, number_of
from advisor.run_tables.rows import TableRows
from calibration.fit.table.names import OURS, REQUIRED, ColumnName, read_name

_EXACT_ONLY = ("seed", "weight", "compressibility")
_MOST_NAMES = 20
_KEYWORDS = {
    "n_params": ("param", "size", "model", "dim", "width"),
    "n_tokens": ("tok", "data", "sample", "step", "word"),
    "loss": ("loss", "ppl", "perplex", "nll", "entropy", "bpb", "bit", "ce", "score"),
}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The table's name of each of our columns that it has, and what should be said of the choice."""

    names: Mapping[str, str]
    said: tuple[str, ...] = ()


def choose_columns(table: TableRows, given: Mapping[str, str]) -> Columns:
    """Return the table's name of each of our columns that it has; required ones may be missing.

    Args:
        table: The rows.
        given: What --columns says.

    Raises:
        RunsError: ``given`` names what is not there, or several columns read as one of ours.
    """
    _check_given(table, given)
    read = {name: found for name in table.names if name not in given.values() and (found := read_name(name))}
    names, several = dict(given), {}
    for ours in OURS:
        if ours in given:
            continue
        if ours in table.names and ours not in given.values():
            names[ours] = ours
            continue
        likely = [] if ours in _EXACT_ONLY else _likely(table, ours, read)
        if len(likely) == 1:
            names[ours] = likely[0]
        elif likely and ours in (*REQUIRED, "flops"):
            several[ours] = likely
    if several:
        raise _ambiguous(table, several)
    return Columns(names=names, said=_beside(names, given, read))


def _check_given(table: TableRows, given: Mapping[str, str]) -> None:
    if unknown := next((name for name in given if name not in OURS), None):
        raise RunsError(f"--columns maps {unknown}, which is not one of {', '.join(OURS)}.")
    for ours, theirs in given.items():
        if theirs not in table.names:
            there = ", ".join(table.names)
            raise RunsError(f"{table.path} has no column {theirs} (--columns {ours}={theirs}), only {there}.")


def _likely(table: TableRows, ours: str, read: Mapping[str, ColumnName]) -> Sequence[str]:
    """Return the columns that read as ours; an optional one that holds no numbers is another thing."""
    likely = [name for name, found in read.items() if found.ours == ours]
    if ours not in REQUIRED:
        return [name for name in likely if _holds_a_number(table, name)]
    return _of_one_split(likely, read) if ours == "loss" else likely


def _ambiguous(table: TableRows, several: Mapping[str, Sequence[str]]) -> RunsError:
    ways = [" or ".join(f"--columns {_quoted(ours, name)}" for name in likely) for ours, likely in several.items()]
    return RunsError(
        f"{table.path} has several columns that read as {' and as '.join(several)}: say {'; '.join(ways)}."
    )


def _of_one_split(likely: Sequence[str], read: Mapping[str, ColumnName]) -> Sequence[str]:
    """Return the loss in nats where a table has one split's loss and its perplexity, which say the same."""
    in_nats = [name for name in likely if read[name].unit == "nats"]
    return in_nats if len(in_nats) == 1 and len({read[name].split for name in likely}) == 1 else likely


def _holds_a_number(table: TableRows, name: str) -> bool:
    first = next((row[name] for row in table.rows if not is_empty(row.get(name))), None)
    try:
        number_of(first)
    except ValueError:
        return False
    return True


def _beside(names: Mapping[str, str], given: Mapping[str, str], read: Mapping[str, ColumnName]) -> tuple[str, ...]:
    """Say of a loss that is called ``loss`` that another one, not of training, stands beside it."""
    others = [name for name, found in read.items() if found.ours == "loss" and found.split not in ("", "train")]
    if names.get("loss") != "loss" or "loss" in given or not others:
        return ()
    return (f"loss is the column of that name, and {others[0]} is another (--columns {_quoted('loss', others[0])})",)


def missing_columns(table: TableRows, names: Mapping[str, str], missing: Iterable[str]) -> RunsError:
    """Return the error that names all missing columns, with a --columns option made of the table's own names."""
    lacking = list(missing)
    free = [name for name in table.names if name not in names.values() and _holds_a_number(table, name)]
    pairs: list[str] = []
    for ours in lacking:
        best = next((name for name in free if any(word in name.lower() for word in _KEYWORDS[ours])), None)
        best = best or (free[0] if len(free) == len(lacking) - len(pairs) else None)
        pairs.append(_quoted(ours, best or "COLUMN"))
        free = [name for name in free if name != best]
    if lacking == ["n_tokens"] and "steps" in names:
        return RunsError(
            f"{table.path} has no column n_tokens, and {names['steps']} needs the tokens of a step: add --columns "
            f"n_tokens={names['steps']} --scale n_tokens=TOKENS, or columns batch_tokens, or batch_size and seq_len."
        )
    what = f"no column {lacking[0]}" if len(lacking) == 1 else f"no columns {', '.join(lacking[:-1])} and {lacking[-1]}"
    there = ", ".join(table.names[:_MOST_NAMES])
    if len(table.names) > _MOST_NAMES:
        there += f" and {len(table.names) - _MOST_NAMES} more"
    return RunsError(f"{table.path} has {what}, only {there}: name what they are, such as --columns {','.join(pairs)}.")


def _quoted(ours: str, theirs: str) -> str:
    pair = f"{ours}={theirs}"
    return pair if all(letter.isalnum() or letter in "_.-/=" for letter in pair) else f'"{pair}"'
