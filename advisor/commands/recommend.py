"""``advisor recommend``: optimal parameters and tokens for a budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.commands.beyond_options import NAMES as BEYOND_OPTIONS
from advisor.commands.beyond_options import beyond_options
from advisor.commands.corpus_options import NAMES as CORPUS_OPTIONS
from advisor.commands.corpus_options import corpus_options, count_source, refuse_reading_options, score_sources
from advisor.commands.quantities import quantity, whole
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.data_files import refuse_overwriting
from advisor.errors import UsageError

_FILE = click.Path(dir_okay=False, path_type=Path)
_REQUEST_OPTIONS = (
    *("gpu_memory", "vocab_size", "context"),
    *("flops", "gpu", "gpus", "hours", "mfu", "price_per_hour", "n_params", "n_tokens", "target_loss"),
    *("compressibility", "law", "epsilon", "coefficients", "calibration"),
    *BEYOND_OPTIONS,
)
_EXAMPLES = """\b
Examples:
  advisor recommend --flops 1e21
  advisor recommend corpus/ --gpu H100 --gpus 64 --hours 100 --price-per-hour 2.5
  advisor recommend --params 7B --gpu H100 --gpus 256 --vocab-size 128256 --context 8192
  advisor recommend --flops 1e21 --params 7B
  advisor recommend --flops 1e22 --unique-tokens 25B
  advisor recommend --params 13B --inference-tokens 2T
  advisor recommend --flops 1e21 --explain
  advisor recommend --profile profile.json --flops 5.76e23 --json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("source", required=False)
@click.option("--flops", type=quantity("--flops"), metavar="FLOPS", help="Training budget in FLOPs, such as 1e21.")
@click.option("--gpu", metavar="NAME", help="Accelerator, such as H100; alone it turns FLOPs into GPU-hours.")
@click.option("--gpus", type=int, metavar="COUNT", help="Number of accelerators; with --hours, the budget.")
@click.option("--hours", type=quantity("--hours"), metavar="HOURS", help="Wall-clock hours of training.")
@click.option("--mfu", type=float, metavar="SHARE", help="Model FLOPs utilisation, above 0 to 1.  [default: 0.4]")
@click.option("--gpu-memory", type=float, metavar="GB", help="Memory of one accelerator.  [default: the vendor's]")
@click.option(
    "--price-per-hour",
    type=quantity("--price-per-hour"),
    metavar="PRICE",
    help="Price of one GPU-hour, in any currency; adds the cost.",
)
@click.option(
    "--params",
    "n_params",
    type=quantity("--params"),
    metavar="N",
    help="Parameters, such as 7B: alone, asks for their optimal budget.",
)
@click.option(
    "--tokens",
    "n_tokens",
    type=quantity("--tokens"),
    metavar="D",
    help="Training tokens, such as 300B: alone, likewise.",
)
@click.option(
    "--target-loss",
    type=quantity("--target-loss"),
    metavar="NATS",
    help="Loss in nats/token: asks for the cheapest budget that reaches it.",
)
@click.option(
    "--vocab-size", type=whole("--vocab-size"), metavar="V", help="Vocabulary of the model's shape.  [default: 32000]"
)
@click.option("--context", type=whole("--context"), metavar="T", help="Tokens a sequence in training.  [default: 2048]")
@click.option(
    "--count-tokenizer", metavar="NAME", help="Give D in tokens of this one too; names as in --tokenizer, which is H's."
)
@click.option("--compressibility", type=float, metavar="H", help="Compressibility, 0 to 1, in place of a SOURCE.")
@click.option(
    "--profile", type=_FILE, metavar="FILE", help="Profile from `advisor score --json`, in place of a SOURCE."
)
@click.option("--corpus", metavar="NAME", help="Which corpus of a profile that holds several.")
@click.option("--law", metavar="LAW", help="Headline law: a name of `advisor laws`, or a law file of `advisor fit`.")
@click.option("--epsilon", type=float, metavar="SHARE", help="Weight of the calibration in blend and anchored, 0 to 1.")
@click.option("--coefficients", type=_FILE, metavar="FILE", help="Coefficients file in place of the shipped one.")
@click.option("--calibration", metavar="NAME", help="Which calibration, shipped or installed.")
@beyond_options
@corpus_options
@click.option("--explain", is_flag=True, help="Print the formula, constants and source of every number.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document in place of the tables.")
@click.option("--out", type=_FILE, metavar="FILE", help="Also write the JSON document to FILE.")
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
def command(
    source: str | None,
    profile: Path | None,
    corpus: str | None,
    count_tokenizer: str | None,
    explain: bool,
    as_json: bool,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Recommend parameters N and training tokens D for a compute budget.

    The budget is --flops, or --gpu with --gpus and --hours, or follows from one question alone: --params, --tokens or
    --target-loss. With a budget, --params or --tokens is weighed against the optimum. The answer comes with a shape of
    that size, a batch and a learning rate to begin with, and with --gpu the time, the money and the memory.

    --unique-tokens or --use-corpus-size limits the data of a budget: what repeating them is worth, and the optimum
    with it. --inference-tokens weighs serving the model as well.

    SOURCE is a corpus as `advisor score` takes it; its compressibility H moves the answer where there is a calibration.
    --calibration picks one that ships or is installed (`advisor laws` lists them); without it the shipped default is
    used, or, where none ships, the only one installed. A --coefficients file stands alone.
    """
    refuse_overwriting(out, source, profile, options["law"], options["coefficients"])
    if source is None:
        refuse_reading_options("a SOURCE")
    request = Request(**{name: options[name] for name in _REQUEST_OPTIONS})
    reading = {name: options[name] for name in CORPUS_OPTIONS}
    measured = _measured(source, profile, corpus, request, quiet=quiet, reading=reading)
    counted = None
    if count_tokenizer is not None:
        if source is None:
            raise UsageError("--count-tokenizer counts the tokens of a SOURCE, and none is given.")
        counted = count_source(source, count_tokenizer, quiet=quiet, **reading)
    recommendation = recommend(request, profile=measured, counted=counted)

    from advisor.report.recommend import show

    show(recommendation, explain=explain, as_json=as_json, out=out)


def _measured(
    source: str | None,
    profile: Path | None,
    corpus: str | None,
    request: Request,
    *,
    quiet: bool,
    reading: dict[str, Any],
) -> MeasuredCorpus | None:
    """Return the profile of the corpus that is named in one of the three ways, or None where none is."""
    given = {"SOURCE": source, "--profile": profile, "--compressibility": request.compressibility}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} both name the corpus: give one.")
    if corpus is not None and profile is None:
        raise UsageError("--corpus picks a corpus of a --profile, and none is given.")
    if profile is not None:
        from advisor.compressibility.profile_file import read_profile

        return read_profile(profile, corpus)
    if source is None:
        return None
    measured: MeasuredCorpus = score_sources((source,), quiet=quiet, **reading)[0]
    return measured
