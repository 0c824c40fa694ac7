"""The numbers in cautions that stand nowhere else in the report: how far outside a range, how far apart, how near."""

from __future__ import annotations

from advisor.answer.cautions import APART, WORLD_GROWTH, WORLD_TOKENS_2023
from advisor.answer.recommendation import Recommendation
from advisor.answer.repetition_cautions import BLIND_EPOCHS, GOOD_EPOCHS, POOR_EPOCHS
from advisor.answer.row import Answer
from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.explain.lines import LawNames, Page

_XUE = "Xue et al. 2023, arXiv:2305.13230"
_BLIND = "advisor/answer/repetition_cautions.py: where repetition costs little, much, and more than the law can see"


def explain_cautions(page: Page, recommendation: Recommendation, names: dict[str, LawNames]) -> None:
    """Explain the numbers of the cautions that a recommendation has."""
    codes = {caution.code for caution in recommendation.cautions}
    if "budget_outside_range" in codes:
        _outside(page, recommendation)
    if "laws_disagree" in codes:
        _disagreement(page, recommendation, names)
    if "near_world_supply" in codes:
        _supply(page, recommendation)
    if any(code.startswith("epochs_above") for code in codes):
        for name, epochs in (
            ("good_epochs", GOOD_EPOCHS),
            ("poor_epochs", POOR_EPOCHS),
            ("blind_epochs", BLIND_EPOCHS),
        ):
            page.add(name, "epochs", _BLIND, value=epochs, epochs=epochs)
        known = {"least": 2.5, "most": 5.0, "seen_at_epochs": 44.0}
        page.add("rise", "most", "the rise of the loss over what the law predicts, as seen", value=5.0, known=known)
    ranges = recommendation.candidates.headline.ranges
    if "training_tokens_outside_range" in codes and ranges.n_tokens is not None:
        _given(page, "largest_tokens", ranges.n_tokens[1], "the largest run of the headline law's fit")
    if "compressibility_outside_range" in codes and ranges.compressibility is not None:
        for end, value in zip(("lowest", "highest"), ranges.compressibility, strict=True):
            _given(page, f"{end}_H", value, "what the calibration was made on")
    serving = recommendation.inference
    if "training_exceeds_budget" in codes and serving is not None:
        value = serving.best.training_flops / recommendation.headline.flops
        page.add("times_budget", "training_flops_served/C", "training over the budget", value=value)
    _protocol_and_hardware(page, recommendation, codes)


def _protocol_and_hardware(page: Page, recommendation: Recommendation, codes: set[str]) -> None:
    if "assumed_protocol" in codes:
        _given(
            page,
            "sequence_tokens",
            DEFAULT_PROTOCOL.seq_len,
            "the default protocol, advisor/compressibility/protocol.py",
        )
        _given(page, "gzip_level", DEFAULT_PROTOCOL.level, "the default protocol, advisor/compressibility/protocol.py")
    hardware = recommendation.request.hardware
    if "gpu_variant_assumed" in codes and hardware is not None:
        peak = hardware.gpu.peak_flops
        page.add("peak_teraflops", "peak/1e12", hardware.gpu.source, value=peak / 1e12, peak=peak)
    if recommendation.plan.shape is None:
        _given(page, "V", recommendation.plan.vocab_size, "given, or the default")


def _given(page: Page, name: str, value: float, source: str) -> None:
    page.add(name, f"known_{name}", source, value=value, known={f"known_{name}": value})


def _outside(page: Page, recommendation: Recommendation) -> None:
    """Explain how far the budget is from the runs that the headline law was fitted to."""
    fitted, flops = recommendation.candidates.headline.ranges.flops, recommendation.headline.flops
    if fitted is None:
        return
    smallest, largest = fitted
    above = flops > largest
    formula, times = ("C/largest", flops / largest) if above else ("smallest/C", smallest / flops)
    source = f"the runs that {recommendation.headline.law} was fitted to"
    page.add("times_outside", formula, source, value=times, smallest=smallest, largest=largest)


def _disagreement(page: Page, recommendation: Recommendation, names: dict[str, LawNames]) -> None:
    compared = sorted((law for law in recommendation.laws if law.law not in APART), key=lambda law: law.n_params)
    low, high = compared[0], compared[-1]
    formula = f"{_name(names, high)}/{_name(names, low)}"
    page.add("disagreement", formula, "the largest N over the smallest", value=high.n_params / low.n_params)


def _name(names: dict[str, LawNames], answer: Answer) -> str:
    return names[answer.law].write("{N}")


def _supply(page: Page, recommendation: Recommendation) -> None:
    """Explain the share of the world's text that the training would read."""
    serving, limited = recommendation.inference, recommendation.limited
    name, tokens = "D", recommendation.headline.n_tokens
    if limited:
        name, tokens = "U", limited[0].unique_tokens
    elif serving is not None and serving.best.n_tokens > tokens:
        name, tokens = "D_served", serving.best.n_tokens
    _given(page, "supply", WORLD_TOKENS_2023, f"{_XUE}: the world's text in 2023, tokens")
    for end, growth in zip(("low", "high"), WORLD_GROWTH, strict=True):
        _given(page, f"growth_{end}", growth, f"{_XUE}: growth of high-quality text in a year")
    page.add("supply_share", f"{name}/supply", "tokens over the supply", value=tokens / WORLD_TOKENS_2023)
    page.add("supply_trillions", "supply/1e12", "in T", value=WORLD_TOKENS_2023 / 1e12)
