"""docs/python.md runs as it stands, block after block."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "python.md"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


def test_every_block_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    for number, text in enumerate(sources[:40]):
        (tmp_path / "corpus" / f"{number}.py").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "fit" / "grid36.csv", tmp_path / "runs.csv")
    names: dict[str, object] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 8
    for block in blocks:
        _run(block, names)


def _run(block: str, names: dict[str, object]) -> None:
    """Run a block: a session with its output, or plain statements."""
    if not block.startswith(">>> "):
        exec(compile(block, str(PAGE), "exec"), names)
        return
    runner, said = doctest.DocTestRunner(optionflags=FLAGS), []
    test = doctest.DocTestParser().get_doctest(block, names, PAGE.name, str(PAGE), 0)
    runner.run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
