"""A hand-made calibration: round numbers that no run gave, for tests of the arithmetic only."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

LOG = {  # x(H) = slope H + intercept; alpha reaches 0 at H = .9
    "E": (1.5, 0.2),
    "log_A": (-2.0, 6.0),
    "log_B": (1.0, 6.5),
    "alpha": (-0.5, 0.45),
    "beta": (-0.1, 0.40),
}
LINEAR = {  # A reaches 0 at H = .8
    "E": (1.5, 0.2),
    "A": (-1000.0, 800.0),
    "B": (2000.0, 500.0),
    "alpha": (-0.4, 0.50),
    "beta": (-0.1, 0.42),
}


def regression(lines: dict[str, tuple[float, float]]) -> dict[str, Any]:
    return {name: {"slope": slope, "intercept": intercept} for name, (slope, intercept) in lines.items()}


def draw(i: int) -> list[float]:
    """Return a joint row: the hand-made lines, each moved by at most 2 %."""
    numbers = [line[part] for lines in (LOG, LINEAR) for part in (0, 1) for line in lines.values()]
    return [x * (1 + 0.02 * math.sin(i + k)) for k, x in enumerate(numbers)]


def calibration(**changes: Any) -> dict[str, Any]:
    return {
        "name": "hand-made",
        "protocol": {
            "tokenizer": "mistral-v1",
            "seq_len": 256,
            "n_sequences": 1000,
            "level": 9,
            "encoding": "int32-be",
            "chunking": "document",
            "statistic": "median",
        },
        "count": "non-embedding",
        "recipe": "tuned",
        "sources": [
            {
                "name": "prose",
                "compressibility": 0.57,
                "shuffled": 0.6,
                "entropy_bound": None,
                "law": {"E": 1.0, "A": 100.0, "B": 300.0, "alpha": 0.3, "beta": 0.3, "count": "non-embedding"},
            },
            {"name": "logs", "compressibility": 0.19, "shuffled": None, "entropy_bound": 0.4, "law": None},
        ],
        "regression": {"log": regression(LOG), "linear": regression(LINEAR), "draws": [draw(i) for i in range(40)]},
        "epsilon": 0.3,
        "h_ref": 0.571,
        "ranges": {
            "n_params": [1e5, 1e8],
            "n_tokens": [1e6, 1e8],
            "flops": [1e12, 1e17],
            "compressibility": [0.2, 0.6],
        },
        "provenance": {"command": "by hand"},
    } | changes


def document(*calibrations: dict[str, Any], default: str | None = "hand-made") -> dict[str, Any]:
    return {"schema_version": 1, "default": default, "calibrations": list(calibrations or [calibration()])}


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def profile(**changes: Any) -> dict[str, Any]:
    """Return one corpus of a score document."""
    return {
        "source": "corpus.jsonl",
        "protocol": calibration()["protocol"],
        "compressibility": {
            "median": 0.4,
            "mean": 0.41,
            "sd": 0.05,
            "ci95": [0.39, 0.41],
            "shuffled_median": 0.5,
            "ceiling": 0.727,
        },
        "n_documents_seen": 100,
        "n_documents_skipped": 0,
        "n_sequences": 1000,
        "bytes_per_token": 3.5,
        "estimated_tokens": 1e9,
        "zlib_version": "1.3.1",
    } | changes
