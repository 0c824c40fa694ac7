"""A recommendation, explained number by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.answer.recommendation import Recommendation
from advisor.explain.answer import explain_corpus, explain_headline
from advisor.explain.cautions import explain_cautions
from advisor.explain.choices import explain_choices, explain_chosen, explain_flat
from advisor.explain.inference import explain_inference
from advisor.explain.laws import explain_others, explain_sensitivity, headline_names, weight_of
from advisor.explain.limited import explain_limited
from advisor.explain.lines import Explanation, Page
from advisor.explain.plan import explain_plan
from advisor.explain.reliance import explain_reliance


def explain_recommendation(
    recommendation: Recommendation, document: Mapping[str, Any] | None = None
) -> tuple[Explanation, ...]:
    """Return where every number of a recommendation's report comes from; ``document`` is its JSON form, if at hand.

    Each formula stands on constants and on the names explained before it.

    >>> from advisor.answer.recommendation import recommend
    >>> from advisor.answer.request import Request
    >>> lines = explain_recommendation(recommend(Request(flops=1e21)))
    >>> next((each.formula, f"{each.value:.3g}") for each in lines if each.key == "headline.n_params")
    ('G*(C/6)**a', '2.78e+09')
    """
    if document is None:
        from advisor.json_form import as_json

        document = as_json(recommendation)
    page = Page(document)
    page.section = "The answer"
    if recommendation.compressibility is not None:
        explain_corpus(page, recommendation)
    head = headline_names(page, recommendation)
    explain_headline(page, recommendation, head)
    at_h, usable = recommendation.candidates.at_h, recommendation.usable
    if at_h is not None and usable is not None:
        weight = weight_of(recommendation, usable.dependence)
        explain_sensitivity(page, at_h, usable.dependence, weight, recommendation.headline.flops)
    page.section = "Every law"
    names = explain_others(page, recommendation, head)
    page.section = "The answer"
    explain_reliance(page, recommendation, names)
    page.section = "Other sizes"
    if recommendation.request.budget is not None:
        explain_chosen(page, recommendation)
    explain_choices(page, recommendation, head)
    explain_flat(page, recommendation, head)
    page.section = "Limited data"
    explain_limited(page, recommendation, names)
    page.section = "Inference"
    explain_inference(page, recommendation, head)
    page.section = "The plan"
    explain_plan(page, recommendation, names)
    page.section = "Cautions"
    explain_cautions(page, recommendation, names)
    return tuple(page.lines)
