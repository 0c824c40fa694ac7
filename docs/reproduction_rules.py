"""What every verdict of docs/reproduction.md rests on: the levels, a finding, and how findings add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reproduction_laws import WrittenLaw
from reproduction_material import LineSet, names_of
from reproduction_statistics import Coefficient, least_squares

from advisor.calibrations.evidence import PredictedFigure, Verdict, sign_verdict
from advisor.laws.scaling_law import ScalingLaw
from calibration.fit.objective import Array

LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one set of sources says of a claim."""

    over: str
    says: str
    verdict: Verdict


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of all findings that say something; "cannot say" where none does or they contradict."""
    said = {one for one in verdicts if one != "cannot say"}
    return said.pop() if len(said) == 1 else "cannot say"


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return "agree" where all parts of a claim hold, "disagree" where one does not, else "cannot say"."""
    if "disagree" in verdicts:
        return "disagree"
    return "agree" if verdicts and all(one == "agree" for one in verdicts) else "cannot say"


def slope(h: Array, y: Array) -> Coefficient:
    """Return the slope of the least-squares line in H."""
    found = least_squares([h], y)
    assert found is not None
    return found[0]


def in_figures(found: Coefficient) -> str:
    """Return a slope with its 95 % interval."""
    return f"{found.value:+.3g} ({found.ci95[0]:+.3g} to {found.ci95[1]:+.3g})"


def percent(share: float) -> str:
    """Return a share in per cent."""
    return f"{100 * share:.0f} %"


def sign(stated: int, found: Coefficient) -> Verdict:
    """Return whether the 95 % interval of a slope leaves out 0 on the stated side."""
    return sign_verdict(stated, PredictedFigure(value=found.value, ci95=found.ci95))


def bonferroni(p_values: Iterable[float]) -> float:
    """Return the least p-value times their number, at most 1."""
    values = list(p_values)
    return min(min(values) * len(values), 1.0)


def laws_of(sources: Sequence[WrittenLaw]) -> tuple[ScalingLaw, ...]:
    """Return the accepted laws of sources."""
    return tuple(one.accepted for one in sources if one.accepted is not None)


def over_set(one: LineSet) -> str:
    """Return the name of a set and how many laws it has."""
    return f"{one.name} ({count(len(one.sources), 'law')})"


def count(n: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def are(n: int) -> str:
    """Return "is" of one thing, "are" of another number."""
    return "is" if n == 1 else "are"


def too_few(over: str, sources: Sequence[WrittenLaw], needed: int) -> Finding | None:
    """Return the finding that fewer sources than ``needed`` have a law, None where enough do."""
    if len(sources) >= needed:
        return None
    has = "has" if len(sources) == 1 else "have"
    have = f"only {names_of(sources)} {has} a law" if sources else "none has an accepted law"
    return Finding(over=over, says=f"{have}; {needed} are needed", verdict="cannot say")
