"""How explanations look: each part of the report, its numbers with formula, constants and source, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.report.text import echo, emit, print_hanging, print_labelled, warn

if TYPE_CHECKING:
    from advisor.explanation import Explanation


def emit_explained(
    result: Any,
    render: Callable[[], None],
    explain: Callable[[], Sequence[Explanation]],
    *,
    asked: bool,
    explain_all: bool,
    as_json: bool,
    out: Path | None,
) -> None:
    """Emit a result, its cautions on stderr beside a document on stdout.

    ``explain`` returns where every number comes from: it is called where ``explain_all`` asks for that, below the text
    and in the document, or ``asked`` beside ``as_json`` for the document; else the document has null there.
    """
    explanations = explain() if explain_all or (as_json and asked) else None

    def document() -> dict[str, Any]:
        from advisor import json_form

        functions = None if explanations is None else _functions()
        return {**json_form.as_json(result), "explanations": explanations, "explanation_functions": functions}

    def both() -> None:
        render()
        if explanations is not None:
            print_explanations(explanations)

    emit(document, both, as_json=as_json, out=out)
    if as_json:
        warn(result.cautions)


def _functions() -> dict[str, str]:
    from advisor.explanation import FUNCTIONS  # here, because it is loaded where explanations are asked for alone

    return FUNCTIONS


def print_explanations(explanations: Sequence[Explanation]) -> None:
    """Print where every number of the report comes from, in the order in which one stands on another."""
    echo()
    echo("Where every number comes from", "bold")
    echo(
        "Formulas are Python's. A name in one is the line of that name, or a constant, which is given where it first "
        "appears or changes. Numbers in brackets are sources, at the end.",
        "dim",
    )
    print_labelled(list(_functions().items()))
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


def print_derivation(explanations: Sequence[Explanation]) -> None:
    """Print how one answer comes about: each step with its formula, its constants in six digits, and its source."""
    echo("How this comes about", "bold")
    numbers = {source: i for i, source in enumerate(dict.fromkeys(each.source for each in explanations), 1)}
    said: dict[str, float] = {}
    for each in explanations:
        print_hanging(f"{_text(each, said, digits=6)} [{numbers[each.source]}]")
    echo()
    print_labelled([(f"[{i}]", source) for source, i in numbers.items()])


def _text(each: Explanation, said: dict[str, float], *, digits: int | None = None) -> str:
    """Return one explanation without its source, and note the constants that were ``said``.

    Constants are exact, or have ``digits``.
    """
    new = {name: value for name, value in each.constants.items() if said.get(name) != value}
    said.update(new)
    look = repr if digits is None else f"{{:.{digits}g}}".format
    known = "".join(f"; {name} = {look(value)}" for name, value in new.items())
    return f"{each.name} = {each.formula} = {each.value:.6g}{known}"
