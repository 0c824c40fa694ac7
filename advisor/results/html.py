"""A table of a notebook: HTML that stands for itself, every string escaped, without a script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from advisor.errors import printable

if TYPE_CHECKING:
    from advisor.results.result import Shown


def html_table(caption: str, shown: Shown) -> str:
    """Return a table with a caption; its first column is to the left, the others to the right.

    >>> from advisor.results.result import Shown
    >>> print(html_table("a & b", Shown(("law", "N"), [("<chinchilla>", "2.78B")])))
    <table>
    <caption style="text-align:left">a &amp; b</caption>
    <thead><tr><th style="text-align:left">law</th><th style="text-align:right">N</th></tr></thead>
    <tbody>
    <tr><td style="text-align:left">&lt;chinchilla&gt;</td><td style="text-align:right">2.78B</td></tr>
    </tbody>
    </table>
    """
    lines = ["<table>", f'<caption style="text-align:left">{_text(caption)}</caption>']
    if any(shown.header):
        lines.append(f"<thead>{_row('th', shown.header)}</thead>")
    lines += ["<tbody>", *(_row("td", row) for row in shown.rows), "</tbody>", "</table>"]
    return "\n".join([*lines, *(f"<p>{_text(note)}</p>" for note in shown.notes)])


def _row(tag: str, cells: Sequence[str]) -> str:
    sides = ("left", *("right",) * (len(cells) - 1))
    each = (f'<{tag} style="text-align:{side}">{_text(c)}</{tag}>' for side, c in zip(sides, cells, strict=True))
    return f"<tr>{''.join(each)}</tr>"


def _text(text: str) -> str:
    return escape(printable(text))
