"""``recommend``: a request, and perhaps a corpus's profile, to an allocation with everything needed to judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from advisor.answer.beyond import about_limited, about_pilot_of, about_served, advice_of, served, with_limited_data
from advisor.answer.cautions import about_answers, about_choice, about_loss, about_request, about_supply
from advisor.answer.flat_region import FlatRegion, flat_region
from advisor.answer.law_cautions import about_laws
from advisor.answer.law_choice import Candidates, calibration_for, choose_laws, known_of
from advisor.answer.recommended import Recommended, loss_by_law, recommended
from advisor.answer.reliance import Reliance, WrongChoice, about_reliance, reliance_of, wrong_choice
from advisor.answer.request import Request
from advisor.answer.row import NEIGHBOURS, Answer, Choice, Sheet, best_allocation, check_whole, chosen_params
from advisor.calibrations.coefficients import Calibration, Coefficients
from advisor.calibrations.installed import available
from advisor.calibrations.laws_in_h import LAW_NAMES, Sensitivity
from advisor.calibrations.own_base import based_on
from advisor.caution import Caution, warnings_first
from advisor.compressibility.protocol import (
    DEFAULT_PROTOCOL,
    MEASURED_FORM,
    MeasuredCorpus,
    Protocol,
    check_match,
    difference,
)
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import UsageError
from advisor.laws.data_rule import Shift, slope_in_h
from advisor.laws.scaling_law import Allocation, Count, Law, ScalingLaw
from advisor.plan.plan import Plan, PlanOf, about_plan, data_units, make_plan
from advisor.quantities import format_flops, format_interval, format_quantity
from advisor.results.result import Result, Shown

# What only some requests ask for is imported where they do: each of these modules is a millisecond of every start.
if TYPE_CHECKING:
    from advisor.answer.inference import InferenceAnswer
    from advisor.answer.repetition.advice import Advice
    from advisor.answer.repetition.by_law import LimitedLaw
    from advisor.answer.repetition.limited_data import LimitedData
    from advisor.answer.repetition.sizes import LimitedChoice
    from advisor.calibrations.corpus_loss import CorpusLoss
    from advisor.compressibility.units import TokenCount, Units


@dataclass(frozen=True, kw_only=True, repr=False)
class Recommendation(Result):
    """The answer to a request: ``laws`` has every law that applies, the headline first, for the same budget.

    ``choice`` weighs the parameters or tokens that were given beside a budget, ``neighbours`` the optimum's N times
    1/3, 1/2, 1, 2 and 3, ``flat`` has all sizes that do nearly as well; none exists where the headline law predicts no
    loss. ``limited`` is the answer with limited unique tokens, the law to follow first, and empty where nothing
    limits them. ``inference`` weighs serving too, and ``advice`` is what goes with repeated data.
    ``shift`` is how far the corpus and the tokenizer move the headline where it is the data rule's, and ``wrong`` what
    following it or Chinchilla costs where the other is right; its losses are web text's, and ``corpus_loss`` is what
    the lines of six corpora predict for this one.
    ``recommended`` is what to follow: what the plan trains, with how sure it is and why.
    ``units`` is the headline's data in bytes. ``plan`` is how to train what the request leads to: the user's choice
    where there is one, else the model that serves, else the answer with limited data, else the headline.
    ``candidates`` are the laws behind ``laws``, ``usable`` the calibration that the data-dependent ones draw on,
    ``seen`` the profile in the headline's tokens, ``coefficients`` the calibrations there are.
    """

    request: Request
    profile: MeasuredCorpus | None
    compressibility: float | None
    calibration: str | None
    recommended: Recommended
    headline: Answer
    laws: tuple[Answer, ...]
    choice: Choice | None
    neighbours: tuple[Choice, ...]
    flat: FlatRegion | None
    limited: tuple[LimitedData, ...]
    inference: InferenceAnswer | None
    advice: tuple[Advice, ...]
    sensitivity: Sensitivity | None
    reliance: Reliance | None
    shift: Shift | None
    wrong: WrongChoice | None
    units: Units | None
    plan: Plan
    cautions: tuple[Caution, ...]
    candidates: Candidates
    usable: Calibration | None
    seen: MeasuredCorpus | None
    coefficients: Coefficients

    JSON = (
        *("request", "compressibility", ("profile", MEASURED_FORM), "calibration", "recommended", "headline"),
        *("laws", "choice"),
        *("neighbours", "flat_region=flat", "-limited", "limited_data", "inference", "advice", "sensitivity"),
        *("reliance", "shift", "wasted_fraction_if_wrong=wrong", "corpus_loss", "units", "plan", "cautions"),
        *("-candidates", "-usable", "-seen", "-coefficients"),
    )

    ROWS = "laws"

    @property
    def in_brief(self) -> str:
        """What to follow: parameters, tokens, budget and law."""
        found = self.recommended
        return (
            f"{format_quantity(found.n_params)} parameters on {format_quantity(found.n_tokens)} tokens for "
            f"{format_flops(self.headline.flops)} FLOPs ({found.law})"
        )

    def shown(self) -> Shown:
        """Return what to follow with its intervals, why, and what to mind."""
        found = self.recommended
        bounds = found.interval80
        rows = [
            (
                f"Parameters N, {found.count}",
                format_quantity(found.n_params),
                None if bounds is None else bounds.n_params,
            ),
            ("Training tokens D", format_quantity(found.n_tokens), None if bounds is None else bounds.n_tokens),
            ("Tokens per parameter", f"{found.tokens_per_param:.3g}", None),
        ]
        mind = [each.message for each in warnings_first(self.cautions) if each.severity == "warning"]
        return Shown(
            ("", "", "80 % interval"), [(*row, format_interval(ends)) for *row, ends in rows], (found.why, *mind)
        )

    def document(self) -> Mapping[str, Any]:
        """Return the document; --explain alone fills the last two of its keys."""
        return {**super().document(), "explanations": None, "explanation_functions": None}

    @property
    def mixture(self) -> tuple[dict[str, str | float], ...] | None:
        """The corpora of a mixture with their shares; None where one corpus was measured, or none."""
        return getattr(self.profile, "parts", None)

    @cached_property
    def corpus_loss(self) -> CorpusLoss | None:
        """The loss of this corpus by the lines of six corpora, where the headline's is that of web text."""
        text = self.candidates.headline_text
        if self.shift is None or text.compressibility is None:
            return None
        from advisor.calibrations.corpus_loss import corpus_loss  # only --full and --json ask for it

        return corpus_loss(self.coefficients, text.compressibility, self.candidates.flops, text.bytes_per_token)

    @property
    def loss_is_of_corpus(self) -> bool:
        """Whether the headline's losses are near those of this corpus: the data rule's are those of web text."""
        return self.shift is None or self.candidates.headline_text.like_web_text

    @property
    def limited_data(self) -> dict[str, Any] | None:
        """The answers with limited unique tokens, other sizes and every law; None where nothing limits the data."""
        if not self.limited:
            return None
        unique, sizes, laws = self.limited[0].unique_tokens, self.limited_sizes, self.limited_laws
        return {"unique_tokens": unique, "answers": self.limited, "sizes": sizes, "laws": laws}

    @cached_property
    def limited_sizes(self) -> tuple[LimitedChoice, ...]:
        """What sizes around the best do with limited data, by the law to follow; none where nothing limits them."""
        if not self.limited:
            return ()
        from advisor.answer.repetition.sizes import sizes_around  # a tenth of a second: only who asks for it pays

        best, headline = self.limited[0], self.candidates.headline
        base = next(law for law in (headline, *self.candidates.others) if law.name == best.law)
        assert isinstance(base, ScalingLaw)
        return sizes_around(base, best, self.request.hardware)

    @cached_property
    def limited_laws(self) -> tuple[LimitedLaw, ...]:
        """What every law recommends with limited data, the one to follow first; none where nothing limits them."""
        if not self.limited:
            return ()
        from advisor.answer.repetition.by_law import by_law

        best, laws = self.limited[0], (self.candidates.headline, *self.candidates.others)
        return by_law(laws, best.flops, best.unique_tokens, first=best.law)


