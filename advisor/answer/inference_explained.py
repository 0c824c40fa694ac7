"""The model to train where it also serves, explained: what is minimised, and what it saves."""

from __future__ import annotations

from advisor.answer.inference import SOURCE, InferenceAnswer, ServedModel
from advisor.explanation import Page
from advisor.laws.explained import SURFACE, LawNames, tokens_for
from advisor.laws.scaling_law import ScalingLaw
from advisor.plan.hardware import Hardware, explain_price_of_a_flop

_TOKENS = "({B}/({excess} - {A}/N_served**{alpha}))**(1/{beta})"
_KEY = "inference"


def explain_inference(page: Page, names: LawNames, answer: InferenceAnswer | None, training: Hardware | None) -> None:
    """Explain the answer that weighs inference; ``names`` are the headline law's, ``training`` is what trains."""
    if answer is None or not isinstance(names.law, ScalingLaw):
        return
    served, best = answer.inference_tokens, answer.best
    at = f"{_KEY}.inference_tokens"
    page.add("T", "inference_tokens", "given: --inference-tokens", value=served, key=at, inference_tokens=served)
    at = f"{_KEY}.loss_nats_per_token"
    names.add(page, "loss_served", "{loss}", "that of training alone", value=answer.loss, key=at)
    priced = {"training": training, "serving": answer.hardware}
    for name, hardware in priced.items():
        if hardware is not None:
            explain_price_of_a_flop(page, f"price_{name}", hardware)
    both = best.total_cost is not None
    train, serve = ("price_training*", "price_serving*") if both else ("", "")
    objective = f"{train}6*N_served*{_TOKENS} + {serve}2*N_served*T"
    source = f"{SOURCE}: least {answer.minimised} at equal loss, a bounded search in log N"
    names.add(page, "N_served", f"argmin({objective}, N_served)", source, value=best.n_params, key=f"{_KEY}.n_params")
    source, at = f"{SURFACE}, solved for the tokens", f"{_KEY}.n_tokens"
    names.add(page, "D_served", _TOKENS, source, value=best.n_tokens, key=at)
    _model(page, answer.baseline, "", names.write("{N}"), names.write("{D}"), f"{_KEY}.baseline")
    _model(page, best, "_served", "N_served", "D_served", _KEY)
    _what_it_saves(page, names, answer)


def _model(page: Page, model: ServedModel, tag: str, n: str, d: str, key: str) -> None:
    """Explain what it takes to train a model and to serve with it."""

    def add(name: str, formula: str, source: str, value: float | None) -> None:
        page.add(f"{name}{tag}", formula, source, value=value, key=f"{key}.{name}")

    add("training_flops", f"6*{n}*{d}", "C = 6 N D", model.training_flops)
    add("inference_flops", f"2*{n}*T", "2 N a token", model.inference_flops)
    add("total_flops", f"training_flops{tag} + inference_flops{tag}", "their sum", model.total_flops)
    add("training_cost", f"price_training*training_flops{tag}", "at the price of a FLOP", model.training_cost)
    add("inference_cost", f"price_serving*inference_flops{tag}", "at the price of a FLOP", model.inference_cost)
    add("total_cost", f"training_cost{tag} + inference_cost{tag}", "their sum", model.total_cost)


def _what_it_saves(page: Page, names: LawNames, answer: InferenceAnswer) -> None:
    total, at = f"total_{answer.minimised}", f"{_KEY}.saved_fraction"
    saved = f"max(0, 1 - {total}_served/{total})"
    page.add("saved", saved, "the share that is saved", value=answer.saved, key=at)
    what, at = "tokens over those of training alone", f"{_KEY}.data_ratio"
    names.add(page, "data_ratio", "D_served/{D}", what, value=answer.data_ratio, key=at)
    what, at = "tokens over those for which this N is compute-optimal", f"{_KEY}.overtraining_ratio"
    optimal = tokens_for(names.law, "N_served")
    names.add(page, "overtraining", f"D_served/({optimal})", what, value=answer.overtraining_ratio, key=at)
    if (found := answer.interval80) is not None:
        names.interval(page, "N_served", found.n_params, key=f"{_KEY}.interval80.n_params")
        names.interval(page, "D_served", found.n_tokens, key=f"{_KEY}.interval80.n_tokens")
        names.interval(page, "saved", found.saved, key=f"{_KEY}.interval80.saved_fraction")
