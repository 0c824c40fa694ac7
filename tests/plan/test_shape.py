"""Shapes: exact counts against a trainer's, FLOPs against the published table of grid shapes, what is found for N."""

import math

import pytest

from advisor.errors import UsageError
from advisor.plan.shape import TOLERANCE, Architecture, check_model_options, find_architecture
from calibration.training.shape import layout

# width, layers, heads; non-embedding parameters; FLOPs per token at V = 301, 2001 and 32001; T = 256, FFN 2d gated.
GRID_SHAPES = [
    ((64, 2, 1), 0.082e6, (8.0e5, 1.46e6, 1.30e7)),
    ((128, 4, 2), 0.657e6, (4.95e6, 6.26e6, 2.93e7)),
    ((256, 6, 4), 3.94e6, (2.64e7, 2.90e7, 7.51e7)),
    ((512, 10, 8), 26.2e6, (1.66e8, 1.71e8, 2.64e8)),
    ((1024, 20, 16), 209.8e6, (1.29e9, 1.30e9, 1.49e9)),
    ((2048, 30, 32), 1258e6, (7.65e9, 7.67e9, 8.04e9)),
]


def narrow(width, n_layers, n_heads, vocab_size, context=256):
    """Return a shape whose feed-forward is 2d wide, as the grid's are."""
    return Architecture(
        width=width, n_layers=n_layers, n_heads=n_heads, ffn_width=2 * width, vocab_size=vocab_size, context=context
    )


@pytest.mark.parametrize(("sizes", "n_non_embedding", "flops"), GRID_SHAPES)
def test_the_table_of_grid_shapes(sizes, n_non_embedding, flops):
    shapes = [narrow(*sizes, vocab_size) for vocab_size in (301, 2001, 32001)]
    assert shapes[0].n_non_embedding == pytest.approx(n_non_embedding, rel=7e-3)
    assert [shape.flops_per_token for shape in shapes] == pytest.approx(flops, rel=6e-3)


@pytest.mark.parametrize("sizes", [sizes for sizes, _, _ in GRID_SHAPES])
def test_counts_are_those_of_the_weights_that_are_trained(sizes):
    shape = narrow(*sizes, 2001)
    groups = {name: math.prod(size) for name, size in layout(shape).items()}
    assert sum(groups.values()) == shape.n_params
    assert shape.n_params - groups["embedding"] - groups["head"] == shape.n_non_embedding


def test_flops_grow_with_context_and_vocabulary_as_derived():
    base, longer, richer = narrow(512, 10, 8, 1000), narrow(512, 10, 8, 1000, context=258), narrow(512, 10, 8, 1001)
    # 6 L 2 d / 2 for each position of context, 6 d for each piece of vocabulary.
    assert longer.flops_per_token - base.flops_per_token == 2 * 6 * 10 * 512
    assert richer.flops_per_token - base.flops_per_token == 6 * 512
    assert (richer.n_params - base.n_params, longer.n_params - base.n_params) == (2 * 512, 0)


def test_deepseek_scale_is_the_papers_with_layers_of_12_d_squared():
    # arXiv:2401.02954: M = 72 n_layer d^2 + 12 n_layer d l_seq; 4 d^2 + 3 d f = 12 d^2 at f = 8/3 d.
    shape = Architecture(width=3072, n_layers=24, n_heads=24, ffn_width=8192, vocab_size=32000, context=4096)
    assert shape.deepseek_flops_per_token == 72 * 24 * 3072**2 + 12 * 24 * 3072 * 4096


@pytest.mark.parametrize("count", ["total", "non-embedding"])
@pytest.mark.parametrize("vocab_size", [257, 32000, 128256])
def test_every_size_has_a_shape_that_keeps_the_rules(count, vocab_size):
    smallest = 2 * vocab_size * 64 * 1.1 + 1e5 if count == "total" else 1e5
    for step in range(200):
        n_params = smallest * (1e14 / smallest) ** (step / 199)
        shape = find_architecture(n_params, count=count, vocab_size=vocab_size)
        assert shape is not None, n_params
        assert abs(shape.params_counted(count) / n_params - 1) <= TOLERANCE
        assert shape.head_width in (64, 128)
        assert shape.n_heads * shape.head_width == shape.width
        assert shape.ffn_width % 8 == 0
        assert shape.n_layers >= 1
        if n_params >= 1e9:
            assert shape.width % 128 == 0
            assert shape.ffn_width % 128 == 0
            if vocab_size * shape.width < n_params / 10:
                assert 64 < shape.width / shape.n_layers < 256


def test_a_known_model_is_found():
    # GPT-3: 96 layers, 12288 wide, 96 heads of 128 (Brown et al. 2020, table 2.1).
    shape = find_architecture(175e9, count="total", vocab_size=50257)
    assert shape is not None
    assert (shape.width, shape.n_layers, shape.n_heads, shape.ffn_width) == (12288, 96, 96, 32768)


def test_an_unknown_convention_is_taken_as_total():
    assert find_architecture(3e9, count="unknown") == find_architecture(3e9, count="total")
    assert find_architecture(3e9, count="non-embedding") != find_architecture(3e9, count="total")


@pytest.mark.parametrize("n_params", [0.0, 1e6, 2e14, math.inf, math.nan])
def test_there_is_no_shape_where_the_vocabulary_alone_is_larger_or_nothing_was_trained(n_params):
    assert find_architecture(n_params, count="total") is None


@pytest.mark.parametrize(
    ("vocab_size", "context", "complaint"),
    [
        (1, None, "--vocab-size must be between 2 and 10000000, not 1."),
        (None, 100_000_001, "--context must be between 2 and 100000000, not 100000001."),
    ],
)
def test_sizes_that_no_model_has(vocab_size, context, complaint):
    with pytest.raises(UsageError) as caught:
        check_model_options(vocab_size, context)
    assert str(caught.value) == complaint
