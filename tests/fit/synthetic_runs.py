"""The tables of simulated runs that lie beside these tests."""

from __future__ import annotations

from pathlib import Path

from calibration.fit.objective import Problem
from calibration.fit.runs import read_runs

DATA = Path(__file__).parent


def synthetic(name: str) -> Problem:
    return read_runs(DATA / f"{name}.csv")["all"].problem()
