"""The claims of Pandey 2024 (arXiv:2405.16684) in our words, the rule by which each is judged, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import reproduction_findings as of_laws
import reproduction_lines as of_lines
from reproduction_findings import NEAR_H
from reproduction_lines import CODE_SAVING, CROSSING_H, ENOUGH_LAWS, FRONTIER_H, NO_BEND, NO_SAVING
from reproduction_material import GRAMMARS, LineSet, Material, line_sets
from reproduction_rules import LEVEL, Finding, overall, percent

from advisor.calibrations.coefficients import Calibration
from advisor.calibrations.evidence import Verdict, scorecard
from advisor.calibrations.published_evidence import CODE_TEXT


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim, its rule, what each set of sources says of it, and what is shown where that is no verdict."""

    name: str
    stated: str
    rule: str
    findings: tuple[Finding, ...]
    shown: str = ""

    @property
    def verdict(self) -> Verdict:
        """What the findings that say something say."""
        return overall(one.verdict for one in self.findings)

    @property
    def in_short(self) -> str:
        """The verdict, and what is shown where it is "cannot say"."""
        return f"{self.verdict}: {self.shown}" if self.shown and self.verdict == "cannot say" else self.verdict


def claims(material: Material) -> tuple[Claim, ...]:
    """Return every claim with what was found of it."""
    return (*_of_laws(material), *_of_lines(material), *_of_controls(material))


def _of_laws(material: Material) -> Iterator[Claim]:
    groups = [(group, material.accepted(group)) for group in material.groups]
    yield Claim(
        name="laws differ",
        stated="Scaling laws differ by data set.",
        rule="agree: one value of A, B, alpha or beta for all sources is rejected (Cochran's Q over the draws; the "
        f"least of four p-values, times four, under {LEVEL:g}). disagree: none is, and N* of every pair "
        "lies within a factor of two (95 %). E is left aside: languages of other entropy differ in it anyway.",
        findings=tuple(of_laws.laws_differ(group, sources) for group, sources in groups),
    )
    yield Claim(
        name="equal H, equal laws",
        stated="Data of equal H have equal laws.",
        rule=f"Over the pairs of a group whose H differ by less than {NEAR_H:g}. disagree: ln A, ln B, alpha, beta or "
        f"ln N* of a pair differ (the least p-value times their number under {LEVEL:g}). agree: none do, and N* of "
        "every such pair lies within a factor of two (95 %).",
        findings=tuple(of_laws.equal_laws(group, sources) for group, sources in groups),
    )


