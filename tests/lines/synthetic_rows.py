"""Rows of sources whose laws are known functions of H, as a calibration's ledger would hold them."""

from __future__ import annotations

import math

import numpy as np

from calibration.fit.analysis import Settings
from calibration.fit.minimum import FitOptions
from calibration.lines.records import Row, SourceRecord
from calibration.lines.source_laws import SourceLaw, fit_sources

QUICK = Settings(n_draws=400, options=FitOptions(starts="fast"))
H = (0.15, 0.22, 0.29, 0.36, 0.43, 0.50, 0.57, 0.62)
SIZES = ((16, 2), (32, 2), (64, 2), (96, 3), (160, 4))
TOKENS = (300_000, 900_000, 2_700_000, 8_100_000, 24_300_000)
SLOPE = {"E": 0.8, "log_A": -1.2, "log_B": 0.9, "alpha": -0.12, "beta": 0.05}
INTERCEPT = {"E": 0.7, "log_A": 4.0, "log_B": 5.6, "alpha": 0.42, "beta": 0.36}


def true_law(h: float) -> dict[str, float]:
    """Return E, log_A, log_B, alpha and beta at H."""
    return {name: SLOPE[name] * h + INTERCEPT[name] for name in SLOPE}


def log_optimum_at(law: dict[str, float], flops: float) -> float:
    """Return ln N* of a law of this form (Hoffmann et al. 2022, eq. 4)."""
    level = math.log(law["alpha"] / law["beta"]) + law["log_A"] - law["log_B"] + law["beta"] * math.log(flops / 6.0)
    return level / (law["alpha"] + law["beta"])


def source(h: float, **changes: object) -> SourceRecord:
    """Return a grammar of compressibility ``h``; its shuffled H and longer windows follow from it."""
    fields: dict[str, object] = {
        "name": f"g{round(1000 * h)}",
        "kind": "grammar",
        "data": f"digest-{h:.3f}",
        "vocab_size": 8001,
        "n_unique_tokens": None,
        "compressibility": h,
        "ci95": (h - 0.002, h + 0.002),
        "shuffled": h + 0.05 * math.sin(20.0 * h) ** 2 + 0.01,
        "windows": {"1000": 0.8 * h + 0.01 * math.sin(31.0 * h), "8000": 0.7 * h + 0.02 * math.cos(17.0 * h)},
        "entropy_bound": true_law(h)["E"] * 1.15,
        "entropy_rate": true_law(h)["E"] * 0.93,
        "definition": {"seed": 0},
    }
    return SourceRecord(**(fields | changes))  # type: ignore[arg-type]


def rows_of(
    record: SourceRecord, law: dict[str, float], *, noise: float = 0.005, seed: int = 0, n_seeds: int = 2
) -> list[Row]:
    """Return the rows of 5 sizes x 5 token counts x ``n_seeds`` seeds with lognormal noise, a share of the loss."""
    rng = np.random.default_rng([seed, round(1e6 * record.compressibility)])
    found = []
    for width, n_layers in SIZES:
        n = 10 * n_layers * width**2
        for n_tokens in TOKENS:
            for k in range(n_seeds):
                loss = law["E"] + math.exp(law["log_A"]) * n ** -law["alpha"]
                loss += math.exp(law["log_B"]) * n_tokens ** -law["beta"]
                loss *= math.exp(noise * float(rng.standard_normal()))
                found.append(row(record, width=width, n_layers=n_layers, n_tokens=n_tokens, seed=k, loss=loss))
    return found


def row(record: SourceRecord, **changes: object) -> Row:
    """Return one row of a source; ``n_non_embedding`` follows from the shape."""
    fields: dict[str, object] = {
        "source": record.name,
        "data": record.data,
        "width": 64,
        "n_layers": 2,
        "vocab_size": record.vocab_size,
        "seq_len": 256,
        "seed": 0,
        "n_tokens": 300_000,
        "n_steps": 600,
        "loss": 2.0,
        "standard_error": 0.01,
        "train_loss": 2.0,
        "few_steps": False,
        "rate": 0.008,
        "halvings": 0,
        "recipe": {"name": "tuned"},
        "hardware": {"device": "cpu", "torch": "2.5.1", "dtype": "float32", "tokens_per_second": 1000.0},
    } | changes
    width, n_layers = int(fields["width"]), int(fields["n_layers"])  # type: ignore[call-overload]
    n = 10 * n_layers * width**2
    fields.setdefault("n_heads", max(1, width // 64))
    fields.setdefault("n_non_embedding", n)
    fields.setdefault("n_params", n + 2 * width * record.vocab_size)
    fields.setdefault("key", f"{record.name}-{width}-{n_layers}-{fields['seed']}-{fields['n_tokens']}")
    return Row(**fields)  # type: ignore[arg-type]


def calibration_rows(
    *, scatter: float = 0.0, noise: float = 0.005, seed: int = 0
) -> tuple[list[SourceRecord], list[Row]]:
    """Return eight sources and their rows; ``scatter`` moves each source's law off the line, in units of .1 of ln A."""
    rng = np.random.default_rng([seed, 99])
    sources, rows = [], []
    for h in H:
        record, law = source(h), true_law(h)
        moved = law | scattered(law, scatter, rng)
        sources.append(record)
        rows += rows_of(record, moved, noise=noise, seed=seed)
    return sources, rows


def scattered(law: dict[str, float], scatter: float, rng: np.random.Generator) -> dict[str, float]:
    """Return the law moved off the line of H by independent normals."""
    step = {"E": 0.05, "log_A": 0.1, "log_B": 0.1, "alpha": 0.005, "beta": 0.005}
    return {name: law[name] + scatter * step[name] * float(rng.standard_normal()) for name in law}


def fitted(record: SourceRecord, rows: list[Row], settings: Settings = QUICK) -> SourceLaw:
    """Return the law of one source."""
    return fit_sources([record], rows, settings)[0]
