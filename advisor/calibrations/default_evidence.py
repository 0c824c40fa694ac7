"""What the default law rests on: its errors on six corpora with and without each predictor, and published figures.

The first part is computed from the vertices and laws that ship (``advisor.calibrations.six_corpora``). Each published
figure was read in the source that stands beside it; what the default says of the same is computed where it can be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from advisor.calibrations.six_corpora import (
    Rule,
    SixCorpora,
    by_both,
    by_h,
    by_mean,
    by_none,
    by_t,
    errors,
    log_n_of,
    rms,
    six_corpora,
    wasted,
)
from advisor.laws.data_rule import data_law
from advisor.laws.parameters import Parameters
from advisor.laws.published import CHINCHILLA, CODE
from advisor.laws.text import Text

PREDICTORS: dict[str, Rule] = {
    "nothing: web text's": by_none,
    "the others' mean": by_mean,
    "H": by_h,
    "bytes per token": by_t,
    "both, the default": by_both,
}
_CODE = Text(compressibility=0.402, bytes_per_token=3.0)  # starcoder's
_AT = 1e21


@dataclass(frozen=True, kw_only=True)
class PredictorAt:
    """A predictor's error at one budget: root mean square in ln N*, and the mean share of the FLOPs that it loses."""

    flops: float
    error_ln_n: float
    wasted: float

    JSON = ("flops", "error_ln_n", "wasted_fraction=wasted")


@dataclass(frozen=True, kw_only=True)
class PredictorRow:
    """What is taken to say how a corpus differs from web text, and how far that is off; total N."""

    predictor: str
    at: tuple[PredictorAt, ...]


@dataclass(frozen=True, kw_only=True)
class PublishedLine:
    """A published figure beside what the default says of it."""

    paper: str
    says: str
    default: str
    verdict: Literal["agree", "disagree", "cannot say"]


@dataclass(frozen=True, kw_only=True)
class DefaultEvidence:
    """What the law ``data`` rests on and what speaks against it."""

    source: str
    predictors: tuple[PredictorRow, ...]
    published: tuple[PublishedLine, ...]


def default_evidence() -> DefaultEvidence:
    """Return the evidence of the default law, computed from what ships."""
    six = six_corpora()
    return DefaultEvidence(
        source=six.source,
        predictors=tuple(_row(name, rule, six) for name, rule in PREDICTORS.items()),
        published=tuple(_published(six)),
    )


def _row(name: str, rule: Rule, six: SixCorpora) -> PredictorRow:
    seen = six.seen["total"]
    found = []
    for i in seen.shown:
        missed = errors(rule, six, seen, i)
        lost = [wasted(seen.laws[corpus], error) for corpus, error in missed.items()]
        found.append(
            PredictorAt(flops=seen.flops[i], error_ln_n=rms(list(missed.values())), wasted=sum(lost) / len(lost))
        )
    return PredictorRow(predictor=name, at=tuple(found))


def _published(six: SixCorpora) -> list[PublishedLine]:
    laws = six.seen["total"].laws
    web = [name for name in laws if name not in ("starcoder", "proof-pile-2")]
    a = {name: row.beta / (row.alpha + row.beta) for name, row in laws.items()}
    web_a = sum(a[name] for name in web) / len(web)
    code = laws["starcoder"]
    own = _tokens_per_param(math.exp(log_n_of(code, _AT)))
    ruled = data_law(CHINCHILLA, _CODE, _AT).frontier(_AT).tokens_per_param
    luo = CODE.frontier(_AT).tokens_per_param
    return [
        PublishedLine(
            paper="Brandfonbrener 2024",
            says=f"a {_short(a['starcoder'])} code, {_short(a['proof-pile-2'])} maths, {_short(web_a)} web",
            default="made from it",
            verdict="agree",
        ),
        PublishedLine(
            paper="Limisiewicz 2026",
            says="tokenizers move N* as T^.554 (English, 1,308 models)",
            default="made from it",
            verdict="agree",
        ),
        PublishedLine(
            paper="Luo 2025",
            says=f"code wants {luo:.0f} tokens a parameter at 1e21",
            default=f"{ruled:.0f}, starcoder's own law {own:.0f}",
            verdict="disagree",
        ),
        PublishedLine(
            paper="Hoffmann 2022",
            says="a .53 on GitHub, .50 on C4",
            default="no larger on code",
            verdict="disagree",
        ),
        PublishedLine(
            paper="Pandey 2024",
            says="data that compress worse want more tokens",
            default="more parameters",
            verdict="disagree",
        ),
        PublishedLine(
            paper="Pandey 2024",
            says="with H E rises, alpha falls, beta less",
            default=_directions(laws["starcoder"], laws["fineweb"]),
            verdict="agree",
        ),
        PublishedLine(
            paper="Limisiewicz 2026",
            says="Hindi +.17, Russian -.01 in ln N* of English",
            default="by T +.43, +.23",
            verdict="disagree",
        ),
        PublishedLine(
            paper="Limisiewicz 2026",
            says="English with a dummy byte after each +.12",
            default="by T +.35",
            verdict="disagree",
        ),
        PublishedLine(
            paper="Aghajanyan 2023",
            says="a .55 text, .46 code (from a secondary copy)",
            default="a lower on code",
            verdict="agree",
        ),
        PublishedLine(
            paper="DeepSeek 2024",
            says="a .45, .52, .58 as data get better",
            default="H unknown",
            verdict="cannot say",
        ),
        PublishedLine(
            paper="Yang 2025",
            says="no relation to H inside code",
            default="H unknown",
            verdict="cannot say",
        ),
    ]


def _tokens_per_param(n_params: float) -> float:
    """Return D/N of the budget that the lines are about."""
    return _AT / (6 * n_params * n_params)


def _directions(code: Parameters, web: Parameters) -> str:
    """Return how the parameters move from code to web text."""
    pairs = ("E", math.exp(code.E), math.exp(web.E)), ("alpha", code.alpha, web.alpha), ("beta", code.beta, web.beta)
    return ", ".join(f"{name} {_short(low)} to {_short(high)}" for name, low, high in pairs)


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")
