"""The shape of a decoder-only model for a number of parameters, with its exact parameters and FLOPs per token.

RMSNorm before each block, rotary positions, causal attention, a gated feed-forward, no biases, an untied head. The
proportions are conventions, not laws: published models are about 64 (GPT-2 small, 768 wide and 12 deep) to 128 (GPT-3,
12288 and 96) times as wide as deep, and a gated feed-forward of 8/3 of the width has the 8 d^2 parameters of a plain
one of 4 d.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from advisor.errors import UsageError
from advisor.laws.scaling_law import Count
from advisor.quantities import check_number

if TYPE_CHECKING:
    from advisor.explanation import Page

# The pieces of the default tokenizer, which H is measured with.
DEFAULT_VOCAB_SIZE = 32_000
DEFAULT_CONTEXT = 2048
TOLERANCE = 0.02  # how far a shape's parameters may be from those asked for
LARGEST = 1e14  # parameters; nothing near it was ever trained, and the search would be long

_LARGE = 1e9  # parameters from which a model has the second of each pair, else the first
_ASPECTS = (64, 128)  # width over depth
HEAD_WIDTHS = (64, 128)
_FFN = (8, 3)  # feed-forward over width, as a fraction
_FFN_RATIO = _FFN[0] / _FFN[1]


class _Grid(NamedTuple):
    """What widths and feed-forward widths are multiples of, and how odd that is beside odd proportions.

    ``ffn_step`` None keeps the feed-forward at 8/3 of the width, else it goes to whatever comes nearest.
    """

    width_step: int
    ffn_step: int | None
    oddity: float


# Matrix units like multiples of 128; what is smaller is for models so small that those come not within the tolerance.
_GRIDS = (
    _Grid(width_step=128, ffn_step=None, oddity=0.0),
    _Grid(width_step=128, ffn_step=64, oddity=0.2),
    _Grid(width_step=64, ffn_step=None, oddity=0.1),
    _Grid(width_step=64, ffn_step=64, oddity=0.3),
    _Grid(width_step=64, ffn_step=8, oddity=1.0),
)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A shape: ``width`` d, ``n_layers`` L, feed-forward ``ffn_width`` f, ``vocab_size`` V, ``context`` T in tokens."""

    width: int
    n_layers: int
    n_heads: int
    ffn_width: int
    vocab_size: int
    context: int

    JSON = (
        *("width", "n_layers", "n_heads", "head_width", "ffn_width", "vocab_size", "context_tokens=context"),
        *("n_params_total=n_params", "n_params_non_embedding=n_non_embedding", "flops_per_token"),
    )

    @property
    def head_width(self) -> int:
        """How wide each attention head is."""
        return self.width // self.n_heads

    @property
    def n_non_embedding(self) -> int:
        """Parameters that are neither embedding nor head, L (4 d^2 + 3 d f + 2 d) + d.

        In each layer queries, keys, values and output are d x d, gate, up and down d x f; two RMSNorms a layer and a
        last one have d gains each.
        """
        d = self.width
        return self.n_layers * (self._matrices + 2 * d) + d

    @property
    def n_params(self) -> int:
        """All parameters: the non-embedding ones, the embedding, V d, and the untied head, d V."""
        return self.n_non_embedding + 2 * self.vocab_size * self.width

    @property
    def flops_per_token(self) -> int:
        """Training FLOPs for each token, 6 (L (4 d^2 + 3 d f) + L 2 d T/2 + V d).

        6 = 2 for a multiply and an add by each weight, times 3 as the backward pass costs twice the forward one.
        L (4 d^2 + 3 d f): the weights of the layers' matrices, each used once a token. L 2 d T/2: queries times keys
        and probabilities times values, d each for every position seen, T/2 of them on average because attention is
        causal. V d: the head. The embedding is a table and costs nothing; gains, norms and softmax are left out.
        6 N with N all parameters would count the embedding and miss the attention.

        >>> Architecture(
        ...     width=64, n_layers=2, n_heads=1, ffn_width=128, vocab_size=301, context=256
        ... ).flops_per_token
        803712
        """
        d, layers = self.width, self.n_layers
        return 6 * (layers * self._matrices + layers * 2 * d * self.context // 2 + self.vocab_size * d)

    @property
    def deepseek_flops_per_token(self) -> int:
        """DeepSeek LLM's model scale M, 6 L (4 d^2 + 3 d f) + 12 L d T FLOPs for each token.

        The paper (arXiv:2401.02954, eq. 2) writes 72 L d^2 + 12 L d T: its layers have 12 d^2 parameters, attention is
        counted over all T positions, and neither embedding nor head is.
        """
        return 6 * self.n_layers * self._matrices + 12 * self.n_layers * self.width * self.context

    def params_counted(self, count: Count) -> int:
        """Return the parameters by one convention; where a law's is not known, all of them."""
        return self.n_non_embedding if count == "non-embedding" else self.n_params

    @property
    def _matrices(self) -> int:
        return 4 * self.width**2 + 3 * self.width * self.ffn_width


def find_architecture(
    n_params: float, *, count: Count, vocab_size: int = DEFAULT_VOCAB_SIZE, context: int = DEFAULT_CONTEXT
) -> Architecture | None:
    """Return the shape with the usual proportions whose parameters are within 2 % of ``n_params``, or None.

    ``count`` says which parameters ``n_params`` counts. None: no shape with heads of 64 or 128 comes so near, because
    the vocabulary alone has more parameters, or the number is beyond 1e14.

    >>> shape = find_architecture(7e9, count="total")
    >>> shape.width, shape.n_layers, shape.n_heads, shape.ffn_width, f"{shape.n_params:.3e}"
    (4096, 34, 32, 10880, '7.090e+09')
    """
    n_params = float(n_params)
    if not 1 <= n_params <= LARGEST:
        return None
    found: list[tuple[float, Architecture]] = []
    for grid in _GRIDS:
        if found and n_params >= _LARGE:
            break  # a large model takes the first grid that serves
        for shape in _candidates(n_params, count, vocab_size, context, grid):
            error = abs(shape.params_counted(count) / n_params - 1)
            if error <= TOLERANCE:
                found.append((grid.oddity + _oddity(shape, n_params) + 10 * error, shape))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def check_model_options(vocab_size: int | None, context: int | None) -> None:
    """Raise UsageError unless the vocabulary and the context are of a size that a model can have."""
    for option, value, high in (("--vocab-size", vocab_size, 10_000_000), ("--context", context, 100_000_000)):
        if value is None:
            continue
        check_number(value, option)
        if not (hasattr(value, "__index__") and 2 <= value <= high):
            raise UsageError(f"{option} must be between 2 and {high}, not {value}.")


def _candidates(n_params: float, count: Count, vocab_size: int, context: int, grid: _Grid) -> Iterator[Architecture]:
    """Yield, for each width of the grid, the shapes of the two depths that come nearest to ``n_params``.

    Widths go up to three times that of a model of this size with the usual proportions, and down to the narrowest,
    which small models with large vocabularies need.
    """
    aspect, head_width = _conventions(n_params)
    ideal = (n_params * aspect / 12) ** (1 / 3)  # 12 d^2 parameters a layer, and d/aspect layers
    step = grid.width_step * 2 ** max(math.floor(math.log2(ideal / 1024)), 0)  # about ten to thirty widths are tried
    for width in range(step, max(int(3 * ideal), 2 * step) + 1, step):
        usual = _multiple(_FFN_RATIO * width, grid.width_step)
        left = n_params - (0 if count == "non-embedding" else 2 * vocab_size * width)
        depth = left / (4 * width**2 + 3 * width * usual + 2 * width)
        for n_layers in {max(math.floor(depth), 1), math.ceil(max(depth, 1))}:
            ffn_width = usual
            if grid.ffn_step is not None:
                exact = (left / n_layers - 4 * width**2) / (3 * width)
                ffn_width = _multiple(min(max(exact, width), 5 * width), grid.ffn_step)
            yield Architecture(
                width=width,
                n_layers=n_layers,
                n_heads=width // (head_width if width % head_width == 0 else HEAD_WIDTHS[0]),
                ffn_width=ffn_width,
                vocab_size=vocab_size,
                context=context,
            )


def _conventions(n_params: float) -> tuple[int, int]:
    """Return width over depth, and the width of a head, of models of about this size."""
    large = n_params >= _LARGE
    return _ASPECTS[large], HEAD_WIDTHS[large]


def _multiple(exact: float, step: int) -> int:
    """Return the multiple of ``step`` next to ``exact``, at least one."""
    return max(round(exact / step), 1) * step


def _oddity(shape: Architecture, n_params: float) -> float:
    """Return how far the proportions are from the usual ones, in logarithms."""
    aspect, _ = _conventions(n_params)
    depth = abs(math.log(shape.width / (aspect * shape.n_layers)))
    return depth + abs(math.log(shape.ffn_width / (_FFN_RATIO * shape.width)))


def explain_shape(page: Page, shape: Architecture, *, exact_flops: float | None, exact_over_6nd: float | None) -> None:
    """Explain the plan's shape; ``exact_flops`` are those of its D, ``exact_over_6nd`` is them over C_plan."""
    from advisor.explanation import file_of

    file, key = file_of(__name__), "plan.shape"
    conventions = (
        f"{file}: within {100 * TOLERANCE:g} % of N, the proportions nearest to width over depth of {_ASPECTS[0]} "
        f"({_ASPECTS[1]} from {_LARGE / 1e9:g}B parameters) and feed-forward over width of {_FFN[0]}/{_FFN[1]}, which "
        f"are conventions; heads of {HEAD_WIDTHS[0]} or {HEAD_WIDTHS[1]}"
    )
    for name, field, value, source in (
        ("d", "width", shape.width, conventions),
        ("n_layers", "n_layers", shape.n_layers, conventions),
        ("head_width", "head_width", shape.head_width, conventions),
        ("f", "ffn_width", shape.ffn_width, conventions),
        ("V", "vocab_size", shape.vocab_size, "given, or the default"),
        ("T_context", "context_tokens", shape.context, "given, or the default"),
    ):
        page.take(name, "chosen", source, value=value, key=f"{key}.{field}")
    page.add("n_heads", "d//head_width", "width over the width of a head", value=shape.n_heads, key=f"{key}.n_heads")
    weights = "n_layers*(4*d**2 + 3*d*f + 2*d) + d"
    source = f"{file}, n_non_embedding: matrices and gains of each layer, and the last gains"
    page.add("P", weights, source, value=shape.n_non_embedding, key=f"{key}.n_params_non_embedding")
    page.add("P_total", "P + 2*V*d", "with embedding and head", value=shape.n_params, key=f"{key}.n_params_total")
    exact = "6*(n_layers*(4*d**2 + 3*d*f) + n_layers*2*d*T_context//2 + V*d)"
    source = f"{file}, flops_per_token: matrices, causal attention and the head, forward and backward"
    page.add("flops_per_token", exact, source, value=shape.flops_per_token, key=f"{key}.flops_per_token")
    page.add("exact_flops", "flops_per_token*D_plan", "for all tokens", value=exact_flops, key=f"{key}.exact_flops")
    ratio = f"{key}.exact_over_6nd"
    page.add("exact_over_6nd", "exact_flops/C_plan", "against 6 N D", value=exact_over_6nd, key=ratio)