def recommend(
    request: Request, *, profile: MeasuredCorpus | None = None, counted: TokenCount | None = None
) -> Recommendation:
    """Return the compute-optimal allocation that ``request`` asks for, beside what every other law says.

    ``profile`` is a corpus's measured compressibility, in place of ``request.compressibility``; ``counted``, from
    ``count_tokens``, gives the data in tokens of another tokenizer too.

    >>> answer = recommend(Request(flops=1e21))
    >>> answer.headline.law, round(answer.headline.n_params / 1e9, 2), round(answer.headline.tokens_per_param, 1)
    ('chinchilla', 2.78, 21.5)

    Raises:
        UsageError: the request contradicts itself.
        ProtocolMismatchError: the profile was measured in another way than the calibration.
        CoefficientsError: the coefficients cannot be read, or cannot answer at this compressibility.
        LawError: the law cannot answer, such as a target loss below its floor.
    """
    if not isinstance(request, Request):
        raise UsageError(f"request must be an advisor.Request(flops=1e21) or the like, not {type(request).__name__}.")
    if profile is not None and request.compressibility is not None:
        raise UsageError("The compressibility is given twice: by --compressibility and by the corpus's profile.")
    coefficients = available(request.coefficients)
    calibration = calibration_for(request.law, coefficients, request.calibration)
    if calibration is not None:
        calibration = based_on(calibration, request.base)
    h = profile.median if profile is not None else request.compressibility
    protocol = profile.protocol if profile is not None else DEFAULT_PROTOCOL if h is not None else None
    usable = _usable(calibration, protocol, request)
    candidates = choose_laws(request, usable, known_of(request, profile, counted))
    if request.epsilon is not None and candidates.at_h is None:
        raise UsageError(
            "--epsilon weighs a calibration against its base, and the headline here is no law of one: name a "
            "calibration with --calibration or --coefficients, or a law, --law anchored or blend."
        )
    if request.base is not None and candidates.at_h is None:
        raise UsageError(
            "--base is what the laws of a calibration start from, and the headline here is no law of one: name a "
            "calibration with --calibration or --coefficients, or a law, --law anchored or blend."
        )

    law = candidates.headline
    optimum = check_whole(best_allocation(law, request))
    flops = request.budget or optimum.flops
    seen, tokens_of = _as_trained(profile, candidates, counted)
    chosen = chosen_params(request, flops)
    unique, limited = with_limited_data(request, seen, law, flops, chosen)
    serving = served(request, law, optimum)
    sheet = Sheet(request=request, headline=law, flops=flops, profile=seen, unique_tokens=unique)
    headline = sheet.answer(law, optimum)
    of, count, n_params, n_tokens = _to_train(law, headline, chosen, serving, limited)
    check_whole(Allocation(n_params=n_params, n_tokens=n_tokens))
    plan = make_plan(
        of=of,
        count=count,
        n_params=n_params,
        n_tokens=n_tokens,
        vocab_size=request.vocab_size,
        context=request.context,
        hardware=request.hardware,
        n_gpus=request.gpus,
        profile=seen,
        counted=counted,
        tokens_of=tokens_of,
    )
    choice = sheet.choice(chosen)
    tokenizer = None if protocol is None else protocol.tokenizer
    reliance = reliance_of(candidates, usable, request, flops, tokenizer)
    laws = (headline, *(sheet.answer(other, other.frontier(flops)) for other in candidates.others))
    return Recommendation(
        request=request,
        profile=profile,
        compressibility=h,
        calibration=usable.name if usable is not None and candidates.at_h is not None else None,
        recommended=recommended(
            plan,
            headline=headline,
            choice=choice,
            limited=limited,
            serving=serving,
            shift=candidates.shift,
            loss_known=candidates.shift is None or candidates.headline_text.like_web_text,
        ),
        headline=headline,
        laws=laws,
        choice=choice,
        neighbours=tuple(
            c for factor in NEIGHBOURS.values() if (c := sheet.neighbour(factor * optimum.n_params)) is not None
        ),
        flat=flat_region(law, flops),
        limited=limited,
        inference=serving,
        advice=advice_of(request, limited),
        sensitivity=_sensitivity(candidates),
        reliance=reliance,
        shift=candidates.shift,
        wrong=None if candidates.shift is None else wrong_choice(law, flops),
        units=data_units(optimum.n_params, optimum.n_tokens, seen, counted, tokens_of),
        plan=plan,
        cautions=(
            *(profile.cautions if profile is not None else ()),
            *about_request(request, coefficients, calibration, protocol),
            *about_plan(plan, hours=request.hours, budget=request.budget),
            *about_laws(candidates, usable, h, request),
            *about_pilot_of(request, h),
            *about_reliance(reliance),
            *about_answers(candidates, headline, laws, None if unique else seen, plan.flops),
            *about_loss(loss_by_law(plan, headline, choice, limited, serving)),
            *about_limited(limited),
            *about_choice(law, chosen),
            *about_served(serving, law, request, plan),
            *about_supply(unique or max(headline.n_tokens, 0.0 if serving is None else serving.best.n_tokens), unique),
        ),
        candidates=candidates,
        usable=usable if candidates.at_h is not None else None,
        seen=seen,
        coefficients=coefficients,
    )


