"""How what a data-dependent headline rests on looks: a few labelled lines, and a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.quantities import format_flops
from advisor.report.text import percent

if TYPE_CHECKING:
    from advisor.answer.reliance import Reliance, WrongChoice


def reliance_rows(reliance: Reliance | None) -> list[tuple[str, str]]:
    """Return the lines about what the headline rests on; none where it does not depend on the corpus."""
    if reliance is None:
        return []
    rows = [("weight", reliance.in_words), ("trained on", _reach(reliance))]
    if reliance.wrong is not None and reliance.epsilon != 0:  # with no weight the two are one law
        rows.append(("if wrong", _cost(reliance.law, reliance.wrong)))
    return rows


def _reach(reliance: Reliance) -> str:
    """Return where the calibration was trained, and how far this question is from there."""
    parts = [reliance.calibration]
    if reliance.h_range is not None:
        low, high = reliance.h_range
        parts.append(f"H {low:.3g} to {high:.3g}{'' if reliance.h_inside else ' (this corpus is outside)'}")
    if reliance.flops_range is not None and reliance.decades is not None:
        low, high = reliance.flops_range
        far = abs(reliance.decades)
        beyond = "" if far == 0 else f" ({far:.1f} decades {'below' if reliance.decades > 0 else 'above'} this budget)"
        parts.append(f"{format_flops(low)} to {format_flops(high)} FLOPs{beyond}")
    if reliance.native_ids:
        parts.append("sources with token ids of their own")
    if reliance.training_tokenizer is not None:
        read = "bytes" if reliance.training_tokenizer == "bytes" else f"tokens of {reliance.training_tokenizer}"
        parts.append(f"models that read {read}")
    return "; ".join(parts)


def _cost(law: str, wrong: WrongChoice) -> str:
    return (
        f"{law} loses {percent(wrong.headline_if_chinchilla_is_right)} of the FLOPs where chinchilla is right, "
        f"chinchilla {percent(wrong.chinchilla_if_headline_is_right)} where {law} is"
    )
