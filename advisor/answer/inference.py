"""The model to train when it will also be served: least FLOPs, or least cost, of training and inference together.

    min 6 N D_tr + 2 N D_inf  subject to  L(N, D_tr) = l,    D_tr(N) = [B/(l - E - A/N^alpha)]^(1/beta)

(Sardana et al. 2024, arXiv:2401.00448.) A smaller model trained on more tokens reaches the same loss and serves each
token for less. With a price of each training and inference FLOP the same search minimises the cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from advisor.answer.request import Request
from advisor.answer.row import Bounds, best_allocation
from advisor.caution import Caution
from advisor.errors import LawError, NoAnswerError
from advisor.laws.scaling_law import Allocation, Law, ScalingLaw, central_interval
from advisor.laws.search import minimise
from advisor.plan.hardware import Hardware
from advisor.quantities import format_amount, format_flops, format_quantity

SOURCE = "Sardana et al. 2024, arXiv:2401.00448"
_OVER = 1.001  # times the budget from which training is said to exceed it
_SMALLEST_GAP = 1e-12  # of a term's share of the excess: where D_tr would be infinite


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a FLOP of training and of inference costs, in the currency of the prices; (1, 1) minimises FLOPs."""

    training: float = 1.0
    inference: float = 1.0


@dataclass(frozen=True, kw_only=True)
class InferenceInterval:
    """Central 80 % intervals over the law's joint draws, each with its own training optimum."""

    n_params: Bounds
    n_tokens: Bounds
    saved: Bounds

    JSON = ("n_params", "n_tokens", "saved_fraction=saved")


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """A model that is trained and then serves.

    Attributes:
        n_params: its parameters.
        n_tokens: the tokens it is trained on.
        training_flops: 6 N D.
        inference_flops: 2 N for each token served.
        training_cost: in the prices' currency; None where training is not priced.
        inference_cost: ... None where serving is not priced.
    """

    n_params: float
    n_tokens: float
    training_flops: float
    inference_flops: float
    training_cost: float | None
    inference_cost: float | None

    JSON = (
        *("n_params", "n_tokens", "tokens_per_param", "training_flops", "inference_flops", "total_flops"),
        *("training_cost", "inference_cost", "total_cost"),
    )

    @property
    def tokens_per_param(self) -> float:
        """Training tokens for each parameter."""
        return self.n_tokens / self.n_params

    @property
    def total_flops(self) -> float:
        """FLOPs of training and inference together."""
        return self.training_flops + self.inference_flops

    @property
    def total_cost(self) -> float | None:
        """Cost of training and inference together, in the prices' currency."""
        if self.training_cost is None or self.inference_cost is None:
            return None
        return self.training_cost + self.inference_cost


@dataclass(frozen=True, kw_only=True)
class InferenceAnswer:
    """The model that reaches the headline's loss and costs least to train and to serve ``inference_tokens``.

    Attributes:
        law: the headline law's name.
        minimised: what is least, FLOPs or cost.
        inference_tokens: tokens to be served.
        loss: nats/token of both models.
        best: the model to train and serve.
        baseline: the headline, optimal for training alone.
        saved: the share saved of what is minimised.
        flops_saved: ... and of the FLOPs of training and serving.
        data_ratio: training tokens of the best over the baseline's.
        overtraining_ratio: ... over the tokens for which its N is compute-optimal.
        hardware: what serves; None where FLOPs are minimised.
        interval80: None where the law has no draws.
    """

    law: str
    minimised: Literal["flops", "cost"]
    inference_tokens: float
    loss: float
    best: ServedModel
    baseline: ServedModel
    saved: float
    flops_saved: float
    data_ratio: float
    overtraining_ratio: float
    hardware: Hardware | None
    interval80: InferenceInterval | None

    JSON = (
        *("law", "minimised", "inference_tokens", "loss_nats_per_token=loss", "*best", "baseline"),
        *("saved_fraction=saved", "flops_saved_fraction=flops_saved", "data_ratio", "overtraining_ratio"),
        *("inference_mfu=hardware.mfu", "inference_price_per_gpu_hour=hardware.price_per_hour", "interval80"),
    )


