"""The loss on text, byte by byte, of two batch ramps at several rates: the grammars' ramp, and the one for text.

python benchmarks/bench_text_rates.py SOURCE, one core, ten minutes. Two layers, one seed. The third table in
calibration/training/schedule.py is this script's, of the Python sources that the calibration ``text`` was trained on.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import torch

from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling
from advisor.corpus.tokenizer import load_tokenizer
from calibration.campaign.corpus_tokens import corpus_tokens
from calibration.training.schedule import TEXT, TUNED, WIDTH_RATE, Recipe, make_schedule
from calibration.training.shape import model_shape
from calibration.training.train import train_all
from calibration.training.trunk import DataSource, Run, Trunk

TOKENS = (200_000, 1_000_000, 3_000_000)
WIDTHS = (64,)
SHARES = (1.0, 0.5, 0.25)
RECIPES = {"grammars": TUNED, "text": TEXT}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    source = read(parser.parse_args().source)
    for width in WIDTHS:
        for name, recipe in RECIPES.items():
            for share in SHARES:
                begin = time.process_time()
                losses = train(source, width, replace(recipe, width_rate=share * WIDTH_RATE))
                row = " ".join(f"{loss:7.3f}" for loss in losses)
                seconds = time.process_time() - begin
                print(f"{name:9} {share * WIDTH_RATE:.3f}/d  d={width:<3} {row}  {seconds:.0f} CPU-seconds", flush=True)


def read(source: str) -> DataSource:
    """Return a corpus's bytes."""
    torch.set_num_threads(1)
    data = corpus_tokens(
        source,
        CorpusOptions(format="text"),
        Sampling(tokenizer="bytes"),
        tokenizer=load_tokenizer("bytes"),
        n_tokens=max(TOKENS),
        n_validation=512,
        progress=lambda *_: None,
    ).data
    n_documents = max(TOKENS) // 256 + 1
    return DataSource(
        documents=torch.from_numpy(data.training[:n_documents].astype("int32")),
        validation=torch.from_numpy(data.validation.astype("int32")),
    )


def train(source: DataSource, width: int, recipe: Recipe) -> list[float]:
    """Return the loss at each D."""
    shape = model_shape(width=width, n_layers=2, n_heads=1, vocab_size=257)
    plan = make_schedule(recipe, TOKENS, seq_len=256)
    trunk = Trunk(shape=shape, plan=plan, runs=(Run(seed=0, rate=recipe.peak_rate(width)),), sources=(source,))
    return [one.loss for _, one in sorted(train_all(trunk), key=lambda found: found[1].n_tokens)]


if __name__ == "__main__":
    main()
