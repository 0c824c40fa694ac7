"""``compare``: the answers for several corpora, budgets, or both, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.cautions import Caution
from advisor.errors import UsageError
from advisor.protocol import MeasuredCorpus
from advisor.recommendation import Recommendation, recommend
from advisor.request import Request


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One recommendation for each corpus and budget, the budgets of a corpus together.

    ``cautions`` has each caution once; one that is not every row's begins with the corpus or the budget it is about.
    """

    rows: tuple[Recommendation, ...]
    cautions: tuple[Caution, ...]


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
    rows = tuple(recommend(request, profile=profile) for profile in profiles for request in requests)
    return Comparison(rows=rows, cautions=_shared_once(rows))


def _shared_once(rows: Sequence[Recommendation]) -> tuple[Caution, ...]:
    holders: dict[Caution, list[Recommendation]] = {}
    for row in rows:
        for caution in dict.fromkeys(row.cautions):
            holders.setdefault(caution, []).append(row)
    found = []
    for caution, having in holders.items():
        sources = dict.fromkeys(row.profile.source for row in having if row.profile is not None)
        if len(having) < len(rows) and sources:
            about = ", ".join(sources)
            caution = Caution(code=caution.code, message=f"{about}: {caution.message}")
        found.append(caution)
    return tuple(found)
