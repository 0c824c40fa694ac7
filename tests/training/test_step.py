"""One training step: by pieces, from buffers that stay in place, from a CUDA graph, and where it does not fit."""

import dataclasses
import gc
import weakref

import numpy as np
import pytest
import torch
from torch.nn import functional

from advisor.errors import DeviceMemoryError, UsageError
from calibration.training import model
from calibration.training import step as stepping
from calibration.training.execution import Execution
from calibration.training.model import document_losses, embedded, initial_weights
from calibration.training.schedule import Recipe, make_schedule
from calibration.training.shape import model_shape
from calibration.training.step import learn_at, step
from calibration.training.train import be_deterministic, train
from calibration.training.trunk import DataSource, Run, Trunk

SHAPE = model_shape(width=8, n_layers=2, n_heads=2, vocab_size=5, seq_len=16)
RUNS = (Run(seed=0, rate=0.02), Run(seed=1, rate=0.01))
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def trunk_of(runs=RUNS, device="cpu", **execution):
    """A ramp from batches of 4 documents to batches of 8, and three branches; each model has its own data."""
    plan = make_schedule(Recipe(batches=((0, 64), (1000, 128)), max_warmup=2), [640, 1280, 2560], seq_len=16)
    documents = torch.from_numpy(np.random.default_rng(0).integers(5, size=(len(runs), 288, 16))).int().to(device)
    sources = tuple(DataSource(documents=each[128:], validation=each[:128]) for each in documents)
    return Trunk(shape=SHAPE, plan=plan, runs=tuple(runs), sources=sources, execution=Execution(**execution))


def tensors(state):
    return state.weights, state.first, state.second


def assert_same_bits(state, other):
    for mine, theirs in zip(tensors(state), tensors(other), strict=True):
        assert torch.equal(mine, theirs)
    assert (state.n_steps, state.n_documents) == (other.n_steps, other.n_documents)


def test_a_step_is_torchs_optimizer_of_each_model_bit_for_bit():
    trunk = trunk_of()
    state = trunk.begin()
    models = [torch.nn.Parameter(row.clone()) for row in state.weights]
    options = {"betas": (0.9, 0.95), "eps": 1e-8, "weight_decay": 0, "fused": True}
    optimizers = [torch.optim.AdamW([each], lr=torch.zeros(()), **options) for each in models]
    for number in range(28):
        first, size = state.n_documents, trunk.plan.batch(state.n_documents)
        batch = torch.stack([source.documents[first : first + size] for source in trunk.sources])
        weights = torch.stack([each.detach() for each in models]).requires_grad_()
        losses = document_losses(SHAPE, weights, batch).mean(dim=1)
        (gradient,) = torch.autograd.grad(losses.sum(), weights)
        gradient *= (1.0 / (gradient.norm(dim=1, keepdim=True) + 1e-6)).clamp(max=1.0)
        for each, row, run, optimizer in zip(models, gradient, RUNS, optimizers, strict=True):
            each.grad = row
            optimizer.param_groups[0]["lr"].fill_(trunk.plan.rate(number, first) * run.rate)
            optimizer.step()
        assert torch.equal(step(trunk, state), losses.detach())
        assert torch.equal(state.weights, torch.stack([each.detach() for each in models]))
        for mine, name in ((state.first, "exp_avg"), (state.second, "exp_avg_sq")):
            assert torch.equal(mine, torch.stack([o.state[m][name] for o, m in zip(optimizers, models, strict=True)]))
        assert (state.n_steps, state.n_documents) == (number + 1, first + size)


def test_a_step_from_tensors_alone_is_the_same_bit_for_bit():
    trunk = trunk_of()
    state, static = trunk.begin(), trunk.begin()
    position, numbers = torch.zeros((), dtype=torch.int64), torch.zeros(3)
    for _ in range(20):
        position.fill_(state.n_documents)
        share = trunk.plan.rate(state.n_steps, state.n_documents)
        numbers.copy_(torch.tensor([*(share * run.rate for run in RUNS), state.n_steps + 1]))
        losses = learn_at(trunk, static, position, trunk.plan.batch(state.n_documents), numbers)
        assert torch.equal(losses, step(trunk, state))
        for mine, theirs in zip(tensors(static), tensors(state), strict=True):
            assert torch.equal(mine, theirs)
    assert (static.n_steps, static.n_documents) == (0, 0)


