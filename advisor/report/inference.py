"""How the answer that weighs inference looks, in a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.quantities import format_flops
from advisor.report.text import amount, echo, nats, percent, print_table, quantity, ratio, spread

if TYPE_CHECKING:
    from advisor.answer.inference import InferenceAnswer


def print_inference(answer: InferenceAnswer) -> None:
    """Print the model to train where it will serve, beside the one that is optimal for training alone."""
    best, baseline, interval = answer.best, answer.baseline, answer.interval80
    rows = [
        ("Parameters N", quantity(baseline.n_params), quantity(best.n_params), interval and spread(interval.n_params)),
        (
            "Training tokens D",
            quantity(baseline.n_tokens),
            quantity(best.n_tokens),
            interval and spread(interval.n_tokens),
        ),
        ("Training FLOPs", format_flops(baseline.training_flops), format_flops(best.training_flops), ""),
        ("Inference FLOPs", format_flops(baseline.inference_flops), format_flops(best.inference_flops), ""),
        ("Total FLOPs", format_flops(baseline.total_flops), format_flops(best.total_flops), ""),
    ]
    rows += [
        (name, amount(before), amount(now), "")
        for name, before, now in (
            ("Training cost", baseline.training_cost, best.training_cost),
            ("Inference cost", baseline.inference_cost, best.inference_cost),
            ("Total cost", baseline.total_cost, best.total_cost),
        )
        if before is not None and now is not None
    ]
    shares = "" if interval is None else f"{percent(interval.saved[0])} to {percent(interval.saved[1])}"
    rows.append(("Saved", "", percent(answer.saved), shares))
    what = "least cost" if answer.minimised == "cost" else "least FLOPs"
    title = f"With {quantity(answer.inference_tokens)} tokens of inference: {what} at a loss of {nats(answer.loss)}"
    cells = [tuple(cell or "" for cell in row) for row in rows]
    header = ("", "training alone", "with inference", "80 % interval" if interval else "")
    print_table(header, cells, title=title, bold=(0, 1))
    echo(
        f"{ratio(answer.data_ratio)} times the data of the optimum for training alone; "
        f"{ratio(answer.overtraining_ratio)} times the tokens for which {quantity(best.n_params)} are compute-optimal. "
        "Serving is 2 N FLOPs for each token read or written.",
        "dim",
    )
    if best.training_cost is not None:
        echo("Costs are of these FLOPs, 6 N D; the plan has those of the shape's exact FLOPs.", "dim")
    if (on := answer.hardware) is not None:
        echo(f"Served on {on.gpu.name} at MFU {on.mfu:g} and {on.price_per_hour:g} per GPU-hour.", "dim")
