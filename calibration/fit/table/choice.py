"""Which columns of a table are ours: named by the user, called as ours are, or the only one whose name reads so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from advisor.errors import RunsError, asked_wrongly, did_you_mean
from advisor.run_tables.numbers import is_empty, number_of
from advisor.run_tables.rows import TableRows
from calibration.fit.table.name_units import bytes_in
from calibration.fit.table.names import OURS, REQUIRED, ColumnName, read_name

_EXACT_ONLY = ("seed", "weight", "compressibility")
_MOST_NAMES = 20
_KEYWORDS = {
    "n_params": ("param", "size", "model"),
    "n_tokens": ("tok",),
    "loss": ("loss", "ppl", "perplex", "nll", "entropy", "bpb", "bit", "ce", "score"),
}
# Words in names of other things than N, D and losses.
_OTHER = re.compile(
    r"(^|[_ .(-])(log(2|10)?|ln|excess|delta|rel(ative)?|reducible)([_ .(-]|$)|"
    r"(^|[_ .-])(per|lr|id|std|stderr|sd|se|var|aux|z|acc|mem|dim|len|bs)([_ .-]|$)|/ ?(s|sec|param|gpu)|byte|gb$|flop|"
    r"hour|day|second|time|cost|price|error|accuracy|ratio|unnamed|index|epoch|rate|seed|step|iter|batch|sample|"
    r"layer|head|width|depth|grad|norm|weight|decay|warmup|gpu|tpu|node|length|context|vocab",
    re.IGNORECASE,
)
OF_FLOPS = "1e18 for exaFLOPs, 1e21 for ZFLOPs, 8.64e19 for PF-days"  # factors of a budget in other units
_PLAUSIBLE = {"n_params": (1e3, 5e12), "n_tokens": (1e4, 1e14), "loss": (0.05, 20.0)}  # medians
_OF_EXPERTS = re.compile(r"(^|[_ .-])n?_?(active|activated|experts?|moe)([_ .-]|params|$)", re.IGNORECASE)


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
    if "n_params" in names and "n_params" not in given:
        _refuse_experts(table, names["n_params"])
    return Columns(names=names, said=_beside(names, given, read))


def _check_given(table: TableRows, given: Mapping[str, str]) -> None:
    if unknown := next((name for name in given if name not in OURS), None):
        hint = did_you_mean(unknown, OURS) or f", which is not one of {', '.join(OURS)}."
        raise asked_wrongly(RunsError(f"--columns maps {unknown}{hint}"))
    for ours, theirs in given.items():
        if theirs not in table.names:
            hint = did_you_mean(theirs, table.names) or f", only {', '.join(table.names)}."
            raise asked_wrongly(RunsError(f"{table.path} has no column {theirs} (--columns {ours}={theirs}){hint}"))


def _refuse_experts(table: TableRows, theirs: str) -> None:
    """Raise where another column says that models are mixtures of experts, and N may be their total."""
    if _OF_EXPERTS.search(theirs) and "expert" not in theirs.lower():
        return
    for name in table.names:
        if name == theirs or not _OF_EXPERTS.search(name):
            continue
        if not any(_of_experts(row.get(name), row.get(theirs)) for row in table.rows):
            continue
        other = f" or --columns {quoted('n_params', name)}" if "activ" in name.lower() else ""
        raise RunsError(
            f"{table.path} has {theirs} and {name}: of a mixture of experts N may be all parameters or those that are "
            f"active, so say --columns {quoted('n_params', theirs)}{other}."
        )


def _of_experts(value: object, n_params: object) -> bool:
    """Whether a count of experts or of active parameters, or an answer to a name, says that a model is a mixture."""
    if str(value).strip().lower() in ("true", "yes"):
        return True
    return _number(value) not in (None, 0.0, 1.0, _number(n_params))


def _number(value: object) -> float | None:
    try:
        return number_of(value)
    except ValueError:
        return None


def _likely(table: TableRows, ours: str, read: Mapping[str, ColumnName]) -> Sequence[str]:
    """Return the columns that read as ours; an optional one that holds no numbers is another thing."""
    likely = [name for name, found in read.items() if found.ours == ours]
    if ours not in REQUIRED:
        likely = [name for name in likely if _holds_a_number(table, name)]
        plain = [name for name in likely if read[name].factor == 1]
        return plain if len(plain) == 1 else likely
    return _of_one_split(likely, read) if ours == "loss" else likely


def _ambiguous(table: TableRows, several: Mapping[str, Sequence[str]]) -> RunsError:
    ways = [" or ".join(f"--columns {quoted(ours, name)}" for name in likely) for ours, likely in several.items()]
    return RunsError(
        f"{table.path} has several columns that read as {' and as '.join(several)}: say {'; '.join(ways)}."
    )


def _of_one_split(likely: Sequence[str], read: Mapping[str, ColumnName]) -> Sequence[str]:
    """Return the loss in nats where a table has one split's loss and its perplexity, which say the same."""
    in_nats = [name for name in likely if read[name].unit == "nats"]
    return in_nats if len(in_nats) == 1 and len({read[name].split for name in likely}) == 1 else likely


