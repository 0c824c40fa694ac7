"""The recipes of docs/json.md, as they stand there, with jq."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.calibrations.hand_made import profile, write

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL)
pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")


@pytest.fixture
def shell(tmp_path):
    """A function that runs a recipe where `advisor` is this checkout's, and returns exit code, stdout and stderr."""
    command = tmp_path / "bin" / "advisor"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m advisor "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    settings = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}

    def run(recipe: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["bash", "-c", recipe], cwd=tmp_path, env=settings, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_there_are_three():
    assert len(RECIPES) == 3


def test_corpora_as_a_table_with_tabs(shell, tmp_path):
    corpora = [profile(source=name) for name in ("prose", "größe 数据")]
    write(tmp_path / "profiles.json", {"schema_version": 1, "corpora": corpora})
    code, out, _ = shell(RECIPES[0])
    rows = [line.split("\t") for line in out.splitlines()]
    assert (code, [row[0] for row in rows]) == (0, ["prose", "größe 数据"])
    assert all(6 * float(n) * float(d) == pytest.approx(1e21) for _, n, d in rows)


def test_a_job_that_fails_outside_of_a_range_or_on_a_warning(shell):
    assert shell(RECIPES[1])[:2] == (0, "true\n")
    assert shell(RECIPES[1].replace("4e9", "2.1e9"))[:2] == (1, "false\n")
    code, out, err = shell(RECIPES[1].replace("1e21", "1e27").replace("4e9", "1e15"))
    assert (code, out) == (3, "true\n")
    assert "Exit code 3 for --fail-on: the answer has " in err


def test_the_arguments_of_a_launch_script(shell):
    code, out, _ = shell(RECIPES[2])
    found = dict(word.split("=") for word in out.split())
    plan = json.loads(shell("advisor recommend --flops 1e21 --json")[1])["plan"]
    assert code == 0
    assert {name: int(found[f"model.{name}"]) for name in ("n_layers", "width", "n_heads", "ffn_width")} == {
        name: plan["shape"][name] for name in ("n_layers", "width", "n_heads", "ffn_width")
    }
    assert int(found["model.vocab_size"]) == plan["vocab_size"]
    tokens = int(found["train.batch_sequences"]) * int(found["data.seq_len"]) * int(found["train.steps"])
    assert tokens == pytest.approx(plan["n_tokens"], rel=0.01)
    assert float(found["train.lr"]) == pytest.approx(plan["hyperparameters"][-1]["peak_learning_rate"])
    none = shell(RECIPES[2].replace("1e21", "1e12"))
    assert none[:2] == (4, "")
