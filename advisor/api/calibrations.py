"""``calibrate`` with the words of its command as keywords; it loads numpy, and torch where something is trained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
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
    refuse_both,
    takes,
)
from advisor.api.requests import whole_number
from advisor.commands.calibration.given import corpus_sources, listed_names, refuse_together
from advisor.commands.values import duration
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import CoefficientsError, UsageError
from advisor.quantities import check_positive, check_text, check_whole

if TYPE_CHECKING:
    from advisor.corpus.sequences import Progress
    from calibration.campaign.calibrate import Watch
    from calibration.campaign.devices import Devices
    from calibration.campaign.engine import Trainer
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.refit import CalibrationOutcome


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
    precision: Literal["float32", "bfloat16"] | None
    compile: bool | None
    max_hours: Number | None
    grammar_seed: Whole


class DeviceKeywords(TypedDict, total=False):
    """What trains."""

    device: str | None
    engine: Literal["process", "processes", "ray"] | None
    address: str | None
    storage: str | None
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
    dry_run: bool = False,
    prepare: Path | None = None,
    refit: Path | Sequence[Path] | None = None,
    h_ref: float | None = None,
    install: str | None = None,
    force: bool = False,
    trainer: Trainer | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
    **options: Unpack[CalibrationKeywords],
) -> CalibrationOutcome:
    """Return what the calibration in ``folder`` comes to: what is missing of it is trained, its laws fitted, written.

    What is trained on is a ``preset``, sets of ``grammars``, or ``corpora``, as {"code": "src/"}; without any the plan
    in ``folder`` is gone on with. The same call goes on where another was stopped. ``minutes`` begins no trunk that
    would end later. ``dry_run`` trains and writes nothing, and ``prepare``, a folder, has plan and tokens written
    there: what comes back has the plan, and what is left to train. ``refit``, a folder or several, fits ledgers again
    into ``folder``, or into the only one itself. ``install`` is a name under which ``recommend`` finds the
    coefficients, and ``force`` replaces another calibration of that name. Where several processes train, a script calls
    this under ``if __name__ == "__main__":``, or with engine="process". An ``advisor.CalibrationRequest`` may stand in
    place of the keywords, and ``devices`` in place of ``device``, ``engine``, ``address``, ``storage``, ``workers`` and
    ``threads``.

        outcome = advisor.calibrate(preset="smoke", folder="calibration")
        outcome.to_frame(), outcome.files

    Raises:
        TypeError: a keyword that there is not.
        UsageError: a value that cannot be, the folder's plan is another one, or there is neither plan nor request.
        CoefficientsError: there are no coefficients to install.
        AdvisorError: a source cannot be read, a file not written, the folder is in use, or nothing could be trained.
    """
    given = one_name(options, {})
    more: dict[str, Any] = {"request": request, "out": folder, "devices": devices, "extend": extend, "minutes": minutes}
    more |= {"dry_run": dry_run, "prepare": prepare, "refit": refit, "h_ref": h_ref, "install": install, "force": force}
    more |= {"trainer": trainer, "progress": progress, "watch": watch}
    _check({name: value for name, value in more.items() if value is not None and value is not False}, given)
    if refit is not None:
        outcome = _refitted(refit, folder, h_ref, progress)
        return _installed(outcome, install, force=force)
    place, wanted, held = _where(prepare or folder, request, devices, given)
    if install is not None and wanted is not None and not extend:
        wanted.check_installable(install)
    with held as trains:
        if dry_run or prepare is not None:
            return _planned(wanted, place, trains, dry_run=dry_run, extend=extend, progress=progress)
        from calibration.campaign import calibrate as campaign
        from calibration.lines.source_laws import silent

        outcome = campaign.calibrate(
            wanted,
            place,
            devices=trains,
            extend=extend,
            minutes=duration("--minutes", "minutes")(minutes) if isinstance(minutes, str) else minutes,
            h_ref=h_ref,
            trainer=trainer,
            progress=progress or silent,
            watch=watch or campaign.unwatched,
            fitting=progress or silent,
        )
    return _installed(outcome, install, force=force)


def _check(more: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise UsageError for flags that are none, for keywords that contradict each other, and for a name to install."""
    for flag in ("dry_run", "extend", "force"):
        if flag in more:
            check_flag(more[flag], f"--{flag.replace('_', '-')}")
    refuse_together((*more, *given), lambda name: "folder" if name == "out" else name)
    if "install" in more:
        from advisor.calibrations.installed import check_name

        check_text(more["install"], "--install")
        check_name(more["install"])  # before hours of training


