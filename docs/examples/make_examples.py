"""Write the tables of runs that the pages use: made from laws that are written here, with noise, not measured.

python docs/examples/make_examples.py

runs.csv has the losses of E = 1.82, A = 482, B = 2085, alpha = .348, beta = .366 (near Besiroglu et al. 2024's), so a
reader can see whether `advisor fit` finds them; corpora.csv those of six corpora whose laws move with H as the lines in
docs/calibrations.md do. Noise is .2 % of the loss, of seed 0.
"""

import math
import random
from pathlib import Path

HERE = Path(__file__).parent
NOISE = 0.002
BUDGETS = (1e18, 3e18, 1e19, 3e19, 1e20)
# corpus: H
CORPORA = {"python": 0.39, "latex": 0.45, "manuals": 0.50, "wiki": 0.55, "web": 0.565, "books": 0.58}
TEXT = (1.82, 482.0, 2085.0, 0.348, 0.366)


def law_at(h: float) -> tuple[float, float, float, float, float]:
    """Return E, A, B, alpha, beta of a made corpus of this H."""
    return -1.83 + 6.66 * h, math.exp(12.0 - 7.71 * h), math.exp(7.06 + 2.85 * h), 0.817 - 0.664 * h, 0.438


def runs(law: tuple[float, float, float, float, float], noise: random.Random) -> list[tuple[int, int, float]]:
    """Return N, D and loss of seven sizes at each budget, about those that 20 tokens for each parameter give."""
    E, A, B, alpha, beta = law
    rows = []
    for flops in BUDGETS:
        for step in range(-3, 4):
            n_params = math.sqrt(flops / 120) * 1.7**step
            n_tokens = flops / (6 * n_params)
            loss = (E + A / n_params**alpha + B / n_tokens**beta) * math.exp(noise.gauss(0.0, NOISE))
            rows.append((round(n_params), round(n_tokens), round(loss, 5)))
    return rows


def main() -> None:
    """Write both tables."""
    noise = random.Random(0)
    lines = ["n_params,n_tokens,loss", *(",".join(map(str, row)) for row in runs(TEXT, noise))]
    (HERE / "runs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["corpus,compressibility,n_params,n_tokens,loss"]
    for corpus, h in CORPORA.items():
        lines += [f"{corpus},{h}," + ",".join(map(str, row)) for row in runs(law_at(h), noise)]
    (HERE / "corpora.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
