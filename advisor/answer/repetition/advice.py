"""What the literature says of training on repeated data, beyond what a loss formula holds: each line with its source.

The lines are from Xue et al. 2023 (arXiv:2305.13230) unless they name another source.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.answer.cautions import XUE

USUAL_SCOPE = "pre-training on repeated data, most of it with a masked objective on C4"


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A line of advice: ``code`` for programs, ``text`` for people, where it is from and what it was seen on.

    ``first`` marks the lines that are shown without being asked for.
    """

    code: str
    text: str
    source: str = XUE
    scope: str = USUAL_SCOPE
    first: bool = False

    JSON = ("code", "text", "source", "scope", "-first")


ADVICE = (
    Advice(
        code="dropout",
        text="Dropout of 0.2 to 0.3 is the best lever against the damage of repeated data; droppath and other "
        "regularisers do less.",
        first=True,
    ),
    Advice(
        code="dropout_late",
        text="Dropout may be switched on late at no loss, which saves the slower training that it brings.",
    ),
    Advice(
        code="dropout_large_models",
        text="Dropout works less well for large models and must be tuned anew for them.",
    ),
    Advice(
        code="dropout_galactica",
        text="Dropout is rare in large language models; Galactica, trained for about four epochs, used it.",
        scope="one published model",
    ),
    Advice(
        code="weight_decay",
        text="On weight decay the literature is divided: it did not help in arXiv:2305.13230, while arXiv:2509.14786 "
        "(about 30 times the usual decay) and arXiv:2605.01640 (decay 1.0 cuts the overfitting term by about 70 %) "
        "find it the main lever. Try both.",
        source=f"{XUE}; arXiv:2509.14786; arXiv:2605.01640",
        scope="masked objectives in the first, decoders in the other two",
        first=True,
    ),
    Advice(
        code="larger_models_overfit",
        text="Larger models overfit repeated data sooner; more unique data eases it: 2^29 tokens repeated 2^8 times "
        "do less harm than 2^27.",
        first=True,
    ),
    Advice(
        code="objective",
        text="Masked objectives suffer less from repetition than mixed ones such as UL2, which memorise faster.",
    ),
    Advice(
        code="flops_per_param",
        text="More FLOPs per parameter do not cure it: neither sharing parameters nor a mixture of experts does.",
    ),
    Advice(
        code="quality",
        text="Better data do not cure it: repeated Wikipedia degrades as repeated C4 does.",
        first=True,
    ),
    Advice(
        code="downstream",
        text="Downstream tasks degrade too, not only the pre-training loss.",
    ),
    Advice(
        code="moe_proxy",
        text="A mixture of experts is a cheap proxy for sweeping dropout and the like: it behaves as a dense model of "
        "its size, for 0.39 times the FLOPs.",
    ),
    Advice(
        code="small_sweeps",
        text="Models of small compute overfit as large ones do, so small sweeps predict large runs.",
    ),
    Advice(
        code="sample_efficiency",
        text="Larger models are more sample-efficient: they learn more from each token.",
    ),
    Advice(
        code="fine_tuning",
        text="Supervised fine-tuning needs few, diverse, good examples rather than tokens: do not stretch this law "
        "over it.",
        scope="supervised fine-tuning, not pre-training",
    ),
)


def advice_for(epochs: float | None, *, asked: bool) -> tuple[Advice, ...]:
    """Return the lines that apply: all where data are repeated (``epochs`` above 1) or advice is ``asked``."""
    return ADVICE if asked or (epochs is not None and epochs > 1) else ()
