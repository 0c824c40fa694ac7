"""Whether the numbers of a plan fit together, looked at before any of them is used, and what its tokens take."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError, UsageError
from advisor.quantities import plural
from calibration.campaign.grid import SEQ_LEN
from calibration.training.schedule import MOST_STEPS

if TYPE_CHECKING:
    from calibration.campaign.grid import Job
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.lines.records import SourceRecord
    from calibration.training.schedule import Recipe

# Parameters of a model, and steps of all models.
MOST_PARAMS = 10**12
MOST_STEPS_OF_ALL = 10**9


def problem_of(plan: CalibrationPlan) -> str | None:
    """Return what of a plan does not fit together, beginning with the field; None where all of it does."""
    return next(_problems(plan), None)


def _problems(plan: CalibrationPlan) -> Iterator[str]:
    for what, found in (("sources", plan.sources), ("jobs", plan.jobs)):
        if not found:
            yield f"{what} must not be empty"
    yield from _repeated("sources", [source.name for source in plan.sources])
    sources = {source.name: source for source in plan.sources}
    for number, job in enumerate(plan.jobs):
        source = sources.get(job.source)
        if source is None:
            yield f"jobs[{number}].source is {job.source!r}, which is none of its sources ({', '.join(sources)[:200]})"
        else:
            yield from (f"jobs[{number}]{problem}" for problem in _job_problems(job, source, plan.recipe))
    yield from _repeated("jobs", [job.name for job in plan.jobs])
    if (
        n_steps := sum(plan.recipe.most_steps(n, SEQ_LEN) for job in plan.jobs for n in job.token_counts)
    ) > MOST_STEPS_OF_ALL:
        yield f"its jobs have {n_steps:.3g} steps of training, and {MOST_STEPS_OF_ALL:.0e} are the most"


def _repeated(what: str, names: Sequence[str]) -> Iterator[str]:
    yield from (f"{what} has {name!r} {count} times" for name, count in Counter(names).items() if count > 1)


def _job_problems(job: Job, source: SourceRecord, recipe: Recipe) -> Iterator[str]:
    counts = job.token_counts
    if list(counts) != sorted(set(counts)):
        yield ".token_counts must rise"
    if source.n_unique_tokens is not None and counts[-1] > source.n_unique_tokens:
        yield f".token_counts go to {counts[-1]:,}, and {source.name} has {source.n_unique_tokens:,} unique tokens"
    if (n_steps := recipe.most_steps(counts[-1], SEQ_LEN)) > MOST_STEPS:
        yield f".token_counts go to {counts[-1]:,}, which take {n_steps:.3g} steps; {MOST_STEPS:.0e} are the most"
    try:
        shape = job.size.shape(source.vocab_size)
        if shape.n_params > MOST_PARAMS:
            yield f".size has {shape.n_params:.3g} parameters, and {MOST_PARAMS:.0e} are the most"
        job.plan(recipe)
    except UsageError as error:
        yield f" cannot be trained: {str(error).rstrip('.')}"


def check_room(name: str, n_tokens: int, vocab_size: int, folder: Path) -> None:
    """Raise AdvisorError, before any is drawn, where the tokens of a source fit neither into memory nor on the disk.

    They are drawn whole, 2 bytes each where the ids fit, and twice for a moment; then they are one file.
    """
    n_bytes = n_tokens * (2 if vocab_size < 1 << 15 else 4)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    free = shutil.disk_usage(folder).free
    for takes, there, what in ((2 * n_bytes, memory, "memory here"), (n_bytes, free, f"the disk of {folder}")):
        if takes > there:
            raise AdvisorError(
                f"The {plural(n_tokens, 'token')} of {name} take {takes:.2g} bytes, and {what} has {there:.2g}: "
                "calibrate on fewer, or elsewhere."
            )
