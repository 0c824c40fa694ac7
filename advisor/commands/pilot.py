"""``advisor pilot``: the small runs that would narrow an answer, and whether they are worth their FLOPs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.answer.request import Request
from advisor.commands.fail_on import fail_on_option
from advisor.commands.options import (
    FILE,
    Reading,
    cautions_option,
    compressibility_option,
    corpus_options,
    full_option,
    hardware_options,
    json_option,
    quiet_option,
    refuse_reading_options,
    score_sources,
)
from advisor.commands.values import quantity, share, whole
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, MeasuredCorpus, check_match
from advisor.data_files import check_writable, refuse_overwriting
from advisor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.caution import Caution
    from advisor.pilot.pilot import PilotCorpus

_EXAMPLES = """\b
Examples:
  advisor pilot corpus/ --flops 1e22
  advisor pilot corpus/ --flops 1e22 --share 4% --reference web.jsonl --out pilot.csv
  advisor pilot --compressibility .402 --flops 1e23 --gpu H100 --gpus 8 --price-per-hour 2.5
  advisor fit pilot.csv --pilot --out measured.json
"""


@click.command("pilot", epilog=_EXAMPLES)
@click.argument("source", required=False)
@click.option("--flops", type=quantity("--flops"), metavar="FLOPS", help="Budget of the run that the pilot is for.")
@click.option(
    "--share",
    type=share("--share"),
    default="1%",
    show_default=True,
    metavar="SHARE",
    help="Share of it for the pilot.",
)
@click.option("--reference", metavar="SOURCE", help="Web text to compare with.  [default: web text as the rule has it]")
@hardware_options
@click.option(
    "--price-per-hour", type=quantity("--price-per-hour"), metavar="PRICE", help="Price of one GPU-hour; adds the cost."
)
@click.option(
    "--vocab-size",
    type=whole("--vocab-size"),
    metavar="V",
    help="Vocabulary of the models' shapes, and of a corpus of ids.  [default: 32000]",
)
@click.option("--context", type=whole("--context"), metavar="T", help="Tokens a sequence in training.  [default: 2048]")
@click.option(
    "--noise",
    type=float,
    default=0.002,
    show_default=True,
    metavar="SD",
    help="Standard deviation of ln loss from run to run.",
)
@compressibility_option("Compressibility, 0 to 1, in place of a SOURCE.")
@click.option("--profile", type=FILE, metavar="FILE", help="Profile from `advisor score --json`, in place of a SOURCE.")
@click.option("--corpus", metavar="NAME", help="Which corpus of a profile that holds several.")
@corpus_options
@cautions_option
@full_option
@json_option("the tables")
@click.option("--out", type=FILE, metavar="FILE", help="Write the runs as CSV, with an empty column for the losses.")
@quiet_option
@fail_on_option
def command(
    source: str | None,
    share: float,
    reference: str | None,
    noise: float,
    profile: Path | None,
    corpus: str | None,
    reading: Reading,
    cautions: bool,
    full: bool,
    as_json: bool,
    out: Path | None,
    quiet: bool,
    **asked: Any,
) -> Sequence[Caution]:
    """Design the small runs that would narrow the interval of N most for a share of a budget.

    Absolute optima of small runs drift as budgets grow, and the drift is common to corpora: a pilot trains the same
    sizes at the same budgets on your corpus and on web text, and measures how far apart their optima are. Printed are
    the interval of N now and as it is expected after the pilot, and whether the pilot saves more than it
    takes; --full prints the runs themselves.

    --out writes the runs as a table. Fill its column loss with each run's validation loss, in nats/token on its own
    corpus; then `advisor fit pilot.csv --pilot --out measured.json`.
    """
    from advisor.pilot.pilot import plan_pilot
    from advisor.pilot.run_table import write_table
    from advisor.report.pilot import show
    from advisor.report.screen import Wanted

    refuse_overwriting(out, source, profile, reference)
    check_writable(out)
    if source is None and reference is None:
        refuse_reading_options("a SOURCE")
    if asked["flops"] is None and asked["hours"] is None:
        raise UsageError("A pilot is for a run of a known budget: give --flops, or --gpu with --gpus and --hours.")
    request = Request(**asked)
    assert request.budget is not None
    own, other = _corpora(source, profile, corpus, request, reference, reading, quiet=quiet)
    pilot = plan_pilot(
        request.budget,
        own,
        reference=other,
        share=share,
        noise=noise,
        hardware=request.hardware,
        n_gpus=request.gpus,
        vocab_size=request.vocab_size,
        context=request.context,
    )
    if out is not None:
        write_table(pilot, out)
    show(pilot, asked=Wanted(cautions=cautions, full=full), as_json=as_json, out=out)
    return pilot.cautions


def _corpora(
    source: str | None,
    profile: Path | None,
    corpus: str | None,
    request: Request,
    reference: str | None,
    reading: Reading,
    *,
    quiet: bool,
) -> tuple[PilotCorpus, PilotCorpus | None]:
    """Return the corpus that is named in one of the three ways, and the reference if one is."""
    from advisor.laws.text import Text
    from advisor.pilot.pilot import PilotCorpus

    given = {"SOURCE": source, "--profile": profile, "--compressibility": request.compressibility}
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        raise UsageError(
            f"{' and '.join(names)} both name the corpus: give one."
            if names
            else "A pilot is for a corpus: give a SOURCE, a --profile or a --compressibility."
        )
    if corpus is not None and profile is None:
        raise UsageError("--corpus picks a corpus of a --profile, and none is given.")
    scored = score_sources([each for each in (source, reference) if each is not None], reading, quiet=quiet)
    other = _known(scored[-1]) if reference is not None else None
    if profile is not None:
        from advisor.compressibility.profile_file import read_profile

        return _known(read_profile(profile, corpus)), other
    if source is not None:
        return _known(scored[0]), other
    return PilotCorpus(name="corpus", text=Text(compressibility=request.compressibility)), other


def _known(profile: MeasuredCorpus) -> PilotCorpus:
    """Return a measured corpus as the data rule knows it."""
    from advisor.laws.text import text_of
    from advisor.pilot.pilot import PilotCorpus

    check_match(profile.protocol, DEFAULT_PROTOCOL, "the data rule")
    return PilotCorpus(name=profile.source, text=text_of(profile))
