"""A batch size and a peak learning rate to begin with, from published rules: where to start a search, not its result.

The two rules disagree: on DeepSeek's own 7B model and 2T tokens, by 2.7 times on the learning rate. Each holds for its
paper's optimiser and schedule (AdamW; DeepSeek's in steps, Step Law's a cosine to a fixed 1e-5) and parametrisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.plan.shape import Architecture
from advisor.quantities import format_flops, format_quantity

if TYPE_CHECKING:
    from advisor.explanation import Page

# The constants of each rule by their names in its formulas: of the batch in tokens, and of the peak learning rate.
_DEEPSEEK_BATCH = {"coefficient": 0.2920, "exponent": 0.3271}
_DEEPSEEK_RATE = {"coefficient": 0.3118, "exponent": -0.1250}
_STEP_BATCH = {"coefficient": 0.58, "exponent": 0.571}
_STEP_RATE = {"coefficient": 1.79, "exponent_n": -0.713, "exponent_d": 0.307}


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
    batch, batch_exponent = _DEEPSEEK_BATCH.values()
    rate, rate_exponent = _DEEPSEEK_RATE.values()
    return Hyperparameters(
        rule="DeepSeek LLM",
        source="DeepSeek LLM 2024, arXiv:2401.02954, eq. 1",
        formula="eta = {} C^{}, B = {} C^{} tokens".format(
            *(f"{x:.4f}".replace("0.", ".", 1) for x in (rate, rate_exponent, batch, batch_exponent))
        ),
        takes="C = M D, M the non-embedding FLOPs per token",
        fitted_on="1e17 to 2e19 FLOPs, confirmed at 1e20",
        batch_tokens=batch * flops**batch_exponent,
        learning_rate=rate * flops**rate_exponent,
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
    batch, batch_exponent = _STEP_BATCH.values()
    rate, exponent_n, exponent_d = _STEP_RATE.values()
    return Hyperparameters(
        rule="Step Law",
        source="Li et al. 2025, arXiv:2503.04715",
        formula="eta = {} N^{} D^{}, B = {} D^{} tokens".format(
            *(f"{x:g}".replace("0.", ".", 1) for x in (rate, exponent_n, exponent_d, batch, batch_exponent))
        ),
        takes="N non-embedding parameters, D tokens",
        fitted_on="59M to 1B parameters, up to 100B tokens",
        batch_tokens=batch * n_tokens**batch_exponent,
        learning_rate=rate * n_params**exponent_n * n_tokens**exponent_d,
        beyond=" and ".join(outside) or None,
        n_tokens=n_tokens,
        context=shape.context,
    )


def explain_rule(page: Page, rule: Hyperparameters, shape: Architecture, n_tokens: float, i: int) -> None:
    """Explain the batch, the steps and the learning rate of the plan's rule ``i``."""
    about = f"{rule.source}: {rule.formula}; {rule.takes}; fitted on {rule.fitted_on}"
    if rule.rule == "Step Law":
        batch, rate = "coefficient*D_plan**exponent", "coefficient*P**exponent_n*D_plan**exponent_d"
        of_batch, of_rate = _STEP_BATCH, _STEP_RATE
    else:
        scale = "(6*n_layers*(4*d**2 + 3*d*f) + 12*n_layers*d*T_context)*D_plan"
        source = "DeepSeek LLM 2024, arXiv:2401.02954, eq. 2, times the tokens"
        page.add("C_deepseek", scale, source, value=n_tokens * shape.deepseek_flops_per_token)
        batch = rate = "coefficient*C_deepseek**exponent"
        of_batch, of_rate = _DEEPSEEK_BATCH, _DEEPSEEK_RATE

    def add(name: str, formula: str, source: str, value: float, field: str, known: dict[str, float]) -> None:
        page.add(f"{name}_{i}", formula, source, value=value, key=f"plan.hyperparameters[{i}].{field}", known=known)

    add("batch", batch, about, rule.batch_tokens, "batch_tokens", of_batch)
    add("sequences", f"batch_{i}/T_context", "tokens over context", rule.batch_sequences, "batch_sequences", {})
    add("steps", f"D_plan/batch_{i}", "tokens over batch", rule.n_steps, "n_steps", {})
    add("learning_rate", rate, about, rule.learning_rate, "peak_learning_rate", of_rate)
