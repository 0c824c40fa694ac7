"""What commands share: the options that several of them have, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.calibrations.own_base import BASES
from advisor.commands import completed
from advisor.commands.values import duration, quantity, share, whole
from advisor.corpus.formats import FORMATS, ID_TYPES
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import UsageError

if TYPE_CHECKING:
    from advisor.compressibility.score import Profile
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.sampling import Sampling

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

MOST_SEED = 2**63 - 1
FILE = click.Path(dir_okay=False, path_type=Path)


def _all_of(*options: Decorator) -> Decorator:
    """Return what adds these options to a command, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def json_option(in_place_of: str | None = None) -> Decorator:
    """Return --json; ``in_place_of`` is what is printed without it."""
    instead = "" if in_place_of is None else f" in place of {in_place_of}"
    return click.option("--json", "as_json", is_flag=True, help=f"Print one JSON document{instead}.")


def output_options(in_place_of: str) -> Decorator:
    """Return --json and --out, of the commands whose result is one document."""
    out = click.option("--out", type=FILE, metavar="FILE", help="Also write the JSON document to FILE.")
    return _all_of(json_option(in_place_of), out)


def plot_option(what: str) -> Decorator:
    """Return --plot; ``what`` is what is drawn."""
    return click.option("--plot", type=FILE, metavar="FILE", help=f"Draw {what} into FILE, a .svg, .pdf or .png.")


def check_plot(plot: Path | None, out: Path | None, *read: str | Path | None) -> None:
    """Raise, before any work is done, if no picture can be written to ``plot``, or it would overwrite what is read."""
    if plot is not None:
        from advisor.report.pictures.files import check_picture

        check_picture(plot, *read, out=out)


def draw(result: Any, plot: Path | None) -> None:
    """Write the picture of a result where one is asked for."""
    if plot is not None:
        from advisor.report.pictures.plot import plot as draw_into

        draw_into(result, plot)


quiet_option = click.option("--quiet", is_flag=True, help="No progress on stderr.")
explain_option = click.option(
    "--explain", is_flag=True, help="Print how the answer comes about: formulas, constants, sources."
)
explain_all_option = click.option(
    "--explain-all", is_flag=True, help="Print the formula, constants and source of every number on any screen."
)
cautions_option = click.option("--cautions", is_flag=True, help="Print every caution, those that change nothing too.")
full_option = click.option("--full", is_flag=True, help="Print all there is, cautions too.")
advice_option = click.option("--advice", is_flag=True, help="Print all that is known of repeated data, with sources.")
coefficients_option = click.option(
    "--coefficients", type=FILE, metavar="FILE", help="Coefficients file in place of the shipped one."
)
# Which coefficients the laws that depend on H take, and with what weight.
calibration_options = _all_of(
    click.option(
        "--epsilon", type=float, metavar="SHARE", help="Weight of the calibration in blend and anchored, 0 to 1."
    ),
    coefficients_option,
    click.option(
        "--calibration",
        metavar="NAME",
        shell_complete=completed.calibrations,
        help="Which calibration, shipped or installed.",
    ),
    click.option(
        "--base",
        type=click.Choice(BASES),
        help="What blend and anchored start from.  [default: own where there is one]",
    ),
)
headline_options = _all_of(
    click.option(
        "--law",
        metavar="LAW",
        shell_complete=completed.laws,
        help="Headline law: a name of `advisor laws`, or a law file of `advisor fit`.",
    ),
    calibration_options,
)
HOURS_IN = {"days": 24.0, "weeks": 168.0}


def in_hours(command: Command) -> Command:
    """Give a command the time of training as ``hours``, whichever of the options says it."""

    @wraps(command)
    def timed(*, hours: float | None, **given: Any) -> Any:
        found = {"hours": hours, **{unit: given.pop(unit) for unit in HOURS_IN}}
        named = [f"--{name}" for name, value in found.items() if value is not None]
        if len(named) > 1:
            raise UsageError(f"{' and '.join(named)} both say how long training takes: give one.")
        others = [HOURS_IN[unit] * found[unit] for unit in HOURS_IN if found[unit] is not None]
        return command(hours=others[0] if others else hours, **given)

    return timed


