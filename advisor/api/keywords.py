"""The keywords of the calls: the options of the commands, as values or as people type them; what takes no others."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypedDict, TypeVar, cast

from advisor.errors import UsageError, did_you_mean

Number = float | str  # "7B", "1e21", "40%" are read as the command reads them
Whole = int | str
Path = str | os.PathLike[str]
Call = TypeVar("Call", bound=Callable[..., Any])


class ReadingKeywords(TypedDict, total=False):
    """How a corpus is read and what is drawn of it: the options of ``advisor score``."""

    column: str | None
    format: str | None
    encoding: str
    skip_bad: bool
    all_folders: bool
    name: str | None
    split: str | None
    revision: str | None
    data_files: str | Sequence[str]
    token: str | None
    streaming: bool
    tokenizer: str | None
    decode: bool
    dtype: str | None
    eos_id: Whole | None
    seq_len: Whole
    sequences: Whole
    seed: Whole


class HardwareKeywords(TypedDict, total=False):
    """The accelerators, and for how long: with all of GPU, number and time they are the budget."""

    gpu: str | None
    peak_tflops: Number | None
    gpus: Whole | None
    n_gpus: Whole | None
    hours: Number | None
    days: Number | None
    weeks: Number | None
    mfu: Number | None
    price_per_hour: Number | None


class LawKeywords(TypedDict, total=False):
    """The headline law and what it draws on."""

    law: Path | None
    epsilon: Number | None
    base: str | None
    coefficients: Path | None
    calibration: str | None
    pilot: Path | None


class QuestionKeywords(TypedDict, total=False):
    """What is asked: the rest of the options of ``advisor recommend``."""

    params: Number | None
    n_params: Number | None
    tokens: Number | None
    n_tokens: Number | None
    target_loss: Number | None
    gpu_memory: Number | None
    vocab_size: Whole | None
    context: Whole | None
    compressibility: Number | None
    bytes_per_token: Number | None
    unique_tokens: Number | None
    use_corpus_size: bool
    inference_tokens: Number | None
    inference_mfu: Number | None
    inference_price_per_hour: Number | None
    advice: bool


class ComparisonKeywords(HardwareKeywords, QuestionKeywords, LawKeywords, ReadingKeywords, total=False):
    """All of these: what every row of a comparison shares."""


class BudgetKeywords(TypedDict, total=False):
    """One budget."""

    flops: Number | None


class RecommendationKeywords(BudgetKeywords, ComparisonKeywords, total=False):
    """All of these."""


def takes(*kinds: type) -> Callable[[Call], Call]:
    """Return what gives a function's ``**options`` the names in ``kinds``: another is a TypeError that says so.

    Its signature then lists them, so that help() does, and a notebook completes them.
    """

    def decorate(call: Call) -> Call:
        signature = inspect.signature(call)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        named = {each.name for each in own if each.kind is not each.POSITIONAL_ONLY}
        extra = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=_spelled(note), default=None)
            for kind in kinds
            for name, note in kind.__annotations__.items()
            if name not in named
        ]
        known = (*named, *(each.name for each in extra))

        @wraps(call)
        def checked(*values: Any, **options: Any) -> Any:
            for name in options:
                if name not in known:
                    raise TypeError(_unknown(call.__name__, name, known))
            return call(*values, **options)

        checked.__signature__ = signature.replace(parameters=[*own, *extra])  # type: ignore[attr-defined]
        return cast(Call, checked)

    return decorate


def _spelled(note: Any) -> Any:
    return getattr(note, "__forward_arg__", note)


def _unknown(call: str, name: str, known: Sequence[str]) -> str:
    hint = did_you_mean(name, known) or f": help(advisor.{call}) lists those that it takes."
    return f"advisor.{call} takes no keyword {name!r}{hint}"


def check_flag(value: object, what: str) -> None:
    """Raise UsageError unless this is True or False: a text such as "no" would be taken for true."""
    if not isinstance(value, bool):
        raise UsageError(f"{what} must be True or False, not {value!r}.")


def check_mapping(value: object, what: str, example: str) -> None:
    """Raise UsageError unless this is a mapping."""
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} must be a dictionary such as {example}, not {type(value).__name__}.")


def check_choice(value: object, what: str, choices: Sequence[str]) -> None:
    """Raise UsageError unless this is one of a few words."""
    if value not in choices:
        hint = did_you_mean(str(value), choices) or f": it is one of {', '.join(choices)}."
        raise UsageError(f"{what} cannot be {value!r}{hint}")


def one_name(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return what is given, under one name where a keyword has two; ``names`` has the second of each.

    Raises:
        UsageError: both are given.
    """
    found = {name: value for name, value in options.items() if value is not None}
    for second, first in names.items():
        if second in found:
            if first in found:
                raise UsageError(f"{second} and {first} are two names of one keyword: give one.")
            found[first] = found.pop(second)
    return found


def refuse_both(objects: str, own: Mapping[str, Any]) -> None:
    """Raise UsageError if keywords are given beside what may stand in their place, called ``objects``."""
    if own:
        raise UsageError(f"{next(iter(own))} and {objects} both say the same: give one of them.")
