"""Print the text of every HTML page under a folder, one JSON line each: what docs/h_ref.md was measured on.

python docs/html_text.py FOLDER > pages.jsonl
"""

import json
import sys
from html.parser import HTMLParser
from pathlib import Path

_BLOCKS = frozenset(
    (
        *("address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "hr", "li", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"),
    )
)
_LEFT_OUT = frozenset(("script", "style", "head", "nav", "header", "footer"))


class Text(HTMLParser):
    """Collects the text outside the elements that are left out, with a line end at each block."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.depth_left_out = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        self.depth_left_out += tag in _LEFT_OUT
        self._end_line(tag)

    def handle_endtag(self, tag: str) -> None:
        """End an element; a stray end tag ends nothing."""
        self.depth_left_out -= tag in _LEFT_OUT and self.depth_left_out > 0
        self._end_line(tag)

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self.depth_left_out:
            self.parts.append(data)

    def _end_line(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")


def text_of(page: str) -> str:
    """Return the text of an HTML page: its lines, a new one at each block, runs of spaces as one, no empty lines."""
    parser = Text()
    parser.feed(page)
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)


def main() -> None:
    """Print the pages, in the order of their names."""
    for path in sorted(Path(sys.argv[1]).rglob("*.htm*")):
        if path.is_file() and not path.is_symlink() and path.suffix in (".htm", ".html"):
            print(json.dumps({"text": text_of(path.read_text(encoding="utf-8", errors="replace"))}))


if __name__ == "__main__":
    main()