def _where(
    folder: Path | None, request: CalibrationRequest | None, devices: Devices | None, given: dict[str, Any]
) -> tuple[File, CalibrationRequest | None, AbstractContextManager[Devices | None]]:
    """Return the folder of the calibration, what is asked for in it, called by its name, and what holds what trains."""
    of_devices = {name: _of_device(name, given.pop(name)) for name in DeviceKeywords.__annotations__ if name in given}
    if devices is not None:
        refuse_both("devices", of_devices)
    if request is not None:
        refuse_both("request", given)
    wanted = _wanted(given) if given else request
    place = folder if folder is not None else None if wanted is None else f"calibration-{wanted.name}"
    if place is None:
        raise UsageError("Nothing to calibrate: name a preset or corpora, or go on with a folder.")
    if wanted is not None and request is None:
        wanted = replace(wanted, name=File(place).resolve().name)
    if not of_devices:
        return File(place), wanted, nullcontext(devices)
    from calibration.campaign.devices import devices_held

    return File(place), wanted, devices_held(**of_devices)


def _planned(
    wanted: CalibrationRequest | None,
    folder: File,
    devices: Devices | None,
    *,
    dry_run: bool,
    extend: bool,
    progress: Progress | None,
) -> CalibrationOutcome:
    """Return the plan alone, with all that is missing left to train; it is written unless this is a dry run."""
    from calibration.campaign import calibrate as campaign
    from calibration.campaign.pipeline import Trained
    from calibration.campaign.refit import CalibrationOutcome
    from calibration.lines.source_laws import silent

    plan = campaign.look if dry_run else campaign.prepare
    opened, missing = plan(wanted, folder, devices=devices, extend=extend, progress=progress or silent)
    return CalibrationOutcome(
        opened=opened, trained=Trained(left=missing), laws_only=opened.plan.laws_only, planned=True
    )


def _refitted(
    folders: Path | Sequence[Path], out: Path | None, h_ref: float | None, progress: Progress | None
) -> CalibrationOutcome:
    from calibration.campaign.refit import refit
    from calibration.lines.source_laws import silent

    listed = [folders] if isinstance(folders, str | os.PathLike) else list(folders)
    return refit(
        [File(each) for each in listed],
        None if out is None else File(out),
        h_ref=h_ref,
        progress=progress or silent,
    )


def _installed(outcome: CalibrationOutcome, name: str | None, *, force: bool) -> CalibrationOutcome:
    """Return the outcome once its coefficients are installed, with the file among its files; without a name as it is.

    Where works are left to train there is nothing to install yet.
    """
    if name is None or outcome.result is None:
        return outcome
    from advisor.calibrations.installed import install

    if outcome.result.document is None:
        raise CoefficientsError(f"Nothing is installed as {name}: there are no coefficients.")
    (coefficients,) = (path for path in outcome.files if path.name == "fitted_coefficients.json")
    return replace(outcome, files=(*outcome.files, install(name, coefficients, force=force)))


def _of_device(name: str, value: Any) -> Any:
    if name in ("workers", "threads"):
        found = whole_number(name, value)
        check_whole(found, f"--{name}", 1, 1024)
        return found
    if name == "engine":
        check_choice(value, "--engine", ("process", "processes", "ray"))
    return value


def _wanted(given: Mapping[str, Any]) -> CalibrationRequest:
    """Return what the keywords ask to be calibrated."""
    from calibration.campaign.planning import CalibrationRequest
    from calibration.training.execution import ExecutionChoice

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
    sources = corpus_sources(
        ((name, os.fspath(source)) for name, source in corpora.items()),
        tokenizer=reading.get("tokenizer", DEFAULT_TOKENIZER),
        options=corpus_options(reading),
        score_tokenizer=given.get("score_tokenizer"),
    )
    own = {name: given[name] for name in ("preset", "grid", "recipe", "lr_sweep") if name in given}
    if "max_hours" in given:
        own["max_hours"] = check_positive(duration("--max-hours", "hours")(given["max_hours"]), "--max-hours")
    if "grammar_seed" in given:
        own["seed"] = whole_number("grammar_seed", given["grammar_seed"])
    if "vocab_size" in given:
        own["vocab_size"] = whole_number("vocab_size", given["vocab_size"])
    choice = ExecutionChoice(dtype=given.get("precision"), compiled=given.get("compile"))
    return CalibrationRequest.of(
        choice=choice,
        sets=_names(given.get("grammars", ())),
        only=_names(given.get("only", ())),
        corpora=sources,
        **own,
    )


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    return listed_names([value] if isinstance(value, str) else value)
