"""What is known of a corpus and of the tokenizer that a model reads it with, and what each rule makes of it.

The rules are in ln N* against web text, once the gap between corpora has settled (``advisor.laws.data_rule``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from advisor.compressibility.protocol import DEFAULT_PROTOCOL, difference

if TYPE_CHECKING:
    from advisor.compressibility.protocol import MeasuredCorpus
    from advisor.laws.measured_shift import Measured

SIX_CORPORA = "Brandfonbrener et al. 2024, arXiv:2411.12925"
TOKENIZERS = "Limisiewicz et al. 2026, arXiv:2605.01188"

# Web text under the default protocol: the mean of the four web corpora of the six.
WEB_H, WEB_T = 0.5645, 4.056
SLOPE_H, SLOPE_T = 1.1, 0.45
SLOPE_TOKENIZER = 0.554  # 1 - .446

KNOWN_H = (0.40, 0.57)
MOST_NON_ASCII = 0.10  # share of the bytes
PROSE_H, LEAST_T_OF_PROSE = 0.50, 3.4
LIMITS_H, LIMITS_T = (0.05, 0.75), (1.0, 12.0)  # the rules are not stretched beyond these
_LIKE_H, _LIKE_T = 0.02, 0.05
_SD_OF_95 = 1.959963984540054
_SD_OF_FEW = 0.03  # of H where a corpus is too small for an interval: over twice that of a thousand sequences


class Text(NamedTuple):
    """What is known of a corpus and of the tokenizer that the model reads it with; None where it is not known.

    Attributes:
        compressibility: H under the default protocol.
        sd: standard deviation of its measurement.
        bytes_per_token: T_c, under the default protocol's tokenizer.
        non_ascii: share of the bytes of text that are not ASCII.
        trained_bytes_per_token: T_t, under the tokenizer that the model is trained with.
        measured: what a pilot saw of the corpus's shift, which the rule's prediction is then combined with.
    """

    compressibility: float | None = None
    sd: float = 0.0
    bytes_per_token: float | None = None
    non_ascii: float | None = None
    trained_bytes_per_token: float | None = None
    measured: Measured | None = None

    @property
    def known(self) -> bool:
        """Whether anything that moves the answer is known: H, a tokenizer, or what a pilot measured."""
        found = (self.compressibility, self.trained_bytes_per_token, self.measured)
        return any(each is not None for each in found)

    @property
    def foreign(self) -> bool:
        """Whether bytes per token say nothing of it, as the protocol's tokenizer knows its language badly.

        So it is where over a tenth of the bytes are not ASCII, or where tokens are short for prose of this H: of the
        six corpora none has fewer than 3.9 bytes a token above H = .5.
        """
        if self.non_ascii is not None and self.non_ascii > MOST_NON_ASCII:
            return True
        h, t = self.compressibility, self.bytes_per_token
        return h is not None and t is not None and h > PROSE_H and t < LEAST_T_OF_PROSE

    @property
    def by_h(self) -> float | None:
        """The rule in H: ln N* against web text once the gap has settled."""
        if self.compressibility is None:
            return None
        return SLOPE_H * (_within(self.compressibility, LIMITS_H) - WEB_H)

    @property
    def by_t(self) -> float | None:
        """The rule in bytes per token, likewise."""
        if self.bytes_per_token is None or self.foreign:
            return None
        return SLOPE_T * math.log(_within(self.bytes_per_token, LIMITS_T) / WEB_T)

    @property
    def settled(self) -> float:
        """The mean of the rules at hand; 0 without any."""
        known = [rule for rule in (self.by_h, self.by_t) if rule is not None]
        return sum(known) / len(known) if known else 0.0

    @property
    def reference_bytes_per_token(self) -> float:
        """T_c; where it is not known what the two rules agree on for this H, and web text's without H."""
        if self.bytes_per_token is not None:
            return self.bytes_per_token
        return WEB_T if self.by_h is None else WEB_T * math.exp(self.by_h / SLOPE_T)

    @property
    def by_tokenizer(self) -> float:
        """What the training tokenizer adds to ln N*; 0 where it is not given."""
        if self.trained_bytes_per_token is None:
            return 0.0
        return SLOPE_TOKENIZER * math.log(self.trained_bytes_per_token / self.reference_bytes_per_token)

    @property
    def like_web_text(self) -> bool:
        """Whether H and bytes per token are near enough web text's that its loss says something of this corpus."""
        h, t = self.compressibility, self.bytes_per_token
        return (h is None or abs(h - WEB_H) <= _LIKE_H) and (t is None or abs(t / WEB_T - 1) <= _LIKE_T)

    @property
    def bytes_alone(self) -> Text:
        """What the law ``bytes`` takes: bytes per token, of the training tokenizer if that is known."""
        return Text(trained_bytes_per_token=self.trained_bytes_per_token or self.bytes_per_token)

    @property
    def outside(self) -> float:
        """How far H lies outside the corpora that the rule was found on, 0 inside."""
        h = self.compressibility
        return 0.0 if h is None else abs(h - _within(h, KNOWN_H))


NOTHING_KNOWN = Text()


def text_of(corpus: MeasuredCorpus, trained_bytes_per_token: float | None = None) -> Text:
    """Return what is known of a measured corpus: H and bytes per token, where measured as the rule's."""
    protocol, ci95 = corpus.protocol, corpus.ci95
    same = difference(protocol, DEFAULT_PROTOCOL) is None
    sampling = (ci95[1] - ci95[0]) / (2 * _SD_OF_95) if ci95 else _SD_OF_FEW
    return Text(
        compressibility=corpus.median if same else None,
        sd=sampling if same else 0.0,
        bytes_per_token=corpus.bytes_per_token if protocol.tokenizer == DEFAULT_PROTOCOL.tokenizer else None,
        non_ascii=corpus.non_ascii_fraction,
        trained_bytes_per_token=trained_bytes_per_token,
    )


def _within(value: float, ends: tuple[float, float]) -> float:
    return min(max(value, ends[0]), ends[1])
