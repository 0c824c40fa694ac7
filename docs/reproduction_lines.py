"""What lines in H say: slopes, crossings, where the frontier is Chinchilla's, and what Chinchilla's costs on code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from reproduction_crossings import Crossing, exponents_cross, frontiers_cross
from reproduction_material import LineSet
from reproduction_rules import LEVEL, Finding, bonferroni, count, in_figures, over_set, percent, sign, slope, together
from reproduction_statistics import PARAMETERS, Quantity, least_squares

from advisor.answer.reliance import wrong_choice
from advisor.calibrations.coefficients import Calibration
from advisor.calibrations.evidence import SignRow, Verdict
from advisor.calibrations.laws_in_h import law_at
from advisor.calibrations.published_evidence import CODE_TEXT
from advisor.errors import CoefficientsError
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import ScalingLaw, central_interval
from calibration.fit.objective import Array

CROSSING_H = 0.27
FRONTIER_H = (0.23, 0.45)
CODE_SAVING = 0.24
NO_SAVING = 0.05  # ours: what is not worth moving a budget for
ENOUGH_LAWS = 20  # from which on seeing no bend counts, whatever the rival form does
NO_BEND = "no bend is seen"
STATED_FORM, RIVAL_FORM = "A and B", "ln A and ln B"
FORMS: dict[str, dict[str, Quantity]] = {
    STATED_FORM: {
        "E": PARAMETERS["E"],
        "A": lambda law: law.A,
        "B": lambda law: law.B,
        "alpha": PARAMETERS["alpha"],
        "beta": PARAMETERS["beta"],
    },
    RIVAL_FORM: dict(PARAMETERS),
}
STATED_SIGNS = {"E": 1, "ln A": -1, "ln B": -1, "alpha": -1, "beta": -1}
# The largest model of the paper on the most tokens, 6 N D with 1.4B and 100M.
PAPER_FLOPS = 6 * 1.4e9 * 100e6


def linear(one: LineSet) -> Finding:
    """Return whether the parameters as stated are lines in H: every slope, no bend, and not the rival form as well."""
    stated, rival = (
        {name: one.values(quantity) for name, quantity in FORMS[form].items()} for form in (STATED_FORM, RIVAL_FORM)
    )
    bend, rival_bend = _bend(one, stated), _bend(one, rival)
    if bend is None or rival_bend is None:
        few = f"{count(len(one.sources), 'law')} cannot show curvature"
        return Finding(over=over_set(one), says=few, verdict="cannot say")
    slopes = [name for name, column in stated.items() if slope(one.h, column).p_value * len(stated) < LEVEL]
    named = f" ({', '.join(slopes)})" if slopes else ""
    says = (
        f"{NO_BEND if bend >= LEVEL else 'a bend is needed'} in {STATED_FORM} (least p times five {bend:.2g}), "
        f"{'none' if rival_bend >= LEVEL else 'one'} in {RIVAL_FORM} ({rival_bend:.2g}); slopes other than 0 in "
        f"{STATED_FORM}: {len(slopes)} of {len(stated)}{named}"
    )
    shown = len(slopes) == len(stated) and (rival_bend < LEVEL or len(one.sources) >= ENOUGH_LAWS)
    verdict: Verdict = "disagree" if bend < LEVEL else "agree" if shown else "cannot say"
    return Finding(over=over_set(one), says=says, verdict=verdict)


def _bend(one: LineSet, columns: Mapping[str, Array]) -> float | None:
    """Return the corrected p-value of a term in H squared in any column, None where the laws cannot show one."""
    curved = [least_squares([one.h, one.h**2], column) for column in columns.values()]
    bends = [found[1].p_value for found in curved if found is not None]
    return bonferroni(bends) if len(bends) == len(curved) else None


def signs(one: LineSet) -> Finding:
    """Return whether E rises with H and the others fall."""
    found = {name: slope(one.h, one.values(PARAMETERS[name])) for name in STATED_SIGNS}
    verdicts = [sign(STATED_SIGNS[name], coefficient) for name, coefficient in found.items()]
    says = "; ".join(f"{name} {in_figures(coefficient)}" for name, coefficient in found.items())
    return Finding(over=over_set(one), says=says, verdict=together(verdicts))


def alpha_meets_beta(calibration: Calibration) -> Finding:
    """Return whether alpha and beta cross where the paper says."""
    found = exponents_cross(calibration.dependence)
    return Finding(over=calibration.name, says=_in_words(found), verdict=crossing_verdict(found))


def crossing_verdict(found: Crossing) -> Verdict:
    """Return whether lines cross at CROSSING_H."""
    ci95, (low, high) = found.ci95, found.h_range
    if found.share() <= LEVEL:
        return "disagree"
    if ci95 is None or ci95[1] - ci95[0] > high - low:
        return "cannot say"
    return "agree" if ci95[0] <= CROSSING_H <= ci95[1] else "disagree"


def frontier_meets_chinchilla(calibration: Calibration, flops: float) -> Finding:
    """Return whether the calibration's N*(H) is Chinchilla's for some H of the stated range."""
    over = f"{calibration.name}, {_budget(calibration, flops)}"
    if (other := _other_tokens(calibration, over)) is not None:
        return other
    found = frontiers_cross(calibration.dependence, flops)
    says = f"{_in_words(found)}; in the stated range {percent(found.share(*FRONTIER_H))}"
    return Finding(over=over, says=says, verdict=frontier_verdict(found))


def frontier_verdict(found: Crossing) -> Verdict:
    """Return whether the frontiers meet inside FRONTIER_H."""
    share = found.share(*FRONTIER_H)
    return "agree" if share >= 1 - LEVEL else "disagree" if share <= LEVEL else "cannot say"


def budgets(calibration: Calibration) -> tuple[float, ...]:
    """Return the largest budget that was trained, where N* is known, and that of the paper's largest run."""
    trained = calibration.dependence.ranges.flops
    return (PAPER_FLOPS,) if trained is None else (trained[1], PAPER_FLOPS)


