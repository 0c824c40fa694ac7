"""What a model takes of a cluster: hours, money, and memory for weights, gradients and optimiser."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from advisor.plan.hardware import PUBLISHED_MFU, Hardware, explain_cost, explain_gpu_hours, peak_source

if TYPE_CHECKING:
    from advisor.explanation import Page

Precision = Literal["bf16", "fp32"]
PRECISIONS: tuple[Precision, ...] = ("bf16", "fp32")


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """Bytes that training holds for each parameter, by what they are for."""

    precision: Precision
    weights: int
    gradients: int
    optimizer: int

    JSON = ("-precision", "weights", "gradients", "optimizer", "total=bytes_per_param")

    @property
    def bytes_per_param(self) -> int:
        """The sum."""
        return self.weights + self.gradients + self.optimizer


def training_state(precision: Precision) -> TrainingState:
    """Return the bytes for each parameter under AdamW.

    bf16: a weight and a gradient of 2 bytes each, and in fp32, 4 bytes each, the optimiser's copy of the weight and
    Adam's two moments: 2 + 2 + 12 = 16. fp32: 4 + 4 and the two moments, no copy: 4 + 4 + 8 = 16. The total is the
    same; bf16 halves what is communicated and what activations take. Activations, buffers and fragments are not in it.
    """
    if precision == "bf16":
        return TrainingState(precision="bf16", weights=2, gradients=2, optimizer=4 + 4 + 4)
    return TrainingState(precision="fp32", weights=4, gradients=4, optimizer=4 + 4)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Where the training state of ``n_params`` parameters, all of them, finds room; activations are not counted.

    ``gpu_bytes`` is the memory of one GPU, None where it is not known; ``n_gpus`` the GPUs at hand, if that is said.
    """

    state: TrainingState
    n_params: int
    gpu_bytes: float | None
    n_gpus: int | None

    activations_counted = False
    JSON = (
        *("precision=state.precision", "bytes_per_param=state", "-n_params", "-gpu_bytes", "-n_gpus"),
        *("replica_bytes=total_bytes", "gpus_per_replica", "gpus_sharded", "replica_bytes_per_gpu", "data_parallel"),
        *("sharded_bytes_per_gpu", "activations_counted"),
    )

    @property
    def weights_bytes(self) -> float:
        """The bytes of the weights that are multiplied with."""
        return float(self.state.weights) * self.n_params

    @property
    def gradients_bytes(self) -> float:
        """The bytes of the gradients."""
        return float(self.state.gradients) * self.n_params

    @property
    def optimizer_bytes(self) -> float:
        """The bytes of Adam's moments, and of its copy of the weights where there is one."""
        return float(self.state.optimizer) * self.n_params

    @property
    def total_bytes(self) -> float:
        """The bytes of one replica: weights, gradients and optimiser."""
        return self.weights_bytes + self.gradients_bytes + self.optimizer_bytes

    @property
    def gpus_per_replica(self) -> int | None:
        """The fewest GPUs, a power of two, that hold one replica between them; None where their memory is not known.

        A power of two, because tensor- and pipeline-parallel groups divide heads, layers and nodes evenly.
        """
        if self.gpu_bytes is None:
            return None
        gpus = 1
        while self.total_bytes > gpus * self.gpu_bytes:
            gpus *= 2
        return gpus

    @property
    def gpus_sharded(self) -> int | None:
        """The fewest GPUs that hold one state spread evenly (ZeRO-3, FSDP); None where their memory is not known."""
        return None if self.gpu_bytes is None else math.ceil(self.total_bytes / self.gpu_bytes)

    @property
    def data_parallel(self) -> int | None:
        """How many whole replicas the GPUs at hand hold: n_gpus // gpus_per_replica; 0 where not even one fits."""
        if self.gpus_per_replica is None or self.n_gpus is None:
            return None
        return self.n_gpus // self.gpus_per_replica

    @property
    def replica_bytes_per_gpu(self) -> float | None:
        """The bytes on each GPU of a replica: one replica over its GPUs."""
        return None if self.gpus_per_replica is None else self.total_bytes / self.gpus_per_replica

    @property
    def sharded_bytes_per_gpu(self) -> float | None:
        """The bytes on each GPU if one training state is spread evenly over all of them, as ZeRO-3 and FSDP do."""
        return None if self.n_gpus is None else self.total_bytes / self.n_gpus


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The time, money and memory of training with ``flops``: the shape's exact ones, or 6 N D where none was found.

    ``flops_6nd`` is 6 N D. ``n_gpus`` None leaves wall time out. ``memory`` has a row for each precision; none where no
    shape was found.
    """

    hardware: Hardware
    flops: float
    flops_6nd: float
    n_gpus: int | None
    memory: tuple[Memory, ...]

    published_mfu = tuple([{"run": run, "mfu": mfu} for run, mfu in PUBLISHED_MFU])
    JSON = (
        *("gpu=hardware.gpu.name", "mfu=hardware.mfu", "published_mfu", "n_gpus", "n_gpus_working=working_gpus"),
        *("flops", "-flops_6nd", "gpu_hours", "gpu_hours_6nd", "gpu_hours_at_published_mfu=gpu_hours_range"),
        *("wall_hours", "cost", "cost_6nd", "gpu_memory_bytes=hardware.memory_bytes"),
        *("gpu_memory_source=hardware.memory_source", "memory"),
    )

    @property
    def gpu_hours(self) -> float:
        """FLOPs over peak, MFU and 3600 seconds."""
        return self.hardware.gpu_hours(self.flops)

    @property
    def gpu_hours_range(self) -> tuple[float, float]:
        """The GPU-hours at the highest and at the lowest MFU published, .46 and .21."""
        by_mfu = sorted(self.gpu_hours * self.hardware.mfu / mfu for _, mfu in PUBLISHED_MFU)
        return by_mfu[0], by_mfu[-1]

    @property
    def working_gpus(self) -> int | None:
        """The GPUs in whole replicas: 0 where not one fits, all where their memory is not known; None without GPUs."""
        if self.n_gpus is None or not self.memory or self.memory[0].data_parallel is None:
            return self.n_gpus
        return self.memory[0].data_parallel * (self.memory[0].gpus_per_replica or 1)

    @property
    def wall_hours(self) -> float | None:
        """GPU-hours over the working GPUs, on all of which the MFU is taken to hold; None where none works."""
        return self.gpu_hours / self.working_gpus if self.working_gpus else None

    @property
    def cost(self) -> float | None:
        """GPU-hours times price per hour; None without a price."""
        return self.hardware.cost(self.flops)

    @property
    def gpu_hours_6nd(self) -> float:
        """GPU-hours of 6 N D, for comparison."""
        return self.hardware.gpu_hours(self.flops_6nd)

    @property
    def cost_6nd(self) -> float | None:
        """The cost of 6 N D, for comparison; None without a price."""
        return self.hardware.cost(self.flops_6nd)


def plan_cluster(
    hardware: Hardware, flops: float, n_gpus: int | None, n_params: int | None, *, flops_6nd: float | None = None
) -> Cluster:
    """Return the cluster's side of training ``n_params`` parameters, all of them counted, with ``flops``.

    ``flops_6nd`` is 6 N D where ``flops`` are not.

    >>> from advisor.plan.accelerators import find_gpu
    >>> cluster = plan_cluster(Hardware(gpu=find_gpu("H100")), 6 * 7e9 * 140e9, 64, 7_000_000_000)
    >>> bf16 = cluster.memory[0]
    >>> round(cluster.gpu_hours), bf16.total_bytes / 1e9, bf16.gpus_per_replica, bf16.data_parallel
    (4129, 112.0, 2, 32)
    """
    memory = tuple(
        Memory(state=training_state(precision), n_params=n_params, gpu_bytes=hardware.memory_bytes, n_gpus=n_gpus)
        for precision in PRECISIONS
        if n_params is not None
    )
    return Cluster(hardware=hardware, flops=flops, flops_6nd=flops_6nd or flops, n_gpus=n_gpus, memory=memory)


def explain_cluster(page: Page, cluster: Cluster) -> None:
    """Explain the hours, the money and the memory of the plan."""
    hardware, key = cluster.hardware, "plan.cluster"
    flops = "exact_flops" if cluster.memory else "C_plan"
    explain_gpu_hours(page, "hours_plan", flops, hardware, value=cluster.gpu_hours, key=f"{key}.gpu_hours")
    explain_gpu_hours(page, "hours_6nd", "C_plan", hardware, value=cluster.gpu_hours_6nd, key=f"{key}.gpu_hours_6nd")
    explain_cost(page, "cost_plan", "hours_plan", hardware, value=cluster.cost, key=f"{key}.cost")
    explain_cost(page, "cost_6nd", "hours_6nd", hardware, value=cluster.cost_6nd, key=f"{key}.cost_6nd")
    _explain_published_mfu(page, cluster, flops)
    if cluster.n_gpus is not None:
        page.add("n_gpus", "gpus", "given: --gpus", value=cluster.n_gpus, key=f"{key}.n_gpus", gpus=cluster.n_gpus)
    memory = hardware.memory_bytes
    if memory is not None:
        source = "given: --gpu-memory" if hardware.memory_gb is not None else hardware.gpu.memory_source
        page.add("gpu_bytes", "gb*1e9", source, value=memory, key=f"{key}.gpu_memory_bytes", gb=memory / 1e9)
    for i, row in enumerate(cluster.memory):
        _explain_memory(page, row, f"{key}.memory[{i}]")
    if cluster.n_gpus is not None:
        _explain_wall_time(page, cluster)


def _explain_wall_time(page: Page, cluster: Cluster) -> None:
    held = bool(cluster.memory) and cluster.memory[0].data_parallel is not None
    working, found = "replicas_bf16*gpus_bf16" if held else "n_gpus", cluster.working_gpus
    page.add("n_working", working, "the GPUs in whole replicas", value=found, key="plan.cluster.n_gpus_working")
    if found is not None:
        page.add("n_idle", "n_gpus - n_working", "the others", value=(cluster.n_gpus or 0) - found)
    hours, key = cluster.wall_hours, "plan.cluster.wall_hours"
    if hours is not None:
        page.add("wall_hours", "hours_plan/n_working", "GPU-hours over GPUs", value=hours, key=key)
        page.add("wall_days", "wall_hours/24", "hours a day", value=hours / 24)


def _explain_published_mfu(page: Page, cluster: Cluster, flops: str) -> None:
    """Explain the MFUs of published runs, and the hours that ``flops`` take at the ends of them."""
    for i, (run, mfu) in enumerate(PUBLISHED_MFU):
        what, key = f"the MFU that {run} reached", f"plan.cluster.published_mfu[{i}].mfu"
        page.add(f"mfu_{i}", "published", what, value=mfu, key=key, published=mfu)
    by_mfu = sorted(range(len(PUBLISHED_MFU)), key=lambda i: PUBLISHED_MFU[i][1])
    peak, source = cluster.hardware.gpu.peak_flops, peak_source(cluster.hardware)
    for end, (i, hours) in enumerate(zip((by_mfu[-1], by_mfu[0]), cluster.gpu_hours_range, strict=True)):
        formula, key = f"{flops}/(peak*mfu_{i}*3600)", f"plan.cluster.gpu_hours_at_published_mfu[{end}]"
        page.add(f"hours_plan_{end}", formula, source, value=hours, key=key, peak=peak)


def _explain_memory(page: Page, memory: Memory, key: str) -> None:
    from advisor.explanation import file_of

    state, tag = memory.state, f"_{memory.state.precision}"
    source = f"{file_of(__name__)}, training_state: bytes for each parameter under AdamW in {state.precision}"
    page.add(f"weights{tag}", "bytes*P_total", source, value=memory.weights_bytes, bytes=state.weights)
    page.add(f"gradients{tag}", "bytes*P_total", source, value=memory.gradients_bytes, bytes=state.gradients)
    page.add(f"adam{tag}", "bytes*P_total", source, value=memory.optimizer_bytes, bytes=state.optimizer)

    def add(name: str, formula: str, what: str, value: float | None, field: str) -> None:
        page.add(f"{name}{tag}", formula, what, value=value, key=f"{key}.{field}")

    whole, gpus, sharded = f"all{tag}", f"gpus{tag}", memory.sharded_bytes_per_gpu
    fewest = f"2**max(ceil(log2({whole}/gpu_bytes)), 0)"
    add("all", f"weights{tag} + gradients{tag} + adam{tag}", "their sum", memory.total_bytes, "replica_bytes")
    add("gpus", fewest, "the least power of two that holds it", memory.gpus_per_replica, "gpus_per_replica")
    add("least", f"ceil({whole}/gpu_bytes)", "one state over all of them", memory.gpus_sharded, "gpus_sharded")
    each = memory.replica_bytes_per_gpu
    add("each", f"{whole}/{gpus}", "over the GPUs of a replica", each, "replica_bytes_per_gpu")
    add("replicas", f"n_gpus//{gpus}", "whole replicas", memory.data_parallel, "data_parallel")
    add("sharded", f"{whole}/n_gpus", "over all GPUs", sharded, "sharded_bytes_per_gpu")
