"""``compare``: the answers for several corpora, budgets, or both, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from advisor.answer.law_choice import CORPORA, DATA_LAWS, depends_on_corpus
from advisor.answer.recommendation import Recommendation, recommend
from advisor.answer.repetition.affordable import MOST_EPOCHS
from advisor.answer.request import Request
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.caution import Caution
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.errors import UsageError
from advisor.quantities import format_amount, format_flops, format_interval, format_quantity, plural
from advisor.results.result import Result, Shown

# Where nobody gives a budget: a small run, one of about 10B parameters, and one of about 100B, two powers of ten apart,
# so that a difference that grows or turns about with the budget is seen.
BUDGETS = (1e20, 1e22, 1e24)
TOO_SMALL = "corpus_too_small"
_BEYOND = (
    f" Above {MOST_EPOCHS:g} epochs no law sees what repetition does: `advisor recommend --use-corpus-size` answers "
    "with what a corpus affords."
)
# What the document of a comparison has of each recommendation (see ``advisor.json_form``).
ROW_FORM = (
    *("corpus=profile.source", "mixture", "compressibility", "ci95=profile.ci95"),
    *("bytes_per_token=profile.bytes_per_token", "estimated_tokens=profile.estimated_tokens"),
    *("flops=headline.flops", "headline", "limited_data", "units"),
)


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """The corpus that compresses best beside the one that compresses least, at one budget.

    Attributes:
        corpus: its source.
        other: ... and the other's.
        compressibility: its H.
        other_compressibility: ... and the other's.
        apart: whether these differ by more than the errors of their samples, 95 %; None where an interval is not known.
        flops: the budget.
        times_params: N of ``corpus`` over that of ``other``.
        times_tokens: ... and D.
        params_apart: whether the 80 % intervals of N keep apart; None where a law has none.
    """

    corpus: str
    other: str
    compressibility: float
    other_compressibility: float
    apart: bool | None
    flops: float
    times_params: float
    times_tokens: float
    params_apart: bool | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Comparison(Result):
    """One recommendation for each corpus and budget, the budgets of a corpus together.

    ``contrast`` is None where there are not two corpora of which H is known. ``cautions`` has each caution once; one
    that is not every row's begins with the corpus or the budget it is about.
    """

    rows: tuple[Recommendation, ...]
    contrast: Contrast | None
    cautions: tuple[Caution, ...]

    JSON = (("rows", ROW_FORM), "contrast", "cautions")
    ROWS = "rows"

    @property
    def in_brief(self) -> str:
        """How many corpora and budgets there are."""
        named = [", ".join(names) for names in (_sources(self.rows), _budgets(self.rows)) if names]
        return f"{plural(len(self.rows), 'answer')}: {' at '.join(named)}"

    def shown(self) -> Shown:
        """Return a row for each corpus and budget."""
        header = ("corpus", "H", "FLOPs", "N", "80 %", "D")
        return Shown(header, [_shown(row) for row in self.rows], [each.message for each in self.cautions])


def _shown(row: Recommendation) -> tuple[str, ...]:
    found = row.headline
    return (
        "" if row.profile is None else row.profile.source,
        "" if row.compressibility is None else f"{row.compressibility:.3f}",
        format_flops(found.flops),
        format_quantity(found.n_params),
        format_interval(None if found.interval80 is None else found.interval80.n_params),
        format_quantity(found.n_tokens),
    )


def compare(requests: Sequence[Request], profiles: Sequence[MeasuredCorpus | None] = (None,)) -> Comparison:
    """Return the recommendation for each of ``profiles`` under each of ``requests``; None stands for no corpus.

    >>> rows = compare([Request(flops=1e20), Request(flops=1e21)]).rows
    >>> [f"{row.headline.n_params:.2e}" for row in rows]
    ['8.55e+08', '2.78e+09']

    Raises:
        UsageError: there are not two rows to compare, or a request contradicts itself.
    """
    if len(requests) * len(profiles) < 2:
        raise UsageError("There is one answer and nothing to compare it with: name two SOURCES, or give --flops twice.")
    for request in requests if None in profiles else ():
        given = (request.compressibility, request.bytes_per_token)
        if request.law in (*DATA_LAWS, *LAW_NAMES) and given == (None, None):
            raise depends_on_corpus(request.law, CORPORA)
    rows = tuple(recommend(request, profile=profile) for profile in profiles for request in requests)
    return Comparison(rows=rows, contrast=_contrast(rows), cautions=(*_twice(profiles), *_shared_once(rows)))


def _contrast(rows: Sequence[Recommendation]) -> Contrast | None:
    """Return the contrast at the middle budget."""
    budgets = list(dict.fromkeys(row.headline.flops for row in rows))
    budget = sorted(budgets)[len(budgets) // 2]
    here = [row for row in rows if row.headline.flops == budget and row.profile is not None]
    if len({row.profile.source for row in here if row.profile is not None}) < 2:
        return None
    best = min(here, key=lambda row: row.profile.median if row.profile else math.inf)
    least = max(here, key=lambda row: row.profile.median if row.profile else -math.inf)
    if best.profile is None or least.profile is None or best is least:
        return None
    return Contrast(
        corpus=best.profile.source,
        other=least.profile.source,
        compressibility=best.profile.median,
        other_compressibility=least.profile.median,
        apart=_apart(best.profile, least.profile),
        flops=budget,
        times_params=best.headline.n_params / least.headline.n_params,
        times_tokens=best.headline.n_tokens / least.headline.n_tokens,
        params_apart=_keep_apart(best, least),
    )


def _apart(one: MeasuredCorpus, other: MeasuredCorpus) -> bool | None:
    """Return whether two H differ by more than their errors do: half their intervals, as squares."""
    if one.ci95 is None or other.ci95 is None:
        return None
    halves = [(high - low) / 2 for low, high in (one.ci95, other.ci95)]
    return abs(one.median - other.median) > math.hypot(*halves)


def _keep_apart(one: Recommendation, other: Recommendation) -> bool | None:
    """Return whether the 80 % intervals of N have nothing in common."""
    if one.headline.interval80 is None or other.headline.interval80 is None:
        return None
    (low, high), (least, most) = one.headline.interval80.n_params, other.headline.interval80.n_params
    return high < least or most < low


def _twice(profiles: Sequence[MeasuredCorpus | None]) -> Iterator[Caution]:
    """Yield that a corpus is named more than once."""
    sources = [profile.source for profile in profiles if profile is not None]
    for source in dict.fromkeys(sources):
        if sources.count(source) > 1:
            yield Caution(
                code="source_repeated",
                message=f"{source} is named {sources.count(source)} times: its rows are the same corpus.",
            )


def _shared_once(rows: Sequence[Recommendation]) -> tuple[Caution, ...]:
    holders: dict[Caution, list[Recommendation]] = {}
    for row in rows:
        for caution in dict.fromkeys(row.cautions):
            if caution.code != TOO_SMALL:
                holders.setdefault(caution, []).append(row)
    found = []
    for caution, having in holders.items():
        about = _told_apart(having, rows)
        if not caution.message.startswith(about):
            caution = Caution(code=caution.code, message=f"{about}: {caution.message}")
        found.append(caution)
    return (*found, *_too_small(rows))


def _told_apart(having: Sequence[Recommendation], rows: Sequence[Recommendation]) -> str:
    """Return the corpora, or else the budgets, of the rows that a caution is about; nothing where that is all."""
    for names in (_sources, _budgets):
        if len(names(having)) < len(names(rows)):
            return ", ".join(names(having))
    return ""


def _sources(rows: Sequence[Recommendation]) -> list[str]:
    return list(dict.fromkeys(row.profile.source for row in rows if row.profile is not None))


def _budgets(rows: Sequence[Recommendation]) -> list[str]:
    return list(dict.fromkeys(f"{format_flops(row.headline.flops)} FLOPs" for row in rows))


def _too_small(rows: Sequence[Recommendation]) -> Iterator[Caution]:
    """Yield one caution for all corpora that are smaller than what is asked for, with the range of epochs of each."""
    epochs: dict[str, list[float]] = {}
    sizes: dict[str, float | None] = {}
    for row in rows:
        small = any(caution.code == TOO_SMALL for caution in row.cautions)
        if small and row.profile is not None and row.headline.epochs is not None:
            epochs.setdefault(row.profile.source, []).append(row.headline.epochs)
            sizes[row.profile.source] = row.profile.estimated_tokens
    if epochs:
        each = "; ".join(
            f"{source}, about {format_quantity(sizes[source] or 0.0)} tokens, {_range(found)} epochs"
            for source, found in epochs.items()
        )
        beyond = _BEYOND if max(map(max, epochs.values())) > MOST_EPOCHS else ""
        yield Caution(code=TOO_SMALL, message=f"Less data than is asked for: {each}.{beyond}")


def _range(epochs: Sequence[float]) -> str:
    low, high = format_amount(min(epochs)), format_amount(max(epochs))
    return low if low == high else f"{low} to {high}"
