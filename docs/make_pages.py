"""Write everything in docs/ that is made by a command; ``--check`` fails if a page is not what its commands give.

python docs/make_pages.py [--check] [--shown]

The pages that have a script of their own (commands, glossary, map, evidence, reproduction), then what every other page
shows between ``<!-- run -->`` and ``<!-- end -->`` (docs/shown.py says how); ``--shown`` is the latter alone.
"""

import subprocess
import sys
from pathlib import Path

from shown import differences, written

DOCS = Path(__file__).parent
SCRIPTS = ("commands", "glossary", "map", "evidence", "reproduction")


def main() -> None:
    """Write the pages, or check them; a page whose command fails is not written."""
    check = ["--check"] if "--check" in sys.argv else []
    if "--shown" not in sys.argv:
        for name in SCRIPTS:
            subprocess.run([sys.executable, str(DOCS / f"make_{name}.py"), *check], check=True)
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if not check:
            path.write_text(written(text), encoding="utf-8")
        elif found := differences(text):
            sys.exit(f"{path.name} shows what its commands do not print ('{found[0]}'): run python docs/make_pages.py")


if __name__ == "__main__":
    main()
