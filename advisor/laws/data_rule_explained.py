"""The data rule, explained: how far a corpus and a tokenizer move the optimum, and the law that this makes."""

from __future__ import annotations

import math

from advisor.explanation import Page, file_of, used_in
from advisor.laws.data_rule import LARGEST, SD_OF_80, SETTLED, Shift, growth_of_shown, shift_at
from advisor.laws.explained import LawNames, names_of
from advisor.laws.parameters import NAMES
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import ScalingLaw
from advisor.laws.text import (
    LIMITS_H,
    LIMITS_T,
    SIX_CORPORA,
    SLOPE_H,
    SLOPE_T,
    SLOPE_TOKENIZER,
    TOKENIZERS,
    WEB_H,
    WEB_T,
    Text,
)

_RULE = file_of("advisor.laws.data_rule")


def explain_data_law(page: Page, law: ScalingLaw, text: Text, flops: float, *, headline: bool) -> LawNames:
    """Explain the parameters of a law of the data rule at the budget ``flops``; return its names."""
    names, base, shift = names_of(law, headline=headline, explained=True), chinchilla(), shift_at(text, flops)
    tag = names.suffix
    _explain_shift(page, text, shift, flops, tag, key="shift" if headline else None)
    formulas = {
        "A": f"base_A*exp(base_alpha*shift{tag})",
        "B": f"base_B*exp(-base_beta*shift{tag})",
    }
    known = {f"base_{name}": getattr(base, name) for name in NAMES}
    for name in NAMES:
        formula = formulas.get(name, f"base_{name}")
        source = f"{base.source}, moved so that the least loss of a budget stays: {_RULE}"
        names.add(page, f"{{{name}}}", formula, source, value=getattr(law, name), known=used_in(known, formula))
    return names


def _explain_shift(page: Page, text: Text, shift: Shift, flops: float, tag: str, *, key: str | None) -> None:
    """Explain the move of ln N* and its interval."""

    def at(field: str) -> str | None:
        return None if key is None else f"{key}.{field}"

    shown = "max(0, 1 + growth*log(min(budget, largest)/settled))"
    known = {"growth": growth_of_shown(flops), "largest": LARGEST, "settled": SETTLED, "budget": flops}
    source = f"how much of the gap between corpora this budget shows: {_RULE}, from {SIX_CORPORA}"
    page.add(f"shown{tag}", shown, source, value=shift.shown, key=at("shown_fraction"), known=known)
    parts = []
    if (h := text.compressibility) is not None:
        known = {"slope_H": SLOPE_H, "H_web": WEB_H, "H_measured": h, "least": LIMITS_H[0], "most": LIMITS_H[1]}
        formula = f"shown{tag}*slope_H*(min(max(H_measured, least), most) - H_web)"
        page.add(f"by_H{tag}", formula, f"{_RULE}: H", value=shift.by_h, key=at("by.compressibility"), known=known)
        parts.append(f"by_H{tag}")
    if (t := text.bytes_per_token) is not None and shift.by_t is not None:
        known = {"slope_T": SLOPE_T, "T_web": WEB_T, "T_measured": t, "least": LIMITS_T[0], "most": LIMITS_T[1]}
        formula = f"shown{tag}*slope_T*log(min(max(T_measured, least), most)/T_web)"
        what = f"{_RULE}: bytes per token"
        page.add(f"by_T{tag}", formula, what, value=shift.by_t, key=at("by.bytes_per_token"), known=known)
        parts.append(f"by_T{tag}")
    terms = [f"({' + '.join(parts)})/{len(parts)}"] if parts else []
    if text.measured is not None:
        what = (
            f"advisor/laws/measured_shift.py: a pilot's {text.measured.log_n:+.3f} at {text.measured.flops:.3g} FLOPs"
        )
        page.take(f"by_pilot{tag}", "measured", what, value=shift.corpus, key=None)
        terms = [f"by_pilot{tag}"]
    if (trained := text.trained_bytes_per_token) is not None:
        known = {"slope": SLOPE_TOKENIZER, "T_trained": trained, "T_corpus": text.reference_bytes_per_token}
        what = f"{TOKENIZERS}: bytes for each parameter stay"
        formula = "slope*log(T_trained/T_corpus)"
        page.add(f"by_tokenizer{tag}", formula, what, value=shift.tokenizer, key=at("by.tokenizer"), known=known)
        terms.append(f"by_tokenizer{tag}")
    what = "the move of ln N* from Chinchilla's"
    page.add(f"shift{tag}", " + ".join(terms) or "0", what, value=shift.log_n, key=at("ln_n_params"))
    if key is None:
        return
    page.add("factor", "exp(shift)", "N* over Chinchilla's", value=shift.factor, key=at("n_params_factor"))
    for field, name, part in (
        ("by_H", "factor_by_H", shift.by_h),
        ("by_T", "factor_by_T", shift.by_t),
        ("by_tokenizer", "factor_by_tokenizer", shift.tokenizer if trained is not None else None),
    ):
        page.add(name, f"exp({field})", "this rule alone", value=None if part is None else math.exp(part))
    for i, (name, sd) in enumerate(shift.sds.items()):
        page.take(f"sd_{i}", "judged", f"{name}: docs/data_rule.md", value=sd, key=f"{key}.ln_n_params_sd_parts.{name}")
    squares = " + ".join(f"sd_{i}**2" for i in range(len(shift.sds)))
    page.add("sd_shift", f"({squares})**.5", "independent parts", value=shift.sd, key=at("ln_n_params_sd"))
    for i, (end, sign, value) in enumerate(zip(("low", "high"), "-+", shift.factor_interval, strict=True)):
        formula, what = f"exp(shift {sign} z*sd_shift)", "central 80 % of a normal"
        page.add(f"factor_{end}", formula, what, value=value, key=f"{key}.interval80.n_params_factor[{i}]", z=SD_OF_80)
