"""How the flat region around the optimum looks, in a table and as JSON."""

from __future__ import annotations

from typing import Any

from advisor.answer.flat_region import FlatRegion
from advisor.report.text import bounds_as_json, percent, print_table, spread


def flat_as_json(flat: FlatRegion | None) -> dict[str, Any] | None:
    """Return the JSON form of the region; None where the law predicts no loss."""
    if flat is None:
        return None
    return {
        "loss_tolerance_fraction": flat.loss_tolerance,
        "within_loss_wasted_fraction": flat.wasted_by_loss,
        "within_loss": _ends(flat.n_params_by_loss, flat.n_tokens_by_loss),
        "flops_tolerance_fraction": flat.flops_tolerance,
        "within_flops": _ends(flat.n_params_by_flops, flat.n_tokens_by_flops),
    }


def print_flat(flat: FlatRegion) -> None:
    """Print which sizes do nearly as well as the optimum."""
    rows = [
        (
            f"within {100 * flat.loss_tolerance:g} % of the loss",
            f"up to {percent(flat.wasted_by_loss)}",
            spread(flat.n_params_by_loss),
            spread(flat.n_tokens_by_loss),
        ),
        (
            f"within {100 * flat.flops_tolerance:g} % of the FLOPs",
            f"up to {percent(flat.flops_tolerance)}",
            spread(flat.n_params_by_flops),
            spread(flat.n_tokens_by_flops),
        ),
    ]
    print_table(("Nearly as good", "FLOPs wasted", "N", "D"), rows)


def _ends(n_params: tuple[float, float], n_tokens: tuple[float, float]) -> dict[str, Any]:
    return {"n_params": bounds_as_json(n_params), "n_tokens": bounds_as_json(n_tokens)}
