"""What bf16 costs: losses of models trained to the end in it, less those in float32, beside what another seed changes.

    python benchmarks/bench_precision.py [--corpus SOURCE] [--seeds 3] [--width 128] [--tokens 100000 200000 500000]

Two processes of one thread, within a quarter of an hour on two quiet cores. Two grammars, A3 and A5, and text by bytes:
a corpus, or this repository's docs. Width 128, four layers, the recipes for grammars and text, all token counts on one
trunk with a branch for each, as ``advisor calibrate`` does. A pair has the same first weights, data, order and
schedule, eager in both dtypes. A row is a token count D: the mean loss in float32 in nats per token, the standard
deviation over seeds in either dtype, the mean of the paired differences bf16 - float32 and its standard error, which is
the power: what is smaller could not be seen. The limit is the seeds' standard deviation, both dtypes' taken together:
"within seed noise" is a difference below it. It exits with 1 if any is not, or if a model diverges.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Collection
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import torch

from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import AdvisorError
from calibration.campaign.corpus_tokens import corpus_tokens
from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import named_set
from calibration.grammars.tilting import tilt
from calibration.training.device import choose_device
from calibration.training.execution import DType, Execution
from calibration.training.schedule import TEXT as TEXT_RECIPE
from calibration.training.schedule import TUNED, make_schedule
from calibration.training.shape import SEQ_LEN, model_shape
from calibration.training.train import be_deterministic, train
from calibration.training.trunk import DataSource, Measurement, Run, Trunk

GRAMMARS = ("A3", "A5")
TEXT = "text"
DTYPES: tuple[DType, ...] = ("float32", "bfloat16")
DOCS = Path(__file__).resolve().parent.parent / "docs"
TOKENS = (100_000, 200_000, 500_000)
WIDTH, N_LAYERS, HEAD_WIDTH = 128, 4, 64
N_VALIDATION = 256  # pairs share them, so that few are enough
LEAST_SEEDS = 3
WITHIN = "within seed noise"


@dataclass(frozen=True, kw_only=True)
class Task:
    """A source to train on in one dtype, with these seeds to these token counts."""

    source: str
    dtype: DType
    corpus: str
    width: int
    n_seeds: int
    token_counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The measurements of each seed, rising in tokens, and the process's seconds."""

    seeds: list[list[Measurement]]
    cpu_seconds: float


