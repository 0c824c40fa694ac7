"""A batch size and a peak learning rate to begin with, from published rules: where to start a search, not its result.

The two rules disagree: on DeepSeek's own 7B model and 2T tokens, by 2.7 times on the learning rate. Each holds for its
paper's optimiser and schedule (AdamW; DeepSeek's in steps, Step Law's a cosine to a fixed 1e-5) and parametrisation.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.plan.shape import Architecture
from advisor.quantities import format_flops, format_quantity


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """What one rule suggests for a run on ``n_tokens``: tokens a step, and the peak learning rate.

    ``beyond`` says what is outside the rule's range; ``context`` is in tokens a sequence.
    """

    rule: str
    source: str
    formula: str
    takes: str
    fitted_on: str
    batch_tokens: float
    learning_rate: float
    beyond: str | None
    n_tokens: float
    context: int

    JSON = (
        *("rule", "source", "formula", "takes", "fitted_on", "outside_range=beyond", "batch_tokens"),
        *("batch_sequences", "peak_learning_rate=learning_rate", "n_steps", "-n_tokens", "-context"),
    )

    @property
    def batch_sequences(self) -> float:
        """The sequences of a step."""
        return self.batch_tokens / self.context

    @property
    def n_steps(self) -> float:
        """The steps of this batch that the tokens are."""
        return self.n_tokens / self.batch_tokens


def deepseek(shape: Architecture, n_tokens: float) -> Hyperparameters:
    """Return DeepSeek LLM's rule (2024, arXiv:2401.02954, eq. 1): eta = .3118 C^-.1250, B = .2920 C^.3271 tokens.

    C = M D FLOPs, with M the non-embedding FLOPs for each token, attention included. Fitted on runs of 1e17 to 2e19
    FLOPs and confirmed at 1e20; the paper's 7B and 67B models were set by it.
    """
    flops = shape.deepseek_flops_per_token * n_tokens
    return Hyperparameters(
        rule="DeepSeek LLM",
        source="DeepSeek LLM 2024, arXiv:2401.02954, eq. 1",
        formula="eta = .3118 C^-.1250, B = .2920 C^.3271 tokens",
        takes="C = M D, M the non-embedding FLOPs per token",
        fitted_on="1e17 to 2e19 FLOPs, confirmed at 1e20",
        batch_tokens=0.2920 * flops**0.3271,
        learning_rate=0.3118 * flops**-0.1250,
        beyond=None if 1e17 <= flops <= 1e20 else f"C = {format_flops(flops)}",
        n_tokens=n_tokens,
        context=shape.context,
    )


def step_law(shape: Architecture, n_tokens: float) -> Hyperparameters:
    """Return Step Law (Li et al. 2025, arXiv:2503.04715): eta = 1.79 N^-.713 D^.307, B = .58 D^.571 tokens.

    N are the parameters without the vocabulary's, D the training tokens. Fitted on models of 59M to 1B parameters and
    up to 100B tokens.
    """
    n_params = shape.n_non_embedding
    outside = [
        text
        for text, inside in (
            (f"N = {format_quantity(n_params)}", 59e6 <= n_params <= 1.1e9),  # the largest is called 1B
            (f"D = {format_quantity(n_tokens)}", n_tokens <= 100e9),
        )
        if not inside
    ]
    return Hyperparameters(
        rule="Step Law",
        source="Li et al. 2025, arXiv:2503.04715",
        formula="eta = 1.79 N^-.713 D^.307, B = .58 D^.571 tokens",
        takes="N non-embedding parameters, D tokens",
        fitted_on="59M to 1B parameters, up to 100B tokens",
        batch_tokens=0.58 * n_tokens**0.571,
        learning_rate=1.79 * n_params**-0.713 * n_tokens**0.307,
        beyond=" and ".join(outside) or None,
        n_tokens=n_tokens,
        context=shape.context,
    )
