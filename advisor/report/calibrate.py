"""How ``advisor calibrate`` looks: what it costs before, what was found after, in a sentence; and both as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.caution import Caution
from advisor.report.screen import (
    FIRST_SCREEN,
    LINES,
    Wanted,
    lines_of,
    print_answer,
    print_rows,
    print_screen,
    warnings_within,
)
from advisor.report.tables.calibration import (
    print_first_laws,
    print_laws,
    print_lines,
    print_meanings,
    print_sizes,
    print_sources,
)
from advisor.report.text import duration, echo, emit, percent, plural, print_labelled, quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calibration.campaign.pipeline import Opened, Trained
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.campaign.refit import CalibrationOutcome
    from calibration.campaign.speed import TimedWork

_WARNED = 4  # lines of a first screen that warnings take
_MORE = ("--cautions", "--full", "--json")
_LARGER = (
    "--preset cpu trains on eight sources, in half an hour of two cores, and adds how laws move with H: coefficients "
    "for advisor recommend."
)


def show_plan(
    opened: Opened, missing: Sequence[TimedWork], folder: Path | None, *, asked: Wanted = FIRST_SCREEN, as_json: bool
) -> None:
    """Print what would be trained, or its JSON document."""
    emit(opened.document(missing), lambda: print_plan(opened, missing, folder, asked), as_json=as_json)


def show_left(outcome: CalibrationOutcome, folder: Path, *, as_json: bool) -> None:
    """Print what was not begun for want of time, or its JSON document."""
    emit(outcome.document, lambda: print_left(outcome.trained, folder), as_json=as_json)


def show_result(
    outcome: CalibrationOutcome, figures: Sequence[Path], *, asked: Wanted = FIRST_SCREEN, as_json: bool
) -> None:
    """Print the laws, the lines in H and what was written, or their JSON document; ``figures`` were drawn of them."""
    result = outcome.result
    assert result is not None
    files = (*outcome.files, *figures)

    def render() -> None:
        said, cautions = answer(outcome), list(_reasons(outcome))
        rows = [*_line(outcome), *_written(files)]

        def first() -> None:
            print_first_laws(outcome.sources, most=_most_sources(said, rows, cautions))
            print_rows(rows)

        print_screen(
            said,
            rows=first,
            everything=lambda: _print_everything(outcome, files),
            cautions=cautions,
            asked=asked,
            more=_MORE,
            lines=_WARNED,
        )

    emit({**outcome.document(), "files": files}, render, as_json=as_json)


def _most_sources(said: Sequence[str], rows: Sequence[tuple[str, str]], cautions: Sequence[Caution]) -> int:
    """Return how many sources the table of a first screen has room for: three at least, and hardly ever so few."""
    taken = lines_of([("", sentence) for sentence in said]) + lines_of(rows)
    about = 4  # the table's header, what it means, how many sources there are more, and which options
    return max(3, LINES - taken - about - lines_of(warnings_within(cautions, _WARNED)))


# --- before


def print_plan(opened: Opened, missing: Sequence[TimedWork], folder: Path | None, asked: Wanted = FIRST_SCREEN) -> None:
    """Print what will be trained and what it costs: sources, runs, time; and what is there already."""
    plan, said, cost = opened.plan, _cost_in_words(opened, missing), _cost(opened, missing, folder)
    notes = [Caution(code="plan-note", message=note) for note in (*plan.cuts, *plan.notes, *opened.notes)]

    def everything() -> None:
        print_sources(plan)
        print_meanings(plan)
        echo()
        print_sizes(opened)
        echo()
        print_rows(cost)

    def rows() -> None:
        most = _most_sources(said, cost, notes)
        print_sources(plan, most=most)
        if len(plan.sources) > most:
            echo(f"{plural(len(plan.sources) - most, 'more source')}: --full.", "dim")
        print_rows(cost)

    print_screen(said, rows=rows, everything=everything, cautions=notes, asked=asked, more=_MORE, lines=_WARNED)


def _cost_in_words(opened: Opened, missing: Sequence[TimedWork]) -> list[str]:
    """Return what there is to train and how long that takes here."""
    plan, devices = opened.plan, opened.devices
    left = duration(sum(each.seconds for each in missing) / devices.n_workers)
    time = f"about {left}" if missing else "nothing is left to train"
    said = (
        f"{plural(plan.n_runs, 'run')} on {plural(len(plan.sources), 'source')} take "
        f"{duration(3600 * opened.hours)} here; to go: {time}."
    )
    if not plan.laws_only:
        return [said]
    return [
        said,
        "That is too small for coefficients, which take five sources with sound laws: it stops at their laws.",
    ]


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
    how = ", ".join(sorted({each.work.execution.how for each in opened.works})) or devices.first.dtype
    rows = [
        ("Runs", f"{plan.n_runs} in {plural(len(plan.jobs), 'trunk')}, {quantity(flops)} FLOPs"),
        ("Batch", batches(plan)),
        ("Time", f"about {duration(3600 * opened.hours)} on {where}, {how}, from timed steps"),
    ]
    if len(missing) < len(opened.works):
        n_there = len(opened.works) - len(missing)
        to_go = f"about {duration(left)} to go" if missing else "nothing is left to train"
        rows.append(("There", f"{n_there} of {plural(len(opened.works), 'trunk')}; {to_go}"))
    if folder is not None:
        rows.append(("Folder", str(folder)))
    return rows


# --- after


def answer(outcome: CalibrationOutcome) -> list[str]:
    """Return how many sources have a law that is accepted, and whether H predicts what they want.

    That of what was fitted: there is a result.
    """
    result = outcome.result
    assert result is not None
    sources = outcome.sources
    verdicts = Counter(source.verdict for source in sources)
    kinds = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in ("ok", "caution", "refused"))
    accepted = (
        f"{len(sources) - verdicts['refused']} of {plural(len(sources), 'source')} have a law that is accepted "
        f"({kinds})."
    )
    if result.regression is not None:
        return [accepted, result.regression.predictors.verdict]
    if outcome.laws_only or result.refusal is None:
        return [accepted, "The grid is too small for coefficients: it stops at the laws of its sources.", _LARGER]
    return [accepted, result.refusal.splitlines()[0]]


def _reasons(outcome: CalibrationOutcome) -> Iterator[Caution]:
    """Yield what was not trained, the reasons against laws, those that refuse one first, and notes."""
    for work, why in outcome.trained.failures.items():
        yield Caution(code="not-trained", message=f"Not trained to its end: {work}. {why}")
    reasons = [(source.name, *reason) for source in outcome.sources for reason in source.reasons]
    for name, code, level, message in sorted(reasons, key=lambda each: each[2] != "refused"):
        yield Caution(code=code, message=f"{name}: {'refused: ' if level == 'refused' else ''}{message}")
    for note in outcome.notes:
        yield Caution(code="plan-note", message=note)


def _line(outcome: CalibrationOutcome) -> list[tuple[str, str]]:
    """Return how ln N* moves with H, and how much of that is believed."""
    found = outcome.result.regression if outcome.result is not None else None
    lines = [each.line for each in outcome.lines if each.name == "ln N*"]
    if not lines or found is None:
        return []
    line, epsilon = lines[0], found.epsilon
    low, high = line.slope_ci95
    moves = f"ln N moves by {line.slope:.3g} (95 % {low:.3g} to {high:.3g}) for each unit of H, p = {line.p_value:.2g}"
    return [("By H", f"{moves}; {percent(epsilon.value)} of the lines is believed (--epsilon)")]


def _written(files: Sequence[Path]) -> list[tuple[str, str]]:
    """Return what was written: of the first file's folder the files and the folders in it; others in full.

    A folder with one file is that file, such as figures/losses.png.
    """
    if not files:
        return []
    folder = files[0].parent
    inside = Counter(path.relative_to(folder).parts[0] for path in files if path.is_relative_to(folder))
    names = dict.fromkeys(_in_folder(path, folder, inside) for path in files)
    return [("Wrote", f"{folder}: {', '.join(names)}")]


def _in_folder(path: Path, folder: Path, inside: Mapping[str, int]) -> str:
    if not path.is_relative_to(folder):
        return str(path)
    first, *others = path.relative_to(folder).parts
    return f"{first}/" if others and inside[first] > 1 else "/".join((first, *others))


def _print_everything(outcome: CalibrationOutcome, files: Sequence[Path]) -> None:
    """Print every law, the lines in H, how they carry over, and what was written."""
    result = outcome.result
    assert result is not None
    echo(f"Laws of {result.about.name}: L = E + A/N^alpha + B/D^beta nats/token", "bold")
    print_laws(outcome.sources)
    if outcome.lines:
        echo()
        print_lines(outcome.lines, result)
    if outcome.transfers:
        from advisor.report.evidence import print_transfers

        echo()
        print_transfers(outcome.transfers)
    echo()
    for path in files:
        echo(f"Wrote {path}.")


def print_left(trained: Trained, folder: Path) -> None:
    """Print what was not begun for want of time, and what goes on with it."""
    n = len(trained.left)
    it = "it" if n == 1 else "they"
    cost = f"about {duration(sum(each.seconds for each in trained.left))} of one device"
    print_answer(
        f"{plural(n, 'trunk')}, {cost}, {'was' if n == 1 else 'were'} not begun: {it} would not end in time.",
        f"advisor calibrate --out {folder} goes on with {'it' if n == 1 else 'them'}.",
    )
    for work, why in trained.failures.items():
        print_labelled([(f"Not trained to its end: {work}.", why)], "yellow")
