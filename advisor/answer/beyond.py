"""What only some requests ask for beside the optimum: limited data, serving, advice, a pilot.

Each is imported where a request asks for it: each of these modules is a millisecond of every start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from advisor.answer.request import Request
from advisor.caution import Caution
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.laws.scaling_law import Allocation, Law
from advisor.plan.plan import Plan

if TYPE_CHECKING:
    from advisor.answer.inference import InferenceAnswer
    from advisor.answer.repetition.advice import Advice
    from advisor.answer.repetition.limited_data import LimitedData


def about_pilot_of(request: Request, h: float | None) -> tuple[Caution, ...]:
    """Return that the pilot was of another corpus."""
    if request.pilot is None:
        return ()
    from advisor.laws.text import Text
    from advisor.pilot.pilot_file import about_pilot, read_pilot_file

    return tuple(about_pilot(Text(compressibility=h), read_pilot_file(request.pilot)))


def with_limited_data(
    request: Request, profile: MeasuredCorpus | None, law: Law, flops: float, chosen: float | None
) -> tuple[float | None, tuple[LimitedData, ...]]:
    """Return the unique tokens that the request is limited to, and the answers with them; None and () without."""
    if request.unique_tokens is None and not request.use_corpus_size:
        return None, ()
    from advisor.answer.repetition.limited_data import limited_answers, unique_tokens

    unique = unique_tokens(request, profile)
    return unique, limited_answers(request, law, flops, unique, chosen)


def about_limited(limited: tuple[LimitedData, ...]) -> Iterable[Caution]:
    """Return what to beware of in the answers with limited data."""
    if not limited:
        return ()
    from advisor.answer.repetition.cautions import about_limited_data

    return about_limited_data(limited)


def served(request: Request, law: Law, optimum: Allocation) -> InferenceAnswer | None:
    """Return the model that training and serving cost least with; None where nothing is served."""
    if request.inference_tokens is None:
        return None
    from advisor.answer.inference import inference_answer

    return inference_answer(request, law, optimum)


def about_served(serving: InferenceAnswer | None, law: Law, request: Request, plan: Plan) -> Iterable[Caution]:
    """Return what to beware of where the model serves too."""
    if serving is None:
        return ()
    from advisor.answer.inference import about_inference

    return about_inference(serving, law, request, None if plan.cluster is None else plan.cluster.wall_hours)


def advice_of(request: Request, limited: tuple[LimitedData, ...]) -> tuple[Advice, ...]:
    """Return what goes with repeated data, where data are limited or a request asks for it."""
    if not limited and not request.advice:
        return ()
    from advisor.answer.repetition.advice import advice_for

    return advice_for(limited[0].epochs if limited else None, asked=request.advice)
