"""``--lr-sweep``: half, once and twice the peak rate of each width, tried on three sources before anything is trained.

Models this small differ from seed to seed, and from source to source, by as much as from rate to rate: so another rate
than the recipe's is taken where it is ahead in every try, and not on one source alone. Where the best is an edge of
what was tried, up to two more are tried beyond it, each twice or half the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
import torch

from calibration.campaign.grid import SEQ_LEN, Job
from calibration.campaign.plan_file import DATA_FOLDER, CalibrationPlan
from calibration.campaign.sources import restore
from calibration.campaign.speed import Speed
from calibration.campaign.token_data import TokenData
from calibration.training.device import Device
from calibration.training.execution import Execution, ExecutionChoice
from calibration.training.train import train_all
from calibration.training.trunk import DataSource, Run, Trunk

if TYPE_CHECKING:
    from advisor.corpus.sequences import Progress

FACTORS = (0.5, 1.0, 2.0)
MOST_BEYOND = 2  # rates beyond an edge
N_TRIES = 3  # of each rate


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What the rates came to at one width: the loss of each try, nats per token; infinite where a rate diverged.

    ``recipe`` is the rate that is kept where none is ahead of it in every try; ``tries`` names them.
    """

    width: int
    recipe: float
    tries: Sequence[str]
    n_tokens: int
    losses: Mapping[float, Sequence[float]]

    @property
    def best(self) -> float:
        """Of the rates that are ahead of the recipe's in every try, the one of least mean loss; else the recipe's."""
        ahead = [rate for rate in self.losses if self._is_ahead(rate)]
        return min(ahead, key=lambda rate: fmean(self.losses[rate]), default=self.recipe)

    def _is_ahead(self, rate: float) -> bool:
        return all(new < old for new, old in zip(self.losses[rate], self.losses[self.recipe], strict=True))

    @property
    def beyond(self) -> float | None:
        """The next rate beyond the best one, where that is an edge of what was tried; None elsewhere."""
        if self.best == max(self.losses):
            return self.best * 2
        return self.best / 2 if self.best == min(self.losses) else None

    @property
    def note(self) -> str:
        """What was found: where the mean of another rate is less, and where the best rate is an edge, too."""
        means = {rate: fmean(losses) for rate, losses in sorted(self.losses.items())}
        tried = ", ".join(f"{rate:.3g}: {_said(loss)}" for rate, loss in means.items())
        said = (
            f"Width {self.width}: the rate {self.best:.3g} is taken ({tried}; nats at {self.n_tokens:,} tokens, "
            f"mean of {', '.join(self.tries)})"
        )
        least = min(means, key=lambda rate: means[rate])
        if least != self.best and means[least] < means[self.best]:
            return f"{said}; {least:.3g} is not ahead of {self.recipe:.3g} in each of them."
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
    choice: ExecutionChoice,
    settled: Collection[int] = (),
) -> CalibrationPlan:
    """Return the plan with the best rate for each width, and what was tried among its notes.

    The sources are those of least, median and greatest H, and where there are fewer, several seeds of them; the tokens
    are the second smallest count that all of them have: a sweep costs little. Widths among ``settled`` keep their
    rates. Models are trained in the fastest way of ``choice``, as the plan's are.
    """
    widths = sorted({job.size.width for job in plan.jobs if job.size.width not in settled})
    if not widths:
        return plan
    tried = [_tries(plan, width) for width in widths]
    data = {
        name: restore(
            plan.source(name),
            folder / DATA_FOLDER,
            n_tokens=max(job.token_counts[0] for jobs in tried for job in jobs if job.source == name),
            n_validation=plan.n_validation,
        )
        for name in sorted({job.source for jobs in tried for job in jobs})
    }
    speed = Speed(replace(plan, jobs=tuple(jobs[0] for jobs in tried)), hardware, choice=choice, progress=progress)
    found = []
    for done, jobs in enumerate(tried):
        progress(f"trying learning rates at width {jobs[0].size.width}", done, len(tried))
        train = _Trial(plan, hardware, data, speed.way(jobs[0].size).execution)
        found.append(_sweep(jobs, train))
    rates = {sweep.width: sweep.best for sweep in found}
    swept = tuple(replace(job, rate=rates.get(job.size.width, job.rate)) for job in plan.jobs)
    return replace(plan, jobs=swept, notes=(*plan.notes, *(sweep.note for sweep in found)))


def _tries(plan: CalibrationPlan, width: int) -> tuple[Job, ...]:
    """Return the jobs of one size and one token count that every rate of a width is tried with."""
    first = {job.source: job for job in reversed(plan.jobs) if job.size.width == width}
    by_h = sorted(first, key=lambda name: (plan.source(name).compressibility, name))
    names = list(dict.fromkeys((by_h[0], by_h[len(by_h) // 2], by_h[-1])))
    n_tokens = min(first[name].token_counts[:2][-1] for name in names)
    size = first[names[0]].size
    return tuple(
        replace(first[names[place % len(names)]], size=size, seed=place // len(names), token_counts=(n_tokens,))
        for place in range(N_TRIES)
    )


@dataclass(frozen=True)
class _Trial:
    """Trains a job at a rate and returns its loss, infinite where it diverged."""

    plan: CalibrationPlan
    hardware: Device
    data: Mapping[str, TokenData]
    execution: Execution

    def __call__(self, job: Job, rate: float) -> float:
        (n_tokens,) = job.token_counts
        data = self.data[job.source]
        documents = torch.from_numpy(data.training[: -(-n_tokens // SEQ_LEN)].astype(np.int32))
        validation = torch.from_numpy(data.validation.astype(np.int32))
        trunk = Trunk(
            shape=job.size.shape(self.plan.source(job.source).vocab_size),
            plan=job.plan(self.plan.recipe),
            runs=(Run(seed=job.seed, rate=rate),),
            sources=(
                DataSource(
                    documents=documents.to(self.hardware.device), validation=validation.to(self.hardware.device)
                ),
            ),
            execution=self.execution,
        )
        ((_, measured),) = train_all(trunk)
        # A rate that diverged came to its loss at another one.
        return math.inf if measured.run.halvings else measured.loss


def _sweep(jobs: Sequence[Job], train: Callable[[Job, float], float]) -> Sweep:
    """Return what rates come to at one width: each is tried with every job."""
    recipe = jobs[0].rate
    found = Sweep(
        width=jobs[0].size.width,
        recipe=recipe,
        tries=tuple(f"{job.source} (seed {job.seed})" if job.seed else job.source for job in jobs),
        n_tokens=jobs[0].token_counts[0],
        losses={factor * recipe: tuple(train(job, factor * recipe) for job in jobs) for factor in FACTORS},
    )
    for _ in range(MOST_BEYOND):
        rate = found.beyond
        if rate is None:
            break
        found = replace(found, losses={**found.losses, rate: tuple(train(job, rate) for job in jobs)})
    return found
