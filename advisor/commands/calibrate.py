"""``advisor calibrate``: train a grid, fit a law for each source, regress the laws on H."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.commands import completed
from advisor.commands.calibration.given import corpus_sources, listed_names, named_corpus, refuse_together
from advisor.commands.calibration.outcome import show
from advisor.commands.fail_on import Coded, fail_on_option
from advisor.commands.options import (
    PATH,
    Reading,
    cautions_option,
    check_plot,
    full_option,
    is_given,
    json_option,
    plot_option,
    reading_options,
    refuse_reading_options,
    spelled,
)
from advisor.commands.values import duration
from advisor.errors import MissingExtraError, UsageError
from advisor.report import terminal

if TYPE_CHECKING:
    from calibration.campaign.engine import Listener
    from calibration.campaign.pipeline import Opened
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.speed import TimedWork

# What changes a new plan.
_OF_REQUEST = (
    *("only", "grid", "recipe", "vocab_size", "lr_sweep", "seed", "max_hours", "extend", "score_tokenizer"),
    *("precision", "compiled"),
)
_EXAMPLES = """
\b
Examples:
  advisor calibrate --preset smoke
  advisor calibrate --preset cpu --dry-run
  advisor calibrate --preset cpu --out my-calibration --install mine
  advisor calibrate --corpus code=src/ --corpus prose=books.jsonl --tokenizer bytes --max-hours 2
  advisor calibrate --preset night --engine ray --address 10.0.0.1:6379 --out /shared/night
  advisor calibrate --preset gpu --prepare folder && advisor calibrate --out folder --minutes 9
  advisor calibrate --refit first/ --refit second/ --out both
