"""Whether a pilot's losses look like nats/token, and like one unit: each over the base law's at the same N and D.

The gap does not depend on the unit: a profile's optimum is where it is in bits too, and within .002 of it in
perplexities. What it needs is one unit in all runs of a profile.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from advisor.caution import Caution
from advisor.laws.published import CHINCHILLA
from advisor.pilot.runs import ROLES, PilotRun, Role
from advisor.quantities import format_flops, format_quantity, plural

# The laws of the six corpora have .43 (code) to 1.02 (fineweb) of the base law's loss, each within 6 % over a pilot's
# sizes and budgets. Bits are 1.443 times nats.
_USUAL = (0.3, 1.25)
_ODD = 1.3


def level(run: PilotRun) -> float:
    """Return the loss of a run over that of the base law, Chinchilla's, on as many parameters and tokens."""
    return (run.loss or 0.0) / CHINCHILLA.loss(run.n_params, run.n_tokens)


def odd_runs(runs: Iterable[PilotRun]) -> list[PilotRun]:
    """Return the runs whose level is 1.3 times off the median of the runs on the same corpus, the farthest first.

    Of an even number the median is one of them, so that half of the runs in another unit are seen.
    """
    found = list(runs)
    off = []
    for role in ROLES:
        of_role = [run for run in found if run.role == role]
        middle = statistics.median_low(map(level, of_role)) if of_role else 1.0
        off += [(max(level(run) / middle, middle / level(run)), run) for run in of_role]
    return [run for times, run in sorted(off, key=lambda pair: -pair[0]) if times > _ODD]


def said_of(run: PilotRun) -> str:
    """Return which run it is and its loss, in words.

    >>> said_of(PilotRun(role="corpus", corpus="code", flops=5e18, n_params=2.32e8, n_tokens=3.6e9, loss=4.93))
    'the loss 4.93 of 232M parameters on code at 5e18 FLOPs'
    """
    where = f"{format_quantity(run.n_params)} parameters on {run.corpus} at {format_flops(run.flops)} FLOPs"
    return f"the loss {run.loss:.4g} of {where}"


def levels(runs: Sequence[PilotRun]) -> dict[Role, float]:
    """Return the median level of each corpus."""
    by_role = {role: [level(run) for run in runs if run.role == role] for role in ROLES}
    return {role: statistics.median(found) for role, found in by_role.items() if found}


def about_losses(runs: Sequence[PilotRun]) -> tuple[Caution, ...]:
    """Return what is said of losses that are not like the others, and of those that do not look like nats/token."""
    names = {run.role: run.corpus for run in runs}
    found = [_odd(odd, len(runs))] if (odd := odd_runs(runs)) else []
    unusual = {role: times for role, times in levels(runs).items() if not _USUAL[0] <= times <= _USUAL[1]}
    return (*found, *(_unusual(names[role], times) for role, times in unusual.items()))


def _odd(odd: Sequence[PilotRun], n_runs: int) -> Caution:
    which = f"{said_of(odd[0])} is" if len(odd) == 1 else f"{len(odd)}, such as {said_of(odd[0])}, are"
    return Caution(
        code="odd_losses",
        message=f"Of the {plural(n_runs, 'run')} {which} not like the others of the same corpus: look whether the unit "
        "is another or the run failed.",
    )


def _unusual(corpus: str, times: float) -> Caution:
    return Caution(
        code="loss_unit",
        message=f"The losses of {corpus} are {times:.2f} times what web text has in nats/token (Chinchilla's law), and "
        ".4 to 1.1 is usual: they seem to be in another unit. The gap stays as it is if all runs of this corpus are in "
        "it.",
    )
