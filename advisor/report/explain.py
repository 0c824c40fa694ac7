"""How explanations look: each part of the report, its numbers with formula, constants and source, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from advisor.report.text import echo, print_hanging, print_labelled

if TYPE_CHECKING:
    from advisor.explanation import Explanation


def explanation_keys(explanations: Sequence[Explanation] | None) -> dict[str, Any]:
    """Return the keys that explanations add to a document; null where none are asked for."""
    if explanations is None:
        return {"explanations": None, "explanation_functions": None}
    from advisor.explanation import FUNCTIONS

    return {"explanations": explanations, "explanation_functions": FUNCTIONS}


def then_explained(render: Callable[[], None], explanations: Sequence[Explanation] | None) -> Callable[[], None]:
    """Return ``render`` followed by the explanations, if there are any."""

    def both() -> None:
        render()
        if explanations is not None:
            print_explanations(explanations)

    return both


def print_explanations(explanations: Sequence[Explanation]) -> None:
    """Print where every number of the report comes from, in the order in which one stands on another."""
    from advisor.explanation import FUNCTIONS

    echo()
    echo("Where every number comes from", "bold")
    echo(
        "Formulas are Python's. A name in one is the line of that name, or a constant, which is given where it first "
        "appears or changes. Numbers in brackets are sources, at the end.",
        "dim",
    )
    print_labelled(list(FUNCTIONS.items()))
    numbers = {source: i for i, source in enumerate(dict.fromkeys(each.source for each in explanations), 1)}
    said: dict[str, float] = {}
    for section, lines in groupby(explanations, key=lambda each: each.section):
        echo()
        echo(section, "bold")
        for each in lines:
            print_hanging(f"{_text(each, said)} [{numbers[each.source]}]")
    echo()
    echo("Sources", "bold")
    print_labelled([(f"[{i}]", source) for source, i in numbers.items()])


def _text(each: Explanation, said: dict[str, float]) -> str:
    """Return one explanation without its source, and note the constants that were ``said``."""
    new = {name: value for name, value in each.constants.items() if said.get(name) != value}
    said.update(new)
    known = "".join(f"; {name} = {value!r}" for name, value in new.items())
    return f"{each.name} = {each.formula} = {each.value:.6g}{known}"
