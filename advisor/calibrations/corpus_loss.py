"""The loss that the lines of six corpora predict for a corpus, where the default law's is that of web text.

The law ``gzip`` of the calibration ``six-corpora``, at its own optimum for the budget. H says little of the loss: the
four web corpora spread E from 1.55 to 2.15 at one H, so its interval is wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.calibrations.coefficients import Coefficients
from advisor.calibrations.laws_in_h import law_at
from advisor.calibrations.six_corpora import log_n_of, rms, six_corpora
from advisor.errors import CoefficientsError
from advisor.laws.drift import widened
from advisor.laws.parameters import Parameters
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import central_interval

_NAME = "six-corpora"


@dataclass(frozen=True, kw_only=True)
class CorpusLoss:
    """The loss of a corpus at a budget's optimum by the lines of six corpora, nats per token of 32,000 pieces.

    ``left_out`` is by how much ln of the loss of a corpus is missed when the lines are drawn without it, rms over the
    six at their largest budget; ``bits_per_byte`` is None where bytes per token are not known.
    """

    loss: float
    interval80: tuple[float, float]
    bits_per_byte: float | None
    left_out: float

    JSON = (
        *("loss_nats_per_token=loss", "interval80.loss_nats_per_token=interval80", "loss_bits_per_byte=bits_per_byte"),
        "left_out_error_ln_loss=left_out",
    )


def corpus_loss(
    coefficients: Coefficients, compressibility: float, flops: float, bytes_per_token: float | None
) -> CorpusLoss | None:
    """Return the loss of a corpus with this H at ``flops``; None without the lines, or where they give no law."""
    calibration = next((one for one in coefficients.calibrations if one.name == _NAME), None)
    if calibration is None:
        return None
    try:
        law = widened(law_at("gzip", calibration.dependence, chinchilla(), compressibility).law, flops)
    except CoefficientsError:
        return None
    best = law.frontier(flops)
    loss, drawn = law.loss(best.n_params, best.n_tokens), law.drawn_frontiers(flops)
    return (
        None
        if drawn is None
        else CorpusLoss(
            loss=loss,
            interval80=central_interval([each for _, _, each in drawn], point=loss),
            bits_per_byte=None if bytes_per_token is None else loss / (math.log(2) * bytes_per_token),
            left_out=left_out_error(),
        )
    )


def left_out_error() -> float:
    """Return the root mean square of ln(predicted/own) loss over the six corpora, each left out of the lines."""
    six = six_corpora()
    seen = six.seen["total"]
    flops = seen.flops[-1]
    missed = []
    for name, own in seen.laws.items():
        others = [other for other in seen.laws if other != name]
        h = [six.texts[other].compressibility or 0.0 for other in others]
        rows = [_in_lines(seen.laws[other]) for other in others]
        at = six.texts[name].compressibility or 0.0
        predicted = Parameters(*(_line(h, list(column), at) for column in zip(*rows, strict=True)))
        missed.append(math.log(_loss(predicted, flops) / _loss(_in_lines(own), flops)))
    return rms(missed)


def _in_lines(row: Parameters) -> Parameters:
    """Return a row with E itself, as lines in H have it."""
    return row._replace(E=math.exp(row.E))


def _line(x: list[float], y: list[float], at: float) -> float:
    """Return the least-squares line through the points, at ``at``."""
    x_mean, y_mean = sum(x) / len(x), sum(y) / len(y)
    products = sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True))
    return y_mean + products / sum((a - x_mean) ** 2 for a in x) * (at - x_mean)


def _loss(law: Parameters, flops: float) -> float:
    """Return the least loss of a budget; E is itself here."""
    log_n = log_n_of(law, flops)
    log_d = math.log(flops / 6) - log_n
    return law.E + math.exp(law.A - law.alpha * log_n) + math.exp(law.B - law.beta * log_d)
