"""One model spread over several devices: the functions of ``model`` with parameters that torch's FSDP2 gathers.

Every rank keeps its rows of each tensor, with their moments, as the columns of one flat ``State``, so that schedule,
branches and Adam are those of a model on one device. For a layer's time FSDP2 gathers its matrices from all ranks
(Rajbhandari et al. 2020, arXiv:1910.02054; ``torch.distributed.fsdp.fully_shard``). A rank takes its share of each
batch; one that gets no document learns from one that does not count, since all must come to every exchange.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, Shard

from advisor.plan.shape import Architecture
from calibration.training.execution import Execution
from calibration.training.model import embedded, initial_parts, layer, mean_losses, rotation, token_losses
from calibration.training.optimizer import State, shrinkage, update
from calibration.training.ranks import Ranks
from calibration.training.shape import parts

_MATRICES = ("qkv", "attention_out", "gate_up", "ffn_out")


class _Layer(nn.Module):  # type: ignore[misc]
    """The matrices of a layer; its gains are the model's, as they are not rounded with the matrices."""

    def __init__(self, sizes: dict[str, tuple[int, ...]], number: int, execution: Execution) -> None:
        super().__init__()
        self.execution = execution
        for name in _MATRICES:
            self.register_parameter(name, nn.Parameter(torch.empty(sizes[f"{name}.{number}"])))

    def forward(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, *gains: torch.Tensor) -> torch.Tensor:
        qkv, out, gate_up, down = (getattr(self, name)[None] for name in _MATRICES)
        return self.execution.way(layer)(x, cos, sin, gains[0], qkv, out, gains[1], gate_up, down)


