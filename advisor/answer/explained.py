"""A recommendation, explained number by number: each part by what computes it, in the order of the report."""

from __future__ import annotations

from advisor.answer.cautions_explained import explain_cautions
from advisor.answer.flat_region import explain_flat_region
from advisor.answer.inference_explained import explain_inference
from advisor.answer.law_choice import DATA, DATA_LAWS
from advisor.answer.recommendation import Recommendation
from advisor.answer.reliance import explain_reliance, explain_wrong
from advisor.answer.repetition.limited_data_explained import explain_limited_data
from advisor.answer.repetition.sizes_explained import explain_limited_laws, explain_limited_sizes, limited_tag
from advisor.answer.row_explained import explain_bytes_of, explain_headline, explain_other, explain_sizes
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.calibrations.laws_in_h_explained import explain_law, explain_sensitivity
from advisor.compressibility.score import explain_profile
from advisor.compressibility.units import explain_units
from advisor.explanation import Explanation, Page, leading_to
from advisor.laws.data_rule_explained import explain_data_law
from advisor.laws.explained import LawNames, names_of
from advisor.laws.scaling_law import Law, ScalingLaw
from advisor.laws.text import SLOPE_H
from advisor.plan.plan import explain_plan


def explain_recommendation(recommendation: Recommendation) -> tuple[Explanation, ...]:
    """Return where every number of a recommendation's report comes from.

    Each formula stands on constants and on the names explained before it.

    >>> from advisor.answer.recommendation import recommend
    >>> from advisor.answer.request import Request
    >>> lines = explain_recommendation(recommend(Request(flops=1e21)))
    >>> next((each.formula, f"{each.value:.3g}") for each in lines if each.key == "headline.n_params")
    ('G*(C/6)**a', '2.78e+09')
    """
    return _explained(recommendation)[0]


def explain_recommended(recommendation: Recommendation) -> tuple[Explanation, ...]:
    """Return how the N and D that are recommended come about: what they stand on of all explanations, in order."""
    lines, formulas = _explained(recommendation)
    return leading_to(lines, formulas)


def _explained(r: Recommendation) -> tuple[tuple[Explanation, ...], tuple[str, str]]:
    """Return all explanations, and the formulas of the N and D that are recommended."""
    request = r.request
    page = Page("The answer")
    head = _explain_answer(page, r)
    page.section = "Every law"
    names = {r.headline.law: head}
    for i, law in enumerate(r.candidates.others, 1):
        names[law.name] = _names(page, r, law, headline=False)
        explain_other(page, head, names[law.name], r.laws[i], i)
    page.section = "The answer"
    explain_reliance(page, r.reliance, r.headline.flops, head, names.get("chinchilla"))
    if (found := r.corpus_loss) is not None:
        what = "advisor/calibrations/corpus_loss.py: the law gzip of the calibration six-corpora at this budget"
        page.take("corpus_loss", "computed", what, value=found.loss, key="corpus_loss.loss_nats_per_token")
        for i, end in enumerate(("low", "high")):
            at = f"corpus_loss.interval80.loss_nats_per_token[{i}]"
            page.take(f"corpus_loss_{end}", "computed", f"{what}, 80 % of its draws", value=found.interval80[i], key=at)
        at, value = "corpus_loss.loss_bits_per_byte", found.bits_per_byte
        page.take("corpus_bits", "computed", f"{what}, over ln 2 and bytes per token", value=value, key=at)
        at = "corpus_loss.left_out_error_ln_loss"
        page.take("corpus_loss_missed", "computed", f"{what}, corpora left out", value=found.left_out, key=at)
    if r.wrong is not None and "chinchilla" in names:
        explain_wrong(page, r.wrong, r.headline.flops, head, names["chinchilla"], key="wasted_fraction_if_wrong")
    page.section = "Other sizes"
    explain_sizes(page, head, r.headline, request, r.neighbours, r.choice)
    if r.units is not None:
        explain_bytes_of(page, [*map(str, range(len(r.neighbours)))], r.neighbours, r.units.bytes_per_token)
        explain_bytes_of(page, ["choice"], [r.choice] if r.choice else [], r.units.bytes_per_token)
    explain_flat_region(page, head, r.flat, r.headline)
    page.section = "Limited data"
    explain_limited_data(page, r.limited, request.unique_tokens, names, request.hardware)
    if r.limited:
        explain_limited_sizes(page, names[r.limited[0].law], r.limited[0], r.limited_sizes, request.hardware)
        explain_limited_laws(page, names, r.limited, r.limited_laws)
    page.section = "Inference"
    explain_inference(page, head, r.inference, request.hardware)
    page.section = "The plan"
    trained = _trained(r, names)
    explain_plan(page, r.plan, *trained)
    page.section = "Cautions"
    explain_cautions(
        page,
        {caution.code for caution in r.cautions},
        laws=r.laws,
        ranges=r.candidates.headline.ranges,
        names=names,
        limited=r.limited,
        serving=r.inference,
        hardware=request.hardware,
        plan=r.plan,
        hours=request.hours,
    )
    if r.plan.shape is None:
        page.take("V", "known", "given, or the default", value=r.plan.vocab_size)
    return tuple(page.lines), trained


