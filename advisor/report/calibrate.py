"""How ``advisor calibrate`` looks: the plan before, the laws and lines after, and both as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.report.text import duration, echo, emit, print_labelled, print_table, quantity

if TYPE_CHECKING:
    from advisor.calibrations.transfer import Transfer
    from calibration.campaign.pipeline import Opened, Trained
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.campaign.refit import CalibrationOutcome
    from calibration.campaign.speed import TimedWork
    from calibration.lines.document import Calibrated
    from calibration.lines.predictors import PredictorComparison
    from calibration.lines.summary import LineFigures, SourceFigures


def show_plan(opened: Opened, missing: Sequence[TimedWork], folder: Path, *, as_json: bool) -> None:
    """Print what would be trained, or its JSON document."""
    emit(plan_as_json(opened, missing), lambda: print_plan(opened, missing, folder), as_json=as_json)


def show_left(outcome: CalibrationOutcome, folder: Path, *, as_json: bool) -> None:
    """Print what was not begun for want of time, or its JSON document."""
    opened, trained = outcome.opened, outcome.trained
    assert opened is not None
    document = {**plan_as_json(opened, trained.left), "not_trained": dict(trained.failures)}
    emit(document, lambda: print_left(trained, folder), as_json=as_json)


def show_result(outcome: CalibrationOutcome, figures: Sequence[Path], *, as_json: bool) -> None:
    """Print the laws, the lines in H and what was written, or their JSON document; ``figures`` were drawn of them."""
    result, sources, lines = outcome.result, outcome.sources, outcome.lines
    assert result is not None
    files, failures, transfers = (*outcome.files, *figures), outcome.trained.failures, outcome.transfers

    def print_all() -> None:
        print_result(result, sources, lines, files, failures, transfers=transfers, laws_only=outcome.laws_only)
        for note in outcome.notes:
            print_labelled([("Note:", note)])

    document = result_as_json(result, sources, lines, files, failures, transfers)
    emit({**document, "notes": outcome.notes}, print_all, as_json=as_json)


def plan_as_json(opened: Opened, missing: Sequence[TimedWork]) -> dict[str, Any]:
    """Return the plan as one document; ``hours`` are by the clock on this machine, done or not."""
    from advisor.json_form import as_json

    plan = opened.plan
    return {
        **as_json(plan),
        "n_runs": plan.n_runs,
        "flops": sum(plan.flops(job) for job in plan.jobs),
        "hours": opened.hours,
        "n_works_missing": len(missing),
        "hardware": opened.devices.first,
        "n_workers": opened.devices.n_workers,
        "threads": opened.devices.threads,
        "notes": [*plan.notes, *opened.notes],
    }


def print_plan(opened: Opened, missing: Sequence[TimedWork], folder: Path | None) -> None:
    """Print what will be trained: sources, sizes, cost; and what is there already."""
    plan = opened.plan
    _print_sources(plan)
    echo()
    _print_sizes(opened)
    echo()
    for note in (*plan.cuts, *plan.notes, *opened.notes):
        print_labelled([("Note:", note)])
    print_labelled(_cost(opened, missing, folder))
    if plan.laws_only:
        echo(
            "This is too small to yield coefficients, which take at least five sources with laws that can be believed: "
            "it stops at the laws of its sources."
        )


def _print_sources(plan: CalibrationPlan) -> None:
    rows = [
        [
            source.name,
            f"{source.vocab_size:,}",
            f"{source.compressibility:.3f}",
            f"{source.shuffled:.3f}",
            "" if source.entropy_bound is None else f"{source.entropy_bound:.3f}",
            "any" if source.n_unique_tokens is None else quantity(source.n_unique_tokens),
            counts(sorted({n for job in plan.jobs_of(source.name) for n in job.token_counts})),
        ]
        for source in plan.sources
    ]
    header = ["source", "vocab", "H", "H shuf.", "bound, nats", "unique tokens", "trained to"]
    print_table(*_filled(header, rows))
    tokenizer = plan.protocol.tokenizer
    tokens = "ids" if tokenizer is None else f"tokens of the tokenizer {tokenizer}"
    echo(f"H: median compressed/raw bytes of {plan.protocol.seq_len} {tokens}; shuf.: with their order destroyed.")
    if any(source.entropy_bound is not None for source in plan.sources):
        echo("Bound: the most that the loss of a perfect model can be, nats per token; known of grammars alone.")


def _filled(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return a table without the columns that are empty."""
    kept = [place for place in range(len(header)) if any(row[place] for row in rows)]
    return [header[place] for place in kept], [[row[place] for place in kept] for row in rows]


def _print_sizes(opened: Opened) -> None:
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


def batches(plan: CalibrationPlan) -> str:
    """Return the batch along the trunk in words."""
    last = max(job.token_counts[-1] for job in plan.jobs)
    reached = [(start, size) for start, size in plan.recipe.batches if start < last]
    parts = [f"{size:,} tokens" + (f" from {quantity(start)}" if start else "") for start, size in reached]
    form = "cosine" if plan.recipe.cosine else f"cooldown over the last {100 * plan.recipe.cooldown:.0f} %"
    return f"{', '.join(parts)}; {form}"


