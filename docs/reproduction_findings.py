"""What the laws themselves say: whether they differ, are equal at equal H, and what vocabulary has to do with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from reproduction_laws import WrittenLaw
from reproduction_material import FEWEST_FOR_A_LINE, LineSet, common_flops
from reproduction_rules import (
    LEVEL,
    Finding,
    bonferroni,
    count,
    in_figures,
    laws_of,
    over_set,
    sign,
    slope,
    together,
    too_few,
)
from reproduction_statistics import PARAMETERS, Quantity, differences, heterogeneity, least_squares, log_n_at

from advisor.calibrations.evidence import Verdict

# Twice or half the optimal N wastes 15.6 % of the FLOPs under Chinchilla's law: closer than that is the same answer.
SAME_N = math.log(2)
NEAR_H = 0.03
SHAPE = {name: quantity for name, quantity in PARAMETERS.items() if name != "E"}


def laws_differ(over: str, sources: Sequence[WrittenLaw]) -> Finding:
    """Return whether one value of A, B, alpha or beta serves all sources."""
    if (few := too_few(over, sources, 2)) is not None:
        return few
    laws = laws_of(sources)
    p = {name: heterogeneity(laws, quantity).p_value for name, quantity in SHAPE.items()}
    flops = common_flops(laws)
    furthest = max(one.at_most for one in differences(laws, log_n_at(flops)))
    least = min(p, key=lambda name: p[name])
    corrected = bonferroni(p.values())
    says = (
        f"{len(laws)} laws; one {least} for all has p = {corrected:.2g} (times {len(p)}); N* at {flops:.2g} FLOPs of "
        f"two of them may differ by a factor of {math.exp(min(furthest, 700)):.3g}"
    )
    verdict: Verdict = "agree" if corrected < LEVEL else "disagree" if furthest <= SAME_N else "cannot say"
    return Finding(over=over, says=says, verdict=verdict)


def equal_laws(over: str, sources: Sequence[WrittenLaw]) -> Finding:
    """Return whether laws of nearly equal H are equal."""
    if (few := too_few(over, sources, 2)) is not None:
        return few
    pairs = near_pairs(sources)
    if not pairs:
        return Finding(over=over, says=f"no two of {len(sources)} lie so near", verdict="cannot say")
    log_n = log_n_at(common_flops(laws_of(sources)))
    tests = {**SHAPE, "ln N*": log_n}
    found = {
        (name, a.source.name, b.source.name): differences(laws_of((a, b)), quantity)[0]
        for a, b in pairs
        for name, quantity in tests.items()
    }
    least = min(found, key=lambda key: found[key].p_value)
    corrected = bonferroni(one.p_value for one in found.values())
    furthest = max(one.at_most for key, one in found.items() if key[0] == "ln N*")
    says = (
        f"{count(len(pairs), 'pair')}; the clearest difference is {least[0]} of {least[1]} and {least[2]}, p = "
        f"{corrected:.2g} (times {len(found)}); N* may differ by a factor of {math.exp(min(furthest, 700)):.3g}"
    )
    verdict: Verdict = "disagree" if corrected < LEVEL else "agree" if furthest <= SAME_N else "cannot say"
    return Finding(over=over, says=says, verdict=verdict)


def near_pairs(sources: Sequence[WrittenLaw]) -> tuple[tuple[WrittenLaw, WrittenLaw], ...]:
    """Return the pairs of accepted sources whose H differ by less than NEAR_H."""
    ordered = sorted(sources, key=lambda one: one.h)
    return tuple((a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :] if b.h - a.h < NEAR_H)


def faster_than_beta(sources: Sequence[WrittenLaw]) -> Finding:
    """Return whether alpha and A fall with H, and faster than beta and B, over grammars of one vocabulary."""
    if (few := too_few("iso-vocab", sources, FEWEST_FOR_A_LINE)) is not None:
        return few
    one = LineSet(name="iso-vocab", sources=tuple(sources))
    values = {name: one.values(quantity) for name, quantity in PARAMETERS.items()}
    columns = {
        "alpha": values["alpha"],
        "ln A": values["ln A"],
        "alpha - beta": values["alpha"] - values["beta"],
        "ln A - ln B": values["ln A"] - values["ln B"],
    }
    found = {name: slope(one.h, column) for name, column in columns.items()}
    says = "; ".join(f"{name} {in_figures(coefficient)}" for name, coefficient in found.items())
    verdicts = [sign(-1, coefficient) for coefficient in found.values()]
    return Finding(over=over_set(one), says=says, verdict=together(verdicts))


def vocabulary(sources: Sequence[WrittenLaw]) -> Finding:
    """Return whether ln V says anything of the laws beside H."""
    if (few := too_few("all grammars", sources, 4)) is not None:
        return few
    one = LineSet(name="all grammars", sources=tuple(sources))
    log_v = np.log([float(each.source.vocab_size) for each in sources])
    quantities: dict[str, Quantity] = {**PARAMETERS, "ln N*": log_n_at(one.flops)}
    found = {name: least_squares([one.h, log_v], one.values(quantity)) for name, quantity in quantities.items()}
    both = {name: pair for name, pair in found.items() if pair is not None}
    if len(both) < len(found):
        return Finding(over=over_set(one), says="ln V is a line in H here", verdict="cannot say")
    of_h, of_v = (bonferroni(pair[i].p_value for pair in both.values()) for i in (0, 1))
    least = min(both, key=lambda name: both[name][1].p_value)
    says = (
        f"least p times six: {of_v:.2g} for ln V ({least}), {of_h:.2g} for H beside it; H and ln V correlate by "
        f"{np.corrcoef(one.h, log_v)[0, 1]:.3f}"
    )
    verdict: Verdict = "disagree" if of_v < LEVEL else "agree" if of_h < LEVEL else "cannot say"
    return Finding(over=over_set(one), says=says, verdict=verdict)
