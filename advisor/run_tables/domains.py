"""What the quantities of a run can be, in any unit that people write them in: beyond, a cell is a slip or damaged.

The bounds are far outside of what was ever trained. They keep N D, logarithms and quotients inside of the floats.
"""

from __future__ import annotations

import math

Domain = tuple[float, float]
ANY: Domain = (1e-30, 1e60)  # in size, of whatever a table measures
LOSS: Domain = (1e-6, 1e6)  # nats/token: guessing costs 12, and noise is 1e-3
_OF: dict[str, Domain] = {
    "weight": (1e-12, 1e12),
    "bytes_per_token": (1e-3, 1e3),
    "vocab_size": (1.0, 1e9),
}


def domain_of(name: str) -> Domain:
    """Return the least and the most of our column ``name``, in size.

    >>> domain_of("weight"), domain_of("n_tokens")
    ((1e-12, 1000000000000.0), (1e-30, 1e+60))
    """
    return _OF.get(name, ANY)


def is_beyond(value: float, domain: Domain) -> bool:
    """Whether a number is smaller or larger than any of its kind; 0, nan and inf are told elsewhere.

    >>> is_beyond(1e-320, LOSS), is_beyond(3.2, LOSS), is_beyond(0.0, LOSS)
    (True, False, False)
    """
    size = abs(value)
    return 0 < size < math.inf and not domain[0] <= size <= domain[1]


def beyond(domain: Domain) -> str:
    """Return what to do about a number beyond its domain.

    >>> beyond(LOSS)
    'which is not from 1e-06 to 1e+06: correct it or remove the run'
    """
    return f"which is not from {domain[0]:g} to {domain[1]:g}: correct it or remove the run"