def inference_flops(n_params: float, inference_tokens: float) -> float:
    """Return 2 N D_inf, the FLOPs of a forward pass over ``inference_tokens``."""
    return 2.0 * n_params * inference_tokens


def serving_optimum(
    law: ScalingLaw, baseline: Allocation, inference_tokens: float, prices: Prices | None = None
) -> Allocation:
    """Return the allocation of the baseline's loss that is cheapest to train and to serve.

    ``baseline`` is optimal for training alone, so N lies between (A/(l-E))^(1/alpha), which would need unlimited
    tokens, and the baseline's. The search is over ln of the share of the excess that the tokens' term keeps, from which
    N follows without loss of digits at either end.

    >>> from advisor.laws.published import HOFFMANN
    >>> best = serving_optimum(HOFFMANN, HOFFMANN.for_params(13e9), 2e12)
    >>> round(best.n_params / 1e9, 2), round(best.n_tokens / HOFFMANN.for_params(13e9).n_tokens, 2)
    (7.12, 2.1)
    """
    prices = prices or Prices()
    log_excess = math.log(law.excess(baseline.n_params, baseline.n_tokens))

    def at(log_share: float) -> tuple[float, float]:
        """Return ln N and ln D where B/D^beta is this share of the excess and A/N^alpha the rest."""
        log_rest = math.log(-math.expm1(log_share))
        log_n = (math.log(law.A) - log_excess - log_rest) / law.alpha
        return log_n, (math.log(law.B) - log_excess - log_share) / law.beta

    def log_price(log_share: float) -> float:
        log_n, log_d = at(log_share)
        training = math.log(6 * prices.training) + log_n + log_d
        serving = math.log(2 * prices.inference) + log_n + math.log(inference_tokens)
        return max(training, serving) + math.log1p(math.exp(-abs(training - serving)))

    own_share = law.alpha / (law.alpha + law.beta)  # on the frontier
    log_n, log_d = at(minimise(log_price, math.log(_SMALLEST_GAP), math.log(own_share)))
    return Allocation(n_params=math.exp(log_n), n_tokens=math.exp(log_d))


def inference_answer(request: Request, law: Law, baseline: Allocation) -> InferenceAnswer | None:
    """Return the answer to ``request.inference_tokens``, or None where none is asked.

    Raises:
        LawError: the law predicts no loss.
    """
    served = request.inference_tokens
    if served is None:
        return None
    if not isinstance(law, ScalingLaw):
        raise NoAnswerError(f"The law {law.name} predicts no loss, so it cannot weigh inference: choose another --law.")
    serving = serving_hardware(request)
    prices = _prices(request, serving)
    best = serving_optimum(law, baseline, served, prices)
    costs = _costs(request.hardware, serving)
    saved = _saved(best, baseline, served, prices)
    served_best, served_baseline = _served(best, served, costs), _served(baseline, served, costs)
    if not math.isfinite(served_baseline.total_flops):
        raise NoAnswerError("The answer is beyond 1e308 FLOPs: ask a smaller question.")
    return InferenceAnswer(
        law=law.name,
        minimised="flops" if serving is None else "cost",
        inference_tokens=served,
        loss=law.loss(best.n_params, best.n_tokens),
        best=served_best,
        baseline=served_baseline,
        saved=saved,
        flops_saved=1 - served_best.total_flops / served_baseline.total_flops,
        data_ratio=best.n_tokens / baseline.n_tokens,
        overtraining_ratio=best.n_tokens / law.for_params(best.n_params).n_tokens,
        hardware=serving,
        interval80=_interval(request, law, served, prices, (best.n_params, best.n_tokens, saved)),
    )


