"""Whether the losses of a table can be nats/token.

A factor of all losses moves no N*, so that bits per token or per byte are a caution; perplexities, which do, are
refused. Beside web text (``calibration.fit.table.web_text``) bits are 1.44 times the nats, bits per byte some .35
times, and perplexities 1.3 to 9 times; ln of perplexities changes 1.4 to 3.1 times as fast.
"""

from __future__ import annotations

import math

import numpy as np

from advisor.errors import RunsError
from calibration.fit.objective import Array
from calibration.fit.reason import Reason
from calibration.fit.table.web_text import shape_of

_MOST_NATS = 20.0  # guessing among 5e8 pieces
_LEAST_PARAMS, _LEAST_TOKENS, _FEWEST_PIECES = 1e6, 1e8, 1024  # where losses can be held against those of web text
_LEAST_LEVEL, _BITS_LEVEL, _PPL_LEVEL = 0.38, 1.25, 2.0
_STEEP, _STEEPER = 1.35, 1.5


def check_losses(where: str, n_params: Array, worth: Array, loss: Array, vocab_size: Array | None) -> Reason | None:
    """Return the caution that losses give by their unit.

    Args:
        where: The table, and the group where there are several, for messages.
        n_params: N of each run.
        worth: D of each run, less where data are repeated often.
        loss: Of each run; those that are no positive number are left out.
        vocab_size: Of each run, None where it is not known.

    Raises:
        RunsError: they cannot be nats/token.
    """
    good = np.isfinite(loss) & (loss > 0)
    if not good.any():
        return None
    own, n, d = loss[good], n_params[good], worth[good]
    _refuse_above_guessing(where, loss, own, None if vocab_size is None else vocab_size[good])
    pieces = math.inf if vocab_size is None else float(np.median(vocab_size))
    if pieces < _FEWEST_PIECES or np.median(n) < _LEAST_PARAMS or np.median(d) < _LEAST_TOKENS:
        return None
    return _against_text(where, own, n, d)


def _refuse_above_guessing(where: str, loss: Array, own: Array, vocab_size: Array | None) -> None:
    most = float(own.max())
    if most > _MOST_NATS:
        i = int(np.flatnonzero(loss == most)[0])
        raise RunsError(
            f"{where}, run {i + 1}: a loss of {most:g} cannot be nats/token, as guessing costs 12; if it is a "
            "perplexity add --loss-unit ppl, if the run diverged remove it, and if it is right add --loss-unit nats."
        )
    if vocab_size is not None and float(np.median(own / np.log(vocab_size))) > 1.05:
        raise RunsError(
            f"{where}: the median loss is {np.median(own):.3g}, and guessing costs ln(vocabulary) = "
            f"{np.log(np.median(vocab_size)):.3g} nats/token: name the unit with --loss-unit bits, bpb or ppl."
        )


def _against_text(where: str, loss: Array, n_params: Array, n_tokens: Array) -> Reason | None:
    """Return a caution where losses are not those of text in nats/token, by level or by how they fall."""
    shape = shape_of(n_params, n_tokens, loss)
    fact = f"the losses are {shape.level:.2g} times those of web text by Hoffmann et al.'s law"
    steep = shape.slope > _STEEP
    if steep:
        fact += f" and change {shape.slope:.2g} times as fast"
    if (shape.slope > _STEEPER and shape.level > 1) or (steep and shape.level > _PPL_LEVEL):
        raise RunsError(
            f"{where}: {fact}, which perplexities are: add --loss-unit ppl, or --loss-unit nats if they are nats."
        )
    if steep and shape.level > 1:
        return _odd(f"{fact}: if they are perplexities, add --loss-unit ppl")
    if shape.level > _BITS_LEVEL:
        return _odd(f"{fact}: if they are bits per token, add --loss-unit bits, if perplexities ppl")
    if shape.level < _LEAST_LEVEL:
        return _odd(f"{fact}: if they are bits per byte, add --loss-unit bpb with --bytes-per-token T")
    return None


def _odd(message: str) -> Reason:
    return Reason(code="odd-loss", level="caution", message=f"{message}; --loss-unit nats says that they are right.")
