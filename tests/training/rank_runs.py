"""What tests have the ranks do, which are new processes and import it."""

import dataclasses
import math
import os
import signal
import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from advisor.errors import DeviceMemoryError
from calibration.training import checkpoints
from calibration.training.execution import Execution
from calibration.training.model import initial_weights
from calibration.training.optimizer import State
from calibration.training.schedule import Recipe, make_schedule
from calibration.training.shape import model_shape
from calibration.training.sharded import Sharded
from calibration.training.train import be_deterministic, train, train_all
from calibration.training.trunk import DataSource, Run, Trunk
from tests.training.toy_training import RUN, TOY, toy

# Batches of one document, which one of two ranks goes without, and of three, which they share unevenly.
UNEVEN = Recipe(batches=((0, 16), (128, 48), (320, 128)), max_warmup=2)
COUNTS = (320, 640)
WAYS = (Execution(), Execution(micro_batch=1), Execution(dtype="bfloat16"))
WILD = Run(seed=0, rate=0.5)  # diverges
STEPS = 11  # on the trunk, before a checkpoint: the first branch has left
# In one the layers are most of what is gathered, in the other embedding and head.
SHAPES = tuple(
    model_shape(width=64, n_layers=n_layers, n_heads=1, vocab_size=vocab_size, seq_len=4)
    for n_layers, vocab_size in ((6, 21), (1, 2000))
)
CPU = torch.device("cpu")


def together(ranks, execution=WAYS[0], run=RUN, shape=TOY):
    execution = dataclasses.replace(execution, n_ranks=ranks.n)
    return toy((run,), COUNTS, recipe=UNEVEN, execution=execution, sharded=Sharded(shape, ranks, CPU, execution))


class Stop(Exception):  # noqa: N818
    pass


def stage_of(trunk, n_steps=STEPS):
    """The stage of a trunk after so many of its steps."""
    stages = []

    def stop(progress):
        if progress.on_trunk:
            stages.append(progress.stage)
        if len(stages) == n_steps:
            raise Stop

    try:
        list(train_all(trunk, on_step=stop))
    except Stop:
        return stages[-1]
    raise AssertionError("the trunk is shorter")


def session(folder, ranks, tell):
    """Tell, as the first rank, of all that several ranks do otherwise than one."""
    torch.set_num_threads(1)
    be_deterministic()
    say = tell if ranks.is_first else lambda told: None
    for execution in WAYS:
        say((str(execution), list(train(together(ranks, execution)))))
    say(("wild", list(train_all(together(ranks, run=WILD)))))
    say(("initial", same_beginning(together(ranks).sharded)))
    say(("gradient", gradient_of(together(ranks).sharded)))
    say(("peaks", [peak_of(shape, ranks) for shape in SHAPES]))
    trunk = together(ranks)
    checkpoints.save(folder / "two.pt", stage_of(trunk), task="toy", sharded=trunk.sharded)
    for name in ("two", "one"):
        stage, warning = checkpoints.load(folder / f"{name}.pt", task="toy", shape=TOY, sharded=trunk.sharded)
        say((name, (warning, [found for _, found in train_all(trunk, stage=stage)])))
    say(("damaged", checkpoints.load(folder / "damaged.pt", task="toy", shape=TOY, sharded=trunk.sharded)))


def same_beginning(sharded):
    """Whether the ranks' first weights are those of one model, bit for bit."""
    parts = sharded.tensors(sharded.initial(3))
    whole = torch.cat([part.full_tensor().flatten() for part in parts.values()])
    return torch.equal(whole, initial_weights(TOY, [3])[0])


def gradient_of(sharded):
    """The first moments after a step from the same weights: a tenth of the gradient, clipped."""
    weights = torch.randn((1, TOY.n_params), generator=torch.Generator().manual_seed(0))
    state = State.begin(sharded.cut(weights))
    sharded.learn(state, toy().sources[0].documents[None, :3], torch.tensor([1e-3, 1.0]))
    return torch.cat([part.full_tensor().flatten() for part in sharded.tensors(state.first).values()])


class Allocated(TorchDispatchMode):
    """The most bytes of storages that are there at once, as large as they are at the time."""

    def __init__(self):
        super().__init__()
        self.storages, self.peak = {}, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for each in tree_leaves((out, args)):
            if type(each) is torch.Tensor and each.device == CPU:
                storage = each.untyped_storage()
                if storage._cdata not in self.storages:
                    self.storages[storage._cdata] = weakref.ref(storage)
                    weakref.finalize(storage, self.storages.pop, storage._cdata, None)
        there = [found for reference in list(self.storages.values()) if (found := reference()) is not None]
        self.peak = max(self.peak, sum(storage.nbytes() for storage in there))
        return out


def peak_of(shape, ranks):
    """The bytes of training a trunk and its branches on documents of next to nothing."""
    documents = torch.zeros(160, 4, dtype=torch.int32)
    execution = Execution(n_ranks=ranks.n)
    with Allocated() as allocated:
        trunk = Trunk(
            shape=shape,
            plan=make_schedule(Recipe(batches=((0, 16),)), [32], seq_len=4),
            runs=(Run(seed=0, rate=1e-3),),
            sources=(DataSource(documents=documents, validation=documents[:128]),),
            execution=execution,
            sharded=Sharded(shape, ranks, CPU, execution),
        )
        assert all(math.isfinite(found.loss) for row in train(trunk) for found in row)
    return allocated.peak


def dies(step, ranks, tell):
    """Train until the second rank is killed."""

    def on_step(progress):
        if ranks.number == 1 and progress.state.n_steps == step:
            os.kill(os.getpid(), signal.SIGKILL)

    tell(("alive", ranks.number))
    list(train(together(ranks), on_step=on_step))


def runs_out(_, ranks, tell):
    """Train until the second rank has no memory left."""

    def on_step(progress):
        if ranks.number == 1:
            raise DeviceMemoryError("It does not fit.")

    list(train(together(ranks), on_step=on_step))
