"""Write everything in docs/ that is made by a command; ``--check`` fails if a page is not what its commands give.

python docs/make_pages.py [--check] [--shown | --slow]

The pages that have a script of their own (commands, glossary, map, evidence, reproduction), then what every other page
shows between ``<!-- run -->`` and ``<!-- end -->`` (docs/shown.py says how); ``--shown`` is the latter alone.
``--slow`` is what the tests leave out: pages that have a slow block.
"""

import subprocess
import sys
from pathlib import Path

from shown import BLOCK, differences, is_slow, written

DOCS = Path(__file__).parent
SCRIPTS = ("commands", "glossary", "map", "evidence", "reproduction")


def main() -> None:
    """Write the pages, or check them; a page whose command fails is not written."""
    check = ["--check"] if "--check" in sys.argv else []
    slow = "--slow" in sys.argv
    if not slow and "--shown" not in sys.argv:
        for name in SCRIPTS:
            subprocess.run([sys.executable, str(DOCS / f"make_{name}.py"), *check], check=True)
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if slow and not any(map(is_slow, BLOCK.finditer(text))):
            continue
        if not check:
            path.write_text(written(text), encoding="utf-8")
        elif found := differences(text):
            sys.exit(f"{path.name} shows what its commands do not print ('{found[0]}'): run python docs/make_pages.py")


if __name__ == "__main__":
    main()
