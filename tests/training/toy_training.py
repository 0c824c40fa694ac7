"""A tiny stack to train: 160 documents of 16 tokens, three token counts, a fraction of a second."""

import numpy as np
import torch

from calibration.campaign.task import Label, Task
from calibration.training.schedule import Recipe, make_schedule
from calibration.training.shape import model_shape
from calibration.training.trunk import DataSource, Run, Trunk

TOY = model_shape(width=8, n_layers=2, n_heads=2, vocab_size=5, seq_len=16)
TOY_RECIPE = Recipe(batches=((0, 64), (1000, 128)), max_warmup=2)
TOY_COUNTS = (640, 1280, 2560)
RUN = Run(seed=0, rate=0.02)
PAIR = (RUN, Run(seed=1, rate=0.02))
# The first and the last diverge, the first one more often: stages of three, two and one models.
WILD = (Run(seed=0, rate=8.0), RUN, Run(seed=1, rate=2.0))


def markov(n_documents, seq_len, vocab_size=2, stay=0.9, seed=0):
    """Documents of a chain that stays in its state or moves to the next one, begun in state 0."""
    moves = np.random.default_rng(seed).random((n_documents, seq_len)) > stay
    return torch.from_numpy(moves.cumsum(axis=1) % vocab_size).int()


def toy_source(seed=0):
    documents = markov(160 + 128, 16, vocab_size=5, seed=seed)
    return DataSource(documents=documents[128:], validation=documents[:128])


def toy(runs=(RUN,), counts=TOY_COUNTS, sources=None, recipe=TOY_RECIPE, **options):
    plan = make_schedule(recipe, counts, seq_len=16)
    return Trunk(
        shape=TOY, plan=plan, runs=tuple(runs), sources=tuple(sources or [toy_source()] * len(runs)), **options
    )


def toy_task(runs=PAIR, **options):
    trunk = toy(runs, **options)
    return Task(trunk=trunk, labels=(Label(name="toy", data="d" * 32),) * len(runs), hardware={"device": "cpu"})