def test_a_graphs_buffers_train_to_the_same_measurements():
    trunk, seen = trunk_of(graph=True), []
    whole = list(train(trunk_of()))

    def save(progress):
        if progress.on_trunk:
            seen.append(progress.state.copy())

    assert list(train(trunk, on_step=save)) == whole
    for state in seen[::4]:
        left = [row for row, b in zip(whole, trunk.plan.branches, strict=True) if b.start >= state.n_documents]
        assert list(train(trunk, state=state)) == left
        assert list(train(trunk_of(), state=state)) == left


def test_states_take_turns_at_the_buffers():
    trunk, other = trunk_of(graph=True), trunk_of()
    one, two = trunk.begin(), trunk.begin()
    lone, ltwo = other.begin(), other.begin()
    kept = []
    for turn in (0, 0, 1, 0, 1, 1, 0):
        mine, plain = ((one, lone), (two, ltwo))[turn]
        kept.append((step(trunk, mine), step(other, plain)))
        assert_same_bits(one, lone)
        assert_same_bits(two, ltwo)
    assert all(torch.equal(mine, plain) for mine, plain in kept)  # no loss is overwritten by a later step
    assert one.weights.data_ptr() != two.weights.data_ptr()


def test_buffers_go_with_their_trunk_and_not_into_another():
    trunk = trunk_of(graph=True)
    step(trunk, trunk.begin())
    smaller = trunk.only([1], [RUNS[1]])
    assert smaller.capture is not trunk.capture
    assert step(smaller, smaller.begin()).shape == (1,)
    gone = weakref.ref(trunk.capture)
    del trunk
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("micro_batch", [1, 2, 3, 7])
@pytest.mark.parametrize("graph", [False, True])
def test_pieces_of_a_batch_add_up_to_it(micro_batch, graph):
    whole, pieces = trunk_of(), trunk_of(micro_batch=micro_batch, graph=graph)
    state, other = whole.begin(), pieces.begin()
    for _ in range(25):  # batches of 4 and of 8
        torch.testing.assert_close(step(pieces, other), step(whole, state), rtol=1e-4, atol=1e-6)
    assert not torch.equal(other.weights, state.weights)
    torch.testing.assert_close(other.weights, state.weights, rtol=1e-2, atol=2e-3)


@pytest.mark.parametrize("micro_batch", [1, 3, 7])
def test_the_gradient_of_pieces_is_the_batchs(micro_batch):
    whole, pieces = trunk_of(), trunk_of(micro_batch=micro_batch)
    weights = initial_weights(SHAPE, [0, 1]) + 0.05
    batch = torch.stack([source.documents[:8] for source in whole.sources])
    expected, found = stepping._gradient(whole, weights, batch), stepping._gradient(pieces, weights, batch)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)


def test_a_micro_batch_as_large_as_the_batch_changes_no_bit():
    whole, same = trunk_of(), trunk_of(micro_batch=8)
    state, other = whole.begin(), same.begin()
    for _ in range(5):
        step(whole, state)
        step(same, other)
    assert_same_bits(state, other)


def test_a_micro_batch_of_nothing_is_said():
    with pytest.raises(UsageError, match=r"^A micro-batch of 0 documents cannot be trained on: give at least 1\.$"):
        trunk_of(micro_batch=0)


