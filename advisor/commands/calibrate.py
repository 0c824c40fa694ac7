"""``advisor calibrate``: train a grid, fit a law for each source, regress the laws on H."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from advisor.commands.calibration_request import check, read_request
from advisor.commands.corpus_options import reading_options
from advisor.errors import CoefficientsError, MissingExtraError, UsageError

if TYPE_CHECKING:
    from advisor.calibrations.transfer import Transfer
    from calibration.campaign.devices import Devices
    from calibration.campaign.planning import CalibrationRequest
    from calibration.lines.document import Calibrated

_EXAMPLES = """
\b
Examples:
  advisor calibrate --preset smoke
  advisor calibrate --preset cpu --dry-run
  advisor calibrate --preset cpu --out my-calibration --install mine
  advisor calibrate --corpus code=src/ --corpus prose=books.jsonl --tokenizer bytes --max-hours 2
  advisor calibrate --preset gpu --prepare folder && advisor calibrate --out folder --minutes 9
  advisor calibrate --refit first/ --refit second/ --out both
"""


@click.command("calibrate", epilog=_EXAMPLES)
@click.option("--preset", metavar="NAME", help="smoke, cpu, gpu, paper, iso-vocab, iso-gzip or two-way.")
@click.option("--grammars", metavar="SET", multiple=True, help="Train on this set of grammars; repeatable.")
@click.option("--only", metavar="A,B,...", multiple=True, help="Of the grammars, these alone; repeatable.")
@click.option("--corpus", metavar="[NAME=]SOURCE", multiple=True, help="Train on this corpus too; repeatable.")
@click.option("--grid", metavar="NAME", help="Sizes and token counts of another preset.  [default: the preset's]")
@click.option(
    "--recipe", type=click.Choice(["tuned", "paper"]), default="tuned", show_default=True, help="How models train."
)
@click.option("--score-tokenizer", metavar="NAME", help="H of corpora is of these tokens.  [default: those trained on]")
@click.option("--vocab-size", type=click.IntRange(2, 1 << 18), help="Widen the models' vocabulary, such as to 32001.")
@click.option("--lr-sweep", is_flag=True, help="Try half and twice the learning rate of each width first.")
@click.option(
    "--grammar-seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the grammars, and of what is drawn from corpora.",
)
@click.option("--max-hours", type=click.FloatRange(min=0, min_open=True), help="Drop the largest runs to end in time.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="Begin no trunk that would end later; rerun goes on."
)
@click.option("--device", metavar="NAME", help="cpu, mps, cuda or cuda:N.  [default: the fastest there is]")
@click.option("--engine", type=click.Choice(["process", "processes"]), help="Train in this process, or in several.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that train.  [default: a core or a GPU each]")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="torch's threads in each.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of plan, ledger and results.")
@click.option("--extend", is_flag=True, help="Add what is asked for to the calibration in --out.")
@click.option("--dry-run", is_flag=True, help="Print the plan, its cost and its hours here, and train nothing.")
@click.option(
    "--prepare", metavar="DIR", type=click.Path(path_type=Path), help="Write plan and tokens there, and stop."
)
@click.option(
    "--refit",
    metavar="DIR",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Fit ledgers again, into --out or the folder itself.",
)
@click.option("--h-ref", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="H of web text, for anchored.")
@click.option("--install", metavar="NAME", help="Keep the coefficients where advisor recommend finds them.")
@click.option("--force", is_flag=True, help="Replace an installed calibration of that name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="No progress.")
@reading_options
def command(**given: Any) -> None:
    """Train small models on sources of known compressibility, and learn how scaling laws depend on it.

    Everything is in one folder (--out): the plan, a ledger of every trained point, and at the end laws.json and
    fitted_coefficients.json. The same command goes on where it was stopped, however that was. Exit code 1 if fewer
    than five sources have a law that is accepted: then there are no coefficients. A grid that is too small for them, or
    fewer than five sources, stops at the laws and exits 0.
    """
    check(given)
    if given["refit"]:
        _refit(given)
        return
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("torch", "calibrate", "advisor calibrate")
    request = read_request(given)
    folder = given["prepare"] or given["out"] or (Path(f"calibration-{request.name}") if request else None)
    if request is not None and folder is not None:
        request = replace(request, name=folder.resolve().name)
    if folder is None:
        raise UsageError("Nothing to calibrate: name a --preset or a --corpus, or go on with a folder by --out.")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder.")
    from calibration.campaign.devices import take_devices

    devices = take_devices(
        device=given["device"], engine=given["engine"], workers=given["workers"], threads=given["threads"]
    )
    if given["dry_run"]:
        _dry_run(request, devices, folder, given)
    else:
        _run(request, devices, folder, given)


def _dry_run(request: CalibrationRequest | None, devices: Devices, folder: Path, given: dict[str, Any]) -> None:
    from advisor.report import calibrate as report
    from advisor.report.progress import progress_bar
    from advisor.report.text import emit
    from calibration.campaign import pipeline

    with progress_bar(quiet=given["quiet"]) as progress:
        opened, missing = pipeline.look(request, devices, folder=folder, extend=given["extend"], progress=progress)
    emit(
        report.plan_as_json(opened, missing),
        lambda: report.print_plan(opened, missing, folder),
        as_json=given["as_json"],
    )


def _run(request: CalibrationRequest | None, devices: Devices, folder: Path, given: dict[str, Any]) -> None:
    from advisor.report import calibrate as report
    from advisor.report.progress import progress_bar, training_view
    from advisor.report.text import emit
    from calibration.campaign import pipeline, refit
    from calibration.campaign.lock import lock

    pipeline.make_folder(folder)
    with lock(folder) as held:
        with progress_bar(quiet=given["quiet"]) as progress:
            opened = pipeline.open_calibration(
                request, devices, folder=folder, extend=given["extend"], progress=progress
            )
            missing = pipeline.missing_works(opened, folder)
            pipeline.materialise(opened.plan, folder, missing, progress=progress, request=request)
        if given["prepare"] is not None:
            emit(
                report.plan_as_json(opened, missing),
                lambda: report.print_plan(opened, missing, folder),
                as_json=given["as_json"],
            )
            return
        if not given["as_json"]:
            report.print_plan(opened, missing, folder)
            sys.stdout.flush()
        with training_view(opened, missing, quiet=given["quiet"]) as tell:
            trained = pipeline.train(opened, folder, held, missing=missing, tell=tell, minutes=given["minutes"])
        if trained.left:
            emit(
                {**report.plan_as_json(opened, trained.left), "not_trained": dict(trained.failures)},
                lambda: report.print_left(trained, folder),
                as_json=given["as_json"],
            )
        else:
            result = refit.fit([folder], h_ref=given["h_ref"])
            _finish(result, folder, given, laws_only=opened.plan.laws_only, failures=trained.failures)
        if trained.failures:
            click.get_current_context().exit(1)


def _refit(given: dict[str, Any]) -> None:
    from calibration.campaign import refit
    from calibration.campaign.lock import lock
    from calibration.campaign.pipeline import make_folder

    folders: Sequence[Path] = given["refit"]
    if len(folders) > 1 and given["out"] is None:
        raise UsageError("--refit of several folders needs --out, the folder for what they give together.")
    out = given["out"] or folders[0]
    called = None if given["out"] is None else out.resolve().name
    refit.read_folders(folders)  # what cannot be fitted is said before a folder is made
    make_folder(out)
    with lock(out):
        result = refit.fit(folders, h_ref=given["h_ref"], name=called)
        transfers = refit.transfers(folders, result.laws)
        _finish(result, out, given, laws_only=refit.laws_only(folders), transfers=transfers)


def _finish(
    result: Calibrated,
    folder: Path,
    given: dict[str, Any],
    *,
    laws_only: bool,
    transfers: Sequence[Transfer] = (),
    failures: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write and print what was found; without coefficients where there should be some, exit with 1."""
    from advisor.report import calibrate as report
    from advisor.report.text import emit
    from calibration.lines.document import write_calibrated
    from calibration.lines.figures import line_figures, source_figures

    files = list(write_calibrated(result, folder))
    files += _drawn(result, folder)
    sources = source_figures(result.laws)
    lines = () if result.regression is None else line_figures(result.regression)
    emit(
        report.result_as_json(result, sources, lines, files, failures, transfers),
        lambda: report.print_result(result, sources, lines, files, failures, transfers=transfers, laws_only=laws_only),
        as_json=given["as_json"],
    )
    if given["install"] is not None:
        _install(result, folder, given)
    if result.document is None and not laws_only:
        click.get_current_context().exit(1)


def _drawn(result: Calibrated, folder: Path) -> list[Path]:
    """Return the figures that were drawn: none without matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        return []
    from advisor.report.calibration_plots import write_calibration_plots
    from calibration.campaign.pipeline import make_folder

    make_folder(folder / "figures")
    return list(write_calibration_plots(folder / "figures", result.laws, result.regression))


def _install(result: Calibrated, folder: Path, given: dict[str, Any]) -> None:
    from advisor.calibrations.installed import install

    if result.document is None:
        raise CoefficientsError(f"Nothing is installed as {given['install']}: there are no coefficients.")
    where = install(given["install"], folder / "fitted_coefficients.json", force=given["force"])
    click.echo(f"Installed as {given['install']}: {where}", err=True)
