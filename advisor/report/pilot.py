"""How a pilot looks: what it would narrow and whether it pays, its runs, and what a filled one says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.laws.measured_shift import BEYOND, GROWTH
from advisor.quantities import format_flops
from advisor.report.text import amount, echo, emit, percent, print_labelled, print_table, quantity, spread, warn

if TYPE_CHECKING:
    from advisor.pilot.design import Design, Expectation
    from advisor.pilot.pilot import Pilot
    from advisor.pilot.pilot_file import PilotResult

_LARGE_PART = 0.5  # of the variance that is left


def show(pilot: Pilot, *, as_json: bool, out: Path | None) -> None:
    """Print a pilot or its JSON document; ``out`` is where its table was written."""
    emit(pilot, lambda: _render(pilot, out), as_json=as_json)
    warn(pilot.cautions)


def _render(pilot: Pilot, out: Path | None) -> None:
    design = pilot.chosen.design
    echo(f"A pilot for {format_flops(pilot.flops)} FLOPs on {pilot.corpus.name}", "bold")
    print_labelled(
        [
            ("now", f"N = {quantity(pilot.n_params)}, 80 % {spread(pilot.interval80)}"),
            (
                "after",
                f"80 % as wide as {spread(pilot.chosen.n_params)}, for {percent(pilot.chosen.share)} of the FLOPs",
            ),
            ("worth it", _worth(pilot)),
            ("shift", _left(pilot)),
            ("design", _design(pilot, design)),
        ]
    )
    echo()
    _shares(pilot)
    echo()
    _runs(pilot)
    echo(_how_to_train(pilot), "dim")
    if out is not None:
        echo(f"Written to {out}: fill its column loss, then `advisor fit {out} --pilot --out measured.json`.")


def _worth(pilot: Pilot) -> str:
    """Return whether the pilot saves more FLOPs than it takes."""
    chosen = pilot.chosen
    return (
        f"{'yes' if chosen.worth_it else 'no'}: it takes {percent(chosen.share)} of the FLOPs, and a better N is "
        f"expected to save {100 * chosen.saved:.2g} % (what is not known of the corpus wastes "
        f"{100 * pilot.wasted:.2g} % on average today)"
    )


def _left(pilot: Pilot) -> str:
    """Return what the pilot cannot take away."""
    now, after = pilot.now, pilot.chosen.shift_sd
    text = f"ln N is moved by {now.corpus:+.2f} from the base law's, sd {now.sd:.3f} now and {after:.3f} after"
    growth = math.hypot(now.sds[GROWTH], now.sds[BEYOND])
    if growth**2 > _LARGE_PART * after**2:
        at = format_flops(pilot.chosen.gap_flops)
        text += f"; most of it is how the gap grows from the pilot's budgets, {at}, to the run's, which no pilot shows"
    return text


def _design(pilot: Pilot, design: Design) -> str:
    kind = f"paired, on {pilot.corpus.name} and {pilot.reference.name}" if design.paired else "of the corpus alone"
    budgets = " and ".join(format_flops(flops) for flops in design.budgets)
    text = f"{kind}: {design.n_sizes} sizes at {budgets} FLOPs, up to {design.factor:.0f} times from the optimum"
    other = pilot.alternative
    if other is not None:
        which = "a paired" if other.design.paired else "an unpaired"
        text += f"; {which} one of the same FLOPs would leave sd {other.shift_sd:.3f}"
    return text


def _shares(pilot: Pilot) -> None:
    """Print what half and four times the share would do."""
    found = sorted([*pilot.others, (pilot.share, pilot.chosen)], key=lambda pair: pair[0])
    rows = [(f"{100 * share:.3g} %", *_share_cells(expected)) for share, expected in found]
    bold = [number for number, (share, _) in enumerate(found) if share == pilot.share]
    header = ("share", "80 % of N after", "sd of ln N's shift", "saves", "worth it")
    print_table(header, rows, title="What a pilot of another size would do", bold=bold)


def _share_cells(expected: Expectation | None) -> tuple[str, str, str, str]:
    if expected is None:
        return "too small or too large", "", "", ""
    worth = "yes" if expected.worth_it else "no"
    return spread(expected.n_params), f"{expected.shift_sd:.3f}", f"{100 * expected.saved:.2g} %", worth


def _runs(pilot: Pilot) -> None:
    rows = [
        (
            planned.run.corpus[-24:],
            format_flops(planned.run.flops),
            quantity(planned.run.n_params),
            quantity(planned.run.n_tokens),
            "" if planned.plan.shape is None else f"{planned.plan.shape.width}x{planned.plan.shape.n_layers}",
            quantity(planned.batch_tokens),
            "" if planned.peak_learning_rate is None else f"{planned.peak_learning_rate:.1e}".replace("e-0", "e-"),
            amount(planned.gpu_hours),
            amount(planned.cost),
        )
        for planned in pilot.runs
    ]
    header = ["corpus", "FLOPs", "N", "D", "shape", "batch", "rate", "GPU-hours", "cost"]
    kept = [i for i in range(len(header)) if any(row[i] for row in rows)]
    total = f"; {amount(pilot.gpu_hours)} GPU-hours" if pilot.gpu_hours is not None else ""
    cost = f", cost {amount(pilot.cost)}" if pilot.cost is not None else ""
    title = f"{len(rows)} runs, {format_flops(pilot.chosen.design.flops)} FLOPs{total}{cost}"
    print_table([header[i] for i in kept], [[row[i] for i in kept] for row in rows], title=title)


def _how_to_train(pilot: Pilot) -> str:
    pairs = "both corpora with one recipe, one tokenizer and one schedule that ends with the run; " * (
        pilot.chosen.design.paired
    )
    return (
        f"Train {pairs}each loss in nats/token on held-out text of the run's own corpus. Shape is width x layers, "
        "batch is in tokens, batch and rate by Step Law. The runs are beyond what `advisor calibrate` trains."
    )


def show_result(result: PilotResult, *, as_json: bool, out: Path | None) -> None:
    """Print what a filled pilot says, or its JSON document; write the document to ``out`` if given."""
    emit(result, lambda: _render_result(result, out), as_json=as_json, out=out)
    warn(result.cautions)


def _levels(result: PilotResult) -> str:
    corpora = {"corpus": result.corpus, "reference": result.reference}
    named = {role: each.name for role, each in corpora.items() if each is not None}
    return " and ".join(f"{times:.2f} ({named[role]})" for role, times in result.loss_levels.items())


def _render_result(result: PilotResult, out: Path | None) -> None:
    gap = result.gap
    against = "the base law" if result.reference is None else result.reference.name
    echo(f"{result.corpus.name} against {against}", "bold")
    rows = [
        (
            "gap",
            f"ln N* {gap.log_n:+.3f}, sd {gap.sd:.3f}, at {format_flops(gap.flops)} FLOPs: N times "
            f"{math.exp(gap.log_n):.2f}",
        ),
        ("expected", f"{result.predicted:+.3f}, sd {result.predicted_sd:.3f}, by the data rule"),
        ("noise", f"{100 * gap.noise:.2f} % of the loss from run to run"),
        ("losses", f"{_levels(result)} times web text's in nats/token, by Chinchilla's law; their unit moves no gap"),
    ]
    print_labelled(rows)
    echo()
    cells = [
        (
            format_flops(each.flops),
            quantity(each.n_params),
            quantity(each.n_params_reference),
            f"{each.log_n:+.3f}",
            f"{each.sd:.3f}",
        )
        for each in gap.budgets
    ]
    print_table(("FLOPs", "N*", f"N* of {against}"[-30:], "gap in ln N*", "sd"), cells, title="By budget")
    if out is not None:
        echo(f"Written to {out}: `advisor recommend --pilot {out}` answers with it.")
