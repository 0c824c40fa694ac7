"""From an allocation to a run: the model's shape, rules for its optimiser, the cluster's side, the data in bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from advisor.caution import Caution
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.laws.scaling_law import Count
from advisor.plan.hyperparameters import Hyperparameters, deepseek, explain_rule, step_law
from advisor.plan.shape import (
    DEFAULT_CONTEXT,
    DEFAULT_VOCAB_SIZE,
    HEAD_WIDTHS,
    LARGEST,
    Architecture,
    explain_shape,
    find_architecture,
)
from advisor.quantities import format_amount, format_flops, format_quantity, plural

if TYPE_CHECKING:
    from advisor.compressibility.units import TokenCount, Units
    from advisor.explanation import Page
    from advisor.plan.cluster import Cluster
    from advisor.plan.hardware import Hardware

# Whose N and D a plan trains: the headline's, the user's own, or the answer's with limited data or with serving.
PlanOf = Literal["headline", "choice", "limited_data", "inference"]
_LATE = 1.02  # times the hours given that a run may take
_FAR = 1.1  # how many times 6 N D the exact FLOPs may be before it is said


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run of ``n_params`` (as ``count`` counts them) on ``n_tokens``; ``of`` says which part of the answer they are.

    ``shape`` is None where no usual shape comes within 2 % of N, and then there are no hyperparameters and no memory;
    ``cluster`` is None without a GPU, ``units`` where the corpus's bytes per token are not known.
    """

    of: PlanOf
    count: Count
    n_params: float
    n_tokens: float
    flops: float
    vocab_size: int
    context: int
    shape: Architecture | None
    hyperparameters: tuple[Hyperparameters, ...]
    cluster: Cluster | None
    units: Units | None

    JSON = (
        *("of", "count", "n_params", "n_tokens", "flops", "vocab_size", "context_tokens=context", "shape"),
        *("shape.exact_flops=exact_flops", "shape.exact_over_6nd=exact_over_budget"),
        *("hyperparameters", "cluster", "units"),
    )

    @property
    def exact_flops(self) -> float | None:
        """The training FLOPs of the shape: its exact FLOPs per token times D."""
        return None if self.shape is None else self.shape.flops_per_token * self.n_tokens

    @property
    def exact_over_budget(self) -> float | None:
        """The exact FLOPs over 6 N D."""
        return None if self.exact_flops is None else self.exact_flops / self.flops


def make_plan(
    *,
    of: PlanOf = "headline",
    count: Count,
    n_params: float,
    n_tokens: float,
    vocab_size: int | None = None,
    context: int | None = None,
    hardware: Hardware | None = None,
    n_gpus: int | None = None,
    profile: MeasuredCorpus | None = None,
    counted: TokenCount | None = None,
    tokens_of: str = DEFAULT_TOKENIZER,
) -> Plan:
    """Return the plan for an allocation; without a vocabulary it is that of ``counted``, else 32000.

    ``context`` is in tokens a sequence, ``n_tokens`` are those of the tokenizer ``tokens_of``, as are those of the
    ``profile``; ``hardware``, with as many as ``n_gpus`` of it, gives the cluster's side.
    """
    vocab_size = vocab_size or (counted.vocab_size if counted is not None else DEFAULT_VOCAB_SIZE)
    context = context or DEFAULT_CONTEXT
    shape = find_architecture(n_params, count=count, vocab_size=vocab_size, context=context)
    flops = 6 * n_params * n_tokens
    return Plan(
        of=of,
        count=count,
        n_params=n_params,
        n_tokens=n_tokens,
        flops=flops,
        vocab_size=vocab_size,
        context=context,
        shape=shape,
        hyperparameters=() if shape is None else (deepseek(shape, n_tokens), step_law(shape, n_tokens)),
        cluster=None if hardware is None else _cluster(hardware, n_gpus, shape, n_tokens, flops),
        units=data_units(n_params, n_tokens, profile, counted, tokens_of),
    )


def data_units(
    n_params: float,
    n_tokens: float,
    profile: MeasuredCorpus | None,
    counted: TokenCount | None,
    tokens_of: str = DEFAULT_TOKENIZER,
) -> Units | None:
    """Return the allocation in units of the corpus, as ``units_of`` does; None without a corpus."""
    if profile is None and counted is None:
        return None
    from advisor.compressibility.units import units_of  # here, because a start without a corpus would pay for it

    return units_of(n_params, n_tokens, profile, counted, tokens_of)


def _cluster(
    hardware: Hardware, n_gpus: int | None, shape: Architecture | None, n_tokens: float, flops: float
) -> Cluster:
    """Return the cluster's side: by the shape's exact FLOPs, or by 6 N D, ``flops``, where there is no shape."""
    from advisor.plan.cluster import plan_cluster

    if shape is None:
        return plan_cluster(hardware, flops, n_gpus, None, flops_6nd=flops)
    return plan_cluster(hardware, shape.flops_per_token * n_tokens, n_gpus, shape.n_params, flops_6nd=flops)


