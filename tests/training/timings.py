"""Timings by hand, of a toy shape on the CPU."""

from calibration.training.execution import Execution
from calibration.training.probe import Throughput, Way
from calibration.training.shape import model_shape

TOY = model_shape(width=8, n_layers=1, n_heads=1, vocab_size=5, seq_len=16)


def timed(steps, n_models=1, setup_seconds=0.0, losses=(), **execution):
    """A way whose step takes so many seconds at each batch of documents: {batch: seconds}."""
    throughputs = tuple(
        Throughput(
            batch_documents=batch,
            step_seconds=seconds,
            n_steps=3,
            tokens_per_second=n_models * batch * 16 / seconds,
            mfu=None,
        )
        for batch, seconds in sorted(steps.items())
    )
    return Way(
        shape=TOY,
        n_models=n_models,
        execution=Execution(**execution),
        throughputs=throughputs,
        setup_seconds=setup_seconds,
        losses=losses,
    )


def at_largest(way):
    """The cost of a plan of steps of the largest batch alone."""
    return way.largest.step_seconds / way.n_models
