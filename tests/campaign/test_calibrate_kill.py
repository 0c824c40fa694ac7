"""Whole calibrations, killed with SIGKILL again and again: what they come to is what an unbroken one comes to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def killed(folder, part):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/campaign/killed_calibration.py"), str(folder), part],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(("part", "n_kills"), [("planning", 7), ("training", 16)])
def test_a_killed_calibration_ends_with_the_same_laws_lines_and_draws(tmp_path, part, n_kills):
    found = killed(tmp_path, part)
    kills = found["kills"]
    assert [kill["signal"] for kill in kills] == [9] * n_kills  # each died where it was told to
    assert found["last"] == 0
    assert found["broken"] == found["whole"]  # bytes of laws.json and the coefficients, rows, and no file more
    parts = [name for kill in kills for name in kill["parts"]]
    if part == "planning":
        assert any(name.startswith(".plan.json.") for name in parts)
        assert set(found["whole"]["digests"]) == {"laws.json"}
    else:
        assert set(found["whole"]["digests"]) == {"laws.json", "fitted_coefficients.json"}
        assert sum(kill["is_torn"] for kill in kills) == 2
        for begin in (".A", ".laws.json.", ".fitted_coefficients.json."):
            assert any(name.startswith(begin) for name in parts), begin
        assert any(name.endswith(".pt.part") for name in parts)
        assert len({kill["n_rows"] for kill in kills}) >= 9
        assert found["whole"]["n_rows"] == 45
