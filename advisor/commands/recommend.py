"""``advisor recommend``: optimal parameters and tokens for a budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.commands import completed
from advisor.commands.fail_on import fail_on_option
from advisor.commands.options import (
    FILE,
    Reading,
    advice_option,
    bytes_per_token_option,
    cautions_option,
    check_plot,
    compressibility_option,
    corpus_options,
    draw,
    explain_all_option,
    explain_option,
    full_option,
    hardware_options,
    headline_options,
    output_options,
    plot_option,
    quiet_option,
    refuse_reading_options,
    score_sources,
)
from advisor.commands.values import quantity, share, whole
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.data_files import refuse_overwriting
from advisor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.caution import Caution
    from advisor.compressibility.units import TokenCount

_EXAMPLES = """\b
Examples:
  advisor recommend --flops 1e21
  advisor recommend corpus/ --gpu H100 --gpus 64 --hours 100 --price-per-hour 2.5
  advisor recommend --params 7B --gpu H100 --gpus 256 --vocab-size 128256 --context 8192
  advisor recommend --flops 1e21 --params 7B
  advisor recommend --flops 1e22 --unique-tokens 25B
  advisor recommend --params 13B --inference-tokens 2T
  advisor recommend --flops 1e21 --explain
  advisor recommend corpus/ --flops 1e21 --plot answer.svg
  advisor recommend --profile profile.json --flops 5.76e23 --json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("source", required=False)
@click.option("--flops", type=quantity("--flops"), metavar="FLOPS", help="Training budget in FLOPs, such as 1e21.")
@hardware_options
@click.option(
    "--gpu-memory",
    type=quantity("--gpu-memory"),
    metavar="GB",
    help="Memory of one accelerator.  [default: the vendor's]",
)
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
    "--vocab-size",
    type=whole("--vocab-size"),
    metavar="V",
    help="Vocabulary of the model's shape, and of a corpus of ids.  [default: 32000]",
)
@click.option("--context", type=whole("--context"), metavar="T", help="Tokens a sequence in training.  [default: 2048]")
@click.option(
    "--count-tokenizer",
    metavar="NAME",
    shell_complete=completed.tokenizers,
    help="The tokenizer that the model is trained with, named as in --tokenizer, which is H's; counted on the SOURCE.",
)
@compressibility_option("Compressibility, 0 to 1, in place of a SOURCE.")
@bytes_per_token_option
@click.option("--profile", type=FILE, metavar="FILE", help="Profile from `advisor score --json`, in place of a SOURCE.")
@click.option("--corpus", metavar="NAME", help="Which corpus of a profile that holds several.")
@headline_options
@click.option(
    "--pilot", type=FILE, metavar="FILE", help="What a pilot on this corpus measured, of `advisor fit --pilot`."
)
@click.option(
    "--unique-tokens",
    type=quantity("--unique-tokens"),
    metavar="U",
    help="Unique tokens there are, such as 25B: more training repeats them.",
)
@click.option("--use-corpus-size", is_flag=True, help="Take the corpus's own estimated size for --unique-tokens.")
@click.option(
    "--inference-tokens",
    type=quantity("--inference-tokens"),
    metavar="TOKENS",
    help="Tokens to be served, such as 2T: least FLOPs of training and inference.",
)
@click.option(
    "--inference-mfu",
    type=share("--inference-mfu"),
    metavar="SHARE",
    help="Utilisation when serving: least cost in place of FLOPs, with --gpu and --price-per-hour.",
)
@click.option(
    "--inference-price-per-hour",
    type=quantity("--inference-price-per-hour"),
    metavar="PRICE",
    help="Price of a GPU-hour when serving.  [default: the training's]",
)
@click.option("--laws", is_flag=True, help="Print what every law says of this budget.")
@click.option("--sizes", is_flag=True, help="Print what other sizes do with this budget.")
@click.option("--plan", is_flag=True, help="Print the run: shape, batch, learning rate, time, memory.")
@cautions_option
@advice_option
@full_option
@explain_option
@explain_all_option
@corpus_options
@output_options("the tables")
@plot_option("the loss of other sizes, every law's N, and N and D by budget")
@quiet_option
@fail_on_option
def command(
    source: str | None,
    profile: Path | None,
    corpus: str | None,
    count_tokenizer: str | None,
    explain_all: bool,
    as_json: bool,
    out: Path | None,
    plot: Path | None,
    quiet: bool,
    reading: Reading,
    **asked: Any,
) -> Sequence[Caution]:
    """Recommend parameters N and training tokens D for a compute budget.

    The budget is --flops, or --gpu with --gpus and --hours, or follows from one question alone: --params, --tokens or
    --target-loss. With a budget, --params or --tokens is weighed against the optimum. The answer comes with a shape of
    that size, a batch and a learning rate to begin with, and with --gpu the time, the money and the memory.

    --unique-tokens or --use-corpus-size limits the data of a budget: what repeating them is worth, and the optimum
    with it. --inference-tokens weighs serving the model as well.

    SOURCE is a corpus as `advisor score` takes it: its compressibility H and its bytes per token move the answer, as
    runs on six corpora and with many tokenizers say. --count-tokenizer or --bytes-per-token says what the model is
    trained with. --calibration NAME or --coefficients FILE answers by a calibration instead (`advisor laws` lists
    those that ship or are installed).
    """
    wanted = {name: asked.pop(name) for name in ("laws", "sizes", "plan", "cautions", "explain", "full")}
    read = (source, profile, asked["law"], asked["coefficients"], asked["pilot"])
    refuse_overwriting(out, *read)
    check_plot(plot, out, *read)
    if source is None:
        refuse_reading_options("a SOURCE")
    request = Request(**asked)
    measured = measured_corpus(source, profile, corpus, request, reading, quiet=quiet)
    counted = None
    if count_tokenizer is not None:
        counted = counted_tokens(source, count_tokenizer, reading, quiet=quiet)
    recommendation = recommend(request, profile=measured, counted=counted)

    from advisor.report.recommendation.show import Sections, show

    sections = Sections(**wanted, advice=request.advice)
    show(recommendation, sections=sections, explain_all=explain_all, as_json=as_json, out=out)
    draw(recommendation, plot)
    return recommendation.cautions


def measured_corpus(
    source: str | None, profile: Path | None, corpus: str | None, request: Request, reading: Reading, *, quiet: bool
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
    return None if source is None else score_sources((source,), reading, quiet=quiet)[0]


def counted_tokens(source: str | None, tokenizer: str, reading: Reading, *, quiet: bool) -> TokenCount:
    """Return the bytes per token of ``tokenizer`` in the source."""
    if source is None:
        raise UsageError("--count-tokenizer counts the tokens of a SOURCE, and none is given.")
    from advisor.compressibility.units import count_tokens
    from advisor.report.progress import progress_bar

    with progress_bar(quiet=quiet) as progress:
        seed = reading.sampling.seed
        return count_tokens(source, tokenizer, options=reading.options, seed=seed, progress=progress)
