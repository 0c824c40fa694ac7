"""The tables of docs/reproduction.md, each a block of text made from the committed laws and rows."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from reproduction_findings import NEAR_H, near_pairs
from reproduction_laws import WrittenLaw
from reproduction_material import LineSet, Material, common_flops, line_sets, names_of, set_shape
from reproduction_rules import are, count, in_figures, laws_of, slope
from reproduction_statistics import PARAMETERS, Quantity, differences, heterogeneity, interval, log_n_at

from advisor.laws.scaling_law import ScalingLaw
from calibration.fit.analysis import Settings
from calibration.grammars.sets import PAPER_H, SHAPES

_RIGHT = str.rjust


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in a code block: the first column to the left, the others to the right."""
    lines = [tuple(header), *map(tuple, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    cells = ([line[0].ljust(widths[0]), *map(_RIGHT, line[1:], widths[1:])] for line in lines)
    return "\n".join(["```", *("  ".join(line).rstrip() for line in cells), "```"])


def grammars_table(material: Material) -> str:
    """Return what was trained on: shapes, the paper's H where it gives one, ours, and what is known of the entropy."""
    header = ("source", "calibration", "shape", "V", "H paper", "H", "shuffled", "rate", "bound")
    rows = [
        (
            one.source.name,
            one.calibration,
            "text" if (shape := set_shape(one)) is None else ",".join(map(str, shape)),
            str(one.source.vocab_size),
            or_none(paper_h(one), ".2f"),
            f"{one.h:.3f}",
            f"{one.source.shuffled:.3f}",
            or_none(one.source.entropy_rate, ".3f"),
            or_none(one.source.entropy_bound, ".3f"),
        )
        for one in material.laws
    ]
    return "\n\n".join([aligned(header, rows), *_same(material), *_absent(material)])


def paper_h(one: WrittenLaw) -> float | None:
    """Return H that the paper gives for its own draw of a grammar of this name and shape."""
    shapes = {name: numbers for named in SHAPES.values() for name, numbers in named.items()}
    return PAPER_H.get(one.source.name) if shapes.get(one.source.name) == set_shape(one) else None


def laws_table(material: Material) -> str:
    """Return every law with its verdict, N* at a budget that all accepted laws of its group reach."""
    parts = []
    for group, taken in material.groups.items():
        accepted = laws_of(material.accepted(group))
        if not taken:
            parts.append(f"No {group} were trained on.")
            continue
        flops = common_flops(accepted) if accepted else None
        at = "" if flops is None else f", N* at {flops:.2g} FLOPs"
        parts.append(f"{group.capitalize()}: {len(accepted)} of {len(taken)} laws {are(len(accepted))} accepted{at}.")
        parts.append(_laws_aligned(taken, flops))
    return "\n\n".join([_of_draws(material), *parts])


def _of_draws(material: Material) -> str:
    """Return why the intervals are not quite those that a refit prints."""
    kept = max((len(one.law.draws) for one in material.laws if one.law is not None), default=0)
    said = (
        f"Intervals are quantiles over the {kept} draws of each law that are kept in its ledger's laws.json, N* at one "
        f"budget for all; [calibrations](calibrations.md) and `advisor calibrate --refit` take all "
        f"{Settings().n_draws:,} draws of the fit and each source's own largest budget, so their ends differ."
    )
    return textwrap.fill(said, 120, break_on_hyphens=False)


def _laws_aligned(taken: Sequence[WrittenLaw], flops: float | None) -> str:
    header = ("source", "H", "E", "alpha", "95 %", "beta", "95 %", "a", "N* 95 %", "residual", "verdict")
    return aligned(header, [_law_cells(one, flops) for one in taken])


def _law_cells(one: WrittenLaw, flops: float | None) -> tuple[str, ...]:
    law, residual = one.law, "-" if one.residual_scale is None else f"{100 * one.residual_scale:.1f} %"
    head = (one.source.name, f"{one.h:.3f}")
    if law is None:
        return (*head, *"-" * 7, residual, one.verdict)
    n = "-" if flops is None or one.accepted is None else _interval(law, lambda each: each.frontier(flops).n_params, 0)
    alpha, beta = (_interval(law, PARAMETERS[name], 2) for name in ("alpha", "beta"))
    numbers = (f"{law.E:.3f}", f"{law.alpha:.2f}", alpha, f"{law.beta:.2f}", beta, f"{law.exponent_a:.2f}")
    return (*head, *numbers, n, residual, one.verdict)


def differ_table(material: Material) -> str:
    """Return, for each quantity, whether one value serves all accepted laws, and how many pairs are apart."""
    parts = []
    for group in material.groups:
        laws = laws_of(material.accepted(group))
        if len(laws) < 2:
            parts.append(f"{group.capitalize()}: {count(len(laws), 'accepted law')}, so none to compare.")
            continue
        flops = common_flops(laws)
        quantities: dict[str, Quantity] = {**PARAMETERS, "a": lambda law: law.exponent_a, "ln N*": log_n_at(flops)}
        header = ("quantity", "Q", "df", "p", "pairs apart")
        rows = [_differ_cells(name, laws, quantity) for name, quantity in quantities.items()]
        parts += [f"{group.capitalize()}, N* at {flops:.2g} FLOPs:", aligned(header, rows)]
    return "\n\n".join(parts)


def _differ_cells(name: str, laws: Sequence[ScalingLaw], quantity: Quantity) -> tuple[str, ...]:
    test, pairs = heterogeneity(laws, quantity), differences(laws, quantity)
    apart = sum(pair.apart for pair in pairs)
    return (name, f"{test.q:.1f}", str(test.df), f"{test.p_value:.2g}", f"{apart} of {len(pairs)}")


def lines_table(material: Material) -> str:
    """Return the slopes in H with their p-values, of both forms, for every set of sources that has a line."""
    sets = line_sets(material)
    if not sets:
        return "No set of sources has the three laws that a line needs."
    return "\n\n".join(_lines_of(one) for one in sets)


def _lines_of(one: LineSet) -> str:
    quantities: dict[str, Quantity] = {
        **PARAMETERS,
        "A": lambda law: law.A,
        "B": lambda law: law.B,
        "alpha - beta": lambda law: law.alpha - law.beta,
        "a": lambda law: law.exponent_a,
        "ln N*": log_n_at(one.flops),
    }
    rows = []
    for name, quantity in quantities.items():
        y = one.values(quantity)
        found = slope(one.h, y)
        at_0 = float(y.mean() - found.value * one.h.mean())
        rows.append((name, f"{at_0:.3g}", *in_figures(found).rstrip(")").split(" (", 1), f"{found.p_value:.2g}"))
    title = f"{one.name}: {names_of(one.sources)}; N* at {one.flops:.2g} FLOPs."
    return f"{title}\n\n{aligned(('parameter', 'at H = 0', 'slope in H', '95 %', 'p'), rows)}"


def control_table(material: Material, name: str) -> str:
    """Return the laws of a control set of the paper, and why those that are refused are."""
    taken = material.of_set(name)
    missing = sorted(set(SHAPES[name].values()) - {set_shape(one) for one in taken})
    absent = [key for key, shape in SHAPES[name].items() if shape in missing]
    parts = []
    if taken:
        accepted = laws_of(taken)
        flops = common_flops(accepted) if accepted else None
        at = "" if flops is None else f"; N* at {flops:.2g} FLOPs"
        parts.append(f"{len(accepted)} of {len(taken)} laws {are(len(accepted))} accepted{at}.")
        parts.append(_laws_aligned(taken, flops))
        parts += [f"- {one.source.name}: {one.refused_for[0]}" for one in taken if one.refused_for]
    if absent:
        parts.append(f"Not trained: {', '.join(absent)}.")
    return "\n\n".join(parts)


def pairs_table(material: Material) -> str:
    """Return the pairs of accepted laws of nearly equal H."""
    groups = [material.accepted(group) for group in material.groups]
    pairs = [(a, b, common_flops(laws_of(group))) for group in groups for a, b in near_pairs(group)]
    if not pairs:
        return f"No two accepted laws have H within {NEAR_H:g} of each other."
    quantities = ("alpha", "beta")
    rows = []
    for a, b, flops in pairs:
        found = [differences(laws_of((a, b)), PARAMETERS[name])[0] for name in quantities]
        n = differences(laws_of((a, b)), log_n_at(flops))[0]
        ratio = f"{math.exp(n.value):.2f}", f"{math.exp(n.ci95[0]):.2f} to {math.exp(n.ci95[1]):.2f}"
        cells = [f"{one.value:+.2f} ({one.ci95[0]:+.2f} to {one.ci95[1]:+.2f})" for one in found]
        rows.append((f"{a.source.name}, {b.source.name}", f"{b.h - a.h:.3f}", *cells, *ratio))
    return aligned(("pair", "dH", "alpha less alpha", "beta less beta", "N* ratio", "95 %"), rows)


def _same(material: Material) -> tuple[str, ...]:
    """Return which sources are one data set under two names or in two ledgers."""
    by_data: dict[str, list[str]] = {}
    for one in material.laws:
        by_data.setdefault(one.source.data, []).append(f"{one.source.name} of `{one.calibration}`")
    twice = [names for names in by_data.values() if len(names) > 1]
    said = (f"{' and '.join(names)} are the same documents; an accepted law counts once." for names in twice)
    return tuple(said)


def _absent(material: Material) -> tuple[str, ...]:
    shapes = {set_shape(one) for one in material.laws}
    missing = [name for named in SHAPES.values() for name, shape in named.items() if shape not in shapes]
    parts = [f"Of the paper's grammars these were not trained: {', '.join(missing)}."] if missing else []
    if not any(one.source.kind == "corpus" for one in material.laws):
        parts.append("No real corpus was trained on.")
    return tuple(parts)


def _interval(law: ScalingLaw, quantity: Quantity, digits: int) -> str:
    found = interval(law, quantity)
    if found is None:
        return "-"
    low, high = (f"{x:.{digits}f}" if digits else f"{x:,.0f}" for x in found)
    return f"{low} to {high}"


def or_none(value: float | None, form: str) -> str:
    """Return a number in a form, a dash for none."""
    return "-" if value is None else format(value, form)