def _of_lines(material: Material) -> Iterator[Claim]:
    sets, calibrations = line_sets(material), material.coefficients.calibrations
    yield Claim(
        name="linear in H",
        stated="Each parameter of the law is a line in H.",
        rule="disagree: in the stated form (E, A, B, alpha, beta) a term in H squared is needed (the least of five "
        f"p-values, times five, under {LEVEL:g}). agree: none is, every one of the five slopes differs from 0 (p times "
        f"five under {LEVEL:g}), and either the rival form, lines of ln A and ln B, needs a bend by the same test or "
        f"there are at least {ENOUGH_LAWS} laws. cannot say: else. A and ln A cannot both be lines, and not to see a "
        "bend with few laws shows no line.",
        findings=(straight := _each(sets, of_lines.linear)),
        shown=NO_BEND if all(one.says.startswith(NO_BEND) for one in straight) else "",
    )
    yield Claim(
        name="E alone rises",
        stated="E alone rises with H (not significantly); A, B, alpha and beta fall.",
        rule="agree: the 95 % intervals of the five slopes (of ln A and ln B) all leave out 0 on the stated side. "
        "disagree: one leaves it out on the other side.",
        findings=_each(sets, of_lines.signs),
    )
    yield Claim(
        name="exponents cross",
        stated=f"alpha falls faster than beta, and they cross at H = {CROSSING_H:g}.",
        rule=f"agree: {CROSSING_H:g} is in the 95 % interval of the crossing over the joint draws of the lines. "
        "disagree: it is not, or at most a twentieth of the draws cross for H in 0 to 1. cannot say: a twentieth or "
        "more do not cross, or the interval is wider than the calibrated range of H.",
        findings=_for_each(calibrations, lambda one: [of_lines.alpha_meets_beta(one)]),
    )
    yield Claim(
        name="frontier crosses Chinchilla's",
        stated=f"The frontier crosses Chinchilla's between H = {FRONTIER_H[0]:g} and {FRONTIER_H[1]:g}.",
        rule="agree: in 95 % of the joint draws of the lines and of Chinchilla's law N*(H) is Chinchilla's somewhere "
        "in that range. disagree: in at most 5 %. N is non-embedding in ours and total in Chinchilla's.",
        findings=_for_each(
            calibrations, lambda one: [of_lines.frontier_meets_chinchilla(one, c) for c in of_lines.budgets(one)]
        ),
    )
    yield Claim(
        name="harder data prefers data",
        stated="Harder data (of higher H) prefers data to parameters: at one budget N* falls with H.",
        rule="agree or disagree: the 95 % interval of d ln N*/dH leaves out 0 on the stated side, or on the other.",
        findings=(*_each(sets, of_lines.prefers_data), *_prefers_data_on_lines(material)),
    )
    yield Claim(
        name="code",
        stated=f"Code needs {percent(CODE_SAVING)} fewer FLOPs than with Chinchilla's allocation.",
        rule=f"The share of the FLOPs that Chinchilla's N* and D* waste where a law at H of code, {CODE_TEXT.h:g} "
        f"({CODE_TEXT.h_range[0]:g} to {CODE_TEXT.h_range[1]:g}), is true. disagree: {percent(CODE_SAVING)} is "
        f"not in its 95 % interval. agree: it is, and the interval lies above {percent(NO_SAVING)}. cannot say: else, "
        f"or the interval is wider than {percent(2 * CODE_SAVING)}.",
        findings=_for_each(
            calibrations,
            lambda one: [
                of_lines.saved_on_code(one, law, c) for law in ("anchored", "gzip") for c in of_lines.budgets(one)
            ],
        ),
    )


def _of_controls(material: Material) -> Iterator[Claim]:
    iso_vocab = tuple(one for one in material.of_set("iso-vocab") if one.accepted is not None)
    yield Claim(
        name="iso-vocab",
        stated="With one vocabulary alpha and A fall with H, faster than beta and B.",
        rule="agree: the 95 % intervals of the slopes of alpha, ln A, alpha - beta and ln A - ln B in H all lie below "
        "0. disagree: one lies above.",
        findings=(of_laws.faster_than_beta(iso_vocab),),
    )
    yield Claim(
        name="vocabulary",
        stated="The size of the vocabulary is not the cause.",
        rule="E, ln A, ln B, alpha, beta and ln N* on H and ln V together. disagree: a coefficient of ln V differs "
        f"from 0 (the least of six p-values, times six, under {LEVEL:g}). agree: none does, and one of H does.",
        findings=(of_laws.vocabulary(material.accepted(GRAMMARS)),),
    )


def _prefers_data_on_lines(material: Material) -> Iterator[Finding]:
    by_name = {one.name: one for one in material.coefficients.calibrations}
    for row in scorecard(material.coefficients).signs:
        if row.published.paper == "Pandey" and row.published.quantity == "ln N*":
            yield of_lines.prefers_data_on_lines(row, by_name[row.calibration])


def _each(sets: Iterable[LineSet], find: Callable[[LineSet], Finding]) -> tuple[Finding, ...]:
    none = Finding(over="no set", says="no set has three accepted laws", verdict="cannot say")
    return tuple(find(one) for one in sets) or (none,)


def _for_each(
    calibrations: Iterable[Calibration], find: Callable[[Calibration], Iterable[Finding]]
) -> tuple[Finding, ...]:
    none = Finding(over="no calibration", says="no coefficients ship", verdict="cannot say")
    return tuple(finding for one in calibrations for finding in find(one)) or (none,)
