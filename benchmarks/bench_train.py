"""Training tokens/s on grammar A3 against an eager loop as one writes it, and against what bare products would allow.

    python benchmarks/bench_train.py [--widths 64 128 256 512] [--batches 2 8] [--seconds 2] [VOCABULARY]

On a CPU: one core, about twenty minutes, a third of them for compiling; with --widths 64 128 --batches 2 about four.
Theirs is the plain loop of eager_loop.py in float32, with 32001 ids and with the grammar's own. Ours is eager in
float32, eager in bf16 where the CPU multiplies in it, and compiled in its faster dtype. Which of these the probe takes,
for a plan of 100M tokens, is marked with *, and its ratio to the loop of 32001 ids has the limits: 20x, 6x and 2.5x for
the three smallest shapes at a batch of 2 x 256. The limit of bare products is what the taken way would do if a step
were only its matrix products, at the speed of the layer's own four, one after another, in that dtype here; MFU is the
share of it that is reached. Times are of the process, side by side, the best of five rounds, compiling apart. It exits
with 1 if a ratio is below its limit.

On a GPU it prints tokens/s and MFU instead, of five shapes and two batches: the eager loop, and as the probe times them
our step, the same compiled, from a CUDA graph, and stacks of models in a graph. There is no limit there. VOCABULARY is
the models', at least the grammar's own. torch is deterministic, as it is while models are trained.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product

import torch
from eager_loop import eager_step
from step_rates import DEVICE, bare_products, steps_per_second
from torch import Tensor

from advisor.errors import CaptureError, CompileError, DeviceMemoryError
from advisor.plan.shape import Architecture
from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import named_set
from calibration.grammars.tilting import tilt
from calibration.training.device import Device, choose_device, free_memory
from calibration.training.execution import EAGER, FREE, Execution
from calibration.training.probe import Way, fastest, time_steps
from calibration.training.schedule import Recipe, make_schedule
from calibration.training.shape import SEQ_LEN, model_shape
from calibration.training.step import step
from calibration.training.train import be_deterministic
from calibration.training.trunk import DataSource, Run, Trunk

SHAPES = {64: (64, 2, 1), 128: (128, 4, 2), 256: (256, 6, 4), 512: (512, 10, 8)}  # by width: width, layers, heads
LIMITS = {(64, 2): 20.0, (128, 2): 6.0, (256, 2): 2.5}  # by width and batch: of the ratio to the loop of 32001 ids
GPU_SHAPES = (*SHAPES.values(), (1024, 20, 16))
GPU_BATCHES, STACKS, GPU_SECONDS = (2, 32), (1, 4, 16), 0.4
LARGE_VOCABULARY = 32001
BATCHES = (2, 8)
PLAN_TOKENS = 100_000_000  # of the plan that the probe looks for the fastest way of: long enough to try compiling
N_DOCUMENTS = 2048
SECONDS = 2.0
HOW = Execution(dtype=choose_device(DEVICE.type).dtype)


def our_step(shape: Architecture, documents: Tensor, batch: int, execution: Execution) -> Callable[[], object]:
    """Return a function that trains a new model on the next batch."""
    recipe = Recipe(batches=((0, batch * SEQ_LEN),))
    plan = make_schedule(recipe, [N_DOCUMENTS * SEQ_LEN], seq_len=SEQ_LEN)
    source = DataSource(documents=documents, validation=documents[:128])
    run = Run(seed=0, rate=recipe.peak_rate(shape.width))
    trunk = Trunk(shape=shape, plan=plan, runs=(run,), sources=(source,), execution=execution)
    state = trunk.begin()

    def take() -> None:
        state.n_documents %= N_DOCUMENTS - batch
        step(trunk, state)

    return take


def probed(shape: Architecture, batch: int) -> tuple[Execution, dict[Execution, Way], tuple[str, ...]]:
    """Return the way that the probe takes, those that it timed and did not leave out, and what it says."""
    timed: dict[Execution, Way] = {}

    def seconds_of_plan(way: Way) -> float:
        timed[way.execution] = way
        return way.setup_seconds + PLAN_TOKENS / way.largest.tokens_per_second

    taken = fastest(shape, [batch], hardware=choose_device("cpu"), cost=seconds_of_plan, choice=FREE)
    return taken.execution, timed, taken.notes


def columns_of(taken: Execution, timed: Mapping[Execution, Way]) -> dict[str, Execution | None]:
    """Return our three columns: eager in both dtypes, and compiled in the dtype taken, else the faster; None: not had.

    The fastest is by the probe's seconds, in which each was timed alone.
    """
    compiled = [execution for execution in timed if execution.compiled]
    bf16 = Execution(dtype="bfloat16")
    if taken.compiled:
        fast: Execution | None = taken
    else:
        fast = max(compiled, key=lambda each: timed[each].largest.tokens_per_second, default=None)
    return {"float32": EAGER, "bf16": bf16 if bf16 in timed else None, "compiled": fast}


def rates_of(
    shape: Architecture, batch: int, documents: Tensor, ours: Mapping[str, Execution | None], taken: Execution
) -> Callable[[float], dict[str, float]]:
    """Return a function of the seconds a turn that times all columns of a row in turns: tokens/s, bare FLOP/s."""
    sizes = (shape.width, shape.n_layers, shape.n_heads)
    theirs = {
        "large": eager_step(sizes, LARGE_VOCABULARY, documents, batch, HOW.matmul_dtype),
        "same": eager_step(sizes, shape.vocab_size, documents, batch, HOW.matmul_dtype),
    }
    own = {name: our_step(shape, documents, batch, how) for name, how in ours.items() if how is not None}
    bare, flops = bare_products(shape, batch, taken.matmul_dtype or torch.float32)
    steps = {**theirs, **own, "bare": bare}

    def take(seconds: float) -> dict[str, float]:
        rates = dict(zip(steps, steps_per_second(list(steps.values()), seconds), strict=True))
        return {name: rate * (flops if name == "bare" else batch * SEQ_LEN) for name, rate in rates.items()}

    return take


def probe_lines(column: Execution | None, timed: Mapping[Execution, Way]) -> Iterator[str]:
    """Yield what the probe saw of each way, what compiling took, and which dtype the column is of."""
    for how, way in timed.items():
        seen = f"{way.largest.tokens_per_second:,.0f} tokens/s"
        compiled = f", compiled in {way.setup_seconds:.1f} s{' (the column)' * (how == column)}" * how.compiled
        yield f"probe: {how.dtype} {seen}{compiled}"


def row(shape: Architecture, batch: int, documents: Tensor, seconds: float) -> bool:
    """Print one row and what the probe said; return whether its ratio is below its limit."""
    taken, timed, notes = probed(shape, batch)
    ours = columns_of(taken, timed)
    rates = rates_of(shape, batch, documents, ours, taken)(seconds)
    name = next(name for name, how in ours.items() if how == taken)
    found, most = rates[name], rates["bare"] / shape.flops_per_token
    ratio, limit = found / rates["large"], LIMITS.get((shape.width, batch))
    cells = "".join(
        f" {format(rates[each], ',.0f') + '*' * (each == name) if each in rates else 'none':>10}" for each in ours
    )
    print(
        f"{shape.width:>4} x{shape.n_layers:>2} {batch:5}{cells} {rates['same']:10,.0f} {rates['large']:10,.0f} "
        f"{ratio:6.1f} {'' if limit is None else limit:>5} {found / rates['same']:6.2f} {most:11,.0f} "
        f"{found / most:5.0%}",
        flush=True,
    )
    for line in (*probe_lines(ours["compiled"], timed), *notes):
        print(f"         {line}", flush=True)
    return limit is not None and ratio < limit


def on_cpu(documents: Tensor, vocab_size: int, args: argparse.Namespace) -> int:
    """Print ours, theirs, ratios and limits; return 1 if one is below its limit."""
    hardware = choose_device("cpu")
    print(f"{hardware.name}, torch {hardware.torch_version}, {' and '.join(hardware.dtypes)}, one thread")
    print(
        "tokens per CPU-second; * is taken by the probe; ratio and limit: * to the loop of 32001; same: of its own ids"
    )
    print(
        f"{'shape':>8} {'batch':>5} {'float32':>10} {'bf16':>10} {'compiled':>10} {f'loop {vocab_size}':>10} "
        f"{f'loop {LARGE_VOCABULARY}':>10} {'ratio':>6} {'limit':>5} {'same':>6} {'bare limit':>11} {'MFU':>5}"
    )
    failed = False
    with tempfile.TemporaryDirectory() as folder:  # else what an earlier run compiled would be found
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
        for width, batch in product(args.widths, args.batches):
            _, layers, heads = SHAPES[width]
            shape = model_shape(width=width, n_layers=layers, n_heads=heads, vocab_size=vocab_size)
            failed |= row(shape, batch, documents, args.seconds)
    return int(failed)


def ways() -> Iterator[tuple[str, int, Execution]]:
    """Yield the name, the models and the execution of each of our ways to train on a GPU."""
    yield "our step", 1, HOW
    yield "compiled", 1, replace(HOW, compiled=True)
    for n in STACKS:
        yield f"graph of {n}", n, replace(HOW, graph=True)


def eager_speed(shape: Architecture, documents: Tensor, batch: int) -> float:
    """Return the tokens/s of the eager loop."""
    sizes = (shape.width, shape.n_layers, shape.n_heads)
    take = eager_step(sizes, shape.vocab_size, documents, batch, HOW.matmul_dtype)
    (rate,) = steps_per_second([take], GPU_SECONDS)
    return batch * SEQ_LEN * rate


def our_speed(shape: Architecture, hardware: Device, batch: int, n_models: int, execution: Execution) -> float:
    """Return the tokens/s of one of our ways; weights that cannot fit are not drawn."""
    way = time_steps(shape, [batch], hardware=hardware, n_models=n_models, execution=execution, seconds=GPU_SECONDS)
    return way.largest.tokens_per_second


def said(speed: Callable[[], float], shape: Architecture, hardware: Device) -> str:
    """Return a speed in words, or why there is none."""
    try:
        tokens = speed()
    except (DeviceMemoryError, torch.OutOfMemoryError):
        return "does not fit"
    except (CaptureError, CompileError) as error:
        return str(error)
    mfu = hardware.mfu(shape, tokens)
    return f"{tokens:14,.0f} tokens/s  MFU {'unknown' if mfu is None else format(mfu, '.3%')}"


def on_gpu(documents: Tensor, vocab_size: int) -> int:
    """Print tokens/s and MFU of each way, of each shape and batch; return 0."""
    hardware = choose_device("cuda")
    print(f"{hardware.name}, torch {hardware.torch_version}, {hardware.dtype}, {vocab_size} ids")
    for (width, layers, heads), batch in product(GPU_SHAPES, GPU_BATCHES):
        shape = model_shape(width=width, n_layers=layers, n_heads=heads, vocab_size=vocab_size)
        speeds = {"eager loop": partial(eager_speed, shape, documents, batch)}
        for name, n_models, execution in ways():
            speeds[name] = partial(our_speed, shape, hardware, batch, n_models, execution)
        for name, speed in speeds.items():
            free_memory(hardware)
            print(f"{width:>7} x{layers:>2}  batch {batch:2}  {name:11} {said(speed, shape, hardware)}", flush=True)
    return 0


def main() -> int:
    """Print what there is to measure on this machine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vocabulary", nargs="?", type=int, default=0)
    parser.add_argument("--widths", nargs="+", type=int, choices=SHAPES, default=list(SHAPES), metavar="WIDTH")
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES, metavar="DOCUMENTS")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each column's turn, of which there are five")
    args = parser.parse_args()
    be_deterministic()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    grammar = named_set("paper", seed=0)[2].grammar
    documents = torch.from_numpy(sample_documents(tilt(grammar), n_documents=N_DOCUMENTS, seed=0)).int().to(DEVICE)
    vocab_size = max(grammar.n_terminals + 1, args.vocabulary)
    return on_gpu(documents, vocab_size) if DEVICE.type == "cuda" else on_cpu(documents, vocab_size, args)


if __name__ == "__main__":
    sys.exit(main())