hardware_options = _all_of(
    click.option(
        "--gpu",
        metavar="NAME",
        shell_complete=completed.gpus,
        help="Accelerator, such as H100; alone it turns FLOPs into GPU-hours.",
    ),
    click.option(
        "--peak-tflops",
        type=quantity("--peak-tflops"),
        metavar="TFLOPS",
        help="Dense bf16 TFLOP/s of an accelerator that is not in the table; --gpu is then its name.",
    ),
    click.option(
        "--gpus", type=whole("--gpus"), metavar="COUNT", help="Number of accelerators; with a time, the budget."
    ),
    click.option(
        "--hours", type=duration("--hours", "hours"), metavar="TIME", help="Wall-clock time: 100, or 36h, 14d, 2w."
    ),
    click.option("--days", type=duration("--days", "days"), metavar="TIME", help="The same, in days."),
    click.option("--weeks", type=duration("--weeks", "weeks"), metavar="TIME", help="The same, in weeks."),
    click.option("--mfu", type=share("--mfu"), metavar="SHARE", help="Model FLOPs utilisation.  [default: 40%]"),
    in_hours,
)


def table_law_option(default: str) -> Decorator:
    """Return --law of a table: the law that it is of."""
    what = f"A law's name, or a law file.  [default: {default}; data with --compressibility or --bytes-per-token]"
    return click.option("--law", metavar="LAW", shell_complete=completed.laws, help=what)


def compressibility_option(meaning: str) -> Decorator:
    """Return --compressibility, which does not mean the same to every command."""
    return click.option("--compressibility", type=float, metavar="H", help=meaning)


bytes_per_token_option = click.option(
    "--bytes-per-token",
    type=quantity("--bytes-per-token"),
    metavar="T",
    help="Bytes of this text per token of the tokenizer that the model is trained with.",
)


class _ReadingOption(click.Option):
    """An option that says how a corpus is read or sampled."""


def _reading(*names: str, **settings: Any) -> Decorator:
    return click.option(*names, cls=_ReadingOption, **settings)


_READING = _all_of(
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
_SAMPLING = _all_of(
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
        from advisor.corpus.hub.dataset import HubOptions
        from advisor.corpus.options import CorpusOptions, IdOptions

        given = self._given
        hub = {name: given[name] for name in ("name", "split", "revision", "token", "streaming")}
        return CorpusOptions(
            **{name: given[name] for name in ("column", "format", "encoding", "skip_bad")},
            everything=given["all_folders"],
            ids=IdOptions(
                tokenizer=self.tokenizer if is_given("tokenizer") else None,
                dtype=given["dtype"],
                vocab_size=click.get_current_context().params.get("vocab_size"),
                eos_id=given["eos_id"],
                decode=given["decode"],
            ),
            hub=HubOptions(**hub, data_files=tuple(given["data_files"])),
        )

    @property
    def sampling(self) -> Sampling:
        """What is drawn from it."""
        from advisor.corpus.sampling import Sampling

        given = self._given
        tokenizer = DEFAULT_TOKENIZER if given["decode"] else self.tokenizer
        return Sampling(
            tokenizer=tokenizer, seq_len=given["seq_len"], n_sequences=given["sequences"], seed=given["seed"]
        )


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


def is_given(name: str) -> bool:
    """Return whether the parameter ``name`` of the running command is on the command line."""
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def spelled(name: str) -> str:
    """Return the option of the running command's parameter ``name`` as people write it."""
    return next(each.opts[0] for each in click.get_current_context().command.params if each.name == name)


def score_sources(sources: Sequence[str], reading: Reading, *, quiet: bool) -> list[Profile]:
    """Return the profiles of ``sources``, with progress on stderr unless ``quiet``."""
    # Scoring needs numpy and more; a request without a corpus must not wait for them.
    from advisor.compressibility.score import score
    from advisor.report.progress import progress_bar

    refuse_repeated_input(sources)
    with progress_bar(quiet=quiet) as progress:
        return [
            score(source, options=reading.options, sampling=reading.sampling, progress=progress) for source in sources
        ]


def refuse_repeated_input(sources: Sequence[str]) -> None:
    """Raise UsageError if standard input is named twice."""
    if sources.count("-") > 1:
        raise UsageError("Standard input, -, can be read only once.")
