"""``recommend``, ``compare`` and ``plan_pilot`` with the words of their commands as keywords."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path as File
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from advisor.answer import comparison, recommendation
from advisor.answer.request import Request
from advisor.api.corpora import (
    READING,
    check_source,
    corpus_options,
    is_profile,
    profile_of,
    profiles_of,
    refuse_reading,
    sampling_of,
    scored,
)
from advisor.api.keywords import (
    BudgetKeywords,
    ComparisonKeywords,
    HardwareKeywords,
    Number,
    Path,
    ReadingKeywords,
    RecommendationKeywords,
    Whole,
    takes,
)
from advisor.api.requests import BUDGETS_OF, OF_REQUEST, numbers, request_of, request_values
from advisor.commands.values import share as share_of
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, MeasuredCorpus, check_match
from advisor.data_files import check_writable, refuse_overwriting
from advisor.errors import UsageError
from advisor.quantities import check_text

if TYPE_CHECKING:
    from advisor.answer.comparison import Comparison
    from advisor.answer.recommendation import Recommendation
    from advisor.compressibility.units import TokenCount
    from advisor.pilot.pilot import Pilot, PilotCorpus

Source = Path | MeasuredCorpus


@overload
def recommend(
    request: Request, /, *, profile: MeasuredCorpus | None = None, counted: TokenCount | None = None
) -> Recommendation: ...


@overload
def recommend(
    corpus: Source | None = None,
    *,
    profile: Source | None = None,
    counted: TokenCount | None = None,
    count_tokenizer: str | None = None,
    **options: Unpack[RecommendationKeywords],
) -> Recommendation: ...


@takes(RecommendationKeywords)
def recommend(
    corpus: Source | Request | None = None,
    *,
    request: Request | None = None,
    profile: Source | None = None,
    counted: TokenCount | None = None,
    count_tokenizer: str | None = None,
    **options: Any,
) -> Recommendation:
    """Return how many parameters and tokens make the most of a budget, beside what every published law says.

    ``corpus`` is what ``advisor score`` takes, and is scored; or a profile. ``profile`` is one, or a file of profiles,
    of which ``corpus`` then names one. The budget is ``flops``, or ``gpu``, ``gpus`` (or ``n_gpus``) and ``hours`` (or
    ``days``, ``weeks``), or follows from one of ``params``, ``tokens`` and ``target_loss`` alone; the fields of
    ``advisor.Request`` say what each keyword means. Numbers may be texts, as the command takes them. ``counted``, or
    the ``count_tokenizer`` that counts the corpus, gives the data in tokens of another tokenizer. A checked
    ``advisor.Request`` may stand in place of all keywords but ``profile`` and ``counted``.

    >>> recommend(flops="1e21")
    <Recommendation 2.78B parameters on 59.9B tokens for 1e21 FLOPs (chinchilla)>
    >>> recommend(flops="1e21", params="7B").choice.wasted > 0.1
    True
    >>> recommend(gpu="H100", n_gpus=64, hours="14d", compressibility=0.42).recommended.law
    'data'

    Raises:
        TypeError: a keyword that there is not.
        UsageError: a value that cannot be, or values that contradict each other.
        AdvisorError: the corpus, the profile or the law cannot be read, or cannot answer.
    """
    if isinstance(corpus, Request):
        corpus, request = None, corpus
    if request is not None:
        _alone(request, {**options, "corpus": corpus, "count_tokenizer": count_tokenizer})
        return recommendation.recommend(request, profile=profile_of(None, profile, {}), counted=counted)
    check_source(corpus, "corpus")
    asked = request_of({name: value for name, value in options.items() if name in OF_REQUEST})
    reading = _reading(options, asked.vocab_size)
    if count_tokenizer is not None:
        if counted is not None:
            raise UsageError("counted and count_tokenizer both say what the model is trained with: give one.")
        if corpus is None or profile is not None or is_profile(corpus):
            raise UsageError("count_tokenizer counts the tokens of a corpus, and none is given.")
    measured = profile_of(corpus, profile, reading, compressibility=asked.compressibility)
    if count_tokenizer is not None:
        counted = _counted(corpus, count_tokenizer, reading)
    return recommendation.recommend(asked, profile=measured, counted=counted)


def _alone(request: Request, others: Mapping[str, Any]) -> None:
    if not isinstance(request, Request):
        raise UsageError(f"request must be an advisor.Request(flops=1e21) or the like, not {type(request).__name__}.")
    if given := [name for name, value in others.items() if value is not None]:
        raise UsageError(f"A Request says all that is asked, and {given[0]} is given beside it: give one of them.")


def _reading(options: Mapping[str, Any], vocab_size: int | None) -> dict[str, Any]:
    """Return the keywords of reading, with the vocabulary where something is read."""
    given = {name: value for name, value in options.items() if name in READING and value is not None}
    return given if vocab_size is None else {**given, "vocab_size": vocab_size}


def _counted(corpus: Any, tokenizer: str, reading: Mapping[str, Any]) -> TokenCount:
    from advisor.compressibility.units import count_tokens

    seed = sampling_of(reading).seed
    return count_tokens(str(corpus), tokenizer, options=corpus_options(reading), seed=seed)


@overload
def compare(requests: Sequence[Request], /, profiles: Sequence[MeasuredCorpus | None] = (None,)) -> Comparison: ...


@overload
def compare(
    corpora: Source | Sequence[Source] = (),
    *,
    flops: Number | Sequence[Number] | None = None,
    weights: str | Sequence[Number] | None = None,
    profile: Path | None = None,
    corpus: str | Sequence[str] = (),
    **options: Unpack[ComparisonKeywords],
) -> Comparison: ...


@takes(ComparisonKeywords)
def compare(
    corpora: Any = (),
    profiles: Any = (None,),
    *,
    requests: Any = None,
    flops: Any = None,
    weights: Any = None,
    profile: Any = None,
    corpus: Any = (),
    **options: Any,
) -> Comparison:
    """Return what several corpora, or several budgets, want, side by side.

    ``corpora`` are sources as ``advisor score`` takes them, or profiles; ``flops`` is one budget or several, where none
    is given 1e20, 1e22 and 1e24. With ``weights`` a further row is the mixture of the corpora. ``profile`` is a file of
    profiles, of which ``corpus`` names some. The other keywords are those of ``recommend``. A sequence of
    ``advisor.Request`` with one of profiles may stand in place of them.

    >>> print(*[f"{row.headline.n_params:.2e}" for row in compare(flops=["1e20", "1e21"]).rows])
    8.55e+08 2.78e+09

    Raises:
        TypeError: a keyword that there is not.
        UsageError: there is nothing to compare, or values contradict each other.
        AdvisorError: a corpus, a profile or the law cannot be read, or cannot answer.
    """
    named = _listed(corpora)
    if requests is not None or any(isinstance(each, Request) for each in named):
        return comparison.compare(named if requests is None else requests, profiles)
    shared = {name: value for name, value in options.items() if name in OF_REQUEST}
    if flops is None and not _is_asked(shared):
        if not named and profile is None:
            raise UsageError("There is nothing to compare: name two corpora, or give several flops.")
        flops = comparison.BUDGETS
    budgets = () if flops is None else numbers("flops", flops)
    asked = [Request(flops=budget, **request_values(shared)) for budget in budgets] or [request_of(shared)]
    reading = _reading(options, asked[0].vocab_size)
    shares = None if weights is None else numbers("weights", weights)
    return comparison.compare(asked, _compared(named, profile, _listed(corpus), shares, reading) or [None])


def _is_asked(options: Mapping[str, Any]) -> bool:
    """Return whether keywords have a budget, or a question that implies one."""
    return any(options.get(name) is not None for name in BUDGETS_OF)


def _listed(value: Any) -> list[Any]:
    """Return one or several as a list."""
    alone = isinstance(value, str | PurePath) or is_profile(value)
    if not alone and not hasattr(value, "__iter__"):
        raise UsageError(f"corpora must be sources or profiles, not {type(value).__name__}.")
    return [value] if alone else list(value)


def _compared(
    corpora: list[Any],
    profile: Any,
    names: list[str],
    weights: Sequence[float] | None,
    reading: Mapping[str, Any],
) -> list[MeasuredCorpus]:
    if corpora and profile is not None:
        raise UsageError("corpora and profile both name the corpora: give one.")
    if names and profile is None:
        raise UsageError("corpus picks a corpus of a profile, and none is given.")
    if profile is None:
        return profiles_of(corpora, weights, reading)
    if weights is not None:
        raise UsageError("weights measures the corpora together, and a profile holds no text: name sources.")
    refuse_reading(reading, "a corpus")
    from advisor.compressibility.profile_file import read_profile, read_records

    return [read_profile(File(profile), name) for name in names] or list(read_records(File(profile)))


class ModelKeywords(TypedDict, total=False):
    """The shapes of a pilot's models, and what stands for its corpus."""

    vocab_size: Whole | None
    context: Whole | None
    compressibility: Number | None


