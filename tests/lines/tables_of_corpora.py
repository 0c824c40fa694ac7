"""A table of runs of simulated corpora whose laws lie on known lines in H, and the profiles of those corpora."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np

from advisor.laws.parameters import LOG_NAMES

CORPORA = {"logs": 0.30, "code": 0.40, "maths": 0.46, "html": 0.50, "web": 0.56, "prose": 0.60}
SLOPE = {"E": 3.0, "log_A": -7.0, "log_B": 2.0, "alpha": -0.60, "beta": 0.02}
INTERCEPT = {"E": 0.1, "log_A": 11.6, "log_B": 7.5, "alpha": 0.78, "beta": 0.43}
BUDGETS = np.geomspace(2e17, 5e19, 6)


def law_of(h: float) -> dict[str, float]:
    """Return E, log_A, log_B, alpha and beta at H."""
    return {name: SLOPE[name] * h + INTERCEPT[name] for name in LOG_NAMES}


def log_optimum_of(h: float, flops: float) -> float:
    """Return ln N* at H (Hoffmann et al. 2022, eq. 4)."""
    law = law_of(h)
    ratio = math.log(law["alpha"] / law["beta"]) + law["log_A"] - law["log_B"]
    return (ratio + law["beta"] * math.log(flops / 6)) / (law["alpha"] + law["beta"])


def write_runs(path: Path, *, noise: float = 0.002, h_column: bool = False) -> Path:
    """Write IsoFLOP runs, 8 sizes a budget around the optimum, with lognormal noise, a share of the loss."""
    rng = np.random.default_rng(5)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["corpus", "n_params", "n_tokens", "loss", *(["compressibility"] if h_column else [])])
        for corpus, h in CORPORA.items():
            law = law_of(h)
            for flops in BUDGETS:
                for n in math.exp(log_optimum_of(h, flops)) * np.geomspace(0.2, 5, 8):
                    d = flops / (6 * n)
                    loss = law["E"] + math.exp(law["log_A"]) * n ** -law["alpha"]
                    loss = (loss + math.exp(law["log_B"]) * d ** -law["beta"]) * math.exp(noise * rng.standard_normal())
                    writer.writerow([corpus, n, d, loss, *([h] if h_column else [])])
    return path


def write_profiles(path: Path, *, sd: float = 0.002) -> Path:
    """Write profiles by hand, as exact as ``sd``; bytes per token rise with H."""
    corpora = {
        name: {"compressibility": h, "sd": sd, "shuffled": h + 0.06, "bytes_per_token": 1.0 + 5.0 * h}
        for name, h in CORPORA.items()
    }
    words = "mistral-v1, 256 tokens a sequence, int32-be, gzip level 9, document, median"
    path.write_text(json.dumps({"protocol": words, "corpora": corpora}), encoding="utf-8")
    return path
