"""What names a corpus in a call, a source that is scored, a profile, or a file of profiles, to its profile."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.api.keywords import ReadingKeywords, check_choice, check_flag, one_name
from advisor.api.requests import option, whole_number
from advisor.corpus.formats import FORMATS, ID_TYPES
from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling
from advisor.errors import UsageError
from advisor.quantities import check_text

if TYPE_CHECKING:
    from advisor.compressibility.protocol import MeasuredCorpus
    from advisor.compressibility.score import Profile

READING = frozenset(ReadingKeywords.__annotations__)
_WHOLE = ("eos_id", "vocab_size", "seq_len", "sequences", "seed")
_FLAGS = ("skip_bad", "all_folders", "streaming", "decode")
_CHOICES = {"format": FORMATS, "dtype": ID_TYPES}


def corpus_options(keywords: Mapping[str, Any]) -> CorpusOptions:
    """Return how a corpus is read, as the keywords of reading say; ``vocab_size`` is that of a corpus of ids.

    Raises:
        UsageError: a value is none that there is.
    """
    given = _given(keywords)
    for name, choices in _CHOICES.items():
        if name in given:
            check_choice(given[name], option(name), choices)
    files = given.get("data_files", ())
    given["data_files"] = (files,) if isinstance(files, str) or not hasattr(files, "__iter__") else files
    for each in given["data_files"]:
        check_text(each, "--data-files")
    return CorpusOptions.of(given)


def sampling_of(keywords: Mapping[str, Any]) -> Sampling:
    """Return what is drawn of a corpus, as the keywords of reading say."""
    return Sampling.of(_given(keywords))


def _given(keywords: Mapping[str, Any]) -> dict[str, Any]:
    found = one_name(keywords, {})
    for name, value in found.items():
        if name in _WHOLE:
            found[name] = whole_number(name, value)
        elif name in _FLAGS:
            check_flag(value, option(name))
        elif name not in _CHOICES and name != "data_files":
            check_text(value, option(name))
    return found


def scored(source: str, keywords: Mapping[str, Any]) -> Profile:
    """Return the profile of a source."""
    from advisor.compressibility.score import score

    return score(source, options=corpus_options(keywords), sampling=sampling_of(keywords))


def is_profile(value: object) -> bool:
    """Return whether this is what was measured of a corpus."""
    return hasattr(value, "median") and hasattr(value, "protocol")


def refuse_reading(keywords: Mapping[str, Any], what: str) -> None:
    """Raise UsageError if a keyword says how a corpus is read where none is."""
    if given := [name for name in one_name(keywords, {}) if name in READING]:
        raise UsageError(f"{given[0]} says how {what} is read, and none is given.")


def profile_of(
    corpus: Any, profile: Any, keywords: Mapping[str, Any], *, compressibility: float | None = None
) -> MeasuredCorpus | None:
    """Return the profile of the corpus that a call names, scored where it is a source; None where it names none.

    ``corpus`` beside a file of profiles is the name of one of them, as the command's --corpus.

    Raises:
        UsageError: it is named twice, or something says how to read what is not read.
    """
    named = {"corpus": corpus, "profile": profile, "compressibility": compressibility}
    names = [name for name, value in named.items() if value is not None]
    of_file = names == ["corpus", "profile"] and not is_profile(profile)
    if len(names) > 1 and not of_file:
        raise UsageError(f"{' and '.join(names)} both name the corpus: give one.")
    if corpus is not None and not of_file and not is_profile(corpus):
        return scored(_path(corpus, "corpus"), keywords)
    refuse_reading(keywords, "a corpus")
    if profile is None or is_profile(profile):
        found: MeasuredCorpus | None = corpus if profile is None else profile
        return found
    from advisor.compressibility.profile_file import read_profile

    return read_profile(Path(_path(profile, "profile")), corpus)


def profiles_of(corpora: Sequence[Any], weights: Sequence[float] | None, keywords: Mapping[str, Any]) -> list[Any]:
    """Return the profile of each corpus, and with weights that of their mixture last.

    Raises:
        UsageError: weights are given for profiles, which hold no text, or standard input is named twice.
    """
    if list(corpora).count("-") > 1:
        raise UsageError("Standard input, -, can be read only once.")
    if weights is None:
        sources = [each for each in corpora if not is_profile(each)]
        if not sources:
            refuse_reading(keywords, "a corpus")
        return [each if is_profile(each) else scored(_path(each, "corpora"), keywords) for each in corpora]
    if any(map(is_profile, corpora)):
        raise UsageError("weights measures the corpora together, and a profile holds no text: name sources.")
    from advisor.compressibility.mixture import score_mixture

    profiles, mixture = score_mixture(
        [_path(each, "corpora") for each in corpora],
        weights,
        options=corpus_options(keywords),
        sampling=sampling_of(keywords),
    )
    return [*profiles, mixture]


def check_source(value: object, what: str) -> None:
    """Raise UsageError unless this may name a corpus, or is a profile; None names none."""
    if value is not None and not isinstance(value, str | os.PathLike) and not is_profile(value):
        raise UsageError(f"{what} must be a path, a profile or the name of a dataset, not {type(value).__name__}.")


def _path(value: Any, what: str) -> str:
    if value is None:
        raise UsageError(f"{what} must be a path, a profile or the name of a dataset, not None.")
    check_source(value, what)
    path: str = os.fspath(value)
    return path
