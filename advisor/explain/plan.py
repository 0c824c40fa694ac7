"""The plan: the shape's parameters and FLOPs, the rules for batch and rate, hours, money and memory on the cluster."""

from __future__ import annotations

from advisor.answer.recommendation import Recommendation
from advisor.explain.lines import LawNames, Page
from advisor.plan.cluster import Cluster, Memory
from advisor.plan.hardware import PUBLISHED_MFU
from advisor.plan.hyperparameters import Hyperparameters
from advisor.plan.plan import Plan
from advisor.plan.shape import Architecture

_SEARCH = (
    "advisor/plan/shape.py: within 2 % of N, the proportions nearest to width over depth of 64 (128 from 1B "
    "parameters) and feed-forward over width of 8/3, which are conventions; heads of 64 or 128"
)
_SHAPE = (
    ("d", "width"),
    ("n_layers", "n_layers"),
    ("head_width", "head_width"),
    ("f", "ffn_width"),
    ("V", "vocab_size"),
    ("T_context", "context_tokens"),
)
_BYTES = "advisor/plan/cluster.py, training_state: bytes for each parameter under AdamW in {}"


def explain_plan(page: Page, recommendation: Recommendation, names: dict[str, LawNames]) -> None:
    """Explain the plan below the answer."""
    plan = recommendation.plan
    _allocation(page, recommendation, plan, names)
    if plan.shape is not None:
        _shape(page, plan, plan.shape)
        for i, rule in enumerate(plan.hyperparameters):
            _rule(page, rule, i)
    if plan.cluster is not None:
        _cluster(page, plan.cluster)


def _allocation(page: Page, recommendation: Recommendation, plan: Plan, names: dict[str, LawNames]) -> None:
    limited = recommendation.limited
    tag = f"_u{names[limited[0].law].suffix}" if limited else ""
    n_params, n_tokens = {
        "headline": ("N", "D"),
        "choice": ("N_choice", "C/(6*N_choice)"),
        "inference": ("N_served", "D_served"),
        "limited_data": (f"N{tag}", f"D{tag}"),
    }[plan.of]
    source = f"what is to be trained: {plan.of.replace('_', ' ')}"
    page.add("N_plan", n_params, source, key="plan.n_params")
    page.add("D_plan", n_tokens, source, key="plan.n_tokens")
    page.add("C_plan", "6*N_plan*D_plan", "C = 6 N D", key="plan.flops")


def _shape(page: Page, plan: Plan, shape: Architecture) -> None:
    for name, field in _SHAPE:
        source = "given, or the default" if field in ("vocab_size", "context_tokens") else _SEARCH
        value = page.at(f"plan.shape.{field}")
        page.add(name, f"chosen_{name}", source, key=f"plan.shape.{field}", known={f"chosen_{name}": value})
    page.add("n_heads", "d//head_width", "width over the width of a head", key="plan.shape.n_heads")
    source = "advisor/plan/shape.py, n_non_embedding: matrices and gains of each layer, and the last gains"
    weights = "n_layers*(4*d**2 + 3*d*f + 2*d) + d"
    page.add("P", weights, source, key="plan.shape.n_params_non_embedding")
    page.add("P_total", "P + 2*V*d", "with embedding and head", key="plan.shape.n_params_total")
    source = "advisor/plan/shape.py, flops_per_token: matrices, causal attention and the head, forward and backward"
    exact = "6*(n_layers*(4*d**2 + 3*d*f) + n_layers*2*d*T_context//2 + V*d)"
    page.add("flops_per_token", exact, source, key="plan.shape.flops_per_token")
    page.add("exact_flops", "flops_per_token*D_plan", "for all tokens", key="plan.shape.exact_flops")
    page.add("exact_over_6nd", "exact_flops/C_plan", "against 6 N D", key="plan.shape.exact_over_6nd")


def _rule(page: Page, rule: Hyperparameters, i: int) -> None:
    at = f"plan.hyperparameters[{i}]"
    about = f"{rule.source}: {rule.formula}; {rule.takes}; fitted on {rule.fitted_on}"
    if rule.rule == "Step Law":
        batch, rate = "coefficient*D_plan**exponent", "coefficient*P**exponent_n*D_plan**exponent_d"
        constants = {"coefficient": 0.58, "exponent": 0.571}
        of_rate = {"coefficient": 1.79, "exponent_n": -0.713, "exponent_d": 0.307}
    else:
        scale = "(6*n_layers*(4*d**2 + 3*d*f) + 12*n_layers*d*T_context)*D_plan"
        value = page.at("plan.n_tokens") * _scale(page)
        page.add("C_deepseek", scale, "DeepSeek LLM 2024, arXiv:2401.02954, eq. 2, times the tokens", value=value)
        batch = rate = "coefficient*C_deepseek**exponent"
        constants, of_rate = {"coefficient": 0.2920, "exponent": 0.3271}, {"coefficient": 0.3118, "exponent": -0.1250}
    page.add(f"batch_{i}", batch, about, key=f"{at}.batch_tokens", known=constants)
    page.add(f"sequences_{i}", f"batch_{i}/T_context", "tokens over context", key=f"{at}.batch_sequences")
    page.add(f"steps_{i}", f"D_plan/batch_{i}", "tokens over batch", key=f"{at}.n_steps")
    page.add(f"learning_rate_{i}", rate, about, key=f"{at}.peak_learning_rate", known=of_rate)


