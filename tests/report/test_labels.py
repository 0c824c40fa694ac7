"""Every label that a screen prints is a word of `advisor explain`: the rows' and the heads of columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor.commands.glossary import SECTIONS
from advisor.commands.glossary.term import find
from advisor.errors import UsageError
from advisor.report import fit as report
from advisor.report import terminal
from advisor.report.screen import Wanted
from tests.report.test_first_screens import COMMANDS, corpora, documents  # noqa: F401

MORE = {
    "recommend, hardware": "recommend --gpu H100 --gpus 64 --hours 336 --price-per-hour 2.5",
    "recommend, corpus": "recommend prose.jsonl --flops 1e21 --quiet",
    "recommend, choice": "recommend --flops 1e21 --params 7B",
    "recommend, loss": "recommend --target-loss 2.1",
    "recommend, limited": "recommend --flops 1e22 --unique-tokens 25B",
    "recommend, serving": "recommend --params 13B --inference-tokens 2T",
    "recommend, plan": "recommend --flops 1e21 --gpu H100 --gpus 64 --plan",
    "recommend, sizes": "recommend --flops 1e21 --sizes",
    "recommend, laws": "recommend --flops 1e21 --laws",
    "compare": "compare prose.jsonl other.jsonl --flops 1e21 --quiet",
    "compare, budgets": "compare --flops 1e20 --flops 1e21 --gpu H100 --price-per-hour 2.5",
    "pilot, full": "pilot --compressibility .402 --flops 1e22 --full",
}
# Not of the program: what the user's files, budgets and groups are called, and the law of a row.
_NAMES = re.compile(r"[\d.,e+ ]*[KMBT]?|.*\.jsonl|mixture|all|[abc]|.*, no interval")
Seen = list[tuple[str, str]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """What is printed as a label of a row, and as a line of heads of columns."""
    found: Seen = []
    line = terminal.line

    def noted(text: str, style: str = "", rest: str = "", **settings: Any) -> None:
        found.append(("row" if rest else style, text))
        line(text, style, rest, **settings)

    monkeypatch.setattr(terminal, "line", noted)
    return found


def labels(seen: Seen) -> Iterator[str]:
    """Yield the labels of rows, and the heads of columns, which stand two spaces apart in a dim line."""
    sure = False  # inside the table How sure, whose first cells are labels too
    for kind, text in seen:
        sure = text.startswith("How sure") or (sure and kind in ("", "bold") and "  " in text)
        if sure:
            yield re.split(r" {2,}", text)[0]
        heads = re.split(r" {2,}", text.strip()) if kind == "dim" and not text.startswith("More:") else []
        for label in [text.strip()] if kind == "row" else heads if len(heads) > 1 else []:
            if label and not _NAMES.fullmatch(label):
                yield label


def unexplained(seen: Seen) -> list[str]:
    """Return the labels that `advisor explain` does not know."""
    missing = []
    for label in dict.fromkeys(labels(seen)):
        try:
            find(label, SECTIONS)
        except UsageError:
            missing.append(label)
    return missing


@pytest.mark.parametrize("words", [*COMMANDS.values(), *MORE.values()])
def test_every_label_of_a_screen_is_explained(words: str, advisor: Any, corpora: None, seen: Seen) -> None:  # noqa: F811
    assert advisor(*words.split()).code == 0
    assert len(list(labels(seen))) >= 1
    assert unexplained(seen) == []


def test_every_label_of_a_fit_is_explained(tmp_path: Path, capsys: Any, seen: Seen) -> None:
    for document in documents(tmp_path).values():
        report.show(document, asked=Wanted(), as_json=False)
    capsys.readouterr()
    assert {"Fit", "IsoFLOP", "Beyond", "By group"} <= set(labels(seen))
    assert unexplained(seen) == []
