"""The loss of the batch ramp at an eighth, a quarter, a half and the whole of the rate 8e-3 (64/d)^.5.

python benchmarks/bench_rates.py, one core, a quarter of an hour. Two layers, one seed; the four rates are one stack.
The second table in calibration/training/schedule.py is this script's.
"""

from __future__ import annotations

import time

import torch

from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import named_set
from calibration.grammars.tilting import tilt
from calibration.training.schedule import TUNED, make_schedule
from calibration.training.shape import model_shape
from calibration.training.train import train_all
from calibration.training.trunk import DataSource, Run, Trunk

TOKENS = (100_000, 300_000, 1_000_000)
POINTS = (("A3", 16), ("A5", 16), ("A4", 32), ("A6", 32), ("A5", 64), ("A3", 64))
SHARES = (0.125, 0.25, 0.5, 1.0)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    grammars = {each.name: each.grammar for each in named_set("paper", seed=0)}
    plan = make_schedule(TUNED, TOKENS, seq_len=256)
    for name, width in POINTS:
        begin = time.process_time()
        drawn = sample_documents(tilt(grammars[name]), n_documents=max(TOKENS) // 256 + 512, seed=0)
        documents = torch.from_numpy(drawn).int()
        source = DataSource(documents=documents[512:], validation=documents[:512])
        shape = model_shape(width=width, n_layers=2, n_heads=1, vocab_size=grammars[name].n_terminals + 1)
        runs = tuple(Run(seed=0, rate=share * 8e-3 * (64 / width) ** 0.5) for share in SHARES)
        losses: dict[int, dict[int, float]] = {}
        for place, one in train_all(Trunk(shape=shape, plan=plan, runs=runs, sources=(source,) * len(runs))):
            losses.setdefault(one.n_tokens, {})[place] = one.loss
        for n_tokens, row in losses.items():
            print(f"{name:4} d={width:<4} {n_tokens:9,} " + " ".join(f"{row[i]:7.4f}" for i in sorted(row)))
        print(f"{name:4} d={width:<4} {time.process_time() - begin:.0f} CPU-seconds", flush=True)


if __name__ == "__main__":
    main()
