"""``advisor compare``: several corpora, or several budgets, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.answer.comparison import BUDGETS, compare
from advisor.answer.request import Request
from advisor.commands.fail_on import fail_on_option
from advisor.commands.options import (
    FILE,
    Reading,
    cautions_option,
    check_plot,
    corpus_options,
    draw,
    full_option,
    hardware_options,
    headline_options,
    output_options,
    plot_option,
    quiet_option,
    refuse_reading_options,
    refuse_repeated_input,
    score_sources,
    vocab_size_option,
)
from advisor.commands.values import quantities, quantity
from advisor.data_files import refuse_overwriting
from advisor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.caution import Caution
    from advisor.compressibility.protocol import MeasuredCorpus

_EXAMPLES = """\b
Examples:
  advisor compare prose/ code/
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
    help="Training budget in FLOPs, such as 1e21; repeatable.  [default: with a SOURCE 1e20, 1e22 and 1e24]",
)
@hardware_options
@click.option(
    "--price-per-hour", type=quantity("--price-per-hour"), metavar="PRICE", help="Price of one GPU-hour: adds the cost."
)
@click.option(
    "--weights",
    type=quantities("--weights"),
    metavar="W,W,...",
    help="Shares of the tokens, one for each SOURCE: adds their mixture.",
)
@click.option("--profile", type=FILE, metavar="FILE", help="Profiles from `advisor score --json`, in place of SOURCES.")
@click.option("--corpus", multiple=True, metavar="NAME", help="A corpus of the --profile; repeatable.  [default: all]")
@headline_options
@corpus_options
@vocab_size_option
@cautions_option
@full_option
@output_options("the tables")
@plot_option("N and D of each corpus")
@quiet_option
@fail_on_option
def command(
    sources: tuple[str, ...],
    flops: tuple[float, ...],
    weights: tuple[float, ...] | None,
    profile: Path | None,
    corpus: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    plot: Path | None,
    quiet: bool,
    full: bool,
    cautions: bool,
    reading: Reading,
    **asked: Any,
) -> Sequence[Caution]:
    """Compare what several corpora, or several budgets, want: the difference in a sentence, and one row for each.

    SOURCE is a corpus as `advisor score` takes it. With --weights a further row is their mixture, measured as one
    corpus of which each SOURCE has its share of the tokens. Without a corpus the budgets alone are compared.

    Each row is what `advisor recommend` answers; its --explain says where the numbers come from.
    """
    if not flops and asked["hours"] is None:
        if not sources and profile is None:
            raise UsageError("There is nothing to compare: name two SOURCES, or give --flops twice.")
        flops = BUDGETS
    read = (*sources, profile, asked["law"], asked["coefficients"])
    refuse_overwriting(out, *read)
    check_plot(plot, out, *read)
    requests = [Request(flops=budget, **asked) for budget in flops] or [Request(**asked)]
    measured = _measured(sources, profile, corpus, weights, reading, quiet=quiet)
    comparison = compare(requests, measured or [None])

    from advisor.report.compare import show

    show(comparison, full=full, cautions=cautions, as_json=as_json, out=out)
    draw(comparison, plot)
    return comparison.cautions


def _measured(
    sources: tuple[str, ...],
    profile: Path | None,
    corpus: tuple[str, ...],
    weights: tuple[float, ...] | None,
    reading: Reading,
    *,
    quiet: bool,
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
    if weights is None:
        return score_sources(sources, reading, quiet=quiet)
    from advisor.compressibility.mixture import score_mixture
    from advisor.report.progress import progress_bar

    refuse_repeated_input(sources)
    with progress_bar(quiet=quiet) as progress:
        profiles, mixture = score_mixture(
            sources, weights, options=reading.options, sampling=reading.sampling, progress=progress
        )
    return [*profiles, mixture]
