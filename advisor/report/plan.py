"""How a plan looks: the shape, where to begin with batch and learning rate, the cluster, the data in bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from advisor.plan.hardware import PUBLISHED_MFU
from advisor.quantities import format_flops
from advisor.report.text import amount, counted, echo, hours_and_days, print_labelled, print_table, quantity, ratio

if TYPE_CHECKING:
    from advisor.compressibility.units import Units
    from advisor.plan.cluster import Cluster, Memory
    from advisor.plan.hyperparameters import Hyperparameters
    from advisor.plan.plan import Plan
    from advisor.plan.shape import Architecture

_OF = {
    "headline": "",
    "choice": ", your choice",
    "limited_data": ", the optimum with limited data",
    "inference": ", the model that serves",
}


def unit_rows(units: Units | None) -> list[tuple[str, str]]:
    """Return the rows that stand below tokens and tokens per parameter: bytes, and the user's own tokens."""
    if units is None:
        return []
    rows = [("Training data", data_size(units.n_bytes)), ("Bytes per parameter", ratio(units.bytes_per_param))]
    if units.counted is not None and units.counted_tokens is not None:
        name = units.counted.tokenizer
        label = "D, each byte a token" if name == "bytes" else f"D in tokens of {name}"[-40:]
        rows.append((label, quantity(units.counted_tokens)))
    return rows


def start_rows(plan: Plan) -> list[tuple[str, str]]:
    """Return the rows of a first screen that say where to begin: the shape, the batch and the peak learning rate."""
    shape = plan.shape
    if shape is None:
        return []
    form = (
        f"{shape.width} wide, {shape.n_layers} layers, {shape.n_heads} heads, feed-forward {shape.ffn_width}, "
        f"vocabulary {shape.vocab_size:,}"
    )
    rates = sorted(rule.learning_rate for rule in plan.hyperparameters)
    batches = sorted(rule.batch_tokens for rule in plan.hyperparameters)
    begin = f"{_between(batches, quantity)} tokens; peak learning rate {_between(rates, _rate)} (two rules)"
    return [("Shape", form), ("Batch", begin)]


def _between(values: list[float], look: Callable[[float], str]) -> str:
    return f"{look(values[0])} to {look(values[-1])}"


def _rate(value: float) -> str:
    return f"{value:.1e}".replace("e-0", "e-")


def time_rows(plan: Plan, given: float | None = None) -> list[tuple[str, str]]:
    """Return the row of a first screen that says what the run takes, of the hours ``given``; none without a GPU."""
    cluster = plan.cluster
    if cluster is None:
        return []
    hardware = cluster.hardware
    hours = f"{amount(cluster.gpu_hours)} GPU-hours"
    said = f"{hours} of {hardware.gpu.name} at MFU {hardware.mfu:g}"
    if cluster.n_gpus is not None and cluster.wall_hours is not None:
        said = f"{hours_and_days(cluster.wall_hours)} on {cluster.n_gpus:,} {hardware.gpu.name} at MFU {hardware.mfu:g}"
        said += "" if given is None else f" ({amount(given)} hours given)"
        said += f", {hours}"
    if cluster.cost is not None:
        said += f", cost {amount(cluster.cost)}"
    return [("Time", said)]


def show_plan(plan: Plan) -> None:
    """Print the plan below an answer."""
    if plan.shape is not None:
        echo()
        _shape(plan, plan.shape)
        echo()
        _rules(plan)
    if plan.cluster is not None:
        echo()
        _cluster(plan.cluster)


def _shape(plan: Plan, shape: Architecture) -> None:
    unknown = plan.count == "unknown"
    size = f"{quantity(plan.n_params)} {'' if unknown else f'{counted(plan.count)} '}parameters"
    taken = ", of a kind not known and taken as total" if unknown else ""
    echo(f"A shape for {size}{taken}{_OF[plan.of]}", "bold")
    form = (
        f"{shape.width} wide, {shape.n_layers} layers, {shape.n_heads} heads of {shape.head_width}, "
        f"gated feed-forward {shape.ffn_width}, vocabulary {shape.vocab_size:,} untied (--vocab-size), context "
        f"{shape.context:,} (--context)"
    )
    n_params = f"{quantity(shape.n_params)} total, {quantity(shape.n_non_embedding)} non-embedding"
    flops = (
        f"{format_flops(shape.flops_per_token)} a token exactly, {format_flops(plan.exact_flops or 0)} for D: "
        f"{plan.exact_over_budget:.3f} of 6 N D"
    )
    print_labelled([("shape", form), ("parameters", n_params), ("FLOPs", flops)])


