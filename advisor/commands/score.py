"""``advisor score``: the profile of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from advisor.commands.corpus_options import corpus_options, refuse_reading_options, score_sources
from advisor.data_files import refuse_overwriting
from advisor.errors import UsageError

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXAMPLES = """\b
Examples:
  advisor score corpus/
  advisor score train.jsonl.gz code.parquet --column text
  advisor score 'shards/*.jsonl' --out profile.json
  zcat dump.gz | advisor score -
  advisor score allenai/c4 --name en
  advisor score --from profile.json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--from", "profile", type=_FILE, metavar="FILE", help="Print the profiles in FILE, measured before.")
@corpus_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document in place of the table.")
@click.option("--out", type=_FILE, metavar="FILE", help="Also write the JSON document to FILE.")
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
def command(
    sources: tuple[str, ...], profile: Path | None, as_json: bool, out: Path | None, quiet: bool, **options: Any
) -> None:
    """Measure how compressible a corpus is: H, its interval, and what else a scaling law needs.

    H is the median over 1000 random sequences of 256 tokens of gzip's output over its input. SOURCE is a file, a folder
    or a glob (jsonl, json, parquet, csv, tsv, arrow, text or source code; gz, bz2, xz, zst), - for standard input, or a
    Hugging Face dataset such as org/name. Several are put side by side.
    """
    if bool(sources) == (profile is not None):
        raise UsageError("Name a SOURCE to measure, or a profile with --from." + (" Not both." if sources else ""))
    refuse_overwriting(out, *sources, profile)
    if profile is not None:
        refuse_reading_options("a SOURCE")
        from advisor.compressibility.profile_file import read_profiles

        profiles = read_profiles(profile)
    else:
        profiles = score_sources(sources, quiet=quiet, **options)

    from advisor.report.score import show

    show(profiles, as_json=as_json, out=out)
