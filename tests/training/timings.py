"""Timings by hand, of a toy shape on the CPU."""

from calibration.training.probe import Throughput
from calibration.training.shape import model_shape

TOY = model_shape(width=8, n_layers=1, n_heads=1, vocab_size=5, seq_len=16)


def found(n_models=1, graph=False, tokens_per_second=1000.0, **changes):
    values = {
        "shape": TOY,
        "batch_documents": 4,
        "n_models": n_models,
        "micro_batch": None,
        "graph": graph,
        "step_seconds": n_models * 64 / tokens_per_second,
        "n_steps": 3,
        "tokens_per_second": tokens_per_second,
        "mfu": None,
    }
    return Throughput(**(values | changes))


def timed(batch, seconds, n_models=1):
    return found(n_models, batch_documents=batch, step_seconds=seconds)
