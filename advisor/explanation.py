"""How one number came about, as data: formula, constants and source; and the page that collects such explanations."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# What formulas may use beside Python's operators, min, max, exp, log, log2 and ceil.
FUNCTIONS = {
    "worth(x, u, r)": "u*(1 + r*(1 - exp(-(x/u - 1)/r)))",
    "root(f, x)": "the x at which f is 0, the other names held",
    "argmin(f, x)": "the x for which f is least, the other names held",
    "least(f, x)": "the least value of f over x, the other names held",
    "quantile(y, q)": "the quantile q of y, computed anew for each joint draw of the law's E, A, B, alpha and beta; "
    "linear between order statistics",
}


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


class Page:
    """Explanations in the order in which they were added: each stands on those before it."""

    def __init__(self, section: str) -> None:
        self.section = section
        self.lines: list[Explanation] = []

    def add(
        self,
        name: str,
        formula: str,
        source: str,
        *,
        value: float | None,
        key: str | None = None,
        known: Mapping[str, float] | None = None,
        **constants: float,
    ) -> None:
        """Add the explanation of ``value``; nothing where there is none, or it is infinite and no JSON can hold it.

        ``known`` has constants beside those that are given by name.
        """
        if value is None or not math.isfinite(value):
            return
        self.lines.append(
            Explanation(
                section=self.section,
                key=key,
                name=name,
                formula=formula,
                constants={**(known or {}), **constants},
                value=value,
                source=source,
            )
        )

    def take(
        self, name: str, how: str, source: str, *, value: float | None, key: str | None = None, **constants: float
    ) -> None:
        """Add a number that is taken as it is: measured, known or chosen, as ``how`` says; nothing where it is None."""
        if value is not None:
            formula = f"{how}_{name}"
            self.add(name, formula, source, value=value, key=key, known={formula: value}, **constants)


def leading_to(lines: Sequence[Explanation], formulas: Iterable[str]) -> tuple[Explanation, ...]:
    """Return those explanations on which ``formulas`` stand, in their order: the derivation of these alone."""
    by_name = {line.name: line for line in lines}
    needed: set[str] = set()
    open_ends = [word for formula in formulas for word in re.findall(r"[^\W\d]\w*", formula)]
    while open_ends:
        name = open_ends.pop()
        if name in by_name and name not in needed:
            needed.add(name)
            open_ends += re.findall(r"[^\W\d]\w*", by_name[name].formula)
    return tuple(line for line in lines if line.name in needed)


def used_in(constants: Mapping[str, float], formula: str) -> dict[str, float]:
    """Return those of ``constants`` that a formula names."""
    words = set(re.findall(r"\w+", formula))
    return {name: value for name, value in constants.items() if name in words}


def file_of(module: str) -> str:
    """Return the file of a module, by its ``__name__``, as sources name it.

    >>> file_of("advisor.plan.shape")
    'advisor/plan/shape.py'
    """
    return f"{module.replace('.', '/')}.py"
