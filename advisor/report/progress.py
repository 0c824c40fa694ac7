"""What is seen on stderr of work that takes long: a bar, or a live table of training; elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from advisor.errors import printable
from advisor.quantities import plural
from advisor.report import terminal
from advisor.report.text import duration, percent, quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Group

    from calibration.campaign.engine import News
    from calibration.campaign.pipeline import Opened
    from calibration.campaign.speed import TimedWork

_PATIENCE_S = 1.0  # silence before the first line
_REFRESH_S = 0.2
_LEAST_TIMED_S = 3.0  # of work, before it is said how long the rest takes
_PLAIN_S, _TRAINING_PLAIN_S = 10.0, 15.0  # between lines where stderr is not a terminal
_MEMORY_S = 20.0  # training's tokens/s are those of the last seconds


@contextmanager
def progress_bar(*, quiet: bool, time_left: bool = False) -> Iterator[Callable[[str, float, float | None], None]]:
    """Yield a function of (what, done, total): a bar on a terminal, now and then a line elsewhere.

    ``time_left`` says what of the time is left too: for one long work that goes on at an even pace.
    """
    terminal.show_logged()  # from here on libraries are loaded that have things to say
    if quiet:
        yield lambda what, done, total: None
    elif sys.stderr.isatty():
        with _bar() as update:
            yield _with_time_left(update) if time_left else update
    else:
        update = _Plain().update
        yield _with_time_left(update) if time_left else update


def _with_time_left(
    update: Callable[[str, float, float | None], None],
) -> Callable[[str, float, float | None], None]:
    """Return the same function, of whose work it is also said how long it will take."""
    begun: tuple[float, float] | None = None  # when, and how much was done then: by an earlier run

    def updated(what: str, done: float, total: float | None) -> None:
        nonlocal begun
        now = time.monotonic()
        begun = begun or (now, done)
        gone, more = now - begun[0], done - begun[1]
        if total and more > 0 and gone > _LEAST_TIMED_S:
            what = f"{what}, about {duration(gone * (total - done) / more)} left"
        update(what, done, total)

    return updated


class _Plain:
    """One line every ten seconds, for logs."""

    def __init__(self) -> None:
        self.last = time.monotonic() + _PATIENCE_S - _PLAIN_S

    def update(self, what: str, done: float, total: float | None) -> None:
        now = time.monotonic()
        if now - self.last >= _PLAIN_S:
            self.last = now
            share = f" {100 * done / total:.0f} %" if total else ""
            terminal.note(f"{what}{share}")


@contextmanager
def _bar() -> Iterator[Callable[[str, float, float | None], None]]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = terminal.console(stderr=True)
    progress = Progress(*columns, console=console, transient=True, refresh_per_second=5)
    task = progress.add_task("", start=False, total=None)
    begun = last = time.monotonic()

    def update(what: str, done: float, total: float | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - begun < _PATIENCE_S or now - last < _REFRESH_S:
            return
        last = now
        progress.start_task(task)  # its time is that of the work, which may begin long after
        progress.start()
        room = max(console.width - 45, 10)
        what = printable(what)
        shown = what if len(what) <= room else f"{what[: room // 2]}…{what[-(room - room // 2 - 1) :]}"
        progress.update(task, description=shown, completed=done, total=total)

    try:
        yield update
    finally:
        progress.stop()


@dataclass
class TrainingProgress:
    """How far the works are, from their news alone."""

    opened: Opened
    missing: tuple[TimedWork, ...]
    n_done: int
    begun: float = field(default_factory=time.monotonic)
    tokens: dict[str, int] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    marks: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan = self.opened.plan
        self.totals = {
            each.work.name: sum(job.plan(plan.recipe).n_tokens_trained for job in each.work.jobs)
            for each in self.missing
        }
        self.seconds = {each.work.name: each.seconds for each in self.missing}

    def take(self, news: News) -> None:
        """Note what a work has to say."""
        self.tokens[news.work] = max(news.n_tokens, self.tokens.get(news.work, 0))
        if news.loss is not None:
            self.losses[news.work] = news.loss
        if news.row is not None:
            self.n_done += 1
        if news.warning is not None:
            self.warnings.append(news.warning)
        if news.failure is not None:
            self.warnings.append(f"{news.work} was not trained to its end: {news.failure}")
        if news.ended:
            self.ended.add(news.work)
        now = time.monotonic()
        self.marks = [(at, n) for at, n in self.marks if now - at < _MEMORY_S] + [(now, sum(self.tokens.values()))]

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens/s of all workers together over the last seconds."""
        if len(self.marks) < 2 or self.marks[-1][0] - self.marks[0][0] < 1:
            return None
        (first, before), (last, after) = self.marks[0], self.marks[-1]
        return (after - before) / (last - first)

    @property
    def seconds_left(self) -> float:
        """Seconds until the end: what was estimated for the rest, corrected by how the estimates did so far."""
        shares = {name: self._share(name) for name in self.seconds}
        done = sum(self.seconds[name] * share for name, share in shares.items())
        rest = sum(self.seconds[name] * (1 - share) for name, share in shares.items())
        n_workers = self.opened.devices.n_workers
        spent = (time.monotonic() - self.begun) * n_workers
        # In the first minute of work the estimate alone is the better guess.
        correction = spent / done if done > 60 else 1.0
        return correction * rest / n_workers

    def _share(self, name: str) -> float:
        return 1.0 if name in self.ended else min(1.0, self.tokens.get(name, 0) / self.totals[name])

    def summary(self) -> str:
        """Return one line: runs, tokens/s, time."""
        speed = self.tokens_per_second
        parts = [f"{self.n_done} of {plural(self.opened.plan.n_runs, 'run')}"]
        if speed is not None:
            parts.append(f"{quantity(speed)} tokens/s")
            parts += self._utilisation(speed)
        parts.append(f"{duration(time.monotonic() - self.begun)} gone, about {duration(self.seconds_left)} left")
        return ", ".join(parts)

    def _utilisation(self, speed: float) -> list[str]:
        """Return MFU where the device's peak is known: all running works', each at its shape's FLOPs per token."""
        hardware = self.opened.devices.first
        running = self.running()
        if hardware.peak_flops is None or not running:
            return []
        plan = self.opened.plan
        flops = [
            each.work.jobs[0].size.shape(plan.source(each.work.jobs[0].source).vocab_size).flops_per_token
            for each in running
        ]
        peak = hardware.peak_flops * len(self.opened.devices.hardware)
        return [f"MFU {percent(speed * sum(flops) / len(flops) / peak)}"]

    def running(self) -> list[TimedWork]:
        """Return the works that are being trained."""
        return [each for each in self.missing if each.work.name in self.tokens and each.work.name not in self.ended]


