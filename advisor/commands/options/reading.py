"""How a corpus is read and sampled, and its profile."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.commands import completed
from advisor.commands.options.declared import Command, Decorator, all_of, is_given, spelled
from advisor.commands.values import is_unit, put_together
from advisor.corpus.formats import FORMATS, ID_TYPES
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import UsageError

if TYPE_CHECKING:
    from advisor.compressibility.score import Profile
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.sampling import Sampling


class _ReadingOption(click.Option):
    """An option that says how a corpus is read or sampled."""


def _reading(*names: str, **settings: Any) -> Decorator:
    return click.option(*names, cls=_ReadingOption, **settings)


_READING = all_of(
    _reading("--column", metavar="NAME", help="Column with the text, token ids or chat messages; A,B joins two."),
    _reading("--format", type=click.Choice(FORMATS), help="Read every file as this, whatever its name says."),
    _reading("--encoding", default="utf-8", metavar="NAME", help="Encoding of text files.  [default: utf-8]"),
    _reading("--skip-bad", is_flag=True, help="Leave out lines and rows that cannot be read, and count them."),
    _reading("--all-folders", is_flag=True, help="Also hidden folders, caches, site-packages and dist-packages."),
    _reading("--name", metavar="CONFIG", help="Hub: configuration, as in datasets.load_dataset."),
    _reading("--split", metavar="SPLIT", help="Hub: split.  [default: train]"),
    _reading("--revision", metavar="REV", help="Hub: branch, tag or commit."),
    _reading("--data-files", multiple=True, metavar="PATTERN", help="Hub: files of the repository; repeatable."),
    _reading("--token", metavar="TOKEN", help="Hub: access token.  [default: HF_TOKEN or the stored login]"),
    _reading("--streaming/--no-streaming", default=True, help="Hub: read rows of many shards, or download all."),
    _reading(
        "--tokenizer",
        default=DEFAULT_TOKENIZER,
        metavar="NAME",
        shell_complete=completed.tokenizers,
        help=f"{DEFAULT_TOKENIZER}, bytes, a SentencePiece .model, a tokenizer.json or a hub id; of token ids, whose "
        f"they are.  [default: {DEFAULT_TOKENIZER}]",
    ),
    _reading("--decode", is_flag=True, help="Measure the text that token ids of --tokenizer stand for."),
    _reading("--dtype", type=click.Choice(ID_TYPES), help="Type of the ids in flat files of them."),
    _reading(
        "--eos-id",
        type=click.IntRange(0, 2**32 - 1),
        metavar="ID",
        help="Id that ends a document in flat files of ids.",
    ),
)
_SAMPLING = all_of(
    _reading("--seq-len", type=int, default=256, metavar="TOKENS", help="Tokens a sequence.  [default: 256]"),
    _reading("--sequences", type=int, default=1000, metavar="COUNT", help="Sequences sampled.  [default: 1000]"),
    _reading("--seed", type=int, default=0, metavar="SEED", help="Seed of the sample.  [default: 0]"),
)


vocab_size_option = _reading(
    "--vocab-size",
    type=click.IntRange(2, 2**32),
    metavar="V",
    help="Vocabulary of a corpus of ids.",
)


class Reading:
    """How the options say that a corpus is read and sampled, in the library's terms only where there is a corpus."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    @property
    def tokenizer(self) -> str:
        """The name of the tokenizer."""
        return str(self._given["tokenizer"])

    @property
    def options(self) -> CorpusOptions:
        """How the corpus is read."""
        from advisor.corpus.options import CorpusOptions

        words = {name: value for name, value in self._given.items() if name != "tokenizer" or is_given(name)}
        return CorpusOptions.of({**words, "vocab_size": click.get_current_context().params.get("vocab_size")})

    @property
    def sampling(self) -> Sampling:
        """What is drawn from it."""
        from advisor.corpus.sampling import Sampling

        return Sampling.of(self._given)


def corpus_options(command: Command) -> Command:
    """Add the options that say how a corpus is read and sampled: the command has them as ``reading``."""
    return _READING(_SAMPLING(_gathered(command)))


def reading_options(command: Command) -> Command:
    """Add the options that say how a corpus is read, without those of its sample: ``reading`` has no ``sampling``."""
    return _READING(_gathered(command))


def shared_options(command: click.Command, names: Container[str]) -> list[click.Parameter]:
    """Return the options of ``command`` that are among ``names``, and those that say how a corpus is read."""
    return [each for each in command.params if isinstance(each, _ReadingOption) or each.name in names]


def _gathered(command: Command) -> Command:
    @wraps(command)
    def gathering(**given: Any) -> Any:
        reading = {name: given.pop(name) for name in _reading_names()}
        return command(**given, reading=Reading(reading))

    return gathering


def _reading_names() -> list[str]:
    """Return the options of reading that the running command has."""
    options = click.get_current_context().command.params
    return [str(option.name) for option in options if isinstance(option, _ReadingOption)]


def refuse_reading_options(what: str) -> None:
    """Raise UsageError if an option that says how a corpus is read was given on the command line."""
    given = [name for name in _reading_names() if is_given(name)]
    if given:
        raise UsageError(f"{spelled(given[0])} says how {what} is read, and none is given.")


def score_sources(
    sources: Sequence[str], reading: Reading, *, quiet: bool, whole: Mapping[str, Any] | None = None
) -> list[Profile]:
    """Return the profiles of ``sources``, with progress on stderr unless ``quiet``.

    ``whole`` are the further words of ``score_whole``, which measures all of each; None draws samples.
    """
    # Scoring needs numpy and more; a request without a corpus must not wait for them.
    from advisor.compressibility.score import score
    from advisor.report.progress import progress_bar

    refuse_repeated_input(sources)
    refuse_units(sources)
    how: dict[str, Any] = {"options": reading.options, "sampling": reading.sampling}
    if whole is not None:
        return _whole_profiles(sources, {**how, **whole}, quiet=quiet)
    with progress_bar(quiet=quiet) as progress:
        return [score(source, progress=progress, **how) for source in sources]


def _whole_profiles(sources: Sequence[str], how: dict[str, Any], *, quiet: bool) -> list[Profile]:
    from advisor.compressibility.whole.score_whole import score_whole
    from advisor.report import terminal
    from advisor.report.progress import progress_bar

    try:
        with progress_bar(quiet=quiet, time_left=True) as progress:
            return [score_whole(source, progress=progress, **how) for source in sources]
    except KeyboardInterrupt:
        terminal.note("Shards that were finished by now are kept: the same command goes on from them.")
        raise


def refuse_repeated_input(sources: Sequence[str]) -> None:
    """Raise UsageError if standard input is named twice."""
    if sources.count("-") > 1:
        raise UsageError("Standard input, -, can be read only once.")


def refuse_units(sources: Sequence[str]) -> None:
    """Raise UsageError if what is to be a source is the unit of a number before it: --hours 2 weeks.

    A shell parts words at spaces, so the command sees the option with a number alone, and a source.
    """
    for source in sources:
        if is_unit(source) and not Path(source).exists():
            raise UsageError(f"SOURCE {source} is no file, and {put_together(source)}")
