"""The seconds of one trunk, from steps that were timed."""

from __future__ import annotations

from collections import Counter

from calibration.training.probe import Way
from calibration.training.schedule import Schedule

# Of a step's FLOPs two parts in six are the forward pass, which is all that a validation does
# (Architecture.flops_per_token).
FORWARD_SHARE = 1 / 3


def trunk_seconds(plan: Schedule, way: Way, *, n_validation: int) -> float:
    """Return the seconds that one model's trunk takes with its branches, without what comes before the first step.

    Every batch of the plan is one that was timed. In a stack a model takes its share of the stack's step. Each branch
    is validated on ``n_validation`` documents, at the speed of the largest timed batch and a third of its FLOPs.
    """
    timed = {found.batch_documents: found.step_seconds / way.n_models for found in way.throughputs}
    steps = sum(n_steps * timed[size] for size, n_steps in count_steps(plan).items())
    largest = way.largest.batch_documents
    return steps + len(plan.branches) * n_validation * FORWARD_SHARE * timed[largest] / largest


def count_steps(plan: Schedule) -> dict[int, int]:
    """Return how many steps the trunk and its branches take, by the documents of the batch."""
    steps: Counter[int] = Counter()
    for start, stop in ((0, plan.branches[-1].start), *((branch.start, branch.stop) for branch in plan.branches)):
        while start < stop:
            size = plan.batch(start)
            steps[size] += 1
            start += size
    return dict(steps)
