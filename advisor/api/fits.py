"""``fit`` with the words of its command as keywords."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from advisor.api.keywords import (
    Number,
    Path,
    Whole,
    check_choice,
    check_flag,
    check_mapping,
    one_name,
    refuse_both,
    takes,
)
from advisor.api.requests import numbers, whole_number
from advisor.commands.values import quantity
from advisor.quantities import check_number, check_positive

if TYPE_CHECKING:
    from advisor.compressibility.group_profiles import GroupProfiles
    from calibration.fit.analysis import Analysis, Settings
    from calibration.fit.runs import RunTable
    from calibration.fit.table.reading import TableUnits


class TableKeywords(TypedDict, total=False):
    """What is known of the units of a table of runs, and of its runs that failed."""

    scale: Mapping[str, Number]
    loss_unit: Literal["nats", "bits", "bpb", "ppl"] | None
    bytes_per_token: Number | None
    skip_failed: bool


class SettingsKeywords(TypedDict, total=False):
    """How laws are fitted, and what for."""

    flops: str | Number | Sequence[Number]
    delta: float | Literal["auto", "l1"]
    fixed_e: float | None
    max_e: float | None
    count: Literal["total", "non-embedding"]
    bootstrap: Whole
    seed: Whole


class FitKeywords(TableKeywords, SettingsKeywords, total=False):
    """The options of ``advisor fit``."""


@takes(FitKeywords)
def fit(
    table: Path,
    *,
    columns: Mapping[str, str] | None = None,
    units: TableUnits | None = None,
    group: str | None = None,
    cluster: str | None = None,
    covariate: str | None = None,
    profiles: GroupProfiles | Path | None = None,
    vocab_size: int | None = None,
    form: Literal["log", "linear", "joint"] = "log",
    at: Sequence[float] = (),
    settings: Settings | None = None,
    with_refused: bool = False,
    on_table: Callable[[RunTable], None] | None = None,
    **options: Unpack[FitKeywords],
) -> Analysis:
    """Return the laws of a table of runs, each with its intervals and whether to believe it.

    ``table`` is delimited text, JSON, JSON lines or parquet with N, D and the loss of each run; ``columns`` has its
    names of ours, as {"n_params": "model_size"}. Each value of the column ``group`` has a law of its own, and the laws
    are regressed on the column ``covariate``; ``profiles`` is a file with H of each group. ``flops`` are budgets to
    answer for, ``bootstrap`` is the number of refits, ``fixed_e`` and ``max_e`` hold or bound E. The keywords may stand
    in ``units`` and ``settings`` instead. ``on_table`` is called with the runs before anything is fitted.

        analysis = advisor.fit("runs.csv", columns={"loss": "val"}, loss_unit="bits", flops="1e22")
        analysis.groups["all"].law, analysis.refused, analysis.to_frame()

    Raises:
        TypeError: a keyword that there is not.
        UsageError: a value that cannot be, or values that contradict each other.
        RunsError: the file or a value in it cannot be used.
        CorpusError: a group has no profile.
    """
    from calibration.fit.analysis import fit as fitted

    given = one_name(options, {})
    if columns is not None:
        check_mapping(columns, "columns", "{'loss': 'val'}")
    if isinstance(profiles, str | os.PathLike):
        from advisor.compressibility.group_profiles import read_group_profiles

        profiles = read_group_profiles(File(profiles))
    return fitted(
        table,  # type: ignore[arg-type]  # any path will do
        columns=columns,
        units=_units(units, given),
        group=group,
        cluster=cluster,
        covariate=covariate,
        profiles=profiles,
        vocab_size=vocab_size,
        form=form,
        at=at,
        settings=_settings(settings, given),
        with_refused=with_refused,
        on_table=on_table,
    )


def _units(units: TableUnits | None, given: Mapping[str, Any]) -> TableUnits | None:
    from calibration.fit.table.reading import TableUnits

    own = {name: given[name] for name in TableKeywords.__annotations__ if name in given}
    if not own or units is not None:
        refuse_both("units", own if units is not None else {})
        return units
    if "scale" in own:
        check_mapping(own["scale"], "scale", "{'n_tokens': 1e6}")
        own["scale"] = {name: _positive(f"--scale {name}", factor) for name, factor in own["scale"].items()}
    if "bytes_per_token" in own:
        own["bytes_per_token"] = _positive("--bytes-per-token", own["bytes_per_token"])
    if "loss_unit" in own:
        check_choice(own["loss_unit"], "--loss-unit", ("nats", "bits", "bpb", "ppl"))
    if "skip_failed" in own:
        check_flag(own["skip_failed"], "--skip-failed")
    return TableUnits(**own)


def _settings(settings: Settings | None, given: Mapping[str, Any]) -> Settings | None:
    from calibration.fit.analysis import Settings
    from calibration.fit.minimum import FitOptions

    own = {name: given[name] for name in SettingsKeywords.__annotations__ if name in given}
    if not own or settings is not None:
        refuse_both("settings", own if settings is not None else {})
        return settings
    if "count" in own:
        check_choice(own["count"], "--count", ("total", "non-embedding"))
    for name in ("delta", "fixed_e", "max_e"):
        if name in own and (name, own[name]) not in (("delta", "auto"), ("delta", "l1")):
            check_number(own[name], f"--{name.replace('_', '-')}")
    return Settings(
        options=FitOptions(**{name: own[name] for name in ("delta", "fixed_e", "max_e") if name in own}),
        budgets=numbers("flops", own.get("flops", ())),
        **{name: own[name] for name in ("count",) if name in own},
        **{field: whole_number(name, own[name]) for name, field in _REFITS.items() if name in own},
    )


_REFITS = {"bootstrap": "n_draws", "seed": "seed"}


def _positive(option: str, value: Any) -> float:
    return check_positive(quantity(option)(value), option)