def about_inference(
    answer: InferenceAnswer | None, law: Law, request: Request, wall_hours: float | None
) -> Iterator[Caution]:
    """Yield that training exceeds the budget, that serving has no price, that the tokens are beyond the law's runs.

    ``wall_hours`` is what the plan, which trains the model that serves, takes on the request's GPUs.
    """
    if answer is None:
        return
    budget, needed = request.budget, answer.best.training_flops
    if budget is not None and needed > _OVER * budget:
        hours = ""
        if request.hours is not None and wall_hours is not None:
            hours = f": it trains for {format_amount(wall_hours)} hours of the {format_amount(request.hours)} given"
        yield Caution(
            code="training_exceeds_budget",
            message=f"The model that serves takes {format_flops(needed)} FLOPs to train, {needed / budget:.3g} times "
            f"the budget of {format_flops(budget)}{hours}; the budget only set the loss to be reached.",
        )
    if request.price_per_hour is not None and answer.hardware is None:
        yield Caution(
            code="inference_not_priced",
            message="Serving is not priced, and FLOPs are minimised in place of cost: its price needs --inference-mfu.",
        )
    fitted = law.ranges.n_tokens
    if fitted is None or answer.best.n_tokens <= fitted[1]:
        return
    yield Caution(
        code="training_tokens_outside_range",
        message=f"Weighing inference asks for {format_quantity(answer.best.n_tokens)} training tokens, and "
        f"{answer.law} was fitted to runs of at most {format_quantity(fitted[1])}: that "
        "over-training keeps its promise so far is extrapolated.",
    )


def serving_hardware(request: Request) -> Hardware | None:
    """Return the accelerator that serves, where costs are asked for: the training's, with an MFU and price of its own.

    The price per hour is the training's unless it is given.
    """
    if request.inference_mfu is None or request.hardware is None:
        return None
    price = request.inference_price_per_hour or request.price_per_hour
    return Hardware(gpu=request.named_gpu, mfu=request.inference_mfu, price_per_hour=price)


def _prices(request: Request, serving: Hardware | None) -> Prices:
    """Return what a FLOP costs in training and in serving; 1 and 1 where nothing is priced."""
    training = request.hardware
    if serving is None or training is None:
        return Prices()
    return Prices(training=training.cost(1.0) or math.nan, inference=serving.cost(1.0) or math.nan)


def _costs(training: Hardware | None, serving: Hardware | None) -> tuple[float | None, float | None]:
    """Return what a FLOP costs in training and in serving, each None where it is not priced."""
    return None if training is None else training.cost(1.0), None if serving is None else serving.cost(1.0)


def _served(at: Allocation, served: float, costs: tuple[float | None, float | None]) -> ServedModel:
    """Return an allocation with what it takes to train it and to serve with it."""
    serving = inference_flops(at.n_params, served)
    return ServedModel(
        n_params=at.n_params,
        n_tokens=at.n_tokens,
        training_flops=at.flops,
        inference_flops=serving,
        training_cost=None if costs[0] is None else at.flops * costs[0],
        inference_cost=None if costs[1] is None else serving * costs[1],
    )


def _saved(best: Allocation, baseline: Allocation, served: float, prices: Prices) -> float:
    """Return the share of what the baseline takes that the best does not."""
    now, before = (
        at.flops * prices.training + inference_flops(at.n_params, served) * prices.inference for at in (best, baseline)
    )
    return max(0.0, 1 - now / before)


def _interval(
    request: Request, law: ScalingLaw, served: float, prices: Prices, points: tuple[float, float, float]
) -> InferenceInterval | None:
    """Return the intervals of ``points``, N, D and what is saved, over the law's draws.

    Each draw answers the request, then the question of serving.
    """
    if not law.draws:
        return None
    rows = []
    for drawn in law.drawn_laws():
        try:
            baseline = best_allocation(drawn, request)
        except LawError:  # a draw whose floor is above the loss asked for: no model reaches it
            rows.append((math.inf, math.inf, 0.0))
            continue
        best = serving_optimum(drawn, baseline, served, prices)
        rows.append((best.n_params, best.n_tokens, _saved(best, baseline, served, prices)))
    n_params, n_tokens, saved_by = (
        central_interval(column, point=point) for column, point in zip(zip(*rows, strict=True), points, strict=True)
    )
    return InferenceInterval(n_params=n_params, n_tokens=n_tokens, saved=saved_by)