def _rules(plan: Plan) -> None:
    rows = [
        (
            rule.rule,
            quantity(rule.batch_tokens),
            f"{rule.batch_sequences:,.0f}",
            amount(rule.n_steps),
            f"{rule.learning_rate:.2e}".replace("e-0", "e-"),
        )
        for rule in plan.hyperparameters
    ]
    header = ("rule", "batch, tokens", "sequences", "steps", "peak learning rate")
    print_table(header, rows, title="Where to begin a search of batch and learning rate")
    print_labelled([(rule.rule, _about(rule)) for rule in plan.hyperparameters])


def _about(rule: Hyperparameters) -> str:
    outside = f"; outside it: {rule.beyond}" if rule.beyond else ""
    return f"{rule.source.split(', ', 1)[1]}; fitted on {rule.fitted_on}{outside}"


def _cluster(cluster: Cluster) -> None:
    hardware = cluster.hardware
    title = hardware.gpu.name if cluster.n_gpus is None else f"{cluster.n_gpus:,} {hardware.gpu.name}"
    echo(f"On {title}, at MFU {hardware.mfu:g}", "bold")
    low, high = cluster.gpu_hours_range
    of = "by 6 N D" if not cluster.memory else f"for the exact FLOPs ({amount(cluster.gpu_hours_6nd)} by 6 N D)"
    hours = f"{amount(cluster.gpu_hours)} {of}; {amount(low)} to {amount(high)} at the MFUs published ({_published()})"
    rows = [("GPU-hours", hours)]
    if cluster.n_gpus is not None:
        rows.append(("wall time", _wall_time(cluster)))
    if cluster.cost is not None:
        rows.append(("cost", f"{amount(cluster.cost)} at {hardware.price_per_hour:g} per GPU-hour"))
    known = hardware.memory_bytes
    rows.append(("GPU memory", "unknown: give --gpu-memory" if known is None else _memory_known(cluster)))
    print_labelled(rows)
    if cluster.memory:
        _memory(cluster.memory)


def _wall_time(cluster: Cluster) -> str:
    if cluster.wall_hours is None:
        return "none: one replica does not fit"
    idle = "" if cluster.working_gpus == cluster.n_gpus else f" on {cluster.working_gpus:,} of them"
    return hours_and_days(cluster.wall_hours) + idle


def _published() -> str:
    runs: dict[str, list[str]] = {}
    for run, mfu in PUBLISHED_MFU:
        runs.setdefault(run, []).append(f"{mfu:g}")
    return ", ".join(f"{run} {' to '.join(values)}" for run, values in runs.items())


def _memory_known(cluster: Cluster) -> str:
    source = "as given" if cluster.hardware.memory_gb is not None else cluster.hardware.gpu.memory_source
    return f"{_gigabytes(cluster.hardware.memory_bytes)} GB ({source})"


def _memory(memories: tuple[Memory, ...]) -> None:
    columns: list[tuple[str, list[str]]] = [
        ("GB", [memory.state.precision for memory in memories]),
        ("weights", [_gigabytes(memory.weights_bytes) for memory in memories]),
        ("gradients", [_gigabytes(memory.gradients_bytes) for memory in memories]),
        ("Adam", [_gigabytes(memory.optimizer_bytes) for memory in memories]),
        ("all", [_gigabytes(memory.total_bytes) for memory in memories]),
        ("GPUs/replica", [_whole(memory.gpus_per_replica) for memory in memories]),
        ("GB/GPU", [_gigabytes(memory.replica_bytes_per_gpu) for memory in memories]),
        ("replicas", [_whole(memory.data_parallel) for memory in memories]),
        ("sharded", [_gigabytes(memory.sharded_bytes_per_gpu) for memory in memories]),
    ]
    known = [(name, cells) for name, cells in columns if any(cells)]
    print_table([name for name, _ in known], list(zip(*(cells for _, cells in known), strict=True)))
    echo("Activations come on top. bf16 has weights and moments in fp32 for Adam.", "dim")
    if memories[0].n_gpus is not None:
        echo("Sharded: GB on each GPU with one state spread over all of them (ZeRO-3, FSDP).", "dim")


def _gigabytes(n_bytes: float | None) -> str:
    if n_bytes is None:
        return ""
    return f"{n_bytes / 1e9:,.0f}" if n_bytes >= 100e9 else f"{n_bytes / 1e9:.3g}"


def data_size(n_bytes: float) -> str:
    """Return bytes of text as people say them, in steps of 1000: 189 GB.

    >>> data_size(1.892e11), data_size(999.6e9), data_size(3.2e6)
    ('189 GB', '1.00 TB', '3.20 MB')
    """
    units = ((1e3, "KB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"))
    factor, unit = next((each for each in units if n_bytes < 999.5 * each[0]), (1e15, "PB"))
    return f"{n_bytes / factor:#.3g}".rstrip(".") + f" {unit}"


def _whole(count: int | None) -> str:
    return "" if count is None else f"{count:,}"
