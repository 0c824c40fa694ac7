"""A tiny calibration: five grammars, three sizes, three token counts, seconds; and a law planted into its losses."""

import dataclasses
import json
import math
from contextlib import contextmanager

import numpy as np

from calibration.campaign import calibrate as campaign
from calibration.campaign import pipeline, sources, speed
from calibration.campaign.devices import take_devices
from calibration.campaign.grid import Grid, Size
from calibration.campaign.ledger import Ledger
from calibration.campaign.plan_file import read_plan
from calibration.campaign.planning import CalibrationRequest
from calibration.campaign.presets import PRESETS, Preset
from calibration.campaign.task import run_task
from calibration.lines.source_laws import silent
from calibration.training.schedule import Recipe
from calibration.training.trunk import Measurement

# These processes are not asked how long anything takes, nor for the second digit of H of long sequences.
speed.PROBE_SECONDS = 0.02
sources.WINDOWS.update({1000: 30, 8000: 10})

GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=1) for d in (2, 4, 8)),
    token_counts=(10_240, 14_336, 20_480),
    recipe=Recipe(batches=((0, 2048),), rate=0.02, max_warmup=2),
    n_validation=128,
    pinned=True,
)
SILENT = {"progress": lambda *_: None}
GRAMMARS = ("A1", "A2", "A3", "A4", "A5")
TINY = Preset(name="tiny", purpose="tests", sets=("paper",), only=GRAMMARS, grid=GRID)


def tiny_request(**changes):
    """Return the request of the tiny preset, whose recipe `advisor calibrate` has no name for."""
    PRESETS["tiny"] = dataclasses.replace(TINY, **changes)
    try:
        return dataclasses.replace(CalibrationRequest.of(preset="tiny"), grid=TINY.grid)
    finally:
        del PRESETS["tiny"]


def true_law(h):
    """Return E, ln A, ln B, alpha and beta at H: lines in H, all terms well above the noise on the tiny grid."""
    return {
        "E": 0.05 + 0.2 * h,
        "log_A": 1.0 + 0.5 * h,
        "log_B": 3.7 + 0.4 * h,
        "alpha": 0.5 - 0.1 * h,
        "beta": 0.45 + 0.1 * h,
    }


def true_loss(h, n, d):
    law = true_law(h)
    return law["E"] + math.exp(law["log_A"]) * n ** -law["alpha"] + math.exp(law["log_B"]) * d ** -law["beta"]


class Planted(Ledger):
    """A ledger whose losses are the true law's, off it by what training really came to: a few parts in ten thousand."""

    def append(self, row):
        h = {source.name: source.compressibility for source in read_plan(self.path.parent).sources}[row.source]
        noise = 1e-3 * math.sin(1e4 * row.loss)
        loss = true_loss(h, row.n_non_embedding, row.n_tokens) * (1 + noise)
        super().append(dataclasses.replace(row, loss=loss, few_steps=False))


def train_planted(task, *, ledger, **options):
    """Train a task as a calibration does, into such a ledger."""
    run_task(task, ledger=Planted(ledger.path), **options)


def calibrate(folder, *, request=None, trainer=None, engine="process", workers=None, progress=silent):
    """Return what was trained and the result; ``progress`` hears of the end of the training too."""

    @contextmanager
    def watch(opened, missing):
        yield lambda news: None
        progress("fitting", 0, None)

    devices = take_devices(device="cpu", engine=engine, workers=workers)
    outcome = campaign.calibrate(request, folder, devices=devices, trainer=trainer, progress=progress, watch=watch)
    return outcome.trained, outcome.result


def synthetic(task, *, ledger, on_row, **_):
    """Write down losses of the true law with noise of .1 %, and train nothing."""
    plan, shape = read_plan(ledger.path.parent), task.trunk.shape
    for (place, n_tokens), key in sorted(task.keys.items(), key=lambda each: each[0]):
        h = plan.source(task.labels[place].name).compressibility
        noise = 1e-3 * np.random.default_rng(int(key, 16)).standard_normal()
        loss = true_loss(h, shape.n_non_embedding, n_tokens) * (1 + noise)
        branch = next(each for each in task.trunk.plan.branches if each.n_tokens == n_tokens)
        measured = Measurement(
            run=task.trunk.runs[place],
            n_tokens=n_tokens,
            n_steps=branch.n_steps,
            loss=loss,
            standard_error=0.01,
            train_loss=loss,
            few_steps=False,
            diverged=False,
        )
        row = task.row(place, measured, {})
        ledger.append(row)
        on_row(row)


def unsigned(path):
    """Return a plan as one that a person changes, and means to."""
    return {name: value for name, value in json.loads(path.read_text()).items() if name != "digest"}


def opened(folder, request=None, extend=False):
    devices = take_devices(device="cpu", engine="process")
    return pipeline.open_calibration(request, devices, folder=folder, extend=extend, **SILENT)
