"""Put what `advisor evidence --full` prints of what ships into docs/evidence.md; ``--check`` fails if it is not there.

python docs/make_evidence.py [--check]
"""

import contextlib
import io
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.default_evidence import default_evidence
from advisor.calibrations.evidence import scorecard
from advisor.report.evidence import print_default, render

PAGE = Path(__file__).parent / "evidence.md"
BEGIN, END = "<!-- evidence: written by docs/make_evidence.py -->\n", "<!-- end of evidence -->\n"


def page(text: str) -> str:
    """Return the page's ``text`` with the scorecard of the shipped file between its markers."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}```\n{block()}```\n{END}{after}"


def block() -> str:
    """Return what `advisor evidence --full` prints at 80 columns, whatever is installed beside what ships."""
    printed, columns = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    try:
        with contextlib.redirect_stdout(printed):
            print_default(default_evidence())
            print()
            render(scorecard(load_coefficients()))
    finally:
        os.environ.pop("COLUMNS")
        if columns is not None:
            os.environ["COLUMNS"] = columns
    return printed.getvalue()


def main() -> None:
    """Write the page, or check it."""
    text = PAGE.read_text(encoding="utf-8")
    if "--check" not in sys.argv:
        PAGE.write_text(page(text), encoding="utf-8")
    elif page(text) != text:
        sys.exit("docs/evidence.md is not what the shipped file gives: run python docs/make_evidence.py")


if __name__ == "__main__":
    main()