def _as_trained(
    profile: MeasuredCorpus | None, candidates: Candidates, counted: TokenCount | None
) -> tuple[MeasuredCorpus | None, str]:
    """Return the corpus in the headline's tokens, and whose they are: the training tokenizer's under the data rule."""
    trained = candidates.headline_text.trained_bytes_per_token
    if candidates.shift is None or trained is None:
        return profile, DEFAULT_TOKENIZER
    from advisor.compressibility.units import in_tokens_of

    name = "the training tokenizer" if counted is None else counted.tokenizer
    return (None if profile is None else in_tokens_of(profile, trained)), name


def _sensitivity(candidates: Candidates) -> Sensitivity | None:
    """Return how H moves the headline: by the calibration's lines or by the data rule."""
    if candidates.at_h is not None:
        return candidates.at_h.sensitivity(candidates.flops)
    if candidates.shift is None or (slope := slope_in_h(candidates.headline_text, candidates.flops)) is None:
        return None
    return Sensitivity(dlnN_dH=slope, flip_flops=None)


def _to_train(
    law: Law,
    headline: Answer,
    chosen: float | None,
    serving: InferenceAnswer | None,
    limited: tuple[LimitedData, ...],
) -> tuple[PlanOf, Count, float, float]:
    """Return which part of the answer is to be trained, which parameters its N counts, N and D."""
    if chosen is not None:
        if limited and (own := limited[0].choice) is not None:
            return "choice", limited[0].count, own.n_params, own.n_tokens
        return "choice", law.count, chosen, headline.flops / (6 * chosen)
    if serving is not None:
        return "inference", law.count, serving.best.n_params, serving.best.n_tokens
    if limited:
        return "limited_data", limited[0].count, limited[0].n_params, limited[0].n_tokens
    return "headline", law.count, headline.n_params, headline.n_tokens


def _usable(calibration: Calibration | None, protocol: Protocol | None, request: Request) -> Calibration | None:
    """Return the calibration if the compressibility at hand was measured as it was.

    A mismatch is an error where the answer would depend on the calibration; with another --law it is left out.
    """
    if calibration is None or protocol is None:
        return calibration
    if request.law is None or request.law in LAW_NAMES:
        check_match(protocol, calibration.protocol, f"the calibration {calibration.name}")
    return None if difference(protocol, calibration.protocol) else calibration
