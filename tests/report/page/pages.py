"""Made documents for pages, and what is found in a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

HOSTILE = "</script><img src=x onerror=alert(1)>\u2028\u202e&\"'{{7*7}}"
SEEN = "</script><img src=x onerror=alert(1)>??&\"'{{7*7}}"  # as a person reads it: lines and directions are gone


def write(path: Path, document: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"schema_version": 1, **document}), encoding="utf-8")
    return path


def corpus(source: str = "corpus", median: float = 0.45, cautions: tuple[dict[str, str], ...] = ()) -> dict[str, Any]:
    counts = [0] * 40
    counts[20:24] = [2, 5, 4, 1]
    return {
        "source": source,
        "protocol": {
            **{"tokenizer": "mistral-v1", "seq_len": 256, "n_sequences": 1000, "level": 9},
            **{"encoding": "int32-be", "chunking": "document", "statistic": "median"},
        },
        "compressibility": {
            **{"median": median, "mean": median, "sd": 0.05, "ci95": [median - 0.01, median + 0.01]},
            **{"shuffled_median": 0.55, "ceiling": 0.72, "histogram": {"low": 0.0, "high": 0.8, "counts": counts}},
        },
        **{"estimated_tokens": 5e9, "bytes_per_token": 3.5, "n_sequences": 1000, "cautions": list(cautions)},
    }


class Page(HTMLParser):
    """What a page has: its elements with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "line", "circle", "rect"):
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        for tag in dict.fromkeys(self._open):
            self.texts[tag][-1] += data

    def attribute(self, tag: str, name: str) -> Iterator[str | None]:
        return (attributes.get(name) for found, attributes in self.elements if found == tag)


def data_of(text: str) -> dict[str, Any]:
    """Return the data that a page's script reads."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    document: dict[str, Any] = json.loads(found[1])
    return document
