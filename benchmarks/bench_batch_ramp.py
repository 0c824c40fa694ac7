"""Batches that grow along the trunk against constant ones: loss at each token count, steps and seconds.

python benchmarks/bench_batch_ramp.py [NAME ...], one core, a quarter of an hour. Grammar A5, d = 32, two layers, two
seeds; what is asked is whether larger batches along the trunk cost loss where they save steps. A3 would not tell: with
1M tokens it is within .4 % of what it comes to with 3M. The table in calibration/training/schedule.py is this script's.
"""

from __future__ import annotations

import sys
import time

import torch

from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import named_set
from calibration.grammars.tilting import tilt
from calibration.training.schedule import RAMP, Recipe, make_schedule
from calibration.training.shape import model_shape
from calibration.training.train import train_all
from calibration.training.trunk import DataSource, Measurement, Run, Trunk

TOKENS = (100_000, 300_000, 1_000_000, 3_000_000)
SEEDS = (0, 1)
FULL = 8e-3 * (64 / 32) ** 0.5
DOUBLING = ((0, 256), *((400 * size, size) for size in (512, 1024, 2048, 4096, 8192)))
HALF = FULL / 2
RECIPES = {
    "256": Recipe(batches=((0, 256),), rate=FULL),
    "512": Recipe(batches=((0, 512),), rate=FULL),
    "2048": Recipe(batches=((0, 2048),), rate=FULL),
    "slow ramp": Recipe(batches=RAMP, rate=FULL),
    "doubling ramp": Recipe(batches=DOUBLING, rate=FULL),
    "512, half rate": Recipe(batches=((0, 512),), rate=HALF),
    "2048, half rate": Recipe(batches=((0, 2048),), rate=HALF),
    "slow ramp, half rate": Recipe(batches=RAMP, rate=HALF),
}


def source() -> tuple[DataSource, int]:
    """Return documents of A5, and the vocabulary: its terminals and the separator."""
    grammar = named_set("paper", seed=0)[4].grammar
    documents = torch.from_numpy(sample_documents(tilt(grammar), n_documents=max(TOKENS) // 256 + 512, seed=0)).int()
    return DataSource(documents=documents[512:], validation=documents[:512]), grammar.n_terminals + 1


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    data, vocab_size = source()
    shape = model_shape(width=32, n_layers=2, n_heads=1, vocab_size=vocab_size)
    print(f"{'batches':20} {'tokens':>10} {'steps':>6}   seed 0   seed 1  nats/token")
    for name in sys.argv[1:] or RECIPES:
        recipe = RECIPES[name]
        plan = make_schedule(recipe, TOKENS, seq_len=shape.context)
        found: dict[int, list[Measurement]] = {}
        begin = time.process_time()
        for seed in SEEDS:
            run = Run(seed=seed, rate=recipe.peak_rate(shape.width))
            for _, one in train_all(Trunk(shape=shape, plan=plan, runs=(run,), sources=(data,))):
                found.setdefault(one.n_tokens, []).append(one)
        for n_tokens, row in found.items():
            losses = " ".join(f"{one.loss:8.4f}" for one in row)
            print(f"{name:20} {n_tokens:10,} {row[0].n_steps:6,} {losses}", flush=True)
        print(f"{name:20} {time.process_time() - begin:.0f} CPU-seconds", flush=True)


if __name__ == "__main__":
    main()
