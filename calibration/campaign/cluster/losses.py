"""Why a task of Ray did not come to its end, in words: which losses another try may mend, and what was said."""

from __future__ import annotations

from typing import Any

from advisor.errors import first_line


def is_loss(error: Exception) -> bool:
    """Return whether a task lost the process or the node that it ran on, and may be tried again."""
    from ray import exceptions as of_ray

    lost = (
        of_ray.WorkerCrashedError,
        of_ray.NodeDiedError,
        of_ray.OutOfMemoryError,
        of_ray.LocalRayletDiedError,
        of_ray.ObjectLostError,
        of_ray.TaskUnschedulableError,
    )
    return isinstance(error, lost)


def said_of(error: Any) -> str:
    """Return why a task of Ray ended, as a part of a sentence."""
    from ray import exceptions as of_ray

    if isinstance(error, of_ray.OutOfMemoryError):
        return "the memory of its node ran out"
    if isinstance(error, of_ray.NodeDiedError | of_ray.ObjectLostError | of_ray.LocalRayletDiedError):
        return "its node was lost"
    if isinstance(error, of_ray.WorkerCrashedError):
        return "its process was ended from outside"
    if isinstance(error, of_ray.RayTaskError):
        cause = error.cause if error.cause is not None else error
        return f"{type(cause).__name__}: {first_line(cause)}"
    return f"{type(error).__name__}: {first_line(error)}"