def test_the_embedding_for_graphs_is_torchs():
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(3, 7, 4, generator=generator)
    ids = torch.randint(7, (3, 50), generator=generator)
    out = torch.randn(3, 50, 4, generator=generator)
    found = []
    for rows in (embedded, model._Embedded.apply):
        leaf = table.clone().requires_grad_()
        x = rows(leaf, ids)
        found.append((x.detach(), *torch.autograd.grad((x * out).sum(), leaf)))
    expected = torch.stack([functional.embedding(one, rows) for one, rows in zip(ids, table, strict=True)])
    assert torch.equal(found[0][0], expected)
    assert torch.equal(found[1][0], expected)
    torch.testing.assert_close(found[1][1], found[0][1], rtol=1e-5, atol=1e-6)


def test_the_gradient_of_the_embedding_for_graphs_is_a_product_in_the_dtype_of_the_others():
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(2, 7, 4, generator=generator, requires_grad=True)
    ids, out = torch.randint(7, (2, 50), generator=generator), torch.randn(2, 50, 4, generator=generator)
    (exact,) = torch.autograd.grad((model._Embedded.apply(table, ids) * out).sum(), table)
    with torch.autocast("cpu", torch.bfloat16):
        x = model._Embedded.apply(table, ids)
    (rounded,) = torch.autograd.grad((x * out).sum(), table)
    assert rounded.dtype == torch.float32
    assert torch.equal(rounded, rounded.bfloat16().float())
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=1e-2, atol=5e-2)


def small_memory(monkeypatch, n_documents):
    """Have a device on which more than so many documents of one model run out of memory, as CUDA says it."""

    def losses(shape, weights, documents, execution):
        if len(weights) * documents.shape[1] > n_documents:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return document_losses(shape, weights, documents, execution)

    monkeypatch.setattr(stepping, "document_losses", losses)


@pytest.mark.parametrize("graph", [False, True])
def test_a_step_that_does_not_fit_is_said_and_changes_nothing(monkeypatch, graph):
    trunk = trunk_of(graph=graph)
    state = trunk.begin()
    step(trunk, state)
    before = state.copy()
    small_memory(monkeypatch, 7)
    with pytest.raises(DeviceMemoryError) as error:
        step(trunk, state)
    assert str(error.value) == (
        "A training step of 2 models of 1,400 parameters with 4 documents at once does not fit into the memory of "
        "cpu: give fewer models or a smaller micro-batch."
    )
    assert_same_bits(state, before)
    assert step(dataclasses.replace(trunk, execution=Execution(micro_batch=2)), state).shape == (2,)


@needs_cuda
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("micro_batch", [None, 3])
def test_a_cuda_graph_trains_as_the_eager_step(dtype, micro_batch):
    be_deterministic()
    try:
        options = {"device": "cuda", "dtype": dtype, "micro_batch": micro_batch}
        eager, graph = trunk_of(**options), trunk_of(graph=True, **options)
        state, other = eager.begin(), graph.begin()
        for number in range(25):  # two batch sizes, so two graphs
            expected, found = step(eager, state), step(graph, other)
            torch.testing.assert_close(found, expected, rtol=1e-3 if dtype == "bfloat16" else 1e-5, atol=1e-4)
            if not number:  # had the warm-up trained the model, it would be ahead
                torch.testing.assert_close(other.weights, state.weights, rtol=1e-3, atol=1e-4)
        again = trunk_of(graph=True, **options)
        assert list(train(again)) == list(train(graph))
    finally:
        torch.set_deterministic_debug_mode("default")


@needs_cuda
def test_more_tokens_than_torchs_embedding_can_capture_are_captured():
    shape = model_shape(width=16, n_layers=1, n_heads=1, vocab_size=5, seq_len=256)
    documents = torch.randint(5, (256, 256), dtype=torch.int32, device="cuda")
    plan = make_schedule(Recipe(batches=((0, 32 * 256),)), [128 * 256], seq_len=256)
    source = DataSource(documents=documents, validation=documents[:128])
    losses = []
    for graph in (False, True):
        trunk = Trunk(shape=shape, plan=plan, runs=RUNS[:1], sources=(source,), execution=Execution(graph=graph))
        state = trunk.begin()
        losses.append(torch.cat([step(trunk, state) for _ in range(3)]))
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-4, atol=1e-5)