class _Head(nn.Module):  # type: ignore[misc]
    def __init__(self, size: tuple[int, ...], execution: Execution) -> None:
        super().__init__()
        self.execution = execution
        self.weight = nn.Parameter(torch.empty(size))

    def forward(self, x: torch.Tensor, gain: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        losses: torch.Tensor = self.execution.way(token_losses)(x, gain, self.weight[None], targets)
        return losses


class _Model(nn.Module):  # type: ignore[misc]
    """A model as a tree of modules, whose forward is that of ``model.document_losses``."""

    def __init__(self, shape: Architecture, execution: Execution) -> None:
        super().__init__()
        self.head_width, self.execution = shape.width // shape.n_heads, execution
        sizes = dict(parts(shape))
        for name in ("embedding", "attention_gain", "ffn_gain", "last_gain"):
            self.register_parameter(name, nn.Parameter(torch.empty(sizes[name])))
        self.layers = nn.ModuleList(_Layer(sizes, number, execution) for number in range(shape.n_layers))
        self.head = _Head(sizes["head"], execution)

    def part(self, name: str) -> nn.Parameter:
        """Return the parameter that ``shape.parts`` calls ``name``."""
        group, _, number = name.partition(".")
        if number:
            return getattr(self.layers[int(number)], group)
        return self.head.weight if name == "head" else getattr(self, name)

    def forward(self, documents: torch.Tensor) -> torch.Tensor:
        """Return each document's loss, (1, batch), of (1, batch, time) ids."""
        return mean_losses(documents, self._losses, self.execution)

    def _losses(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        x = embedded(self.embedding[None], inputs.flatten(1))
        cos, sin = rotation(inputs.shape[-1], self.head_width, inputs.device)
        for each, *gains in zip(self.layers, self.attention_gain, self.ffn_gain, strict=True):
            x = each(x, cos, sin, *(gain[None] for gain in gains))
        losses: torch.Tensor = self.head(x, self.last_gain[None], targets)
        return losses


class Sharded:
    """A model of one shape on the ranks of this process's group, and what of its weights is this rank's."""

    def __init__(self, shape: Architecture, ranks: Ranks, device: torch.device, execution: Execution) -> None:
        self.shape, self.ranks, self.device, self.execution = shape, ranks, device, execution
        self.mesh = init_device_mesh(device.type, (ranks.n,))
        with torch.device("meta"):  # none is ever whole on one device
            self._model = _Model(shape, execution)
        # Weights of products are gathered in the products' dtype: as autocast rounds them, at half of what is sent.
        rounded = MixedPrecisionPolicy(
            param_dtype=execution.matmul_dtype, reduce_dtype=torch.float32, cast_forward_inputs=False
        )
        for module in (*self._model.layers, self._model.head):
            fully_shard(module, mesh=self.mesh, reshard_after_forward=True, mp_policy=rounded)
        # Also the outermost module, which else stays gathered after an evaluation, and does not see the next weights.
        fully_shard(self._model, mesh=self.mesh, reshard_after_forward=True)
        self._model.to_empty(device=device)
        self._parameters = {name: self._model.part(name) for name, _ in parts(shape)}
        self.columns = dict(self._columns())

    def _columns(self) -> Iterator[tuple[str, slice]]:
        """Yield the columns of this rank's weights that each part's rows are."""
        start = 0
        for name, parameter in self._parameters.items():
            stop = start + parameter.to_local().numel()
            yield name, slice(start, stop)
            start = stop

    @property
    def n_own(self) -> int:
        """How many parameters are this rank's."""
        return max((columns.stop for columns in self.columns.values()), default=0)

    def initial(self, seed: int) -> torch.Tensor:
        """Return this rank's columns of ``initial_weights``, (1, n_own), on the device."""
        weights = torch.empty((1, self.n_own), device=self.device)
        for name, part in initial_parts(self.shape, seed):
            weights[0, self.columns[name]] = self.own(part).flatten().to(self.device)
        return weights

    def own(self, part: torch.Tensor) -> torch.Tensor:
        """Return this rank's rows of a part, as ``Shard(0)`` gives them."""
        n_rows = math.ceil(len(part) / self.ranks.n)
        return part[self.ranks.number * n_rows : (self.ranks.number + 1) * n_rows]

    def cut(self, whole: torch.Tensor) -> torch.Tensor:
        """Return this rank's columns, on the device, of those of a whole model, (1, n_params)."""
        found = torch.empty((1, self.n_own), device=self.device)
        start = 0
        for name, size in parts(self.shape):
            part = whole[0, start : start + math.prod(size)].view(size)
            found[0, self.columns[name]] = self.own(part).flatten().to(self.device)
            start += math.prod(size)
        return found

    def tensors(self, flat: torch.Tensor) -> dict[str, DTensor]:
        """Return what all ranks' columns, (1, n_own), are together, by part: views, for a checkpoint of all ranks."""
        found = {}
        for name, size in parts(self.shape):
            rows = flat[0, self.columns[name]].view(-1, *size[1:])
            stride = tuple(math.prod(size[place + 1 :]) for place in range(len(size)))
            found[name] = DTensor.from_local(rows, self.mesh, [Shard(0)], shape=torch.Size(size), stride=stride)
        return found

    def learn(self, state: State, batch: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Do what ``step.learn`` does, with the whole ``batch`` on every rank; all of them return its loss, (1,)."""
        self._hold(state.weights)
        loss = self._differentiated(batch)
        shrunk = shrinkage(self._norm())[0, 0]
        # Of a part with fewer rows than there are ranks, some have none.
        names = [name for name, columns in self.columns.items() if columns.start < columns.stop]
        gradients = [self._parameters[name].grad.to_local().flatten().mul_(shrunk) for name in names]
        weights, firsts, seconds = (
            [flat[0, self.columns[name]] for name in names] for flat in (state.weights, state.first, state.second)
        )
        update(weights, gradients, firsts, seconds, numbers[0], numbers[-1])
        for parameter in self._parameters.values():
            parameter.grad = None
        return loss

    def document_losses(self, weights: torch.Tensor, documents: torch.Tensor, n_at_once: int) -> torch.Tensor:
        """Return the loss of each document, (1, documents), on every rank; each takes its share of them."""
        self._hold(weights)
        losses = torch.zeros(documents.shape[:2], device=documents.device)
        with torch.no_grad():
            for places, counts in self._pieces(documents.shape[1], n_at_once):
                found = self._model(documents[:, places])
                if counts:
                    losses[:, places] = found
        distributed.all_reduce(losses)  # where another rank's are, this one's are 0
        return losses

    def _hold(self, weights: torch.Tensor) -> None:
        """Have the model compute with these weights."""
        with torch.no_grad():
            for name, columns in self.columns.items():
                rows = self._parameters[name].to_local()
                rows.copy_(weights[0, columns].view_as(rows))

    def _pieces(self, n_documents: int, n_at_once: int | None) -> Iterator[tuple[slice, int]]:
        """Yield the documents of each of this rank's turns, and 0 where they only stand in; every rank has as many."""
        n_own = math.ceil(n_documents / self.ranks.n)
        n_turns = math.ceil(n_own / (n_at_once or n_own))
        size = math.ceil(n_own / n_turns)
        begin, end = min(self.ranks.number * n_own, n_documents), min((self.ranks.number + 1) * n_own, n_documents)
        for turn in range(n_turns):
            start, stop = min(begin + turn * size, end), min(begin + (turn + 1) * size, end)
            yield (slice(start, stop), 1) if start < stop else (slice(0, 1), 0)

    def _differentiated(self, batch: torch.Tensor) -> torch.Tensor:
        """Leave the gradient of the batch's mean loss with the parameters, and return that loss, (1,)."""
        total = torch.zeros(1, device=batch.device)
        n_documents = batch.shape[1]
        for places, counts in self._pieces(n_documents, self.execution.micro_batch):
            loss = self._model(batch[:, places]).sum(dim=1) * (counts / n_documents)
            (loss * self.ranks.n).sum().backward()  # FSDP2 takes the mean over the ranks
            total += loss.detach()
        distributed.all_reduce(total)
        return total

    def _norm(self) -> torch.Tensor:
        """Return the norm of the whole gradient, (1, 1), on every rank."""
        squares = torch.zeros((1, 1), device=self.device)
        for parameter in self._parameters.values():
            squares += parameter.grad.to_local().square().sum()
        distributed.all_reduce(squares)
        return squares.sqrt()
