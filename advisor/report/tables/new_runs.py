"""New runs beside a law that was not fitted to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.quantities import format_flops
from advisor.report.text import echo, nats, print_labelled, print_table, quantity

_MOST_RUNS = 20  # of a table of new runs


def print_comparison(group: str, c: Mapping[str, Any], *, most: int = _MOST_RUNS) -> None:
    """Print new runs beside a law: the verdict, then the runs, those furthest off where there are over ``most``."""
    of = "" if group == "all" else f" of {group}"
    echo(f"New runs{of} beside the law {c['law']}", "bold")
    print_labelled([("-", sentence) for sentence in c["in_words"]])
    print_runs(c, most=most)


def print_runs(c: Mapping[str, Any], *, most: int = _MOST_RUNS) -> None:
    """Print the new runs, those furthest off where there are over ``most``."""
    runs = sorted(c["runs"], key=lambda run: -abs(run["sigmas"]))[:most]
    if len(runs) < len(c["runs"]):
        echo(f"The {most} runs of {len(c['runs'])} that are furthest off:")
    rows = [_cells(run) for run in sorted(runs, key=lambda run: (run["flops"], run["n_params"]))]
    print_table(("FLOPs", "N", "D", "loss", "predicted", "sd, %", "off, %", "sigmas"), rows)


def _cells(run: Mapping[str, Any]) -> tuple[str, ...]:
    loss, predicted = run["loss_nats_per_token"], run["predicted_loss_nats_per_token"]
    return (
        format_flops(run["flops"]),
        quantity(run["n_params"]),
        quantity(run["n_tokens"]),
        nats(loss),
        nats(predicted),
        f"{100 * run['sd_of_ln_loss']:.2f}",
        f"{100 * (loss / predicted - 1):+.2f}",
        f"{run['sigmas']:+.1f}",
    )