@contextmanager
def training_view(opened: Opened, missing: tuple[TimedWork, ...], *, quiet: bool) -> Iterator[Callable[[News], None]]:
    """Yield what takes the news of training and shows it on stderr."""
    terminal.show_logged()
    n_missing = sum(len(job.token_counts) for each in missing for job in each.work.jobs)
    state = TrainingProgress(opened=opened, missing=missing, n_done=opened.plan.n_runs - n_missing)
    if quiet:
        yield state.take
    elif sys.stderr.isatty():
        with _live(state) as tell:
            yield tell
    else:
        yield _Lines(state).tell
    for warning in state.warnings:
        terminal.note(f"Caution: {warning}")


class _Lines:
    """A line every quarter of a minute, and one for the last run."""

    def __init__(self, state: TrainingProgress) -> None:
        self.state = state
        self.last = 0.0

    def tell(self, news: News) -> None:
        self.state.take(news)
        now = time.monotonic()
        is_last = news.row is not None and self.state.n_done == self.state.opened.plan.n_runs
        if now - self.last >= _TRAINING_PLAIN_S or is_last:
            self.last = now
            terminal.note(f"training: {self.state.summary()}")


@contextmanager
def _live(state: TrainingProgress) -> Iterator[Callable[[News], None]]:
    from rich.live import Live

    console = terminal.console(stderr=True)
    with Live(_table(state), console=console, refresh_per_second=4, transient=True) as live:
        shown = 0.0

        def tell(news: News) -> None:
            nonlocal shown
            state.take(news)
            if time.monotonic() - shown >= 0.25:
                shown = time.monotonic()
                live.update(_table(state))

        yield tell


def _table(state: TrainingProgress) -> Group:
    from rich.console import Group
    from rich.styled import Styled
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for header, justify in (
        ("training", "left"),
        ("N", "right"),
        ("tokens", "right"),
        ("done", "right"),
        ("loss", "right"),
    ):
        table.add_column(header, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    plan = state.opened.plan
    for each in state.running():
        name, job = each.work.name, each.work.jobs[0]
        shape = job.size.shape(plan.source(job.source).vocab_size)
        loss = state.losses.get(name)
        table.add_row(
            name,
            quantity(shape.n_non_embedding),
            quantity(state.tokens[name]),
            f"{state.tokens[name] / state.totals[name]:.0%}",
            "" if loss is None else f"{loss:.3f}",
        )
    return Group(Styled(state.summary(), "bold"), table)