def _cost(opened: Opened, missing: Sequence[TimedWork], folder: Path | None) -> list[tuple[str, str]]:
    plan, devices = opened.plan, opened.devices
    flops = sum(plan.flops(job) for job in plan.jobs)
    left = sum(each.seconds for each in missing) / devices.n_workers
    where = f"{devices.n_workers} x {devices.first.name}" if devices.n_workers > 1 else devices.first.name
    rows = [
        ("Runs", f"{plan.n_runs} in {len(plan.jobs)} trunks, {quantity(flops)} FLOPs"),
        ("Batch", batches(plan)),
        ("Time", f"about {duration(3600 * opened.hours)} on {where}, {devices.first.dtype}, from timed steps"),
    ]
    if len(missing) < len(opened.works):
        n_there = len(opened.works) - len(missing)
        to_go = f"about {duration(left)} to go" if missing else "nothing is left to train"
        rows.append(("There", f"{n_there} of {len(opened.works)} trunks; {to_go}"))
    if folder is not None:
        rows.append(("Folder", str(folder)))
    return rows


def result_as_json(
    result: Calibrated,
    sources: Sequence[SourceFigures],
    lines: Sequence[LineFigures],
    files: Sequence[Path],
    failures: Mapping[str, str],
    transfers: Sequence[Transfer] = (),
) -> dict[str, Any]:
    """Return the laws, the lines in H and what was written as one document."""
    document = result.document
    found = result.regression
    return {
        "name": result.about.name,
        "sources": sources,
        "lines": lines,
        "epsilon": None if found is None else document_of(document)["epsilon_estimate"],
        "predictors": None if found is None else found.predictors,
        "transfers": transfers,
        "refusal": result.refusal,
        "not_trained": failures,
        "files": files,
    }


def document_of(document: Any) -> dict[str, Any]:
    """Return the one calibration of a coefficients document."""
    calibration: dict[str, Any] = document["calibrations"][0]
    return calibration


def print_result(
    result: Calibrated,
    sources: Sequence[SourceFigures],
    lines: Sequence[LineFigures],
    files: Sequence[Path],
    failures: Mapping[str, str],
    *,
    transfers: Sequence[Transfer] = (),
    laws_only: bool,
) -> None:
    """Print the table of laws, why some are refused, the lines in H, how they carry over, and what was written."""
    rows = [_law_row(source) for source in sources]
    header = ["source", "H", "E", "bound", "alpha", "beta", "a", "N* 95 %", "residual", "verdict"]
    echo(f"Laws of {result.about.name}: L = E + A/N^alpha + B/D^beta, nats per token; N* grows as C^a", "bold")
    print_table(*_filled(header, rows))
    budgets = sorted({source.flops for source in sources if source.flops is not None})
    at = f" N*: the best N for {' and '.join(f'{flops:.3g}' for flops in budgets)} FLOPs." if budgets else ""
    echo(f"N counts non-embedding parameters.{at}")
    for source in sources:
        for _, level, message in source.reasons:
            print_labelled([(f"{source.name}, {level}:", message)])
    if lines:
        echo()
        _print_lines(lines, result)
    if transfers:
        from advisor.report.evidence import print_transfers

        echo()
        print_transfers(transfers)
    if result.refusal is not None and not laws_only:
        echo()
        print_labelled([("Refused:", result.refusal.splitlines()[0])], "yellow")  # its reasons stand above
    for path in files:
        echo(f"Wrote {path}.")
    _print_failures(failures)


def _print_failures(failures: Mapping[str, str]) -> None:
    for work, why in failures.items():
        print_labelled([(f"Not trained to its end: {work}.", why)], "yellow")


def _law_row(source: SourceFigures) -> list[str]:
    law = source.law
    residual = "" if source.residual_scale is None else f"{100 * source.residual_scale:.1f} %"
    bound = "" if source.entropy_bound is None else f"{source.entropy_bound:.3f}"
    if law is None:
        return [source.name, f"{source.compressibility:.3f}", "", bound, "", "", "", "", residual, source.verdict]
    interval = source.n_optimal_ci95
    return [
        source.name,
        f"{source.compressibility:.3f}",
        f"{law['E']:.3f}",
        bound,
        f"{law['alpha']:.2f}",
        f"{law['beta']:.2f}",
        f"{law['exponent_a']:.2f}",
        "" if interval is None else " to ".join("<1" if n < 1 else quantity(n) for n in interval),
        residual,
        source.verdict,
    ]


def _print_lines(lines: Sequence[LineFigures], result: Calibrated) -> None:
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
            f"Weight of this calibration, epsilon: {epsilon.value:.2f} (95 % {epsilon.ci95[0]:.2f} to "
            f"{epsilon.ci95[1]:.2f}); left-out error of ln N* {epsilon.error:.2f} with it, "
            f"{epsilon.error_of_mean:.2f} with the mean."
        )
        echo()
        _print_predictors(found.predictors)


def _print_predictors(found: PredictorComparison) -> None:
    rows = [
        [
            one.name,
            f"{math.exp(one.error_ln_n):.2f}x",
            f"{100 * one.error_ln_loss:.1f} %",
            "" if one.p_value is None else f"{one.p_value:.2g}",
        ]
        for one in sorted(found.predictors, key=lambda one: one.error_ln_n)
    ]
    print_table(["predictor", "N* missed by", "loss by", "p"], rows, title="Sources left out one by one")
    for name, why in found.left_out.items():
        print_labelled([(f"{name}:", why)])
    echo(found.verdict)


def print_left(trained: Trained, folder: Path) -> None:
    """Print what was not begun for want of time."""
    seconds = sum(each.seconds for each in trained.left)
    _print_failures(trained.failures)
    cost = f"about {duration(seconds)} of one device"
    echo(f"{len(trained.left)} trunks, {cost}, were not begun: they would not end in time.")
    echo(f"advisor calibrate --out {folder} goes on with them.")
