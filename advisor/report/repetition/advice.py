"""How advice on repeated data looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from advisor.report.text import echo, print_labelled

if TYPE_CHECKING:
    from advisor.answer.repetition.advice import Advice


def print_advice(advice: Sequence[Advice], *, everything: bool) -> None:
    """Print lines of advice with their sources; without ``everything`` the most important ones, and how many more."""
    from advisor.answer.repetition.advice import USUAL_SCOPE

    shown = [line for line in advice if everything or line.first]
    echo("Training on repeated data", "bold")
    if everything:
        echo(f"Seen on {USUAL_SCOPE}, where a line says nothing else.", "dim")
    print_labelled([("-", _line(line, USUAL_SCOPE)) for line in shown])
    if len(shown) < len(advice):
        echo(f"{len(advice) - len(shown)} more lines: --advice.", "dim")


def _line(line: Advice, usual_scope: str) -> str:
    scope = "" if line.scope == usual_scope else f"; seen on {line.scope}"
    return f"{line.text} [{line.source}{scope}]"
