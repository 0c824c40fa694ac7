"""``--lr-sweep``: half, once and twice the peak rate of each width, tried on one source before anything is trained.

Where the best of them is an edge, up to two more are tried beyond it, each twice or half the last.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from calibration.campaign.grid import SEQ_LEN, Job
from calibration.campaign.plan_file import DATA_FOLDER, CalibrationPlan
from calibration.campaign.sources import restore
from calibration.campaign.token_data import TokenData
from calibration.training.device import Device
from calibration.training.execution import Execution
from calibration.training.train import train_all
from calibration.training.trunk import DataSource, Run, Trunk

if TYPE_CHECKING:
    from advisor.corpus.sequences import Progress

FACTORS = (0.5, 1.0, 2.0)
MOST_BEYOND = 2  # rates beyond an edge


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What the rates came to at one width: the loss of each, nats per token; infinite where a rate diverged."""

    width: int
    source: str
    n_tokens: int
    losses: Mapping[float, float]

    @property
    def best(self) -> float:
        """The rate of the least loss."""
        return min(self.losses, key=lambda rate: self.losses[rate])

    @property
    def beyond(self) -> float | None:
        """The next rate beyond the best one, where that is an edge of what was tried; None elsewhere."""
        if self.best == max(self.losses):
            return self.best * 2
        return self.best / 2 if self.best == min(self.losses) else None

    @property
    def note(self) -> str:
        """What was found, and a warning where the best rate is an edge."""
        tried = ", ".join(f"{rate:.3g}: {_said(loss)}" for rate, loss in sorted(self.losses.items()))
        said = f"Width {self.width}: the rate {self.best:.3g} is taken ({tried}; nats at {self.n_tokens:,} tokens)"
        if self.beyond is not None:
            return said + "; it is an edge of what was tried, so the best may lie beyond."
        return said + "."


def _said(loss: float) -> str:
    return f"{loss:.4f}" if math.isfinite(loss) else "diverged"


def sweep_rates(
    plan: CalibrationPlan,
    hardware: Device,
    *,
    folder: Path,
    progress: Progress,
    settled: Container[int] = (),
) -> CalibrationPlan:
    """Return the plan with the best rate for each width, and what was tried among its notes.

    The source is the one of median H, the tokens are the second smallest count: a sweep costs little. Widths among
    ``settled`` keep their rates.
    """
    by_h = sorted((source for source in plan.sources if plan.jobs_of(source.name)), key=lambda s: s.compressibility)
    source = by_h[len(by_h) // 2]
    first = {job.size: job for job in reversed(plan.jobs_of(source.name)) if job.size.width not in settled}
    jobs = [replace(job, token_counts=job.token_counts[:2][-1:]) for job in first.values()]
    if not jobs:
        return plan
    n_tokens = max(job.token_counts[0] for job in jobs)
    data = restore(source, folder / DATA_FOLDER, n_tokens=n_tokens, n_validation=plan.n_validation)
    found = []
    for done, job in enumerate(sorted(jobs, key=lambda job: job.size.width)):
        progress(f"trying learning rates at width {job.size.width}", done, len(jobs))
        found.append(_sweep(plan, job, data, hardware))
    rates = {sweep.width: sweep.best for sweep in found}
    swept = tuple(replace(job, rate=rates.get(job.size.width, job.rate)) for job in plan.jobs)
    return replace(plan, jobs=swept, notes=(*plan.notes, *(sweep.note for sweep in found)))


def _sweep(plan: CalibrationPlan, job: Job, data: TokenData, hardware: Device) -> Sweep:
    (n_tokens,) = job.token_counts
    documents = torch.from_numpy(data.training[: -(-n_tokens // SEQ_LEN)].astype(np.int32)).to(hardware.device)
    validation = torch.from_numpy(data.validation.astype(np.int32)).to(hardware.device)
    source = DataSource(documents=documents, validation=validation)

    def tried(*rates: float) -> dict[float, float]:
        runs = tuple(Run(seed=job.seed, rate=rate) for rate in rates)
        trunk = Trunk(
            shape=job.size.shape(plan.source(job.source).vocab_size),
            plan=job.plan(plan.recipe),
            runs=runs,
            sources=(source,) * len(runs),
            execution=Execution(dtype=hardware.dtype),
        )
        # A rate that diverged came to its loss at another one.
        return {
            runs[place].rate: measured.loss if not measured.run.halvings else math.inf
            for place, measured in train_all(trunk)
        }

    losses = tried(*(factor * job.rate for factor in FACTORS))
    found = Sweep(width=job.size.width, source=job.source, n_tokens=n_tokens, losses=losses)
    for _ in range(MOST_BEYOND):
        if found.beyond is None:
            break
        found = replace(found, losses={**found.losses, **tried(found.beyond)})
    return found
