"""``advisor compare``: several corpora, or several budgets, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.answer.comparison import compare
from advisor.answer.request import Request
from advisor.commands.corpus_options import NAMES as CORPUS_OPTIONS
from advisor.commands.corpus_options import corpus_options, mix_sources, refuse_reading_options, score_sources
from advisor.commands.quantities import quantities, quantity
from advisor.data_files import refuse_overwriting
from advisor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.compressibility.protocol import MeasuredCorpus

_FILE = click.Path(dir_okay=False, path_type=Path)
_REQUEST_OPTIONS = (
    *("gpu", "gpus", "hours", "mfu", "price_per_hour", "law", "epsilon", "coefficients", "calibration"),
)
_EXAMPLES = """\b
Examples:
  advisor compare prose/ code/ --flops 1e21
  advisor compare prose/ code/ --weights .7,.3 --flops 1e21
  advisor compare --profile profiles.json --flops 1e21 --flops 1e22
  advisor compare --flops 1e20 --flops 1e21 --gpu H100 --price-per-hour 2.5
"""


@click.command(epilog=_EXAMPLES)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--flops",
    type=quantity("--flops"),
    multiple=True,
    metavar="FLOPS",
    help="Training budget in FLOPs, such as 1e21; repeatable.",
)
@click.option("--gpu", metavar="NAME", help="Accelerator, such as H100; alone it turns FLOPs into GPU-hours.")
@click.option("--gpus", type=int, metavar="COUNT", help="Number of accelerators; with --hours, the budget.")
@click.option("--hours", type=quantity("--hours"), metavar="HOURS", help="Wall-clock hours of training.")
@click.option("--mfu", type=float, metavar="SHARE", help="Model FLOPs utilisation, above 0 to 1.  [default: 0.4]")
@click.option(
    "--price-per-hour", type=quantity("--price-per-hour"), metavar="PRICE", help="Price of one GPU-hour: adds the cost."
)
@click.option(
    "--weights",
    type=quantities("--weights"),
    metavar="W,W,...",
    help="Shares of the tokens, one for each SOURCE: adds their mixture.",
)
@click.option(
    "--profile", type=_FILE, metavar="FILE", help="Profiles from `advisor score --json`, in place of SOURCES."
)
@click.option("--corpus", multiple=True, metavar="NAME", help="A corpus of the --profile; repeatable.  [default: all]")
@click.option("--law", metavar="LAW", help="Headline law: a name of `advisor laws`, or a law file of `advisor fit`.")
@click.option("--epsilon", type=float, metavar="SHARE", help="Weight of the calibration in blend and anchored, 0 to 1.")
@click.option("--coefficients", type=_FILE, metavar="FILE", help="Coefficients file in place of the shipped one.")
@click.option("--calibration", metavar="NAME", help="Which calibration, shipped or installed.")
@corpus_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document in place of the tables.")
@click.option("--out", type=_FILE, metavar="FILE", help="Also write the JSON document to FILE.")
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
def command(
    sources: tuple[str, ...],
    flops: tuple[float, ...],
    weights: tuple[float, ...] | None,
    profile: Path | None,
    corpus: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare what several corpora, or several budgets, want: one row for each.

    SOURCE is a corpus as `advisor score` takes it. With --weights a further row is their mixture, measured as one
    corpus of which each SOURCE has its share of the tokens. Without a corpus the budgets alone are compared.

    Each row is what `advisor recommend` answers; its --explain says where the numbers come from.
    """
    if not flops and not any(options[name] for name in ("gpu", "gpus", "hours")):
        raise UsageError("No budget is given: give --flops, or --gpu with --gpus and --hours.")
    if not flops and options["hours"] is None:
        raise UsageError("A budget in GPU time needs --gpu, --gpus and --hours: give them, or --flops.")
    refuse_overwriting(out, *sources, profile, options["law"], options["coefficients"])
    asked = {name: options[name] for name in _REQUEST_OPTIONS}
    requests = [Request(flops=budget, **asked) for budget in flops] or [Request(**asked)]
    reading = {name: options[name] for name in CORPUS_OPTIONS}
    measured = _measured(sources, profile, corpus, weights, quiet=quiet, reading=reading)
    comparison = compare(requests, measured or [None])

    from advisor.report.compare import show

    show(comparison, as_json=as_json, out=out)


def _measured(
    sources: tuple[str, ...],
    profile: Path | None,
    corpus: tuple[str, ...],
    weights: tuple[float, ...] | None,
    *,
    quiet: bool,
    reading: dict[str, Any],
) -> Sequence[MeasuredCorpus]:
    """Return the profiles of the corpora that are named, the mixture last; none where none is named."""
    if sources and profile is not None:
        raise UsageError("SOURCES and --profile both name the corpora: give one.")
    if corpus and profile is None:
        raise UsageError("--corpus picks a corpus of a --profile, and none is given.")
    if weights is not None and profile is not None:
        raise UsageError("--weights measures the corpora together, and a profile holds no text: name SOURCES.")
    if not sources:
        refuse_reading_options("a SOURCE")
    if profile is not None:
        from advisor.compressibility.profile_file import read_profile, read_records

        return [read_profile(profile, name) for name in corpus] or read_records(profile)
    if weights is not None:
        return mix_sources(sources, weights, quiet=quiet, **reading)
    return score_sources(sources, quiet=quiet, **reading) if sources else []
