"""Run the commands that a page shows, and return the page with what they print now.

A block begins with ``<!-- run -->`` and a fence of ``console``: lines that begin with ``$ `` are commands, a backslash
at their end goes on, and what stands between them is their output. A block says beside ``run`` what is special:

    <!-- run: 12 lines -->   only so much of each output is shown
    <!-- run: notes -->      what goes to stderr is shown too
    <!-- run: exit 1 -->     the last command of the block ends with this code; else all end with 0
    <!-- run: slow -->       the tests leave it out, and the check of CI (docs/make_pages.py) runs it
    <!-- run: varies -->     the output depends on the machine: a check looks at the words, not at the numbers

Commands run one after another in one folder for each page, which holds the tables of docs/examples and, as ``stdlib``,
the library of this Python; 80 columns, no terminal, nothing installed but what ships.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

DOCS = Path(__file__).parent
BLOCK = re.compile(r"(?m)^<!-- run(?P<how>:[^>]*)? -->\n```console\n(?P<inside>.*?)^```\n<!-- end -->\n", re.DOTALL)
SECONDS = 120
# Progress of a corpus's reading: only of one moment, and a terminal shows it in place.
PROGRESS = re.compile(r"^(reading|drawing|fetching) .* \d+ %$")


def written(page: str, *, slow: bool = True) -> str:
    """Return the text of a page with the outputs of its commands as they are now, those of slow blocks if asked for."""
    if not BLOCK.search(page):
        return page
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        return BLOCK.sub(lambda match: block(match, Path(folder)) if slow or not is_slow(match) else match[0], page)


def is_slow(match: re.Match[str]) -> bool:
    """Return whether a block is left out of the tests."""
    return "slow" in (match["how"] or "")


def differences(page: str, *, slow: bool = True) -> list[str]:
    """Return the lines of a page that its commands no longer print."""
    now = [match["inside"].splitlines() for match in BLOCK.finditer(written(page, slow=slow))]
    found = []
    for match, lines in zip(BLOCK.finditer(page), now, strict=True):
        shown = match["inside"].splitlines()
        if "varies" in (match["how"] or ""):
            known = {word for line in lines for word in words(line)}
            found += [line for line in shown if not set(words(line)) <= known]
        elif shown != lines:
            found += [line for line in shown if line not in lines] or shown[:1]
    return found


def words(line: str) -> list[str]:
    """Return the plain words of a line: what does not depend on a corpus."""
    return re.findall(r"\b[a-z]{4,}\b", line)


def prepare(folder: Path) -> None:
    """Make the folder that a page's commands run in."""
    for table in (DOCS / "examples").iterdir():
        (folder / table.name).write_bytes(table.read_bytes())
    (folder / "stdlib").symlink_to(sysconfig.get_path("stdlib"))
    (folder / ".bin").mkdir()
    for name, run in (("advisor", f"{sys.executable} -m advisor"), ("python", sys.executable)):
        command = folder / ".bin" / name
        command.write_text(f'#!/bin/sh\nexec {run} "$@"\n', encoding="utf-8")
        command.chmod(0o755)


def block(match: re.Match[str], folder: Path) -> str:
    """Return a block with its outputs as they are now."""
    how = match["how"] or ""
    lines = re.search(r"(\d+) lines", how)
    code = re.search(r"exit (\d+)", how)
    commands = commands_of(match["inside"])
    inside = ""
    for command in commands:
        expected = int(code[1]) if code and command is commands[-1] else 0
        shown = output(command, folder, notes="notes" in how, expected=expected)
        inside += "$ " + command + "\n" + cut(shown, int(lines[1]) if lines else None)
    return f"<!-- run{how} -->\n```console\n{inside}```\n<!-- end -->\n"


def commands_of(inside: str) -> list[str]:
    """Return the commands of a block, those over several lines whole."""
    return [found.rstrip("\n") for found in re.findall(r"(?m)^\$ ((?:.*\\\n)*.*\n)", inside)]


def output(command: str, folder: Path, *, notes: bool, expected: int) -> str:
    """Return what a command prints; the page cannot be written where it ends with another code than is expected."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if notes else subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != expected:
        said = (done.stderr or done.stdout).strip()
        sys.exit(f"`{command}` ends with {done.returncode} and not with {expected}: {said}")
    if re.search(r": null\b", done.stdout):
        sys.exit(f"`{command}` prints a null, where a page means to show a value")
    lines = [line.rstrip() for line in done.stdout.splitlines() if not PROGRESS.match(line)]
    return "".join(line + "\n" for line in lines)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of the commands: this checkout, a fixed width, no installed calibrations, no hub."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return kept | {
        "PATH": f"{folder / '.bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(DOCS.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "80",
        "HOME": str(folder),
        "ADVISOR_DATA_DIR": str(folder / ".installed"),
        "HF_HUB_OFFLINE": "1",
    }


def cut(text: str, n_lines: int | None) -> str:
    """Return the first lines of an output, and that more follow."""
    lines = text.splitlines(keepends=True)
    return text if n_lines is None or len(lines) <= n_lines else "".join(lines[:n_lines]) + "...\n"
