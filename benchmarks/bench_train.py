"""Training tokens/s of the three smallest shapes on grammar A3, batch 2 x 256, against an eager loop as one writes it.

python benchmarks/bench_train.py, one core, about three minutes. The eager loop is a plain Llama as transformers has it:
separate projections, float32 scores of 32001 ids, torch's fused AdamW. The same loop with the grammar's own vocabulary
says what of the ratio is the vocabulary's. What must hold on a CPU: 20x, 6x and 2.5x. Times are of the process, the
three side by side, the best of five rounds. On a GPU it prints tokens/s and MFU instead, of five shapes and two
batches: the eager loop, and as the probe times them our step, the same compiled, from a CUDA graph, and stacks of
models in a graph. There is no limit there, and a number given to it is the models' vocabulary, at least the grammar's
own. torch is deterministic, as it is while models are trained.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count, product

import torch
from torch import Tensor, nn
from torch.nn import functional

from advisor.errors import CaptureError, CompileError, DeviceMemoryError
from advisor.plan.shape import Architecture
from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import named_set
from calibration.grammars.tilting import tilt
from calibration.training.device import Device, choose_device, free_memory
from calibration.training.execution import Execution
from calibration.training.probe import time_steps
from calibration.training.schedule import Recipe, make_schedule
from calibration.training.shape import model_shape
from calibration.training.step import step
from calibration.training.train import be_deterministic
from calibration.training.trunk import DataSource, Run, Trunk

SHAPES = ((64, 2, 1, 20.0), (128, 4, 2, 6.0), (256, 6, 4, 2.5))  # width, layers, heads, limit of the ratio
GPU_SHAPES = (*(shape[:3] for shape in SHAPES), (512, 10, 8), (1024, 20, 16))
GPU_BATCHES, STACKS, GPU_SECONDS = (2, 32), (1, 4, 16), 0.4
LARGE_VOCABULARY = 32001
BATCH, SEQ_LEN = 2, 256
N_DOCUMENTS = 2048
ROUNDS, SECONDS = 5, 2.0
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
HOW = Execution(dtype=choose_device(DEVICE.type).dtype)


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)


def rotate_half(x: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return torch.cat([-right, left], dim=-1)


class Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, 2 * width, bias=False) for _ in range(2))
        self.down = nn.Linear(2 * width, width, bias=False)
        self.before, self.between = Norm(width), Norm(width)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        y = self.before(x)
        q, k, v = (p(y).unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in (self.q, self.k, self.v))
        q, k = (part * cos + rotate_half(part) * sin for part in (q, k))
        x = x + self.o(functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        y = self.between(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))


class Eager(nn.Module):
    """A plain decoder, and its training step."""

    def __init__(self, width: int, layers: int, heads: int, vocab_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.last, self.head = Norm(width), nn.Linear(width, vocab_size, bias=False)
        self.head_width = width // heads

    def forward(self, tokens: Tensor) -> Tensor:
        frequency = 1e4 ** (-torch.arange(0, self.head_width, 2, device=tokens.device) / self.head_width)
        angle = torch.outer(torch.arange(tokens.shape[1], device=tokens.device), frequency).repeat(1, 2)
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, angle.cos(), angle.sin())
        return self.head(self.last(x)).float()


def eager_step(
    shape: tuple[int, int, int], vocab_size: int, documents: Tensor, batch: int = BATCH
) -> Callable[[], object]:
    """Return a function that trains a new eager model on the next batch."""
    model = Eager(*shape, vocab_size).to(DEVICE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0, fused=True)
    numbers = count()

    def take() -> None:
        first = batch * next(numbers) % (N_DOCUMENTS - batch)
        tokens = documents[first : first + batch].long()
        with torch.autocast(DEVICE.type, dtype=HOW.matmul_dtype, enabled=HOW.matmul_dtype is not None):
            scores = model(tokens)
        loss = functional.cross_entropy(scores[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return take


def our_step(shape: Architecture, documents: Tensor) -> Callable[[], object]:
    """Return a function that trains a new model on the next batch."""
    recipe = Recipe(batches=((0, BATCH * SEQ_LEN),))
    plan = make_schedule(recipe, [N_DOCUMENTS * SEQ_LEN], seq_len=SEQ_LEN)
    source = DataSource(documents=documents, validation=documents[:128])
    run = Run(seed=0, rate=recipe.peak_rate(shape.width))
    trunk = Trunk(shape=shape, plan=plan, runs=(run,), sources=(source,), execution=HOW)
    state = trunk.begin()

    def take() -> None:
        state.n_documents %= N_DOCUMENTS - BATCH
        step(trunk, state)

    return take


def clock() -> float:
    """Return CPU-seconds of this process, or, with a GPU, seconds at which all that was asked of it is done."""
    if DEVICE.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def steps_per_second(steps: list[Callable[[], object]], seconds: float = SECONDS) -> list[float]:
    """Return each one's best rate over rounds in which they take turns."""
    rates = [0.0] * len(steps)
    lengths = [0] * len(steps)
    for number in range(ROUNDS + 1):
        for i, take in enumerate(steps):
            n_steps = lengths[i] or 3
            begin = clock()
            for _ in range(n_steps):
                take()
            rate = n_steps / (clock() - begin)
            lengths[i] = max(3, int(rate * seconds))
            rates[i] = max(rates[i], rate) if number else 0.0  # the first round warms up
    return rates


def on_cpu(documents: Tensor, vocab_size: int) -> int:
    """Print the ratios; return 1 if one is below its limit."""
    failed = 0
    columns = ("eager 32001", f"eager {vocab_size}", f"ours {vocab_size}")
    print(f"{'shape':>10} " + " ".join(f"{column:>12}" for column in columns) + "  ratio  limit")
    for width, layers, heads, limit in SHAPES:
        shape = (width, layers, heads)
        ours = model_shape(width=width, n_layers=layers, n_heads=heads, vocab_size=vocab_size)
        steps = [eager_step(shape, v, documents) for v in (LARGE_VOCABULARY, vocab_size)] + [our_step(ours, documents)]
        large, small, found = (BATCH * SEQ_LEN * rate for rate in steps_per_second(steps))
        print(
            f"{width:>7} x{layers:>2} {large:12,.0f} {small:12,.0f} {found:12,.0f} {found / large:6.1f} {limit:6}",
            flush=True,
        )
        failed |= found / large < limit
    print("tokens per CPU-second, one thread")
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
    (rate,) = steps_per_second([eager_step(sizes, shape.vocab_size, documents, batch)], seconds=GPU_SECONDS)
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
    be_deterministic()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    grammar = named_set("paper", seed=0)[2].grammar
    documents = torch.from_numpy(sample_documents(tilt(grammar), n_documents=N_DOCUMENTS, seed=0)).int().to(DEVICE)
    vocab_size = max(grammar.n_terminals + 1, *map(int, sys.argv[1:2]), 0)
    return (on_gpu if DEVICE.type == "cuda" else on_cpu)(documents, vocab_size)


if __name__ == "__main__":
    sys.exit(main())