def _holds_a_number(table: TableRows, name: str) -> bool:
    return _number(next((row[name] for row in table.rows if not is_empty(row.get(name))), None)) is not None


def _beside(names: Mapping[str, str], given: Mapping[str, str], read: Mapping[str, ColumnName]) -> tuple[str, ...]:
    """Say of a loss that is called ``loss`` that another one, not of training, stands beside it."""
    others = [name for name, found in read.items() if found.ours == "loss" and found.split not in ("", "train")]
    if names.get("loss") != "loss" or "loss" in given or not others:
        return ()
    return (f"loss is the column of that name, and {others[0]} is another (--columns {quoted('loss', others[0])})",)


def missing_columns(table: TableRows, names: Mapping[str, str], missing: Iterable[str]) -> RunsError:
    """Return the error that names all missing columns, with those of the table's that can be them."""
    lacking = list(missing)
    what = f"no column {lacking[0]}" if len(lacking) == 1 else f"no columns {', '.join(lacking[:-1])} and {lacking[-1]}"
    if lacking == ["n_tokens"] and (instead := _instead_of_tokens(table, names)) is not None:
        return RunsError(f"{table.path} has {what}, and {instead}.")
    free = [name for name in table.names if name not in names.values() and read_name(name) is None]
    free = [name for name in free if not _OTHER.search(name) and _holds_a_number(table, name)]
    found: dict[str, str] = {}
    for ours in lacking:
        best = _best(table, ours, [name for name in free if name not in found.values()])
        found.update({} if best is None else {ours: best})
    there = ", ".join(table.names[:_MOST_NAMES])
    if len(table.names) > _MOST_NAMES:
        there += f" and {len(table.names) - _MOST_NAMES} more"
    they = "it is" if len(lacking) == 1 else "they are"
    how = "such as" if found else "with"
    pairs = ",".join(quoted(ours, found.get(ours, "COLUMN")) for ours in lacking)
    return RunsError(f"{table.path} has {what}, only {there}: name what {they}, {how} --columns {pairs}.")


def _best(table: TableRows, ours: str, free: Sequence[str]) -> str | None:
    """Return the column whose name has a word for ours, else the only one whose values can be it."""
    by_name = next((name for name in free if any(word in name.lower() for word in _KEYWORDS[ours])), None)
    by_value = [name for name in free if _is_plausible(table, ours, name)]
    return by_name or (by_value[0] if len(by_value) == 1 else None)


def _is_plausible(table: TableRows, ours: str, name: str) -> bool:
    values = sorted(v for row in table.rows if (v := _number(row.get(name))) is not None)
    low, high = _PLAUSIBLE[ours]
    return low <= values[len(values) // 2] <= high


def _instead_of_tokens(table: TableRows, names: Mapping[str, str]) -> str | None:
    """Return what a table has in place of tokens, and what makes tokens of it."""
    if "steps" in names:
        steps = names["steps"]
        return (
            f"{steps} needs the tokens of a step: add --columns {quoted('n_tokens', steps)} --scale n_tokens=TOKENS, "
            "or columns batch_tokens, or batch_size and seq_len"
        )
    if "samples" in names:
        return f"{names['samples']} needs the tokens of a sample: add a column seq_len"
    for name in table.names:
        if not _holds_a_number(table, name):
            continue
        if (unit := bytes_in(name)) is not None:
            return f"{name} counts bytes: {of_bytes(name, unit)}"
        if "flops" not in names and re.search("flop|compute|pf.?day", name, re.IGNORECASE):
            return (
                f"{name} gives it if it is all the compute of a run: add --columns {quoted('flops', name)} --scale "
                f"flops=FACTOR, {OF_FLOPS}"
            )
    return None


def of_bytes(name: str, unit: float) -> str:
    """Return how a column that counts ``unit`` bytes is made tokens."""
    return (
        f"tokens are bytes / bytes per token, so add --columns {quoted('n_tokens', name)} --scale n_tokens=FACTOR, "
        f"FACTOR being {unit:g} / (bytes per token)".replace("e+0", "e")
    )


def quoted(ours: str, theirs: str) -> str:
    """Return a pair of --columns as a shell takes it."""
    pair = f"{ours}={theirs}"
    return pair if all(letter.isalnum() or letter in "_.-/=" for letter in pair) else f'"{pair}"'
