"""What the literature says of how data moves the optimum: exponents by corpus, and which way things move with H.

H of a published corpus is known only as H of the same kind of text under our protocol (``Kind``); where not even the
kind is known, nothing can be predicted. Every figure was read in the source that stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from advisor.laws.published import CODE


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of text: H of one corpus of it, the lowest and highest H of its like, and where those are from."""

    name: str
    h: float
    h_range: tuple[float, float]
    source: str


WEB = Kind(
    name="English web text",
    h=0.576,
    h_range=(0.521, 0.579),
    source="a web site of English prose, .576 (95 % .572 to .579); HTML manuals .521 to .554 (docs/h_ref.md)",
)
CODE_TEXT = Kind(
    name="source code",
    h=0.38,
    h_range=(0.376, 0.427),
    source="Linux C .376, Python .38; the Python standard library of Debian 12 by `advisor score` .421 (.410 to .427)",
)

# The papers, by the name that a row gives its source with.
PAPERS = {
    "Hoffmann": "Hoffmann et al. 2022, arXiv:2203.15556, table A2: C4, GitHub; IsoFLOP profiles, 6e18 to 3e21 FLOPs",
    "DeepSeek": "DeepSeek LLM 2024, arXiv:2401.02954, table 4: early and later in-house data, OpenWebText2, better in "
    "this order by its own judgement; its N is non-embedding FLOPs per token",
    "Luo": "Luo et al. 2025, arXiv:2510.08702: a from its alpha and beta; code more data-hungry than text",
    "Pandey": "Pandey 2024, arXiv:2405.16684, in words, for its tables are not available: harder data prefers data; E "
    "alone rises with H, not significantly; alpha falls faster than beta",
}


@dataclass(frozen=True, kw_only=True)
class PublishedExponent:
    """The exponent a of N* in C that was measured on a corpus; ``kind`` is None where its text is not known."""

    corpus: str
    kind: Kind | None
    exponent_a: float
    paper: str

    @property
    def source(self) -> str:
        """The paper, and where in it the figure stands."""
        return PAPERS[self.paper]


EXPONENTS = (
    PublishedExponent(corpus="C4", kind=WEB, exponent_a=0.50, paper="Hoffmann"),
    PublishedExponent(corpus="GitHub", kind=CODE_TEXT, exponent_a=0.53, paper="Hoffmann"),
    PublishedExponent(corpus="DeepSeek early", kind=None, exponent_a=0.450, paper="DeepSeek"),
    PublishedExponent(corpus="DeepSeek later", kind=None, exponent_a=0.524, paper="DeepSeek"),
    PublishedExponent(corpus="OpenWebText2", kind=WEB, exponent_a=0.578, paper="DeepSeek"),
    PublishedExponent(corpus="code", kind=CODE_TEXT, exponent_a=CODE.exponent_a, paper="Luo"),
)

# Where the slope of a quantity in H is asked: "a", "ln N*" at a budget, or a parameter of the law x(H).
Quantity = Literal["a", "ln N*", "E", "ln A", "ln B", "alpha", "beta", "alpha - beta"]


@dataclass(frozen=True, kw_only=True)
class PublishedSign:
    """A claim that ``quantity`` rises (+1) or falls (-1) with H; ``about`` is what was compared.

    ``h`` is where the slope is asked, None for the middle of the calibrated range, and ``flops`` the budget of ln N*.
    ``comparable`` is False where no H of the corpora is known, so that nothing can be predicted.
    """

    quantity: Quantity
    about: str
    sign: Literal[-1, 1]
    paper: str
    h: float | None = None
    flops: float | None = None
    comparable: bool = True

    @property
    def comparable_sign(self) -> Literal[-1, 1] | None:
        """The sign where anything can be predicted of it."""
        return self.sign if self.comparable else None

    @property
    def source(self) -> str:
        """The paper, and where in it the claim stands."""
        return PAPERS[self.paper]


_BETWEEN = (WEB.h + CODE_TEXT.h) / 2
# The middle, in logs, of 6 N D from .2B parameters on 2B tokens to 3.8B on 128B.
_LUO_FLOPS = 6 * (0.2e9 * 2e9 * 3.8e9 * 128e9) ** 0.5
# The largest model of the paper on the most tokens, 1.4B on 100M.
_PANDEY_FLOPS = 6 * 1.4e9 * 100e6

SIGNS = (
    PublishedSign(quantity="a", about="C4, GitHub", sign=-1, paper="Hoffmann", h=_BETWEEN),
    PublishedSign(quantity="a", about="text, code", sign=1, paper="Luo", h=_BETWEEN),
    PublishedSign(quantity="ln N*", about="text, code", sign=1, paper="Luo", h=_BETWEEN, flops=_LUO_FLOPS),
    PublishedSign(quantity="a", about="quality", sign=1, paper="DeepSeek", comparable=False),
    PublishedSign(quantity="ln N*", about="grammars", sign=-1, paper="Pandey", flops=_PANDEY_FLOPS),
    PublishedSign(quantity="E", about="grammars", sign=1, paper="Pandey"),
    PublishedSign(quantity="ln A", about="grammars", sign=-1, paper="Pandey"),
    PublishedSign(quantity="ln B", about="grammars", sign=-1, paper="Pandey"),
    PublishedSign(quantity="alpha", about="grammars", sign=-1, paper="Pandey"),
    PublishedSign(quantity="beta", about="grammars", sign=-1, paper="Pandey"),
    PublishedSign(quantity="alpha - beta", about="grammars", sign=-1, paper="Pandey"),
)
