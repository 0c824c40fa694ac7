"""The model to train where it also serves: what is minimised, and what it saves."""

from __future__ import annotations

from advisor.answer.inference import SOURCE
from advisor.answer.recommendation import Recommendation
from advisor.explain.lines import SURFACE, LawNames, Page
from advisor.laws.scaling_law import ScalingLaw

_TOKENS = "({B}/({excess} - {A}/N_served**{alpha}))**(1/{beta})"
_MODELS = ((".baseline", "", "{N}", "{D}"), ("", "_served", "N_served", "D_served"))


def explain_inference(page: Page, recommendation: Recommendation, head: LawNames) -> None:
    """Explain the answer that weighs inference."""
    answer, law = recommendation.inference, head.law
    if answer is None or not isinstance(law, ScalingLaw):
        return
    served = answer.inference_tokens
    page.add(
        "T", "inference_tokens", "given: --inference-tokens", key="inference.inference_tokens", inference_tokens=served
    )
    page.add("loss_served", "{loss}", "that of training alone", key="inference.loss_nats_per_token", law=head)
    priced = _prices(page, recommendation)
    training, serving = ("price_training*", "price_serving*") if len(priced) == 2 else ("", "")
    objective = f"{training}6*N_served*{_TOKENS} + {serving}2*N_served*T"
    source = f"{SOURCE}: least {answer.minimised} at equal loss, a bounded search in log N"
    page.add("N_served", f"argmin({objective}, N_served)", source, key="inference.n_params", law=head)
    page.add("D_served", _TOKENS, f"{SURFACE}, solved for the tokens", key="inference.n_tokens", law=head)
    for prefix, tag, n, d in _MODELS:
        at = f"inference{prefix}"
        page.add(f"training_flops{tag}", f"6*{n}*{d}", "C = 6 N D", key=f"{at}.training_flops", law=head)
        page.add(f"inference_flops{tag}", f"2*{n}*T", "2 N a token", key=f"{at}.inference_flops", law=head)
        total = f"training_flops{tag} + inference_flops{tag}"
        page.add(f"total_flops{tag}", total, "their sum", key=f"{at}.total_flops")
        for name in priced:
            part = {"price_training": "training", "price_serving": "inference"}[name]
            cost = f"{name}*{part}_flops{tag}"
            page.add(f"{part}_cost{tag}", cost, "at the price of a FLOP", key=f"{at}.{part}_cost")
        if len(priced) == 2:
            cost = f"training_cost{tag} + inference_cost{tag}"
            page.add(f"total_cost{tag}", cost, "their sum", key=f"{at}.total_cost")
    _what_it_saves(page, head, answer.minimised)


def _what_it_saves(page: Page, head: LawNames, minimised: str) -> None:
    total = f"total_{minimised}"
    page.add("saved", f"max(0, 1 - {total}_served/{total})", "the share that is saved", key="inference.saved_fraction")
    page.add("data_ratio", "D_served/{D}", "tokens over those of training alone", key="inference.data_ratio", law=head)
    optimal = "(N_served/{G})**(1/{a})/N_served"
    source = "tokens over those for which this N is compute-optimal"
    page.add("overtraining", f"D_served/({optimal})", source, key="inference.overtraining_ratio", law=head)
    for name, field in (("N_served", "n_params"), ("D_served", "n_tokens"), ("saved", "saved_fraction")):
        page.interval(name, f"inference.interval80.{field}", head.law)


def _prices(page: Page, recommendation: Recommendation) -> list[str]:
    """Explain what a FLOP costs in training and in serving, where it is priced; return the names of these prices."""
    answer, training = recommendation.inference, recommendation.request.hardware
    serving = None if answer is None else answer.hardware
    found = []
    for name, hardware in (("price_training", training), ("price_serving", serving)):
        value = None if hardware is None else hardware.cost(1.0)
        if hardware is None or value is None:
            continue
        found.append(name)
        page.add(
            name,
            "price/(peak*mfu*3600)",
            f"the cost of a FLOP; peak FLOP/s: {hardware.gpu.source}; price and MFU as given",
            value=value,
            price=hardware.price_per_hour or 0.0,
            peak=hardware.gpu.peak_flops,
            mfu=hardware.mfu,
        )
    return found