def about_plan(plan: Plan, *, hours: float | None, budget: float | None) -> Iterator[Caution]:
    """Yield what a reader must know: no shape, FLOPs far from 6 N D, converted time, a cluster that is too small.

    ``hours`` are those on the plan's GPUs that the ``budget`` in FLOPs was given as.
    """
    if plan.shape is None:
        why = (
            ": see --vocab-size"
            if plan.n_params <= LARGEST
            else f", which is over {format_quantity(LARGEST)}, beyond what a shape is looked for"
        )
        yield Caution(
            code="no_shape",
            message=f"No model with heads of {HEAD_WIDTHS[0]} or {HEAD_WIDTHS[1]} and a vocabulary of "
            f"{plan.vocab_size:,} has {format_quantity(plan.n_params)} parameters{why}.",
        )
    ratio = plan.exact_over_budget
    if plan.shape is not None and ratio is not None and not 1 / _FAR <= ratio <= _FAR:
        yield Caution(
            code="exact_flops_differ",
            message="The shape's exact FLOPs, and with them its GPU-hours and its cost, are "
            f"{ratio:.3g} times those of 6 N D: a vocabulary of {plan.vocab_size:,} and a context of "
            f"{plan.context:,} weigh heavily in a model of {format_quantity(plan.shape.n_params)}"
            f"{_in_money(plan.cluster)}.",
        )
    if hours is not None and budget is not None and plan.cluster is not None:
        gpu = plan.cluster.hardware.gpu.name
        time = plural(f"{hours:g}", "hour")
        n_gpus = plan.cluster.n_gpus
        were = "was" if n_gpus == 1 else "were"
        yield Caution(
            code="time_converted",
            message=f"{n_gpus} {gpu} for {time} {were} converted to "
            f"{format_flops(budget)} FLOPs at MFU {plan.cluster.hardware.mfu:g}: N and D are those of that "
            "compute.",
        )
    if plan.cluster is not None:
        yield from _about_time(plan, plan.cluster, hours)
        yield from _about_replicas(plan.cluster)


def _about_time(plan: Plan, cluster: Cluster, hours: float | None) -> Iterator[Caution]:
    """Yield that the run ends after the hours that were given, and what ends in time."""
    took = cluster.wall_hours
    if hours is not None and took is not None and took > _LATE * hours:
        yield Caution(
            code="time_exceeded",
            message=f"The run takes {plural(format_amount(took), 'hour')}, {format_amount(took - hours)} more than the "
            f"{format_amount(hours)} given: the shape's exact FLOPs, or GPUs that are left over. "
            f"{format_quantity(plan.n_tokens * hours / took)} tokens end in time.",
        )


def _in_money(cluster: Cluster | None) -> str:
    """Return the exact GPU-hours and cost against those of 6 N D, where there is a GPU."""
    if cluster is None:
        return ""
    hours = f"{format_amount(cluster.gpu_hours)} GPU-hours against {format_amount(cluster.gpu_hours_6nd)}"
    if cluster.cost is None or cluster.cost_6nd is None:
        return f" ({hours})"
    return f" ({hours}, a cost of {format_amount(cluster.cost)} against {format_amount(cluster.cost_6nd)})"


def _about_replicas(cluster: Cluster) -> Iterator[Caution]:
    """Yield that not one replica fits, or that GPUs are left over beside the whole replicas."""
    if cluster.n_gpus is None or not cluster.memory:
        return
    memory, idle = cluster.memory[0], cluster.n_gpus - (cluster.working_gpus or 0)
    if memory.data_parallel == 0:
        there = "there is 1" if cluster.n_gpus == 1 else f"there are {cluster.n_gpus}"
        sharded = cluster.n_gpus >= (memory.gpus_sharded or 0)
        only = "only sharding fits, and no" if sharded else "so no"
        yield Caution(
            code="cluster_too_small",
            message=f"Weights, gradients and optimiser of {format_quantity(memory.n_params)} parameters take "
            f"{memory.total_bytes / 1e9:,.0f} GB, which need at least {memory.gpus_sharded} of these GPUs if they are "
            f"sharded evenly, and {memory.gpus_per_replica} as a replica on a power of two of them; {there}, {only} "
            "wall time is given.",
        )
    elif idle:
        are = "is" if idle == 1 else "are"
        yield Caution(
            code="gpus_idle",
            message=f"A replica takes {memory.gpus_per_replica} GPUs, so {idle} of the {cluster.n_gpus} {are} idle: "
            f"the wall time is that of {cluster.working_gpus}.",
        )


def explain_plan(page: Page, plan: Plan, n_params: str, n_tokens: str) -> None:
    """Explain the plan; ``n_params`` and ``n_tokens`` are the formulas of what it trains."""
    source = f"what is to be trained: {plan.of.replace('_', ' ')}"
    page.add("N_plan", n_params, source, value=plan.n_params, key="plan.n_params")
    page.add("D_plan", n_tokens, source, value=plan.n_tokens, key="plan.n_tokens")
    page.add("C_plan", "6*N_plan*D_plan", "C = 6 N D", value=plan.flops, key="plan.flops")
    if plan.shape is not None:
        explain_shape(page, plan.shape, exact_flops=plan.exact_flops, exact_over_6nd=plan.exact_over_budget)
        for i, rule in enumerate(plan.hyperparameters):
            explain_rule(page, rule, plan.shape, plan.n_tokens, i)
    if plan.cluster is not None:
        from advisor.plan.cluster import explain_cluster

        explain_cluster(page, plan.cluster)
