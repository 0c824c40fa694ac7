"""The model against a naive loop, hand counts and the table of sizes."""

import cmath
import math

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from advisor.errors import UsageError
from calibration.training import model
from calibration.training.execution import Execution
from calibration.training.model import document_losses, initial_weights, logits, unpack
from calibration.training.shape import layout, model_shape

SMALL = model_shape(width=12, n_layers=2, n_heads=3, vocab_size=7, seq_len=9)


def random_weights(shape, n_models):
    """Weights that are all different from 0 and 1, head and gains too."""
    weights = initial_weights(shape, range(n_models))
    return weights + 0.3 * torch.randn(weights.shape, generator=torch.Generator().manual_seed(99))


def random_tokens(shape, n_models, n_rows, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(shape.vocab_size, (n_models, n_rows, shape.context), generator=generator)


def naive_logits(shape, weights, tokens):
    """Scores of one document by loops over positions, heads and pairs, in float64; rotations as complex numbers."""
    w = {name: group[0].double().numpy() for name, group in unpack(shape, weights).items()}
    head = shape.width // shape.n_heads

    def norm(x, gain):
        return x / np.sqrt((x**2).mean() + 1e-6) * gain

    def turned(x, place):
        z = x[: head // 2] + 1j * x[head // 2 :]
        z = z * [cmath.exp(1j * place * 10_000 ** (-2 * k / head)) for k in range(head // 2)]
        return np.concatenate([z.real, z.imag])

    stream = [w["embedding"][token].copy() for token in tokens]
    for layer in range(shape.n_layers):
        read = [norm(x, w["attention_gain"][layer]) @ w["qkv"][layer] for x in stream]
        for t, x in enumerate(stream):
            mixed = []
            for h in range(shape.n_heads):
                query, key, value = (
                    slice(g * shape.width + h * head, g * shape.width + (h + 1) * head) for g in range(3)
                )
                scores = [turned(read[t][query], t) @ turned(read[s][key], s) / math.sqrt(head) for s in range(t + 1)]
                weight = np.exp(scores) / np.exp(scores).sum()
                mixed.append(sum(weight[s] * read[s][value] for s in range(t + 1)))
            x += np.concatenate(mixed) @ w["attention_out"][layer]
        for x in stream:
            both = norm(x, w["ffn_gain"][layer]) @ w["gate_up"][layer]
            gate, up = both[: 2 * shape.width], both[2 * shape.width :]
            x += (gate / (1 + np.exp(-gate)) * up) @ w["ffn_out"][layer]
    return np.array([norm(x, w["last_gain"]) @ w["head"] for x in stream])


def test_logits_are_those_of_a_naive_loop():
    weights, tokens = random_weights(SMALL, 1), random_tokens(SMALL, 1, 2)
    found = logits(SMALL, weights, tokens)
    assert found.shape == (1, 2, 9, 7)
    for row in range(2):
        expected = naive_logits(SMALL, weights, tokens[0, row].tolist())
        assert np.abs(expected).max() > 1
        np.testing.assert_allclose(found[0, row].numpy(), expected, atol=2e-5)


def test_no_score_depends_on_a_later_token():
    weights, tokens = random_weights(SMALL, 1), random_tokens(SMALL, 1, 1)
    before = logits(SMALL, weights, tokens)
    for place in range(SMALL.context):
        changed = tokens.clone()
        changed[0, 0, place] = (changed[0, 0, place] + 1) % SMALL.vocab_size
        moved = (logits(SMALL, weights, changed) - before).abs().amax(dim=-1)[0, 0]
        assert (moved[:place] == 0).all()
        assert (moved[place:] > 1e-4).all()


def test_a_stack_gives_each_models_own_scores():
    weights, tokens = random_weights(SMALL, 3), random_tokens(SMALL, 3, 2)
    stacked = logits(SMALL, weights, tokens)
    for i in range(3):
        single = logits(SMALL, weights[i : i + 1], tokens[i : i + 1])
        torch.testing.assert_close(stacked[i : i + 1], single, atol=1e-5, rtol=1e-5)
    assert (stacked[0] - stacked[1]).abs().max() > 1


def test_one_size_counted_by_hand():
    shape = model_shape(width=64, n_layers=2, n_heads=1, vocab_size=301)
    assert 301 * 64 == 19_264  # of the embedding, and of the head
    # A layer: four 64 x 64, three 64 x 128 and two rows of gains; then one more row of gains.
    assert shape.n_non_embedding == 2 * (4 * 4096 + 3 * 8192 + 2 * 64) + 64 == 82_240
    assert shape.n_params == 82_240 + 2 * 19_264 == 120_768
    # Multiply-adds of a token: 40,960 weights a layer, 2 x 64 for each of 128 positions a layer, 19,264 of the head.
    assert shape.flops_per_token == 6 * (2 * 40_960 + 2 * 2 * 64 * 128 + 19_264) == 803_712
    assert sum(group[0].numel() for group in unpack(shape, initial_weights(shape, [0])).values()) == shape.n_params
    assert initial_weights(shape, [0, 1]).shape == (2, shape.n_params)


@pytest.mark.parametrize(
    ("width", "n_layers", "n_heads", "non_embedding", "totals", "flops"),
    [
        (64, 2, 1, 0.082e6, (0.085e6, 0.121e6, 0.338e6, 4.18e6), (8.0e5, 1.46e6, 1.30e7)),
        (128, 4, 2, 0.657e6, (0.662e6, 0.734e6, 1.17e6, 8.85e6), (4.95e6, 6.26e6, 2.93e7)),
        (256, 6, 4, 3.94e6, (3.95e6, 4.09e6, 4.96e6, 20.3e6), (2.64e7, 2.90e7, 7.51e7)),
        (512, 10, 8, 26.2e6, (26.2e6, 26.5e6, 28.3e6, 59.0e6), (1.66e8, 1.71e8, 2.64e8)),
        (1024, 20, 16, 209.8e6, (209.8e6, 210.4e6, 213.9e6, 275.3e6), (1.29e9, 1.30e9, 1.49e9)),
        (2048, 30, 32, 1258e6, (1259e6, 1260e6, 1267e6, 1389e6), (7.65e9, 7.67e9, 8.04e9)),
    ],
)
def test_the_published_sizes(width, n_layers, n_heads, non_embedding, totals, flops):
    """To half a unit of the last digit that the table of these sizes prints, which is at most .7 %."""
    shapes = [
        model_shape(width=width, n_layers=n_layers, n_heads=n_heads, vocab_size=v) for v in (21, 301, 2001, 32001)
    ]
    assert shapes[0].n_non_embedding == pytest.approx(non_embedding, rel=7e-3)
    assert [shape.n_params for shape in shapes] == pytest.approx(totals, rel=5e-3)
    assert [shape.flops_per_token for shape in shapes[1:]] == pytest.approx(flops, rel=5e-3)


def test_training_begins_at_ln_v_and_every_token_of_a_document_counts():
    documents = random_tokens(SMALL, 2, 3)
    first = document_losses(SMALL, initial_weights(SMALL, [0, 1]), documents)
    torch.testing.assert_close(first, torch.full((2, 3), math.log(7)))
    weights = random_weights(SMALL, 1)
    document = documents[:1, :1]
    scores = naive_logits(SMALL, weights, [0, *document[0, 0, :-1].tolist()])
    chosen = scores[np.arange(9), document[0, 0].numpy()] - np.log(np.exp(scores).sum(axis=1))
    assert document_losses(SMALL, weights, document).item() == pytest.approx(-chosen.mean(), rel=1e-5)


def test_the_same_seed_gives_the_same_weights_in_any_stack():
    one, two = initial_weights(SMALL, [5]), initial_weights(SMALL, [4, 5])
    assert torch.equal(one[0], two[1])
    assert not torch.equal(two[0], two[1])
    shape = model_shape(width=64, n_layers=8, n_heads=1, vocab_size=30)
    groups = unpack(shape, initial_weights(shape, [0]))
    assert groups["qkv"].std().item() == pytest.approx(1 / 8, rel=0.02)
    assert groups["ffn_out"].std().item() == pytest.approx(1 / math.sqrt(128) / 4, rel=0.02)


def test_half_precision_is_close_to_single():
    weights, documents = random_weights(SMALL, 2), random_tokens(SMALL, 2, 4)
    exact = document_losses(SMALL, weights, documents)
    half = document_losses(SMALL, weights, documents, Execution(dtype="bfloat16"))
    assert half.dtype == torch.float32
    assert 0 < (half / exact - 1).abs().max() < 0.02


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"n_layers": 0},
            "A model 12 wide with 0 layers, 3 heads, a vocabulary of 7 and sequences of 9 cannot be built: every size "
            "must be at least 1.",
        ),
        ({"n_heads": 4}, "4 heads cannot share a width of 12: rotary positions need a width that is a multiple of 8."),
    ],
)
def test_a_shape_that_cannot_be_built_is_said(changes, message):
    sizes = {"width": 12, "n_layers": 2, "n_heads": 3, "vocab_size": 7, "seq_len": 9, **changes}
    with pytest.raises(UsageError) as error:
        model_shape(**sizes)
    assert str(error.value) == message