def main() -> int:
    """Print a table a source; return 1 if a difference is more than seeds make."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", default=str(DOCS), help="a path or hub dataset, read by bytes")
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--seeds", type=int, default=LEAST_SEEDS)
    parser.add_argument("--tokens", type=int, nargs="+", default=TOKENS)
    args = parser.parse_args()
    if args.seeds < LEAST_SEEDS:
        parser.error(f"--seeds {args.seeds}: a standard deviation needs at least {LEAST_SEEDS}.")
    try:
        return compare(args)
    except AdvisorError as error:
        raise SystemExit(str(error)) from None


def compare(args: argparse.Namespace) -> int:
    """Print a table a source; return 1 if a difference is more than seeds make."""
    hardware = choose_device("cpu")
    print(f"{hardware.name}, torch {hardware.torch_version}, width {args.width}, {N_LAYERS} layers, {args.seeds} seeds")
    if "bfloat16" not in hardware.dtypes:
        print("this CPU has no products of bf16: torch computes them otherwise, and slowly")
    print(
        f"{'source':6} {'tokens':>9}  {'float32':>8} {'seed sd':>8} {'in bf16':>8} {'bf16 - it':>9} {'error':>8}  "
        "limit: the seed sd"
    )
    sources = (*GRAMMARS, TEXT)
    for source in sources:
        trunk_of(task_of(args, source, "float32"), seed=0)  # what is wrong with it is said before anything is trained
    failed = False
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        pairs = [[pool.submit(trained, task_of(args, source, dtype)) for dtype in DTYPES] for source in sources]
        for source, pair in zip(sources, pairs, strict=True):
            failed |= table(source, *(one.result() for one in pair))
    return int(failed)


def task_of(args: argparse.Namespace, source: str, dtype: DType) -> Task:
    """Return the task of a source in one dtype."""
    return Task(
        source=source,
        dtype=dtype,
        corpus=args.corpus,
        width=args.width,
        n_seeds=args.seeds,
        token_counts=tuple(args.tokens),
    )


def table(source: str, wide: Trained, narrow: Trained) -> bool:
    """Print the rows of a source, of float32 and of bf16; return whether one is not within seed noise."""
    failed = False
    for ones, others in zip(zip(*wide.seeds, strict=True), zip(*narrow.seeds, strict=True), strict=True):
        differences = [other.loss - one.loss for one, other in zip(ones, others, strict=True)]
        mean = statistics.fmean(differences)
        spreads = [statistics.stdev(x.loss for x in row) for row in (ones, others)]
        error = statistics.stdev(differences) / math.sqrt(len(differences))
        diverged = {dtype for dtype, row in zip(DTYPES, (ones, others), strict=True) if any(x.diverged for x in row)}
        said = verdict(mean, math.hypot(*spreads) / math.sqrt(2), diverged)
        failed |= said != WITHIN
        print(
            f"{source:6} {ones[0].n_tokens:9,}  {statistics.fmean(x.loss for x in ones):8.4f} {spreads[0]:8.4f} "
            f"{spreads[1]:8.4f} {mean:+9.4f} {error:8.4f}  {said}",
            flush=True,
        )
    print(f"{source:6} {wide.cpu_seconds:.0f} CPU-seconds in float32, {narrow.cpu_seconds:.0f} in bf16", flush=True)
    return failed


def verdict(mean: float, spread: float, diverged: Collection[str]) -> str:
    """Return what is to be said of a mean difference beside the standard deviation over seeds."""
    if diverged:
        return f"not: diverged in {' and '.join(sorted(diverged))}"
    return WITHIN if abs(mean) < spread else "not"


def trained(task: Task) -> Trained:
    """Return what models of each seed came to on a source in one dtype, at each token count: run in a process."""
    torch.set_num_threads(1)
    be_deterministic()
    begin = time.process_time()
    seeds = [[one for (one,) in train(trunk_of(task, seed))] for seed in range(task.n_seeds)]
    return Trained(seeds=seeds, cpu_seconds=time.process_time() - begin)


def trunk_of(task: Task, seed: int) -> Trunk:
    """Return the model of one seed with its data and plan.

    Raises:
        AdvisorError: the source cannot be read, or has less data than the plan takes.
    """
    source, vocab_size = read(task)
    recipe = TEXT_RECIPE if task.source == TEXT else TUNED
    n_heads = max(1, task.width // HEAD_WIDTH)
    return Trunk(
        shape=model_shape(width=task.width, n_layers=N_LAYERS, n_heads=n_heads, vocab_size=vocab_size),
        plan=make_schedule(recipe, task.token_counts, seq_len=SEQ_LEN),
        runs=(Run(seed=seed, rate=recipe.peak_rate(task.width)),),
        sources=(source,),
        execution=Execution(dtype=task.dtype),
    )


@cache
def read(task: Task) -> tuple[DataSource, int]:
    """Return the documents of a task's source, the same in every process, and its vocabulary."""
    n_tokens = max(task.token_counts)
    if task.source == TEXT:
        return by_bytes(task.corpus, n_tokens)
    (grammar,) = (each.grammar for each in named_set("paper", seed=0) if each.name == task.source)
    drawn = sample_documents(tilt(grammar), n_documents=N_VALIDATION + n_tokens // SEQ_LEN, seed=0)
    documents = torch.from_numpy(drawn).int()
    return DataSource(documents=documents[N_VALIDATION:], validation=documents[:N_VALIDATION]), grammar.n_terminals + 1


def by_bytes(corpus: str, n_tokens: int) -> tuple[DataSource, int]:
    """Return a corpus's bytes; the vocabulary has the 256 and a separator."""
    tokenizer = load_tokenizer("bytes")
    data = corpus_tokens(
        corpus,
        CorpusOptions(),
        Sampling(tokenizer="bytes"),
        tokenizer=tokenizer,
        n_tokens=n_tokens,
        n_validation=N_VALIDATION,
        progress=lambda *_: None,
    ).data
    training, validation = (torch.from_numpy(part.astype("int32")) for part in (data.training, data.validation))
    return DataSource(documents=training, validation=validation), 257


if __name__ == "__main__":
    sys.exit(main())
