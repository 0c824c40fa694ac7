"""What editors and type checkers see of the calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parent / "typed_example.py"
ROOT = EXAMPLE.parent.parent.parent


def test_an_example_passes_the_strict_type_checker():
    """Its lines with an error say which: that comment would be an error where there is none."""
    mypy = [sys.executable, "-m", "mypy", "--strict", str(EXAMPLE)]
    done = subprocess.run(mypy, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("Success: no issues found in 1 source file\n", 0)