"""


@click.command("calibrate", epilog=_EXAMPLES)
@click.option(
    "--preset",
    metavar="NAME",
    shell_complete=completed.presets,
    help="smoke, cpu, night, gpu, paper, iso-vocab, iso-gzip or two-way.",
)
@click.option("--grammars", "sets", metavar="SET", multiple=True, help="Train on this set of grammars; repeatable.")
@click.option("--only", metavar="A,B,...", multiple=True, help="Of the grammars, these alone; repeatable.")
@click.option("--corpus", metavar="[NAME=]SOURCE", multiple=True, help="Train on this corpus too; repeatable.")
@click.option("--grid", metavar="NAME", help="Sizes and token counts of another preset.  [default: the preset's]")
@click.option(
    "--recipe", type=click.Choice(["tuned", "paper"]), default="tuned", show_default=True, help="How models train."
)
@click.option("--score-tokenizer", metavar="NAME", help="H of corpora is of these tokens.  [default: those trained on]")
@click.option("--vocab-size", type=click.IntRange(2, 1 << 18), help="Widen the models' vocabulary, such as to 32001.")
@click.option("--lr-sweep", is_flag=True, help="Try half and twice each width's learning rate on three sources first.")
@click.option(
    "--grammar-seed",
    "seed",
    type=click.IntRange(0, (1 << 63) - 1),
    default=0,
    show_default=True,
    help="Seed of the grammars, and of what is drawn from corpora.",
)
@click.option(
    "--max-hours",
    type=duration("--max-hours", "hours"),
    metavar="TIME",
    help="Drop the largest runs to end in time: 2, or 90m, 1d.",
)
@click.option(
    "--minutes",
    type=duration("--minutes", "minutes"),
    metavar="TIME",
    help="Begin no trunk that would end later: 9, or 2h; rerun goes on.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    help="Of matrix products.  [default: the fastest that comes to the same losses]",
)
@click.option(
    "--compile/--no-compile",
    "compiled",
    default=None,
    help="Compile the steps with torch.compile.  [default: where the plan ends sooner by it]",
)
@click.option("--device", metavar="NAME", help="cpu, mps, cuda or cuda:N.  [default: the fastest there is]")
@click.option(
    "--engine",
    type=click.Choice(["process", "processes", "ray"]),
    help="Train in this process, in several, or on a Ray cluster.",
)
@click.option("--address", metavar="HOST:PORT", help="The cluster's head.  [default: RAY_ADDRESS, or this machine's]")
@click.option("--storage", metavar="URL", help="What the cluster's nodes share.  [default: the folder]")
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Processes that train; on a CPU one a core at most.  [default: a core or a GPU each]",
)
@click.option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="torch's threads in each.")
@click.option("--out", type=PATH, help="Folder of plan, ledger and results.")
@click.option("--extend", is_flag=True, help="Add what is asked for to the calibration in --out.")
@click.option("--dry-run", is_flag=True, help="Print the plan, its cost and its hours here, and train nothing.")
@click.option("--prepare", metavar="DIR", type=PATH, help="Write plan and tokens there, and stop.")
@click.option(
    "--refit",
    metavar="DIR",
    multiple=True,
    type=PATH,
    help="Fit ledgers again, into --out or the folder itself.",
)
@click.option("--h-ref", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="H of web text, for anchored.")
@click.option("--install", metavar="NAME", help="Keep the coefficients where advisor recommend finds them.")
@click.option("--force", is_flag=True, help="Replace an installed calibration of that name.")
@plot_option("the laws of the sources, and their lines in H,")
@cautions_option
@full_option
@json_option()
@click.option("--quiet", is_flag=True, help="No progress.")
@reading_options
@fail_on_option
def command(
    corpus: tuple[str, ...],
    only: tuple[str, ...],
    score_tokenizer: str | None,
    reading: Reading,
    minutes: float | None,
    device: str | None,
    engine: str | None,
    address: str | None,
    storage: str | None,
    workers: int | None,
    threads: int,
    out: Path | None,
    extend: bool,
    dry_run: bool,
    prepare: Path | None,
    refit: tuple[Path, ...],
    h_ref: float | None,
    install: str | None,
    force: bool,
    plot: Path | None,
    cautions: bool,
    full: bool,
    as_json: bool,
    quiet: bool,
    **asked: Any,
) -> Sequence[Coded]:
    """Train small models on sources of known compressibility, and learn how scaling laws depend on it.

    Everything is in one folder (--out): the plan, a ledger of every trained point, and at the end laws.json and
    fitted_coefficients.json. The same command goes on where it was stopped, however that was. Exit code 1 if fewer
    than five sources have a law that is accepted: then there are no coefficients. A grid that is too small for them, or
    fewer than five sources, stops at the laws and exits 0.
    """
    from advisor.report.progress import progress_bar
    from advisor.report.screen import Wanted

    _check(click.get_current_context())
    shown = Wanted(cautions=cautions, full=full)
    check_plot(plot, None, *(named_corpus(text)[1] for text in corpus))
    if refit:
        with progress_bar(quiet=quiet or as_json or not sys.stderr.isatty()) as progress:
            from calibration.campaign.refit import refit as fit_again

            outcome = fit_again(refit, out, h_ref=h_ref, progress=progress)
        return show(outcome, out or refit[0], shown, install=install, force=force, plot=plot, as_json=as_json)
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("torch", "calibrate", "advisor calibrate")
    request = _requested(corpus, only, score_tokenizer, reading, asked)
    folder = _folder(prepare or out, request)
    if request is not None:
        request = replace(request, name=folder.resolve().name)
        if install is not None and not extend:
            request.check_installable(install)
    from advisor.report import calibrate as report
    from calibration.campaign import calibrate as campaign
    from calibration.campaign.devices import devices_held

    held = devices_held(
        device=device, engine=engine, address=address, storage=storage, workers=workers, threads=threads
    )
    with held as devices, ExitStack() as planning, progress_bar(quiet=quiet) as fitting:
        if devices.cluster is not None and devices.cluster.is_own and not quiet:
            terminal.note("No Ray cluster was found: one of this machine was started, which ends with the command.")
        progress = planning.enter_context(progress_bar(quiet=quiet))
        if dry_run or prepare is not None:
            plan = campaign.look if dry_run else campaign.prepare
            opened, missing = plan(request, folder, devices=devices, extend=extend, progress=progress)
            planning.close()
            report.show_plan(opened, missing, folder, asked=shown, as_json=as_json)
            return ()
        watch = partial(_watched, planning=planning, folder=folder, as_json=as_json, quiet=quiet)
        outcome = campaign.calibrate(
            request,
            folder,
            devices=devices,
            extend=extend,
            minutes=minutes,
            h_ref=h_ref,
            progress=progress,
            watch=watch,
            fitting=fitting,
        )
    return show(outcome, folder, shown, install=install, force=force, plot=plot, as_json=as_json)


@contextmanager
def _watched(
    opened: Opened, missing: tuple[TimedWork, ...], *, planning: ExitStack, folder: Path, as_json: bool, quiet: bool
) -> Iterator[Listener]:
    """End what was shown while planning, print the plan, and show the training."""
    from advisor.report.calibrate import print_plan
    from advisor.report.progress import training_view

    planning.close()
    if not as_json:
        print_plan(opened, missing, folder)
        sys.stdout.flush()
    try:
        with training_view(opened, missing, quiet=quiet) as tell:
            yield tell
    except KeyboardInterrupt:
        terminal.note(f"Every row that was finished is in {folder}: the same command goes on from there.")
        raise


def _check(context: click.Context) -> None:
    """Raise UsageError for options that contradict each other, or that would do nothing."""
    given = context.params
    named = [name for name in given if is_given(name)]
    refuse_together(named, spelled)
    if given["score_tokenizer"] is not None and not given["corpus"]:
        raise UsageError("--score-tokenizer is how H of a --corpus is measured, and none is given.")
    if given["extend"] and given["out"] is None:
        raise UsageError("--extend adds to a calibration: name its folder with --out.")
    if given["h_ref"] is not None and not math.isfinite(given["h_ref"]):
        raise UsageError(f"--h-ref must be a finite number, not {given['h_ref']}.")
    if given["install"] is not None:
        from advisor.calibrations.installed import check_name

        check_name(given["install"])  # before hours of training


def _requested(
    corpus: tuple[str, ...], only: tuple[str, ...], score_tokenizer: str | None, reading: Reading, asked: dict[str, Any]
) -> CalibrationRequest | None:
    """Return what is asked for; None where only a folder is, whose plan is gone on with."""
    if not corpus:
        refuse_reading_options("a corpus")
    if asked["preset"] is None and not corpus and not asked["sets"]:
        if extra := [name for name in click.get_current_context().params if name in _OF_REQUEST and is_given(name)]:
            raise UsageError(
                f"{spelled(extra[0])} changes what a --preset, --grammars or a --corpus trains, and none is given."
            )
        return None
    from calibration.campaign.planning import CalibrationRequest
    from calibration.training.execution import ExecutionChoice

    choice = ExecutionChoice(dtype=asked.pop("precision"), compiled=asked.pop("compiled"))
    corpora = corpus_sources(
        map(named_corpus, corpus),
        tokenizer=reading.tokenizer,
        options=reading.options,
        score_tokenizer=score_tokenizer,
    )
    return CalibrationRequest.of(only=listed_names(only), corpora=corpora, choice=choice, **asked)


def _folder(given: Path | None, request: CalibrationRequest | None) -> Path:
    """Return the folder of the calibration: the one that is named, else one called by what is asked for."""
    folder = given or (Path(f"calibration-{request.name}") if request else None)
    if folder is None:
        raise UsageError("Nothing to calibrate: name a --preset or a --corpus, or go on with a folder by --out.")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder.")
    return folder
