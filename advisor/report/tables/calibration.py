"""All of a calibration: its sources and sizes before, every law, the lines in H and the predictors after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from advisor.quantities import format_flops
from advisor.report.text import echo, nats, percent, plural, print_labelled, print_table, quantity, shortened

if TYPE_CHECKING:
    from calibration.campaign.pipeline import Opened
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.lines.document import Calibrated
    from calibration.lines.predictors import PredictorComparison
    from calibration.lines.summary import LineFigures, SourceFigures


# Characters of a source's name, so that a row stands in 80 columns; beside the bound and the misses of grammars.
_MOST_NAME, _MOST_BESIDE = 16, 9


def print_sources(plan: CalibrationPlan, *, most: int | None = None) -> None:
    """Print the sources, ``most`` of them at most."""
    rows = [
        [
            shortened(source.name, _MOST_NAME),
            f"{source.vocab_size:,}",
            nats(source.compressibility),
            nats(source.shuffled),
            "" if source.entropy_bound is None else nats(source.entropy_bound),
            "any" if source.n_unique_tokens is None else quantity(source.n_unique_tokens),
            counts(sorted({n for job in plan.jobs_of(source.name) for n in job.token_counts})),
        ]
        for source in plan.sources[:most]
    ]
    print_table(["source", "vocab", "H", "shuffled", "bound", "unique", "trained to"], rows)


def print_meanings(plan: CalibrationPlan) -> None:
    """Print what the columns of the sources are."""
    tokenizer = plan.protocol.tokenizer
    tokens = "ids" if tokenizer is None else f"tokens of the tokenizer {tokenizer}"
    echo(f"H: median compressed/raw bytes of {plan.protocol.seq_len} {tokens}; shuffled: with their order destroyed.")
    echo("Unique: tokens that it has; trained to: tokens D of its runs.")
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


def print_laws(sources: Sequence[SourceFigures]) -> None:
    """Print the law of each source, and what its N* is of."""
    rows = [
        [*found, "" if source.residual_scale is None else percent(source.residual_scale), source.verdict]
        for found, source in zip(_found_of(sources), sources, strict=True)
    ]
    print_table([*_header(sources), "off", ""], rows)
    bound = "; bound: the most that E can be" if _any_bound(sources) else ""
    echo(f"{_meaning(sources)} E: nats/token{bound}; off: how far the runs lie from their law.", "dim")


def print_first_laws(sources: Sequence[SourceFigures], *, most: int) -> None:
    """Print the laws of ``most`` sources at most, in a row each of a first screen, and a line about them.

    Where there is room for a line more it says what the bound is.
    """
    shown = sources[:most]
    rows = [[*found, source.verdict] for found, source in zip(_found_of(shown), shown, strict=True)]
    print_table([*_header(shown), ""], rows)
    echo(_meaning(sources), "dim")
    if _any_bound(shown) and len(sources) < most:
        echo("Bound: the entropy of the documents, known of grammars alone: the most that E can be.", "dim")
    if len(sources) > most:
        echo(f"{plural(len(sources) - most, 'more source')}: --full.", "dim")


def _any_bound(sources: Sequence[SourceFigures]) -> bool:
    return any(source.entropy_bound is not None for source in sources)


def _header(sources: Sequence[SourceFigures]) -> list[str]:
    """Return the names of the columns; that of the bounds, which no corpus has, is left out where there are none."""
    return ["source", "H", "E", "bound" if _any_bound(sources) else "", "alpha", "beta", "a", "best N, 95 %"]


def _found_of(sources: Sequence[SourceFigures]) -> Iterator[list[str]]:
    """Yield of each source its name, its H, and its law with E beside the bound on it."""
    most = _MOST_BESIDE if _any_bound(sources) else _MOST_NAME
    for source in sources:
        named = [shortened(source.name, most), nats(source.compressibility)]
        bound = "" if source.entropy_bound is None else nats(source.entropy_bound)
        law, interval = source.law, source.n_optimal_ci95
        if law is None:
            yield [*named, "", bound, "", "", "", ""]
            continue
        exponents = [f"{law[name]:.2f}" for name in ("alpha", "beta", "exponent_a")]
        best = "" if interval is None else " to ".join("<1" if n < 1 else quantity(n) for n in interval)
        yield [*named, nats(law["E"]), bound, *exponents, best]


def _meaning(sources: Sequence[SourceFigures]) -> str:
    """Return what the best N is of, and what a is, in one line."""
    budgets = [source.flops for source in sources if source.flops is not None]
    ends = dict.fromkeys(map(format_flops, (min(budgets), max(budgets)))) if budgets else ()
    at = f", for {' to '.join(ends)} FLOPs" if ends else ""
    return f"Best N: without the embedding{at}; it grows as C^a."


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
