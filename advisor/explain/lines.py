"""One explained number, the page that collects them, and the names under which a law's quantities stand in formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.laws.parameters import NAMES
from advisor.laws.published import published_laws
from advisor.laws.scaling_law import FrontierLaw, Law, ScalingLaw

# What formulas may use beside Python's operators, min, max, exp, log, log2 and ceil.
FUNCTIONS = {
    "worth(x, u, r)": "u*(1 + r*(1 - exp(-(x/u - 1)/r)))",
    "root(f, x)": "the x at which f is 0, the other names held",
    "argmin(f, x)": "the x for which f is least, the other names held",
    "least(f, x)": "the least value of f over x, the other names held",
    "quantile(y, q)": "the quantile q of y, computed anew for each joint draw of the law's E, A, B, alpha and beta; "
    "linear between order statistics",
}
FRONTIER = "Hoffmann et al. 2022, arXiv:2203.15556, eq. 4"
SURFACE = "Hoffmann et al. 2022, arXiv:2203.15556, eq. 2"
LEVEL = 0.8
_NAMED = (*NAMES, "coefficient", "exponent", "a", "G", "N", "D", "excess", "loss")


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """How one number came about.

    ``formula`` is a Python expression in ``constants``, in the names of other explanations, and in FUNCTIONS; its value
    is ``value``. ``key`` is the number's path in the JSON document, None for a step on the way that is not there.
    ``section`` is the part of the report, ``source`` the paper and equation, the file, or the option.
    """

    section: str
    key: str | None
    name: str
    formula: str
    constants: Mapping[str, float]
    value: float
    source: str


@dataclass(frozen=True, kw_only=True)
class LawNames:
    """The names of a law's quantities: plain for the headline law, with the law's name for every other.

    ``constants`` are the parameters that are no results themselves.
    """

    law: Law
    suffix: str
    constants: Mapping[str, float]

    def write(self, template: str) -> str:
        """Return a formula: ``{N}`` and the like stand for this law's names."""
        return template.format_map({name: name + self.suffix for name in _NAMED})


class Page:
    """The explanations of one JSON document, in the order in which they were added."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.section = ""
        self.lines: list[Explanation] = []

    def add(
        self,
        name: str,
        formula: str,
        source: str,
        *,
        key: str | None = None,
        value: float | None = None,
        law: LawNames | None = None,
        known: Mapping[str, float] | None = None,
        **constants: float,
    ) -> None:
        """Add the explanation of what stands at ``key``, or of ``value``; nothing where that is null or infinite.

        ``known`` has constants beside those that are given by name.
        """
        constants = {**(known or {}), **constants}
        found = self.at(key) if key is not None else value
        if found is None or not math.isfinite(found):
            return
        if law is not None:
            formula = law.write(formula)
            constants = {**used_in(law.constants, formula), **constants}
        self.lines.append(
            Explanation(
                section=self.section,
                key=key,
                name=name if law is None else law.write(name),
                formula=formula,
                constants=constants,
                value=found,
                source=source,
            )
        )

    def at(self, key: str) -> Any:
        """Return what stands at ``key`` in the document; None where anything on the way is null."""
        found: Any = self.document
        for part in re.findall(r"[^.\[\]]+", key):
            if found is None:
                return None
            found = found[int(part)] if isinstance(found, list | tuple) else found[part]
        return found

    def interval(
        self, name: str, key: str, law: Law, drawn: str = "", known: Mapping[str, float] | None = None
    ) -> None:
        """Add the two ends of the 80 % interval of ``name``, or of the formula ``drawn``, at ``key``.

        What the request fixed has none.
        """
        ends = self.at(key)
        if not isinstance(law, ScalingLaw) or ends is None or (None not in ends and math.isclose(*ends)):
            return
        source = f"central 80 % of {len(law.draws)} joint draws of ln A, ln B, ln E, alpha and beta: {_draws_of(law)}"
        for i, (end, share) in enumerate((("low", "(1 - level)/2"), ("high", "(1 + level)/2"))):
            formula = f"quantile({drawn or name}, {share})"
            self.add(f"{name}_{end}", formula, source, key=f"{key}[{i}]", known=known, level=LEVEL)


def names_of(law: Law, suffix: str, *, explained: bool = False) -> LawNames:
    """Return the names of a law's quantities; its parameters are constants unless they are ``explained`` themselves."""
    parameters = ("coefficient", "exponent") if isinstance(law, FrontierLaw) else NAMES
    constants = {} if explained else {name + suffix: float(getattr(law, name)) for name in parameters}
    return LawNames(law=law, suffix=suffix, constants=constants)


def identifier(name: str) -> str:
    """Return a law's name as part of a name in formulas."""
    return "_" + re.sub(r"\W", "_", name)


def used_in(constants: Mapping[str, float], formula: str) -> dict[str, float]:
    """Return those of ``constants`` that a formula names."""
    words = set(re.findall(r"\w+", formula))
    return {name: value for name, value in constants.items() if name in words}


def _draws_of(law: ScalingLaw) -> str:
    if law.name == "chinchilla":
        return "data/chinchilla_draws.csv, refits to bootstrap samples of the runs"
    return law.source if law.name in published_laws() else f"those that come with {law.name} ({law.source})"
