"""The sweep of six corpora: real runs, in ../shared/reference, that may not be copied (PROVENANCE.md)."""

from __future__ import annotations

import json
from pathlib import Path

from calibration.fit.runs import Runs, read_runs

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
SWEEP = REFERENCE / "six_corpora_sweep.csv"
PROFILES = REFERENCE / "six_corpora_profiles.json"
WEB = ("fineweb", "fineweb-edu", "slimpajama", "smollm-corpus")


def sweep(count: str = "n_params") -> dict[str, Runs]:
    """Return the runs of each corpus; ``count`` is "n_params" (total) or "n_non_embedding"."""
    return read_runs(SWEEP, group="corpus", columns={"n_params": count})


def compressibilities() -> dict[str, float]:
    """Return H of each corpus, by proxies."""
    corpora = json.loads(PROFILES.read_text(encoding="utf-8"))["corpora"]
    return {name: corpus["compressibility"] for name, corpus in corpora.items()}
