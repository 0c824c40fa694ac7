"""The options that say how a corpus is read, shared by every command that takes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from advisor.corpus.formats import FORMATS
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import UsageError

if TYPE_CHECKING:
    from advisor.corpus.source import CorpusOptions

_READING = (
    click.option("--column", metavar="NAME", help="Column with the text, token ids or chat messages."),
    click.option("--format", type=click.Choice(FORMATS), help="Read every file as this, whatever its name says."),
    click.option("--encoding", default="utf-8", metavar="NAME", help="Encoding of text files.  [default: utf-8]"),
    click.option("--skip-bad", is_flag=True, help="Leave out lines and rows that cannot be read, and count them."),
    click.option("--all-folders", is_flag=True, help="Also hidden folders, caches, site-packages and dist-packages."),
    click.option("--name", metavar="CONFIG", help="Hub: configuration, as in datasets.load_dataset."),
    click.option("--split", metavar="SPLIT", help="Hub: split.  [default: train]"),
    click.option("--revision", metavar="REV", help="Hub: branch, tag or commit."),
    click.option("--data-files", multiple=True, metavar="PATTERN", help="Hub: files of the repository; repeatable."),
    click.option("--token", metavar="TOKEN", help="Hub: access token.  [default: HF_TOKEN or the stored login]"),
    click.option("--streaming/--no-streaming", default=True, help="Hub: read rows of many shards, or download all."),
    click.option(
        "--tokenizer",
        default=DEFAULT_TOKENIZER,
        metavar="NAME",
        help="mistral-v1, bytes, a SentencePiece .model, a tokenizer.json or a hub id.  [default: mistral-v1]",
    ),
)
_SAMPLING = (
    click.option("--seq-len", type=int, default=256, metavar="TOKENS", help="Tokens a sequence.  [default: 256]"),
    click.option("--sequences", type=int, default=1000, metavar="COUNT", help="Sequences sampled.  [default: 1000]"),
    click.option("--seed", type=int, default=0, metavar="SEED", help="Seed of the sample.  [default: 0]"),
)
NAMES = tuple(str(option(lambda: None).__click_params__[0].name) for option in (*_READING, *_SAMPLING))  # type: ignore[attr-defined]


def corpus_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; its keyword arguments go to ``score_sources`` as they are."""
    for option in reversed((*_READING, *_SAMPLING)):
        command = option(command)
    return command


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a corpus is read, without those of its sample."""
    for option in reversed(_READING):
        command = option(command)
    return command


def corpus_reading(given: Mapping[str, Any]) -> CorpusOptions:
    """Return how a corpus is read, from the keyword arguments of a command."""
    from advisor.corpus.hub import HubOptions
    from advisor.corpus.source import CorpusOptions

    hub = HubOptions(
        name=given["name"],
        split=given["split"],
        revision=given["revision"],
        data_files=tuple(given["data_files"]),
        token=given["token"],
        streaming=given["streaming"],
    )
    return CorpusOptions(
        column=given["column"],
        format=given["format"],
        encoding=given["encoding"],
        skip_bad=given["skip_bad"],
        everything=given["all_folders"],
        hub=hub,
    )


def refuse_reading_options(what: str) -> None:
    """Raise UsageError if an option that says how a corpus is read was given on the command line."""
    context = click.get_current_context()
    given = [name for name in NAMES if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    if given:
        option = "--" + given[0].replace("_", "-")
        raise UsageError(f"{option} says how {what} is read, and none is given.")


def score_sources(sources: tuple[str, ...], *, quiet: bool, **options: Any) -> list[Any]:
    """Return the profiles of ``sources``, with progress on stderr unless ``quiet``."""
    # Scoring needs numpy and more; a request without a corpus must not wait for them.
    from advisor.compressibility.score import score
    from advisor.report.progress import progress_bar

    _refuse_repeated_input(sources)
    with progress_bar(quiet=quiet) as progress:
        return [score(source, progress=progress, **_how(options)) for source in sources]


def mix_sources(sources: tuple[str, ...], weights: tuple[float, ...], *, quiet: bool, **options: Any) -> list[Any]:
    """Return the profiles of ``sources`` and, last, that of their mixture at these weights."""
    from advisor.compressibility.mixture import score_mixture
    from advisor.report.progress import progress_bar

    _refuse_repeated_input(sources)
    with progress_bar(quiet=quiet) as progress:
        profiles, mixture = score_mixture(sources, weights, progress=progress, **_how(options))
    return [*profiles, mixture]


def count_source(source: str, counter: str, *, quiet: bool, **options: Any) -> Any:
    """Return the bytes per token of the tokenizer ``counter`` in a source, read and sampled as its score was."""
    from advisor.compressibility.units import count_tokens
    from advisor.report.progress import progress_bar

    how = _how(options)
    with progress_bar(quiet=quiet) as progress:
        return count_tokens(source, counter, options=how["options"], seed=how["seed"], progress=progress)


def _refuse_repeated_input(sources: tuple[str, ...]) -> None:
    if sources.count("-") > 1:
        raise UsageError("Standard input, -, can be read only once.")


def _how(options: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``score`` that the command line's options mean."""
    return {
        "options": corpus_reading(options),
        "tokenizer": options["tokenizer"],
        "seq_len": options["seq_len"],
        "n_sequences": options["sequences"],
        "seed": options["seed"],
    }
