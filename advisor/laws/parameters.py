"""The five numbers of a law: the one order in which they stand everywhere, and their names.

Files keep orders of their own: a law file's draws (``advisor.laws.law_file``) and data/chinchilla_draws.csv
(``advisor.laws.published``) begin with ln A and ln B, and only their readers and writers know it.
"""

from __future__ import annotations

from typing import NamedTuple


class Parameters(NamedTuple):
    """The five of L = E + A/N^alpha + B/D^beta, or their slopes or intercepts in H.

    "In logs" A and B stand for ln A and ln B; in a row, such as a joint draw or a row of a fit, E stands for ln E too.
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float


NAMES = Parameters._fields
LOG_NAMES = ("E", "log_A", "log_B", "alpha", "beta")  # in logs, as keys
LOG_SYMBOLS = ("E", "ln A", "ln B", "alpha", "beta")  # in logs, for people
