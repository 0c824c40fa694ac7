"""How a pilot looks: what it would narrow and whether it pays, its runs, and what a filled one says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.laws.data_rule import SD_OF_80
from advisor.laws.measured_shift import BEYOND, GROWTH
from advisor.quantities import format_flops, plural
from advisor.report.screen import FIRST_SCREEN, Wanted, print_rows, print_screen
from advisor.report.text import amount, echo, emit, percent, print_table, quantity, spread, warn

if TYPE_CHECKING:
    from advisor.pilot.design import Expectation
    from advisor.pilot.pilot import Pilot
    from advisor.pilot.pilot_file import PilotResult

_LARGE_PART = 0.5  # of the variance that is left


def show(pilot: Pilot, *, asked: Wanted = FIRST_SCREEN, as_json: bool, out: Path | None) -> None:
    """Print a pilot or its JSON document; ``out`` is where its table was written."""

    def render() -> None:
        print_screen(
            _answer(pilot),
            rows=lambda: _print_first(pilot, out),
            everything=lambda: _print_everything(pilot, out),
            cautions=pilot.cautions,
            asked=asked,
            more=("--cautions", "--full", "--json"),
            lines=5,
        )

    emit(pilot, render, as_json=as_json)
    if as_json:
        warn(pilot.cautions)


def _answer(pilot: Pilot) -> list[str]:
    """Return whether the pilot pays, and what it would narrow."""
    chosen = pilot.chosen
    pays = "pays" if chosen.worth_it else "does not pay"
    saved = f"{100 * chosen.saved:.2g} %"
    return [
        f"A pilot of {len(pilot.runs)} small runs {pays}: it takes {percent(chosen.share)} of the "
        f"{format_flops(pilot.flops)} FLOPs, and a better N saves {saved}.",
        f"N is {quantity(pilot.n_params)} today, 80 % {spread(pilot.interval80)}; after it the interval is as wide as "
        f"{spread(pilot.chosen.n_params)}.",
    ]


def _print_first(pilot: Pilot, out: Path | None, *, full: bool = False) -> None:
    print_rows([("Today", _wasted(pilot)), ("Left", _left(pilot)), ("Design", _design(pilot)), *_cost(pilot)])
    _shares(pilot)
    if out is not None or not full:
        print_rows([("Then", _then(out))])


def _print_everything(pilot: Pilot, out: Path | None) -> None:
    _print_first(pilot, out, full=True)
    echo()
    _runs(pilot)
    echo(_how_to_train(pilot), "dim")


def _then(out: Path | None) -> str:
    """Return what to do with the runs."""
    if out is None:
        return "--out pilot.csv writes the runs as a table; --full prints them"
    return f"written to {out}: fill its column loss, then `advisor fit {out} --pilot --out measured.json`"


def _wasted(pilot: Pilot) -> str:
    factor = math.exp(pilot.now.corpus)
    return (
        f"this text is taken to want {factor:.2f} times web text's N; what is not known of that wastes "
        f"{100 * pilot.wasted:.2g} % of the FLOPs on average"
    )


def _left(pilot: Pilot) -> str:
    """Return what the pilot cannot take away."""
    now, after = pilot.now, pilot.chosen.shift_sd
    text = f"that factor is known within {_within(now.sd)} now and {_within(after)} after"
    growth = math.hypot(now.sds[GROWTH], now.sds[BEYOND])
    if growth**2 > _LARGE_PART * after**2:
        at = format_flops(pilot.chosen.gap_flops)
        text += f"; most of that is how it grows from the pilot's {at} FLOPs to the run's, which no pilot shows"
    return text


def _within(sd: float) -> str:
    """Return a standard deviation of ln N as a factor, 80 % of the cases inside."""
    return f"{percent(math.expm1(SD_OF_80 * sd))} (80 %)"


def _design(pilot: Pilot) -> str:
    design = pilot.chosen.design
    kind = f"paired, on {pilot.corpus.name} and {pilot.reference.name}" if design.paired else "of the corpus alone"
    budgets = " and ".join(format_flops(flops) for flops in design.budgets)
    text = f"{kind}: {design.n_sizes} sizes at {budgets} FLOPs, up to {design.factor:.0f} times from the optimum"
    other = pilot.alternative
    if other is not None:
        which = "paired" if other.design.paired else "unpaired"
        text += f"; {which}, {_within(other.shift_sd)} would be left"
    return text


def _cost(pilot: Pilot) -> list[tuple[str, str]]:
    if pilot.gpu_hours is None:
        return []
    cost = "" if pilot.cost is None else f", cost {amount(pilot.cost)}"
    return [("Cost", f"{amount(pilot.gpu_hours)} GPU-hours{cost}")]


def _shares(pilot: Pilot) -> None:
    """Print what half and four times the share would do."""
    found = sorted([*pilot.others, (pilot.share, pilot.chosen)], key=lambda pair: pair[0])
    rows = [(f"{100 * share:.3g} %", *_share_cells(expected)) for share, expected in found]
    bold = [number for number, (share, _) in enumerate(found) if share == pilot.share]
    print_table(("a pilot of", "80 % of N after", "sd of ln factor", "saves", "pays"), rows, bold=bold)


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
    title = f"{plural(len(rows), 'run')}, {format_flops(pilot.chosen.design.flops)} FLOPs{total}{cost}"
    print_table([header[i] for i in kept], [[row[i] for i in kept] for row in rows], title=title)


def _how_to_train(pilot: Pilot) -> str:
    pairs = "both corpora with one recipe, one tokenizer and one schedule that ends with the run; " * (
        pilot.chosen.design.paired
    )
    return (
        f"Train {pairs}each loss in nats/token on held-out text of the run's own corpus. Shape is width x layers, "
        "batch is in tokens, batch and rate by Step Law. The runs are beyond what `advisor calibrate` trains."
    )


def show_result(result: PilotResult, *, asked: Wanted = FIRST_SCREEN, as_json: bool, out: Path | None) -> None:
    """Print what a filled pilot says, or its JSON document; write the document to ``out`` if given."""

    def render() -> None:
        print_screen(
            _answer_of_result(result),
            rows=lambda: _print_result(result, out),
            everything=lambda: _print_result(result, out),
            cautions=result.cautions,
            asked=asked,
            more=("--cautions", "--json"),
        )

    emit(result, render, as_json=as_json, out=out)
    if as_json:
        warn(result.cautions)


def _answer_of_result(result: PilotResult) -> list[str]:
    """Return how far apart the optima of the two corpora are, and what was expected."""
    gap, expected = result.gap, math.exp(result.predicted)
    interval = spread(_factors(gap.log_n, gap.sd), _factor)
    at = format_flops(gap.flops)
    return [
        f"{result.corpus.name} wants {_factor(math.exp(gap.log_n))} times the parameters of {_against(result)} at {at} "
        f"FLOPs (80 % {interval}).",
        f"Expected were {_factor(expected)} (80 % {spread(_factors(result.predicted, result.predicted_sd), _factor)}), "
        "by how the two compress.",
    ]


def _factors(log_n: float, sd: float) -> tuple[float, float]:
    """Return the ends of the central 80 % of N's factor."""
    return math.exp(log_n - SD_OF_80 * sd), math.exp(log_n + SD_OF_80 * sd)


def _factor(times: float) -> str:
    return f"{times:.2f}"


def _against(result: PilotResult) -> str:
    return "web text" if result.reference is None else result.reference.name


def _levels(result: PilotResult) -> str:
    corpora = {"corpus": result.corpus, "reference": result.reference}
    named = {role: each.name for role, each in corpora.items() if each is not None}
    return " and ".join(f"{times:.2f} ({named[role]})" for role, times in result.loss_levels.items())


def _print_result(result: PilotResult, out: Path | None) -> None:
    gap, against = result.gap, _against(result)
    print_rows(
        [
            (
                "ln N",
                f"{gap.log_n:+.3f}, sd {gap.sd:.3f}; expected {result.predicted:+.3f}, sd {result.predicted_sd:.3f}",
            ),
            ("Noise", f"{100 * gap.noise:.2f} % of the loss from run to run"),
            (
                "Losses",
                f"{_levels(result)} times web text's in nats/token, by Chinchilla's law; their unit moves no gap",
            ),
        ]
    )
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
    print_table(("FLOPs", "N*", f"N* of {against}"[-30:], "ln N* apart", "sd"), cells)
    if out is not None:
        print_rows([("Then", f"`advisor recommend --pilot {out}` answers with it")])