class PilotKeywords(BudgetKeywords, HardwareKeywords, ModelKeywords, ReadingKeywords, total=False):
    """The options of ``advisor pilot``."""


@takes(PilotKeywords)
def plan_pilot(
    corpus: Source | None = None,
    *,
    profile: Source | None = None,
    reference: Source | None = None,
    share: Number = "1%",
    noise: float = 0.002,
    out: Path | None = None,
    **options: Unpack[PilotKeywords],
) -> Pilot:
    """Return the small runs that would narrow an answer most for a share of its budget, and whether they pay.

    ``corpus``, ``profile`` and the budget are given as to ``recommend``; ``reference`` is what the corpus is compared
    with, None being web text as the data rule has it. ``share`` is that of the budget, and ``noise`` the standard
    deviation of ln loss from run to run. ``out`` writes the runs as CSV; its column ``loss`` filled,
    ``fit(out, pilot=True)`` reads it.

    >>> plan_pilot(compressibility=0.402, flops="1e23")
    <Pilot 20 runs for 1 % of 1e23 FLOPs on corpus: not worth it>

    Raises:
        TypeError: a keyword that there is not.
        UsageError: no budget or no corpus, a value that cannot be, or no pilot is so small.
        AdvisorError: a corpus or a profile cannot be read.
    """
    from advisor.pilot.pilot import plan_pilot as planned
    from advisor.pilot.run_table import write_table

    target = _table_to_write(out, corpus, profile, reference)
    request = request_of({name: value for name, value in options.items() if name in OF_REQUEST})
    if request.budget is None:
        raise UsageError("A pilot is for a run of a known budget: give flops, or gpu with gpus and hours.")
    reading = _reading(options, request.vocab_size)
    other = None if reference is None else _known(reference, reading)
    read_by_both = {} if other is not None and corpus is None else reading
    own = profile_of(corpus, profile, read_by_both, compressibility=request.compressibility)
    pilot = planned(
        request.budget,
        _own(own, request.compressibility),
        reference=other,
        share=share_of("--share")(share) if isinstance(share, str) else share,
        noise=noise,
        hardware=request.hardware,
        n_gpus=request.gpus,
        vocab_size=request.vocab_size,
        context=request.context,
    )
    if target is not None:
        write_table(pilot, target)
    return pilot


