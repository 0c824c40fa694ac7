"""How the flat region around the optimum looks, in a table and as JSON."""

from __future__ import annotations

from advisor.answer.flat_region import FlatRegion
from advisor.report.text import percent, print_table, spread


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