def _explain_answer(page: Page, r: Recommendation) -> LawNames:
    """Explain the corpus, the headline, its data in bytes and how it moves with H; return its law's names."""
    if r.profile is not None:
        explain_profile(page, r.profile)
    elif (h := r.compressibility) is not None:
        page.add("H", "H_given", "given: --compressibility", value=h, key="compressibility", H_given=h)
    head = _names(page, r, r.candidates.headline, headline=True)
    explain_headline(page, head, r.headline, r.request, _size_of_corpus(page, r))
    explain_units(page, r.units)
    if r.shift is not None and r.sensitivity is not None:
        slope, what = r.sensitivity.dlnN_dH, "the derivative of the data rule in H"
        rules = 2 if r.shift.by_t is not None else 1
        formula = "shown*slope_H/n_rules"
        key = "sensitivity.dlnN_dH"
        page.add("dlnN_dH", formula, what, value=slope, key=key, slope_H=SLOPE_H, n_rules=rules)
    if r.candidates.at_h is not None and r.usable is not None:
        dependence, epsilon = r.usable.dependence, r.request.epsilon
        explain_sensitivity(page, r.candidates.at_h, dependence, epsilon, r.headline.flops)
    return head


def _size_of_corpus(page: Page, r: Recommendation) -> str | None:
    """Return the name of the corpus's tokens, as the training tokenizer counts them; None where they are not known."""
    if r.profile is None or r.seen is r.profile or r.seen is None or r.seen.estimated_tokens is None:
        return None if r.profile is None else "corpus_tokens"
    what, trained = "the same text in tokens of the training tokenizer", r.seen.bytes_per_token or 1.0
    formula, value = "corpus_tokens*bytes_per_token/T_trained", r.seen.estimated_tokens
    page.add("corpus_tokens_trained", formula, what, value=value, T_trained=trained)
    return "corpus_tokens_trained"


def _names(page: Page, r: Recommendation, law: Law, *, headline: bool) -> LawNames:
    """Return a law's names; explain its parameters first where they are lines in H."""
    if law.name in DATA_LAWS and isinstance(law, ScalingLaw):
        text = r.candidates.text if law.name == DATA else r.candidates.text.bytes_alone
        return explain_data_law(page, law, text, r.candidates.flops, headline=headline)
    if r.usable is None or law.name not in LAW_NAMES or not isinstance(law, ScalingLaw):
        return names_of(law, headline=headline)
    return explain_law(page, law, r.usable.dependence, r.request.epsilon, headline=headline)


def _trained(r: Recommendation, names: dict[str, LawNames]) -> tuple[str, str]:
    """Return the formulas of the N and D that the plan trains."""
    tag = limited_tag(names[r.limited[0].law]) if r.limited else ""
    return {
        "headline": ("N", "D"),
        "choice": ("N_choice", f"D_choice{tag}" if tag else "C/(6*N_choice)"),
        "inference": ("N_served", "D_served"),
        "limited_data": (f"N{tag}", f"D{tag}"),
    }[r.plan.of]