def _table_to_write(out: Any, *read: Any) -> File | None:
    """Return where the runs are written; an error where that cannot be, or would overwrite what is read."""
    if out is None:
        return None
    check_text(out, "--out")
    refuse_overwriting(File(out), *(os.fspath(each) for each in read if isinstance(each, str | PurePath)))
    check_writable(File(out))
    return File(out)


def _own(profile: MeasuredCorpus | None, compressibility: float | None) -> PilotCorpus:
    from advisor.laws.text import Text
    from advisor.pilot.pilot import PilotCorpus

    if profile is not None:
        return _known(profile, {})
    if compressibility is None:
        raise UsageError("A pilot is for a corpus: give a corpus, a profile or a compressibility.")
    return PilotCorpus(name="corpus", text=Text(compressibility=compressibility))


def _known(source: Any, reading: Mapping[str, Any]) -> PilotCorpus:
    """Return a corpus as the data rule knows it."""
    from advisor.laws.text import text_of
    from advisor.pilot.pilot import PilotCorpus

    check_source(source, "reference")
    profile: MeasuredCorpus = source if is_profile(source) else scored(os.fspath(source), reading)
    check_match(profile.protocol, DEFAULT_PROTOCOL, "the data rule")
    return PilotCorpus(name=profile.source, text=text_of(profile))
