"""All of a calibration: its sources and sizes before, every law, the lines in H and the predictors after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from advisor.quantities import format_flops
from advisor.report.text import counted, echo, nats, percent, print_labelled, print_table, quantity

if TYPE_CHECKING:
    from calibration.campaign.pipeline import Opened
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.lines.document import Calibrated
    from calibration.lines.predictors import PredictorComparison
    from calibration.lines.summary import LineFigures, SourceFigures


def print_sources(plan: CalibrationPlan, *, most: int | None = None) -> None:
    """Print the sources, ``most`` of them at most, and what their columns are."""
    rows = [
        [
            source.name,
            f"{source.vocab_size:,}",
            nats(source.compressibility),
            nats(source.shuffled),
            "" if source.entropy_bound is None else nats(source.entropy_bound),
            "any" if source.n_unique_tokens is None else quantity(source.n_unique_tokens),
            counts(sorted({n for job in plan.jobs_of(source.name) for n in job.token_counts})),
        ]
        for source in plan.sources[:most]
    ]
    print_table(["source", "vocab", "H", "shuffled", "bound, nats", "unique tokens", "trained to"], rows)


def print_meanings(plan: CalibrationPlan) -> None:
    """Print what the columns of the sources are."""
    tokenizer = plan.protocol.tokenizer
    tokens = "ids" if tokenizer is None else f"tokens of the tokenizer {tokenizer}"
    echo(f"H: median compressed/raw bytes of {plan.protocol.seq_len} {tokens}; shuffled: with their order destroyed.")
    if any(source.entropy_bound is not None for source in plan.sources):
        echo("Bound: the most that the loss of a perfect model can be, nats/token; known of grammars alone.")


def print_sizes(opened: Opened) -> None:
    """Print the sizes of the models that are trained."""
    plan = opened.plan
    speeds = (plan.probe or {}).get(opened.devices.first.name, {}).get("tokens_per_second", {})
    sizes = sorted({job.size for job in plan.jobs}, key=lambda size: (size.width, size.n_layers))
    rows = []
    for size in sizes:
        jobs = [job for job in plan.jobs if job.size == size]
        shape = size.shape(max(plan.source(job.source).vocab_size for job in jobs))
        rates = sorted({job.rate for job in jobs})
        speed = speeds.get(f"{size.width}x{size.n_layers}")
        rows.append(
            [
                f"{size.width} x {size.n_layers}",
                quantity(shape.n_non_embedding),
                quantity(shape.n_params),
                str(len({job.seed for job in jobs})),
                f"{rates[-1]:.3g}",
                quantity(shape.flops_per_token),
                "" if speed is None else quantity(speed),
            ]
        )
    header = ["d x layers", "N non-embed.", "N total", "seeds", "peak rate", "FLOPs/token", "tokens/s"]
    print_table(header, rows)
    echo("N total: with the embedding and head of the largest vocabulary. Tokens/s: of one process, as timed.")


def counts(values: Sequence[int]) -> str:
    """Return token counts in one cell: all of a few, the ends of many."""
    if not values:
        return "nothing"
    if len(values) <= 3:
        return ", ".join(quantity(n) for n in values)
    return f"{quantity(values[0])} .. {quantity(values[-1])} ({len(values)})"


def print_laws(sources: Sequence[SourceFigures], *, most: int | None = None) -> None:
    """Print the law of each source, of ``most`` of them at most, and what its N* is of."""
    header = ["source", "H", "E", "bound", "alpha", "beta", "a", "N 95 %", "residual", "verdict"]
    print_table(header, [_law_row(source) for source in sources[:most]])
    budgets = sorted({source.flops for source in sources if source.flops is not None})
    at = f" for {' and '.join(map(format_flops, budgets))} FLOPs" if budgets else ""
    echo(
        f"N: the best{at}, {counted('non-embedding')} parameters; a: the best N grows as C^a; bound: of E, nats/token.",
        "dim",
    )


def _law_row(source: SourceFigures) -> list[str]:
    law = source.law
    residual = "" if source.residual_scale is None else percent(source.residual_scale)
    bound = "" if source.entropy_bound is None else nats(source.entropy_bound)
    if law is None:
        return [source.name, nats(source.compressibility), "", bound, "", "", "", "", residual, source.verdict]
    interval = source.n_optimal_ci95
    return [
        source.name,
        nats(source.compressibility),
        f"{law['E']:.3f}",
        bound,
        f"{law['alpha']:.2f}",
        f"{law['beta']:.2f}",
        f"{law['exponent_a']:.2f}",
        "" if interval is None else " to ".join("<1" if n < 1 else quantity(n) for n in interval),
        residual,
        source.verdict,
    ]


def print_lines(lines: Sequence[LineFigures], result: Calibrated) -> None:
    """Print how the parameters of the laws move with H, how much of that is believed, and what else predicts them."""
    rows = [
        [
            figures.name,
            f"{figures.line.intercept:.3g}",
            f"{figures.line.slope:.3g}",
            f"{figures.line.slope_ci95[0]:.3g} to {figures.line.slope_ci95[1]:.3g}",
            f"{figures.line.p_value:.2g}",
        ]
        for figures in lines
    ]
    header = ["parameter", "at H = 0", "slope in H", "95 %", "p"]
    print_table(header, rows, title="Lines in H through the laws that were accepted")
    found = result.regression
    if found is not None:
        epsilon = found.epsilon
        echo(
            f"Share of these lines that is believed (--epsilon): {percent(epsilon.value)} (95 % "
            f"{percent(epsilon.ci95[0])} to {percent(epsilon.ci95[1])}); left-out error of ln N* {epsilon.error:.2f} "
            f"with it, {epsilon.error_of_mean:.2f} with the mean."
        )
        echo()
        print_predictors(found.predictors)


def print_predictors(found: PredictorComparison) -> None:
    """Print by how much each predictor misses the sources left out one by one."""
    rows = [
        [
            one.name,
            f"{math.exp(one.error_ln_n):.2f}x",
            percent(one.error_ln_loss),
            "" if one.p_value is None else f"{one.p_value:.2g}",
        ]
        for one in sorted(found.predictors, key=lambda one: one.error_ln_n)
    ]
    print_table(["predictor", "N* missed by", "loss by", "p"], rows, title="Sources left out one by one")
    for name, why in found.left_out.items():
        print_labelled([(f"{name}:", why)])
    echo(found.verdict)
