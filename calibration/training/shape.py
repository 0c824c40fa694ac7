"""The shape of a model that is trained, without torch: a ledger is fitted again where nothing can be trained."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """The shape of a model, and what follows from it: exact parameter groups and FLOPs."""

    width: int
    n_layers: int
    n_heads: int
    vocab_size: int
    seq_len: int = 256

    def __post_init__(self) -> None:
        if min(self.width, self.n_layers, self.n_heads, self.vocab_size, self.seq_len) < 1:
            raise UsageError(f"{self} cannot be built: every size must be at least 1.")
        if self.width % (2 * self.n_heads):
            raise UsageError(
                f"{self.n_heads} heads cannot share a width of {self.width}: rotary positions need a width that is a "
                f"multiple of {2 * self.n_heads}."
            )

    @property
    def n_embedding(self) -> int:
        """Parameters of the token embedding, V d."""
        return self.vocab_size * self.width

    @property
    def n_head(self) -> int:
        """Parameters of the untied output head, d V."""
        return self.width * self.vocab_size

    @property
    def n_non_embedding(self) -> int:
        """Parameters that are neither embedding nor head, L (4 d^2 + 6 d^2 + 2 d) + d.

        In each layer queries, keys, values and output are d x d each, and gate, up and down of the feed-forward, which
        is 2d wide, d x 2d each. Two RMSNorms a layer and a last one have d gains each; there are no biases.
        """
        d = self.width
        return self.n_layers * (4 * d**2 + 6 * d**2 + 2 * d) + d

    @property
    def n_params(self) -> int:
        """All parameters."""
        return self.n_embedding + self.n_non_embedding + self.n_head

    @property
    def flops_per_token(self) -> int:
        """FLOPs of training on one token, 6 (L (4 d^2 + 6 d^2) + L 2 d T/2 + V d).

        A multiply and an add for each weight of a matrix, and twice that again for the backward pass, make 6. Attention
        multiplies queries with keys and probabilities with values, d each for every position seen: T/2 on average, as
        the upper triangle is masked. The head counts, V d; the embedding is a table and costs nothing, and gains, norms
        and softmax are left out. 6 N with N all parameters would count the embedding and miss the attention.

        >>> ModelShape(width=64, n_layers=2, n_heads=1, vocab_size=301).flops_per_token
        803712
        """
        d = self.width
        attention = self.n_layers * 2 * d * self.seq_len // 2
        return 6 * (self.n_layers * (4 * d**2 + 6 * d**2) + attention + self.vocab_size * d)

    def layout(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each group of weights, in the order of the columns; layers come first within a group."""
        d, layers = self.width, self.n_layers
        return {
            "embedding": (self.vocab_size, d),
            "attention_gain": (layers, d),
            "qkv": (layers, d, 3 * d),
            "attention_out": (layers, d, d),
            "ffn_gain": (layers, d),
            "gate_up": (layers, d, 4 * d),
            "ffn_out": (layers, 2 * d, d),
            "last_gain": (d,),
            "head": (d, self.vocab_size),
        }
