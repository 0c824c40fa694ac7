"""A pilot's table with the losses that two of the six corpora would give, in place of training."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

from tests.pilot.six_corpora import LAWS


def fill(path: Path, out: Path) -> None:
    """Write to ``out`` the table in ``path`` with code's losses for the corpus and web text's for the reference."""
    rng = random.Random(0)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        law = LAWS["starcoder" if row["role"] == "corpus" else "fineweb"]
        row["loss"] = law.loss(float(row["n_params"]), float(row["n_tokens"])) * math.exp(rng.gauss(0, 0.002))
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
