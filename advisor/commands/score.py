"""``advisor score``: the profile of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from advisor.caution import Caution
from advisor.commands.fail_on import fail_on_option
from advisor.commands.options import (
    FILE,
    Reading,
    cautions_option,
    check_plot,
    corpus_options,
    draw,
    full_option,
    output_options,
    plot_option,
    quiet_option,
    refuse_reading_options,
    score_sources,
    vocab_size_option,
)
from advisor.data_files import refuse_overwriting
from advisor.errors import UsageError

_EXAMPLES = """\b
Examples:
  advisor score corpus/
  advisor score train.jsonl.gz code.parquet --column text
  advisor score 'shards/*.jsonl' --out profile.json
  zcat dump.gz | advisor score -
  advisor score allenai/c4 --name en
  advisor score --from profile.json --plot h.svg
"""


@click.command(epilog=_EXAMPLES)
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--from", "profile", type=FILE, metavar="FILE", help="Print the profiles in FILE, measured before.")
@corpus_options
@vocab_size_option
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
) -> Sequence[Caution]:
    """Measure how compressible a corpus is: H, its interval, and what else a scaling law needs.

    H is the median over 1000 random sequences of 256 tokens of gzip's output over its input. SOURCE is a file, a folder
    or a glob (jsonl, json, parquet, csv, tsv, arrow, text or source code; gz, bz2, xz, zst), - for standard input, or a
    Hugging Face dataset such as org/name. Several are put side by side.
    """
    if bool(sources) == (profile is not None):
        raise UsageError("Name a SOURCE to measure, or a profile with --from." + (" Not both." if sources else ""))
    refuse_overwriting(out, *sources, profile)
    check_plot(plot, out, *sources, profile)
    if profile is not None:
        refuse_reading_options("a SOURCE")
        from advisor.compressibility.profile_file import read_profiles

        profiles = read_profiles(profile)
    else:
        profiles = score_sources(sources, reading, quiet=quiet)

    from advisor.report.score import show
    from advisor.report.screen import Wanted

    show(profiles, as_json=as_json, out=out, asked=Wanted(cautions=cautions, full=full))
    draw(profiles, plot)
    return [caution for profile in profiles for caution in profile.cautions]