class Casts(TorchDispatchMode):
    """The number of casts of matrices as large as a layer's, or as all layers' together."""

    def __init__(self, shape):
        super().__init__()
        whole = [size for name, size in layout(shape).items() if name.endswith(("qkv", "out", "up"))]
        self.sizes = {*whole, *(size[1:] for size in whole)}
        self.n = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        size = tuple(args[0].shape[1:]) if args and isinstance(args[0], torch.Tensor) else ()
        self.n += func.overloadpacket.__name__ == "_to_copy" and size in self.sizes
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("n_layers", [2, 5])
def test_weights_are_cast_once_for_all_layers_to_the_bits_of_a_cast_in_each(monkeypatch, n_layers):
    shape = model_shape(width=12, n_layers=n_layers, n_heads=3, vocab_size=7, seq_len=9)
    tokens = random_tokens(shape, 2, 4)

    def found():
        weights = random_weights(shape, 2).requires_grad_()
        losses = document_losses(shape, weights, tokens, Execution(dtype="bfloat16"))
        return losses.detach(), *torch.autograd.grad(losses.sum(), weights)

    with Casts(shape) as casts:
        once = found()
    assert casts.n == 2 * 4  # of four groups, and of their gradients
    monkeypatch.setattr(model, "_as_products", lambda name, group: group)
    for mine, theirs in zip(once, found(), strict=True):
        assert torch.equal(mine, theirs)
