"""Write docs/map.md, every file of both packages by room; ``--check`` fails if it is not what the files say.

python docs/make_map.py [--check]

A file's line is the first line of its docstring, a room's that of its ``__init__``. The rooms stand in the order in
which they may import each other, which tests/test_arrows.py has.
"""

import ast
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from tests.test_arrows import ADVISOR, CALIBRATION

ROOT = Path(__file__).parent.parent
PAGE = Path(__file__).parent / "map.md"
PACKAGES = (("advisor", ADVISOR), ("calibration", CALIBRATION))
HEAD = """# Map

Every file of `advisor/` and `calibration/`, by room; a room imports only rooms that stand before it (files in a room
are in the order of their names). This page is written by `python docs/make_map.py`, from the first line of each file's
docstring; a check keeps it true.

## Where a change begins

| to | begin in |
|---|---|
"""
# What newcomers were asked for: the file that a change begins in, then what else it touches.
CHANGES = {
    "add a published law": ("advisor/laws/published.py",),
    "add a GPU": ("data/accelerators.json", "advisor/plan/accelerators.py"),
    "read a new format of files": (
        *("advisor/corpus/formats.py", "advisor/corpus/source.py", "advisor/corpus/readers/__init__.py"),
    ),
    "change the default tokenizer": ("advisor/corpus/tokenizer.py",),
    "add a caution": ("advisor/answer/cautions.py", "advisor/answer/cautions_explained.py"),
    "add a number to the recommendation": ("advisor/answer/row.py", "advisor/report/recommendation/about.py"),
    "add an option that commands share": ("advisor/commands/options/__init__.py",),
    "add a form of report, such as a page": ("advisor/report/text.py", "advisor/commands/options/output.py"),
    "change Huber's delta": ("calibration/fit/objective.py", "advisor/commands/fit.py"),
    "add a predictor beside H": ("calibration/lines/predictors.py", "calibration/lines/records.py"),
    "add an engine to calibrate": (
        *("calibration/campaign/engine.py", "calibration/campaign/cluster/trunks.py"),
        *("calibration/campaign/devices.py", "advisor/commands/calibrate.py"),
    ),
}


def page() -> str:
    """Return the text of the page."""
    rooms = [ROOT / package / name for package, order in PACKAGES for name in ("", *order)]
    return HEAD + "\n".join([*changes(), "", *(section(folder) for folder in rooms if folder.is_dir())])


def changes() -> list[str]:
    """Return a row for each change: the file that it begins in, and those that it touches besides."""
    rows = []
    for change, (first, *others) in CHANGES.items():
        assert all((ROOT / name).is_file() for name in (first, *others)), change
        besides = f"; then {', '.join(map(link, others))}" if others else ""
        rows.append(f"| {change} | {link(first)}{besides} |")
    return rows


def link(name: str) -> str:
    """Return a link to a file of the tree."""
    return f"[`{name.removesuffix('__init__.py')}`](../{name})"


def section(folder: Path) -> str:
    """Return the heading of a room, what it is for, and a line for each of its files."""
    package = folder.parent == ROOT
    files = sorted(path for path in folder.glob("*.py") if package or path.name != "__init__.py")
    inner = sorted(folder.glob("*/*.py")) if not package else []
    rows = [row(path, folder) for path in (*files, *inner)]
    table = ["| file | what it is |", "|---|---|", *rows, ""] if rows else []
    mark = "##" if package else "###"
    return "\n".join([f"{mark} {folder.relative_to(ROOT)}/", "", first_line(folder / "__init__.py"), "", *table])


def row(path: Path, folder: Path) -> str:
    """Return the line of a file, with a link to it."""
    name = path.relative_to(folder).as_posix()
    shown = name if name == "__init__.py" else name.removesuffix("__init__.py")
    return f"| [`{shown}`](../{path.relative_to(ROOT).as_posix()}) | {first_line(path)} |"


def first_line(path: Path) -> str:
    """Return the first line of a module's docstring, as Markdown."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, f"{path} has no docstring"
    return docstring.splitlines()[0].replace("``", "`").replace("|", "\\|").replace("*", "\\*")


def main() -> None:
    """Write the page, or check it."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/map.md is not what the files say: run python docs/make_map.py")


if __name__ == "__main__":
    main()
