"""Write docs/glossary.md, what `advisor explain` says of every word; ``--check`` fails if it is not so.

python docs/make_glossary.py [--check]
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from advisor.commands.glossary import LABELS, WORDS
from advisor.commands.glossary.cautions import CAUTIONS
from advisor.commands.glossary.term import Term

PAGE = Path(__file__).parent / "glossary.md"
HEAD = """# Glossary

What the words on the screens mean. `advisor explain WORD` prints the same in a terminal, and takes every spelling that
stands here. This page is written by `python docs/make_glossary.py`; a check keeps it true.
"""


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD]
    for section in (*WORDS, *LABELS):
        parts += [f"## {section.title}\n", *map(entry, section.terms)]
    rows = [f"| `{term.word}` | {escaped(term.text)} | {term.unit.split(':')[0][2:]} |\n" for term in CAUTIONS.terms]
    parts += [f"## {CAUTIONS.title}\n", "| code | what it means | |\n|---|---|---|\n" + "".join(rows)]
    return "\n".join(parts)


def entry(term: Term) -> str:
    """Return one word, what it means, and where it stands."""
    rows = [f"unit: {escaped(term.unit)}", f"where: {term.where}"]
    if term.also:
        rows.append(f"also: {', '.join(f'`{other}`' for other in term.also)}")
    rows.append(f"more: [{title(term.page)}]({term.page})")
    return f"### {escaped(term.word)}\n\n{escaped(term.text)}\n\n" + "".join(f"- {row}\n" for row in rows)


def title(name: str) -> str:
    """Return the heading of a page."""
    with (PAGE.parent / name).open(encoding="utf-8") as text:
        return next(text).removeprefix("# ").rstrip()


def escaped(text: str) -> str:
    r"""Return ``text`` with its asterisks and underscores as they are, outside of code.

    >>> escaped("N* of `R_D*`, T_c")
    'N\\* of `R_D*`, T\\_c'
    """
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([*_<])", r"\\\1", part) for part in parts)


def main() -> None:
    """Write the page, or check it."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/glossary.md is not what `advisor explain` says: run python docs/make_glossary.py")


if __name__ == "__main__":
    main()
