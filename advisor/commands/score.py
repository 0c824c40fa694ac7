"""``advisor score``: the profile of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.caution import Caution
from advisor.commands.fail_on import fail_on_option
from advisor.commands.options import (
    FILE,
    FOLDER,
    Reading,
    cautions_option,
    check_plot,
    corpus_options,
    draw,
    full_option,
    is_given,
    output_options,
    plot_option,
    quiet_option,
    refuse_reading_options,
    score_sources,
    vocab_size_option,
)
from advisor.compressibility.whole.engines import ENGINES, chosen_engine
from advisor.data_files import check_writable, refuse_overwriting
from advisor.errors import UsageError

if TYPE_CHECKING:
    from advisor.compressibility.whole.processes import ShardEngine

_EXAMPLES = """\b
Examples:
  advisor score corpus/
  advisor score train.jsonl.gz code.parquet --column text
  advisor score 'shards/*.jsonl' --out profile.json
  zcat dump.gz | advisor score -
  advisor score allenai/c4 --name en
  advisor score 'shards/*.jsonl' --all --out profile.json
  advisor score --from profile.json --plot h.svg
"""


@click.command(epilog=_EXAMPLES)
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--from", "profile", type=FILE, metavar="FILE", help="Print the profiles in FILE, measured before.")
@corpus_options
@vocab_size_option
@click.option("--all", "measure_all", is_flag=True, help="Measure every sequence and count all, in place of a sample.")
@click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="COUNT", help="--all: processes.  [default: one a core]"
)
@click.option(
    "--scratch",
    type=FOLDER,
    metavar="FOLDER",
    help="--all: where finished shards wait.  [default: a cache]",
)
@click.option("--engine", type=click.Choice(ENGINES), help="--all: here, or on a Ray cluster's nodes.")
@click.option("--address", metavar="HOST:PORT", help="The cluster's head.  [default: RAY_ADDRESS, or this machine's]")
@cautions_option
@full_option
@output_options("the table")
@plot_option("H of the corpora beside web text and code")
@quiet_option
@fail_on_option
def command(
    sources: tuple[str, ...],
    profile: Path | None,
    cautions: bool,
    full: bool,
    as_json: bool,
    out: Path | None,
    plot: Path | None,
    quiet: bool,
    reading: Reading,
    measure_all: bool,
    workers: int | None,
    scratch: Path | None,
    engine: str | None,
    address: str | None,
) -> Sequence[Caution]:
    """Measure how compressible a corpus is: H, its interval, and what else a scaling law needs.

    H is the median over 1000 random sequences of 256 tokens of gzip's output over its input. SOURCE is a file, a folder
    or a glob (jsonl, json, parquet, csv, tsv, arrow, text or source code; gz, bz2, xz, zst), - for standard input, or a
    Hugging Face dataset such as org/name. Several are put side by side.

    --all reads everything once: H of every sequence, exact tokens, bytes and documents, how many documents are
    distinct, and a row for each shard. A run that was ended goes on where it was, by the same command.
    """
    _check_all(measure_all, out)
    if bool(sources) == (profile is not None):
        raise UsageError("Name a SOURCE to measure, or a profile with --from." + (" Not both." if sources else ""))
    refuse_overwriting(out, *sources, profile)
    check_plot(plot, out, *sources, profile)
    if profile is not None:
        refuse_reading_options("a SOURCE")
        from advisor.compressibility.profile_file import read_profiles

        profiles = read_profiles(profile)
    else:
        with chosen_engine(engine, address, workers, _cluster) as measures:
            how = {"workers": workers, "scratch": scratch, "engine": measures} if measure_all else None
            profiles = score_sources(sources, reading, quiet=quiet, whole=how)

    from advisor.report.score import show
    from advisor.report.screen import Wanted

    show(profiles, as_json=as_json, out=out, asked=Wanted(cautions=cautions, full=full))
    draw(profiles, plot)
    return [caution for profile in profiles for caution in profile.cautions]


def _cluster(address: str | None, most: int | None) -> AbstractContextManager[ShardEngine]:
    from calibration.campaign.cluster.shards import measuring

    return measuring(address, most=most)


def _check_all(measure_all: bool, out: Path | None) -> None:
    """Raise, before hours of work, for options that mean nothing with --all or without it, or a file of no folder."""
    if measure_all:
        check_writable(out)
    if measure_all and is_given("profile"):
        raise UsageError("--all measures a SOURCE, and --from prints what was measured before: give one of them.")
    if measure_all and is_given("sequences"):
        raise UsageError("--sequences says how many are drawn, and --all measures every one: leave one of them out.")
    for name in ("workers", "scratch", "engine", "address"):
        if not measure_all and is_given(name):
            raise UsageError(f"--{name} says how --all works, and is given without it.")
