"""One trunk of a calibration trained into the ledger: what is missing there, from where a killed process left it."""

from __future__ import annotations

import datetime
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from advisor.json_form import as_json
from calibration.lines.records import Row
from calibration.training import checkpoints
from calibration.training.optimizer import State
from calibration.training.ranks import agreed
from calibration.training.run_key import TRAINING_VERSION, run_key
from calibration.training.train import OnStep, Stage, TrunkProgress, train_all
from calibration.training.trunk import Measurement, Trunk

Warn = Callable[[str], object]


class Rows(Protocol):
    """Where rows are read and appended: a ledger, here or where the command runs."""

    def rows(self) -> tuple[Row, ...]:
        """Return the rows that are there."""

    def append(self, row: Row) -> None:
        """Write a row to disk; it is there when this returns."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """A source as rows name it: its name, and the digest of its data."""

    name: str
    data: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """A trunk to train, the sources of its models as rows name them, one for each, and facts of the hardware.

    To resume bit for bit a task must be the same one, not one of only the models that lack rows: stacking changes
    rounding.
    """

    trunk: Trunk
    labels: tuple[Label, ...]
    hardware: Mapping[str, Any]

    @cached_property
    def keys(self) -> Mapping[tuple[int, int], str]:
        """The keys of the task's rows by (place in the stack, tokens)."""
        trunk = self.trunk
        return {
            (place, branch.n_tokens): run_key(
                data=label.data, shape=trunk.shape, seed=run.seed, plan=trunk.plan, branch=branch, rate=run.rate
            )
            for place, (run, label) in enumerate(zip(trunk.runs, self.labels, strict=True))
            for branch in trunk.plan.branches
        }

    @property
    def identity(self) -> str:
        """What a checkpoint must carry to be of this task, 32 hexadecimal digits; a name for its file."""
        text = f"{TRAINING_VERSION} {sorted(self.keys.items())}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def row(self, place: int, found: Measurement, speed: Mapping[str, float]) -> Row:
        """Return the row of a measurement."""
        shape, plan, label = self.trunk.shape, self.trunk.plan, self.labels[place]
        return Row(
            key=self.keys[place, found.n_tokens],
            source=label.name,
            data=label.data,
            width=shape.width,
            n_layers=shape.n_layers,
            n_heads=shape.n_heads,
            vocab_size=shape.vocab_size,
            seq_len=shape.context,
            n_params=shape.n_params,
            n_non_embedding=shape.n_non_embedding,
            seed=found.run.seed,
            n_tokens=found.n_tokens,
            n_steps=found.n_steps,
            loss=found.loss,
            standard_error=found.standard_error,
            train_loss=found.train_loss,
            few_steps=found.few_steps,
            rate=found.run.rate,
            halvings=found.run.halvings,
            recipe={**as_json(plan.recipe), "n_warmup": plan.n_warmup, "training_version": TRAINING_VERSION},
            hardware={**self.hardware, "n_stacked": len(self.trunk.runs), **speed, "date": _today()},
        )


