"""The hours of one trunk, from steps that were timed."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.errors import UsageError
from calibration.training.probe import Throughput
from calibration.training.schedule import Schedule
from calibration.training.trunk import MIN_VALIDATION

# Of a step's FLOPs two parts in six are the forward pass, which is all that a validation does (model.flops_per_token).
FORWARD_SHARE = 1 / 3


@dataclass(frozen=True, kw_only=True)
class HoursEstimate:
    """Hours that one model's trunk takes with its branches, and what of it was not timed but reckoned."""

    hours: float
    notes: tuple[str, ...]


def estimate_hours(
    plan: Schedule, throughputs: Sequence[Throughput], *, n_validation: int = MIN_VALIDATION
) -> HoursEstimate:
    """Return the hours of one model's trunk: its steps of each batch size, times what a step of that size takes.

    In a stack a model takes its share of the stack's step. Between two batch sizes that were timed the seconds of a
    step are interpolated, below the smallest they are the smallest's, and above the largest they grow in proportion,
    which is not less than they will be. Each branch is validated on ``n_validation`` documents, at the speed of the
    largest timed batch and a third of its FLOPs.

    Raises:
        UsageError: nothing was timed, or more than one shape was.
    """
    if len({found.shape for found in throughputs}) != 1:
        raise UsageError(
            "The hours of a trunk follow from timings of its shape: give those of one shape, at least one."
        )
    timed = sorted((found.batch_documents, found.step_seconds / found.n_models) for found in throughputs)
    seconds, notes = 0.0, []
    for size, n_steps in sorted(count_steps(plan).items()):
        one, note = _step_seconds(size, timed)
        seconds += n_steps * one
        notes += [note] if note else []
    largest, largest_seconds = timed[-1]
    seconds += len(plan.branches) * n_validation * FORWARD_SHARE * largest_seconds / largest
    return HoursEstimate(hours=seconds / 3600, notes=tuple(notes))


def count_steps(plan: Schedule) -> dict[int, int]:
    """Return how many steps the trunk and its branches take, by the documents of the batch."""
    steps: Counter[int] = Counter()
    for start, stop in ((0, plan.branches[-1].start), *((branch.start, branch.stop) for branch in plan.branches)):
        while start < stop:
            size = plan.batch(start)
            steps[size] += 1
            start += size
    return dict(steps)


def _step_seconds(size: int, timed: Sequence[tuple[int, float]]) -> tuple[float, str | None]:
    """Return the seconds of a step of one model, and how they were reckoned if they were not timed."""
    sizes = [each for each, _ in timed]
    untimed = f"A batch of {size} documents was not timed:"
    right = bisect_left(sizes, size)
    if size in sizes:
        return timed[right][1], None
    if right == 0:
        return timed[0][1], f"{untimed} its step is taken to be as long as {sizes[0]}'s."
    below, shorter = timed[right - 1]
    if right == len(sizes):
        return shorter * size / below, f"{untimed} in proportion to one of {below}."
    above, longer = timed[right]
    seconds = shorter + (longer - shorter) * (size - below) / (above - below)
    return seconds, f"{untimed} between those of {below} and {above}."
