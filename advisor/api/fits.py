"""``fit`` and ``calibrate`` with the words of their commands as keywords; both load numpy, ``calibrate`` torch too."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from advisor.api.corpora import READING, corpus_options
from advisor.api.keywords import (
    Number,
    Path,
    ReadingKeywords,
    Whole,
    check_choice,
    check_flag,
    check_mapping,
    one_name,
    takes,
)
from advisor.api.requests import numbers, whole_number
from advisor.commands.values import duration, quantity
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import UsageError
from advisor.quantities import check_number, check_positive, check_text, check_whole

if TYPE_CHECKING:
    from advisor.compressibility.group_profiles import GroupProfiles
    from advisor.corpus.sequences import Progress
    from calibration.campaign.calibrate import Watch
    from calibration.campaign.devices import Devices
    from calibration.campaign.engine import Trainer
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.refit import CalibrationOutcome
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
        _refuse_both("units", own if units is not None else {})
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
        _refuse_both("settings", own if settings is not None else {})
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


def _refuse_both(objects: str, own: Mapping[str, Any]) -> None:
    if own:
        raise UsageError(f"{next(iter(own))} and {objects} both say how runs are fitted: give one of them.")


class SourceKeywords(ReadingKeywords, total=False):
    """What is trained on, as the options of ``advisor calibrate``."""

    preset: str | None
    grammars: str | Sequence[str]
    only: str | Sequence[str]
    corpora: Mapping[str, Path]
    grid: str | None
    recipe: Literal["tuned", "paper"]
    score_tokenizer: str | None
    vocab_size: Whole | None
    lr_sweep: bool
    max_hours: Number | None
    grammar_seed: Whole


class DeviceKeywords(TypedDict, total=False):
    """What trains."""

    device: str | None
    engine: Literal["process", "processes"] | None
    workers: Whole | None
    threads: Whole


class CalibrationKeywords(SourceKeywords, DeviceKeywords, total=False):
    """All of these."""


@takes(CalibrationKeywords)
def calibrate(
    request: CalibrationRequest | None = None,
    folder: Path | None = None,
    *,
    devices: Devices | None = None,
    extend: bool = False,
    minutes: Number | None = None,
    h_ref: float | None = None,
    trainer: Trainer | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
    **options: Unpack[CalibrationKeywords],
) -> CalibrationOutcome:
    """Return what the calibration in ``folder`` comes to: what is missing of it is trained, its laws fitted, written.

    What is trained on is a ``preset``, sets of ``grammars``, or ``corpora``, as {"code": "src/"}; without any the plan
    in ``folder`` is gone on with. The same call goes on where another was stopped. ``minutes`` begins no trunk that
    would end later. Where several processes train, a script calls this under ``if __name__ == "__main__":``, or with
    engine="process". An ``advisor.CalibrationRequest`` may stand in place of the keywords, and ``devices`` in place of
    ``device``, ``engine``, ``workers`` and ``threads``.

        outcome = advisor.calibrate(preset="smoke", folder="calibration")
        outcome.to_frame(), outcome.files

    Raises:
        TypeError: a keyword that there is not.
        UsageError: a value that cannot be, the folder's plan is another one, or there is neither plan nor request.
        AdvisorError: a source cannot be read, a file not written, the folder is in use, or nothing could be trained.
    """
    from calibration.campaign import calibrate as campaign
    from calibration.lines.source_laws import silent

    given = one_name(options, {})
    of_devices = {name: _of_device(name, given.pop(name)) for name in DeviceKeywords.__annotations__ if name in given}
    if devices is not None:
        _refuse_both("devices", of_devices)
    if request is not None:
        _refuse_both("request", given)
    wanted = _wanted(given) if given else request
    place = folder if folder is not None else None if wanted is None else f"calibration-{wanted.name}"
    if place is None:
        raise UsageError("Nothing to calibrate: name a preset or corpora, or go on with a folder.")
    if wanted is not None and request is None:
        wanted = replace(wanted, name=File(place).resolve().name)
    if of_devices:
        from calibration.campaign.devices import take_devices

        devices = take_devices(**of_devices)
    return campaign.calibrate(
        wanted,
        File(place),
        devices=devices,
        extend=extend,
        minutes=duration("--minutes", "minutes")(minutes) if isinstance(minutes, str) else minutes,
        h_ref=h_ref,
        trainer=trainer,
        progress=progress or silent,
        watch=watch or campaign.unwatched,
        fitting=progress or silent,
    )


def _of_device(name: str, value: Any) -> Any:
    if name in ("workers", "threads"):
        found = whole_number(name, value)
        check_whole(found, f"--{name}", 1, 1024)
        return found
    if name == "engine":
        check_choice(value, "--engine", ("process", "processes"))
    return value


def _wanted(given: Mapping[str, Any]) -> CalibrationRequest:
    """Return what the keywords ask to be calibrated."""
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.sources import CorpusSource

    reading = {name: value for name, value in given.items() if name in READING}
    corpora = given.get("corpora", {})
    check_mapping(corpora, "corpora", "{'code': 'src/'}")
    for name, source in corpora.items():
        check_text(source, f"The corpus {name}")
    if "recipe" in given:
        check_choice(given["recipe"], "--recipe", ("tuned", "paper"))
    if not corpora and (extra := [*reading, *(["score_tokenizer"] if "score_tokenizer" in given else [])]):
        raise UsageError(f"{extra[0]} says how a corpus is read, and none is given.")
    if not corpora and "preset" not in given and "grammars" not in given:
        raise UsageError(f"{next(iter(given))} changes what a preset, grammars or corpora train, and none is given.")
    tokenizer = reading.get("tokenizer", DEFAULT_TOKENIZER)
    scorer = given.get("score_tokenizer")
    sources = tuple(
        CorpusSource(
            name=name,
            source=os.fspath(source),
            tokenizer=tokenizer,
            options=corpus_options(reading),
            score_tokenizer=None if scorer == tokenizer else scorer,
        )
        for name, source in corpora.items()
    )
    own = {name: given[name] for name in ("preset", "grid", "recipe", "lr_sweep") if name in given}
    if "max_hours" in given:
        own["max_hours"] = check_positive(duration("--max-hours", "hours")(given["max_hours"]), "--max-hours")
    if "grammar_seed" in given:
        own["seed"] = whole_number("grammar_seed", given["grammar_seed"])
    if "vocab_size" in given:
        own["vocab_size"] = whole_number("vocab_size", given["vocab_size"])
    return CalibrationRequest.of(
        sets=_names(given.get("grammars", ())), only=_names(given.get("only", ())), corpora=sources, **own
    )


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    """Return names, of which a text may have several with commas between them."""
    listed = [value] if isinstance(value, str) else value
    return tuple(name for text in listed for part in text.split(",") if (name := part.strip()))