def prefers_data(one: LineSet) -> Finding:
    """Return whether N* of the laws themselves falls with H, at a budget that all of them reach."""
    found = slope(one.h, one.log_n())
    says = f"d ln N*/dH {in_figures(found)}, p = {found.p_value:.2g}, at {one.flops:.2g} FLOPs"
    return Finding(over=over_set(one), says=says, verdict=sign(-1, found))


def prefers_data_on_lines(row: SignRow, calibration: Calibration) -> Finding:
    """Return what the lines say of it at the paper's largest budget, as `advisor evidence` has it."""
    ci95, value = row.predicted.ci95, row.predicted.value
    says = row.predicted.reason or "no interval"
    if value is not None:
        interval = "" if ci95 is None else f" ({ci95[0]:.3g} to {ci95[1]:.3g})"
        says = f"d ln N*/dH {value:.3g}{interval} by the law {row.law}"
    over = f"{calibration.name}, {_budget(calibration, PAPER_FLOPS)}"
    return Finding(over=over, says=says, verdict=row.verdict)


def saved_on_code(calibration: Calibration, name: str, flops: float) -> Finding:
    """Return the share of the FLOPs that Chinchilla's allocation wastes where the law ``name`` at H of code is true.

    N counts what it counts in each law: for the law gzip non-embedding parameters, which Chinchilla's do not.
    """
    over = f"{calibration.name}, law {name}, {_budget(calibration, flops)}"
    if name == "gzip" and (other := _other_tokens(calibration, over)) is not None:
        return other
    try:
        found = law_at(name, calibration.dependence, chinchilla(), CODE_TEXT.h, h_ci95=CODE_TEXT.h_range).law
    except CoefficientsError:
        return Finding(over=over, says=f"no law at H = {CODE_TEXT.h:g}", verdict="cannot say")
    value, drawn = _wasted(found, flops), [_wasted(one, flops) for one in found.drawn_laws()]
    enough = len(drawn) >= (1 - LEVEL) * len(calibration.dependence.draws)
    ci95 = central_interval(drawn, 0.95) if drawn and enough else None
    interval = "too few draws give a law" if ci95 is None else f"95 % {percent(ci95[0])} to {percent(ci95[1])}"
    return Finding(over=over, says=f"{percent(value)} ({interval})", verdict=saving_verdict(ci95))


def saving_verdict(ci95: tuple[float, float] | None) -> Verdict:
    """Return whether CODE_SAVING is what was found."""
    if ci95 is None or ci95[1] - ci95[0] > 2 * CODE_SAVING:
        return "cannot say"
    if not ci95[0] <= CODE_SAVING <= ci95[1]:
        return "disagree"
    return "agree" if ci95[0] > NO_SAVING else "cannot say"  # an interval that holds nearly nothing too


def _wasted(law: ScalingLaw, flops: float) -> float:
    found = wrong_choice(replace(law, count=chinchilla().count), flops)
    assert found is not None
    return found.chinchilla_if_headline_is_right


def _in_words(found: Crossing) -> str:
    low, high = found.h_range
    at = "the lines do not cross for H in 0 to 1" if found.value is None else f"crossing at H = {found.value:.3f}"
    ci95 = found.ci95
    interval = "" if ci95 is None else f" (95 % {ci95[0]:.2f} to {ci95[1]:.2f})"
    shares = (
        f"{percent(found.share())} of the draws cross in 0 to 1, {percent(found.share(low, high))} where calibrated"
    )
    return f"{at}{interval}; {shares}, {low:.2f} to {high:.2f}"


def _other_tokens(calibration: Calibration, over: str) -> Finding | None:
    """Return the finding that N* of a calibration is not comparable, where its D counts other tokens than H does."""
    other = calibration.training_tokenizer
    if other is None:
        return None
    return Finding(over=over, says=f"its D counts {other}, which Chinchilla's does not", verdict="cannot say")


def _budget(calibration: Calibration, flops: float) -> str:
    trained = calibration.dependence.ranges.flops
    beyond = 0.0 if trained is None else math.log10(flops / trained[1])
    said = f", {beyond:.1f} decades beyond its runs" if beyond > 0.05 else ""
    return f"{flops:.2g} FLOPs{said}"