def _today() -> str:
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def run_task(
    task: Task,
    *,
    ledger: Rows,
    checkpoint_path: Path,
    on_step: OnStep = lambda _: None,
    on_row: Callable[[Row], object] = lambda _: None,
    warn: Warn = lambda _: None,
    on_save: Callable[[Path], object] = lambda _: None,
    every_seconds: float = 120,
) -> None:
    """Train what of a task is missing in the ledger, and append each row there as soon as it is measured.

    A checkpoint is saved at every branch point, and on the trunk every ``every_seconds``; it is removed when all rows
    are there. Branches whose rows are there are left out. A checkpoint that is of no use is said to ``warn`` in one
    sentence, and the trunk begins again. ``on_save`` is given the file of each checkpoint that is on disk. One process
    at a time may work on a task, or the ranks of its trunk, which all call this: the first of them reads and writes the
    ledger.

    Raises:
        AdvisorError: a row or a checkpoint cannot be written, the ledger cannot be read, or training diverges.
    """
    keys = task.keys
    ranks = task.trunk.ranks
    halvings = agreed(ranks, {row.key: row.halvings for row in ledger.rows()} if ranks.is_first else {})
    known = {where: halvings[key] for where, key in keys.items() if key in halvings}
    done = set(halvings)
    if len(known) < len(keys):
        stage = _resumed(task, checkpoint_path, known, warn)
        clock, saver = _Clock(), _Saver(task, checkpoint_path, every_seconds, on_save)

        def after(progress: TrunkProgress) -> None:
            clock.stepped(progress.n_tokens)
            saver.stepped(progress)
            on_step(progress)

        for place, found in train_all(task.trunk, stage=stage, known=known, on_step=after):
            row = task.row(place, found, clock.measured())
            if row.key not in done:  # two models of a stack may be the same one
                done.add(row.key)
                if ranks.is_first:
                    ledger.append(row)
                    on_row(row)
    if ranks.is_first:
        checkpoints.remove(checkpoint_path)


def _resumed(task: Task, path: Path, known: Mapping[tuple[int, int], int], warn: Warn) -> Stage | None:
    """Return the stage to go on from, on the device that trains; None is the beginning."""
    trunk = task.trunk
    if trunk.ranks.is_first:
        checkpoints.clean(path)
    stage, warning = checkpoints.load(path, task=task.identity, shape=trunk.shape, sharded=trunk.sharded)
    if stage is not None and not _serves(task, stage, known):
        stage, warning = None, f"Rows before the checkpoint {path} are missing: training begins this trunk again."
    if warning is not None and trunk.ranks.is_first:
        warn(warning)
    if stage is None or stage.state is None:
        return None
    moved = {
        name: value.to(trunk.device) if name in ("weights", "first", "second") else value
        for name, value in vars(stage.state).items()
    }
    return replace(stage, state=State(**moved))


def _serves(task: Task, stage: Stage, known: Mapping[tuple[int, int], int]) -> bool:
    """Return whether all that is missing comes after this stage."""
    return all(
        (place, branch.n_tokens) in known or stage.reaches(place, branch)
        for place in range(len(task.trunk.runs))
        for branch in task.trunk.plan.branches
    )


class _Saver:
    """Saves the stage at branch points, and on the trunk when enough time has passed."""

    def __init__(self, task: Task, path: Path, every_seconds: float, on_save: Callable[[Path], object]) -> None:
        self.path, self.every_seconds, self.identity, self.on_save = path, every_seconds, task.identity, on_save
        self.sharded, self.ranks = task.trunk.sharded, task.trunk.ranks
        self.branch_points = {branch.start for branch in task.trunk.plan.branches}
        self.last = time.monotonic()

    def stepped(self, progress: TrunkProgress) -> None:
        if not progress.on_trunk or progress.stage is None:
            return
        at_branch = progress.state.n_documents in self.branch_points
        if at_branch or agreed(self.ranks, time.monotonic() - self.last >= self.every_seconds):
            checkpoints.save(self.path, progress.stage, task=self.identity, sharded=self.sharded)
            self.on_save(self.path)
            self.last = time.monotonic()


class _Clock:
    """Time and tokens from one measurement to the next; the models of a stack are measured together."""

    def __init__(self) -> None:
        self.begun = self.now = time.monotonic()
        self.n_tokens = 0
        self.is_measured = False

    def stepped(self, n_tokens: int) -> None:
        if self.is_measured:
            self.begun, self.n_tokens, self.is_measured = self.now, 0, False
        self.n_tokens += n_tokens

    def measured(self) -> dict[str, float]:
        """Return the seconds since the last measurement and the tokens/s, of all models together, in them."""
        if not self.is_measured:
            self.now, self.is_measured = time.monotonic(), True
        seconds = max(self.now - self.begun, 1e-9)
        return {"seconds": round(seconds, 3), "tokens_per_second": round(self.n_tokens / seconds, 1)}