def _scale(page: Page) -> float:
    layers, d, f, context = (
        page.at(f"plan.shape.{key}") for key in ("n_layers", "width", "ffn_width", "context_tokens")
    )
    return float(6 * layers * (4 * d**2 + 3 * d * f) + 12 * layers * d * context)


def _cluster(page: Page, cluster: Cluster) -> None:
    hardware = cluster.hardware
    known = {"peak": hardware.gpu.peak_flops, "mfu": hardware.mfu}
    source = f"peak FLOP/s: {hardware.gpu.source}; MFU as given, else .4"
    flops = "exact_flops" if cluster.memory else "C_plan"
    page.add("hours_plan", f"{flops}/(peak*mfu*3600)", source, key="plan.cluster.gpu_hours", known=known)
    page.add("hours_6nd", "C_plan/(peak*mfu*3600)", source, key="plan.cluster.gpu_hours_6nd", known=known)
    price = hardware.price_per_hour or 0.0
    page.add("cost_plan", "hours_plan*price", "given: --price-per-hour", key="plan.cluster.cost", price=price)
    page.add("cost_6nd", "hours_6nd*price", "given: --price-per-hour", key="plan.cluster.cost_6nd", price=price)
    for i, (run, mfu) in enumerate(PUBLISHED_MFU):
        page.add(
            f"mfu_{i}",
            "published",
            f"the MFU that {run} reached",
            key=f"plan.cluster.published_mfu[{i}].mfu",
            published=mfu,
        )
    by_mfu = sorted(range(len(PUBLISHED_MFU)), key=lambda i: PUBLISHED_MFU[i][1])
    for end, i in enumerate((by_mfu[-1], by_mfu[0])):
        formula, key = f"{flops}/(peak*mfu_{i}*3600)", f"plan.cluster.gpu_hours_at_published_mfu[{end}]"
        page.add(f"hours_plan_{end}", formula, source, key=key, peak=hardware.gpu.peak_flops)
    if cluster.n_gpus is not None:
        page.add("n_gpus", "gpus", "given: --gpus", key="plan.cluster.n_gpus", gpus=cluster.n_gpus)
    memory = hardware.memory_bytes
    if memory is not None:
        source = "given: --gpu-memory" if hardware.memory_gb is not None else hardware.gpu.memory_source
        page.add("gpu_bytes", "gb*1e9", source, key="plan.cluster.gpu_memory_bytes", gb=memory / 1e9)
    for i, row in enumerate(cluster.memory):
        _memory(page, row, i)
    if cluster.n_gpus is not None:
        _wall_time(page, cluster)


def _wall_time(page: Page, cluster: Cluster) -> None:
    held = bool(cluster.memory) and cluster.memory[0].data_parallel is not None
    working = "replicas_bf16*gpus_bf16" if held else "n_gpus"
    page.add("n_working", working, "the GPUs in whole replicas", key="plan.cluster.n_gpus_working")
    if cluster.working_gpus is not None:
        page.add("n_idle", "n_gpus - n_working", "the others", value=(cluster.n_gpus or 0) - cluster.working_gpus)
    if cluster.wall_hours is not None:
        page.add("wall_hours", "hours_plan/n_working", "GPU-hours over GPUs", key="plan.cluster.wall_hours")
        page.add("wall_days", "wall_hours/24", "hours a day", value=cluster.wall_hours / 24)


def _memory(page: Page, memory: Memory, i: int) -> None:
    at, state = f"plan.cluster.memory[{i}]", memory.state
    tag, source = f"_{state.precision}", _BYTES.format(state.precision)
    page.add(f"weights{tag}", "bytes*P_total", source, value=memory.weights_bytes, bytes=state.weights)
    page.add(f"gradients{tag}", "bytes*P_total", source, value=memory.gradients_bytes, bytes=state.gradients)
    page.add(f"adam{tag}", "bytes*P_total", source, value=memory.optimizer_bytes, bytes=state.optimizer)
    page.add(f"all{tag}", f"weights{tag} + gradients{tag} + adam{tag}", "their sum", key=f"{at}.replica_bytes")
    fewest = f"2**max(ceil(log2(all{tag}/gpu_bytes)), 0)"
    page.add(f"gpus{tag}", fewest, "the least power of two that holds it", key=f"{at}.gpus_per_replica")
    page.add(f"least{tag}", f"ceil(all{tag}/gpu_bytes)", "one state over all of them", key=f"{at}.gpus_sharded")
    page.add(f"each{tag}", f"all{tag}/gpus{tag}", "over the GPUs of a replica", key=f"{at}.replica_bytes_per_gpu")
    page.add(f"replicas{tag}", f"n_gpus//gpus{tag}", "whole replicas", key=f"{at}.data_parallel")
    page.add(f"sharded{tag}", f"all{tag}/n_gpus", "over all GPUs", key=f"{at}.sharded_bytes_per_gpu")
