"""The run that a recommendation leads to: its shape, where to begin with batch and learning rate, its GPUs."""

from __future__ import annotations

from advisor.json_fields import Node
from advisor.quantities import format_flops
from advisor.report.page.blocks import Block, DataTable, Facts, facts, table
from advisor.report.page.reading import figure, members, words
from advisor.report.text import amount, hours_and_days, quantity


def plan_blocks(plan: Node) -> tuple[Block | None, ...]:
    """Return the blocks of a plan; None for each part that it does not have."""
    return _shape(plan), _rules(plan), _cluster(plan), _memory(plan)


def _shape(plan: Node) -> Facts | None:
    shape = plan.get("shape")
    if shape is None:
        return None
    form = (
        f"{shape['width'].whole(1)} wide, {shape['n_layers'].whole(1)} layers, {shape['n_heads'].whole(1)} heads of "
        f"{shape['head_width'].whole(1)}, gated feed-forward {shape['ffn_width'].whole(1)}, vocabulary "
        f"{shape['vocab_size'].whole(1):,}, context {shape['context_tokens'].whole(1):,}"
    )
    n_params = (
        f"{quantity(shape['n_params_total'].number(0))} total, "
        f"{quantity(shape['n_params_non_embedding'].number(0))} non-embedding"
    )
    flops, share = shape["exact_flops"].number(0), shape["exact_over_6nd"].number(0)
    exact = f"{format_flops(flops)} counted exactly, {share:.3f} of 6 N D"
    return facts(("Shape", form), ("Parameters", n_params), ("FLOPs", exact), title="A shape of that size")


def _rules(plan: Node) -> DataTable | None:
    rows = members(plan.get("hyperparameters"))
    columns = [
        ("rule", [words(row["rule"]) for row in rows]),
        ("batch, tokens", [figure(row["batch_tokens"]) for row in rows]),
        ("sequences", [figure(row["batch_sequences"], lambda count: f"{count:,.0f}") for row in rows]),
        ("steps", [figure(row["n_steps"], amount) for row in rows]),
        (
            "peak learning rate",
            [figure(row["peak_learning_rate"], lambda rate: f"{rate:.2e}".replace("e-0", "e-")) for row in rows],
        ),
        ("fitted on", [words(row["fitted_on"]) for row in rows]),
    ]
    return table("Where to begin a search of batch and learning rate", columns)


def _cluster(plan: Node) -> Facts | None:
    cluster = plan.get("cluster")
    if cluster is None:
        return None
    n_gpus, wall, low_high = cluster.get("n_gpus"), cluster.get("wall_hours"), cluster["gpu_hours_at_published_mfu"]
    low, high = low_high.pair(0)
    title = words(cluster["gpu"]) if n_gpus is None else f"{n_gpus.whole(1):,} {words(cluster['gpu'])}"
    hours = f"{amount(cluster['gpu_hours'].number(0))}; {amount(low)} to {amount(high)} at the MFUs published"
    time = figure(wall, hours_and_days) or ("" if n_gpus is None else "none: one replica does not fit")
    return facts(
        ("GPU-hours", hours),
        ("Wall time", time),
        ("Cost", figure(cluster.get("cost"), amount)),
        title=f"On {title}, at MFU {cluster['mfu'].number(0):g}",
    )


def _memory(plan: Node) -> DataTable | None:
    cluster = plan.get("cluster")
    rows = [] if cluster is None else members(cluster.get("memory"))

    def gigabytes(node: Node | None) -> str:
        return figure(node, lambda n_bytes: f"{n_bytes / 1e9:,.3g}" if n_bytes < 1e11 else f"{n_bytes / 1e9:,.0f}")

    columns = [
        ("state", [words(row["precision"]) for row in rows]),
        ("GB a replica", [gigabytes(row["replica_bytes"]) for row in rows]),
        ("GPUs a replica", [figure(row.get("gpus_per_replica"), lambda count: f"{count:,.0f}") for row in rows]),
        ("GB a GPU", [gigabytes(row.get("replica_bytes_per_gpu")) for row in rows]),
        ("replicas", [figure(row.get("data_parallel"), lambda count: f"{count:,.0f}") for row in rows]),
        ("GB a GPU, sharded", [gigabytes(row.get("sharded_bytes_per_gpu")) for row in rows]),
    ]
    return table("Memory of weights, gradients and optimiser", columns, note="Activations come on top.")
