"""What the options of ``advisor calibrate`` ask for together, and which of them contradict each other."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.commands.corpus_options import corpus_reading, refuse_reading_options
from advisor.errors import UsageError

if TYPE_CHECKING:
    from calibration.campaign.planning import CalibrationRequest

# What changes a new plan, what happens after planning, and what may stand beside --refit.
_OF_REQUEST = (
    "only",
    "grid",
    "recipe",
    "vocab_size",
    "lr_sweep",
    "grammar_seed",
    "max_hours",
    "extend",
    "score_tokenizer",
)
_OF_TRAINING = ("minutes", "h_ref", "install")
_OF_REFIT = ("refit", "out", "h_ref", "install", "force", "as_json", "quiet")


def check(given: dict[str, Any]) -> None:
    """Raise UsageError for options that contradict each other, or that would do nothing."""
    named = _named(given)
    if given["refit"] and (others := [name for name in named if name not in _OF_REFIT]):
        raise UsageError(f"--refit fits what was trained: leave out {_option(others[0])}.")
    if given["prepare"] is not None and (given["out"] is not None or given["dry_run"]):
        raise UsageError("--prepare names the folder that is written: leave out --out and --dry-run.")
    for way in ("prepare", "dry_run"):
        if given[way] and (later := [name for name in named if name in _OF_TRAINING]):
            raise UsageError(f"{_option(way)} trains nothing: leave out {_option(later[0])}.")
    if given["score_tokenizer"] is not None and not given["corpus"]:
        raise UsageError("--score-tokenizer is how H of a --corpus is measured, and none is given.")
    if given["extend"] and given["out"] is None:
        raise UsageError("--extend adds to a calibration: name its folder with --out.")
    if given["force"] and given["install"] is None:
        raise UsageError("--force replaces an installed calibration: name it with --install.")
    for name in ("max_hours", "minutes", "h_ref"):
        if given[name] is not None and not math.isfinite(given[name]):
            raise UsageError(f"{_option(name)} must be a finite number, not {given[name]}.")
    if given["install"] is not None:
        from advisor.calibrations.installed import check_name

        check_name(given["install"])  # before hours of training


def _named(given: dict[str, Any]) -> list[str]:
    """Return the names of the options that are on the command line."""
    context = click.get_current_context()
    return [name for name in given if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]


def _option(name: str) -> str:
    return "--json" if name == "as_json" else "--" + name.replace("_", "-")


def read_request(given: dict[str, Any]) -> CalibrationRequest | None:
    """Return what is asked for; None where only a folder is, whose plan is gone on with."""
    if not given["corpus"]:
        refuse_reading_options("a corpus")
    if given["preset"] is None and not given["corpus"] and not given["grammars"]:
        if extra := [name for name in _named(given) if name in _OF_REQUEST]:
            raise UsageError(
                f"{_option(extra[0])} changes what a --preset, --grammars or a --corpus trains, and none is given."
            )
        return None
    from calibration.campaign.planning import requested
    from calibration.campaign.sources import CorpusSource

    reading, score = corpus_reading(given), given["score_tokenizer"]
    score = None if score == given["tokenizer"] else score
    corpora = tuple(named_corpus(text) for text in given["corpus"])
    specs = tuple(
        CorpusSource(name=name, source=source, tokenizer=given["tokenizer"], options=reading, score_tokenizer=score)
        for name, source in corpora
    )
    return requested(
        preset=given["preset"],
        sets=given["grammars"],
        only=tuple(name for text in given["only"] for part in text.split(",") if (name := part.strip())),
        corpora=specs,
        grid=given["grid"],
        recipe=given["recipe"],
        vocab_size=given["vocab_size"],
        lr_sweep=given["lr_sweep"],
        max_hours=given["max_hours"],
        seed=given["grammar_seed"],
    )


def named_corpus(text: str) -> tuple[str, str]:
    """Return the name and the source of NAME=SOURCE; a source alone is called by its last part.

    What exists under the whole text is a source alone, as the folder year=2024 of a partitioned table.
    """
    name, equals, source = text.partition("=")
    named = bool(equals and source and re.fullmatch(r"\w[\w.-]*", name)) and not Path(text).exists()
    if (source if named else text) == "-":
        raise UsageError("Standard input can be read only once, and a corpus is read twice: give a file.")
    if named:
        return name, source
    stem = re.sub(r"[^\w.-]+", "-", Path(text).name.split(".")[0]).strip("-.") or "corpus"
    return stem, text
