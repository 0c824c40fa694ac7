import math

import numpy as np
import pytest

from advisor.answer.inference import Prices, inference_flops, serving_optimum
from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.errors import LawError, UsageError
from advisor.laws.drift import widened
from advisor.laws.published import CHINCHILLA, CODE, HOFFMANN, chinchilla
from tests.laws.intervals import interval

# 13B quality with 2T inference tokens (Sardana et al. 2024, arXiv:2401.00448: 7B, 2.1x the data, 17 % less compute).
ANCHORS = [("hoffmann", 7.12e9, 2.10, 0.163), ("chinchilla", 6.09e9, 2.84, 0.29)]


@pytest.mark.parametrize(("law", "n_params", "data", "saved"), ANCHORS)
def test_the_quality_of_13b_with_2t_tokens_of_inference(law, n_params, data, saved):
    found = recommend(Request(n_params=13e9, inference_tokens=2e12, law=law)).inference
    assert found.best.n_params == pytest.approx(n_params, rel=1e-3)
    assert found.data_ratio == pytest.approx(data, abs=5e-3)
    assert found.saved == pytest.approx(saved, abs=1e-3)
    assert found.flops_saved == pytest.approx(found.saved, rel=1e-9)
    assert (found.minimised, found.hardware, found.best.total_cost) == ("flops", None, None)


def tokens_for_loss(law, n_params, loss):
    return (law.B / (loss - law.E - law.A / n_params**law.alpha)) ** (1 / law.beta)


@pytest.mark.parametrize("law", [CHINCHILLA, HOFFMANN, CODE], ids=lambda law: law.name)
@pytest.mark.parametrize("served", [1e9, 2e12, 1e15])
@pytest.mark.parametrize("prices", [Prices(), Prices(training=1e-15, inference=5e-15)])
def test_no_other_model_of_the_same_loss_is_cheaper(law, served, prices):
    baseline = law.for_params(13e9)
    loss = law.loss(baseline.n_params, baseline.n_tokens)
    best = serving_optimum(law, baseline, served, prices)

    def price(n_params, n_tokens):
        return prices.training * 6 * n_params * n_tokens + prices.inference * 2 * n_params * served

    assert law.loss(best.n_params, best.n_tokens) == pytest.approx(loss, rel=1e-12)
    smallest = (law.A / (loss - law.E)) ** (1 / law.alpha)
    assert smallest < best.n_params <= baseline.n_params * (1 + 1e-9)
    others = np.geomspace(smallest * 1.0001, 3 * baseline.n_params, 3000)
    cheapest = min(price(n, tokens_for_loss(law, n, loss)) for n in others if loss > law.E + law.A / n**law.alpha)
    assert price(best.n_params, best.n_tokens) <= cheapest * (1 + 1e-12)


def test_more_inference_wants_a_smaller_model_and_none_the_trainings():
    baseline = CHINCHILLA.for_params(13e9)
    sizes = [serving_optimum(CHINCHILLA, baseline, served).n_params for served in (1, 1e11, 1e12, 1e13, 1e14)]
    assert sizes[0] == pytest.approx(13e9, rel=1e-6)
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 5


def test_the_flops_add_up():
    found = recommend(Request(flops=1e22, inference_tokens=1e12)).inference
    assert inference_flops(7e9, 1e12) == 1.4e22
    for model in (found.best, found.baseline):
        assert model.training_flops == pytest.approx(6 * model.n_params * model.n_tokens)
        assert model.inference_flops == 2 * model.n_params * 1e12
        assert model.total_flops == model.training_flops + model.inference_flops
    assert found.baseline.training_flops == pytest.approx(1e22)
    assert found.saved == pytest.approx(1 - found.best.total_flops / found.baseline.total_flops)
    optimal = CHINCHILLA.for_params(found.best.n_params).n_tokens
    assert found.overtraining_ratio == pytest.approx(found.best.n_tokens / optimal)
    assert found.loss == pytest.approx(recommend(Request(flops=1e22)).headline.loss)


def asked(**more):
    return Request(n_params=13e9, inference_tokens=2e12, gpu="A100", price_per_hour=2.0, **more)


def test_with_prices_and_an_mfu_the_cost_is_least():
    found = recommend(asked(inference_mfu=0.1, inference_price_per_hour=1.0)).inference
    hourly = {"training": 312e12 * 0.4 * 3600 / 2, "inference": 312e12 * 0.1 * 3600 / 1}  # FLOPs for one unit of money
    assert found.minimised == "cost"
    for model in (found.best, found.baseline):
        assert model.training_cost == pytest.approx(model.training_flops / hourly["training"])
        assert model.inference_cost == pytest.approx(model.inference_flops / hourly["inference"])
        assert model.total_cost == model.training_cost + model.inference_cost
    assert found.saved == pytest.approx(1 - found.best.total_cost / found.baseline.total_cost)
    # Served FLOPs cost twice those of training, so the model is smaller than by FLOPs, and its FLOPs are not least.
    by_flops = recommend(asked()).inference
    assert found.best.n_params < by_flops.best.n_params
    assert found.flops_saved < by_flops.flops_saved


def test_the_same_mfu_and_price_give_the_least_flops():
    same = recommend(asked(inference_mfu=0.4)).inference
    assert same.hardware.price_per_hour == 2.0
    assert same.best.n_params == pytest.approx(recommend(asked()).inference.best.n_params, rel=1e-6)


def test_the_interval_is_over_joint_draws():
    found = recommend(Request(n_params=13e9, inference_tokens=2e12)).inference

    def size(law):
        return serving_optimum(law, law.for_params(13e9), 2e12).n_params

    law = widened(chinchilla(), chinchilla().for_params(13e9).flops)
    assert found.interval80.n_params == interval(law, size, 0.8)
    assert found.interval80.n_params[0] < found.best.n_params < found.interval80.n_params[1]
    assert found.interval80.saved[0] < found.saved < found.interval80.saved[1]
    assert recommend(Request(n_params=13e9, inference_tokens=2e12, law="hoffmann")).inference.interval80 is None


def test_a_loss_that_draws_cannot_reach_has_no_upper_end():
    found = recommend(Request(target_loss=1.83, inference_tokens=2e12)).inference
    assert found.interval80.n_params[1] == found.interval80.n_tokens[1] == math.inf


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"inference_mfu": 0.2}, "--inference-mfu needs --inference-tokens, the tokens to be served."),
        (
            {"inference_price_per_hour": 2},
            "--inference-price-per-hour needs --inference-tokens, the tokens to be served.",
        ),
        (
            {"inference_tokens": 1e12, "inference_price_per_hour": 2},
            "--inference-price-per-hour needs --inference-mfu: both make the cost of a served token.",
        ),
        (
            {"inference_tokens": 1e12, "inference_mfu": 0.2},
            "--inference-mfu asks for the least cost, which needs --gpu and --price-per-hour.",
        ),
        (
            {"inference_tokens": 1e12, "inference_mfu": 0.2, "gpu": "A100"},
            "--inference-mfu asks for the least cost, which needs --gpu and --price-per-hour.",
        ),
        (
            {"inference_tokens": 1e12, "inference_mfu": 1.2, "gpu": "A100", "price_per_hour": 2},
            "--inference-mfu must be above 0 and at most 1, such as 0.2 or 20%, not 1.2.",
        ),
        ({"inference_tokens": 0.0}, "--inference-tokens must be a finite number above 0, not 0."),
    ],
)
def test_what_cannot_be_combined(more, complaint):
    with pytest.raises(UsageError) as caught:
        Request(flops=1e21, **more)
    assert str(caught.value) == complaint


def test_tokens_beyond_what_the_law_saw_are_said():
    def messages(served):
        found = recommend(Request(flops=1e20, inference_tokens=served))
        return [c.message for c in found.cautions if c.code == "training_tokens_outside_range"]

    assert messages(1e9) == []
    (text,) = messages(1e14)
    assert text.endswith(
        "training tokens, and chinchilla was fitted to runs of at most 318B: that over-training keeps its promise so "
        "far is extrapolated."
    )


def test_questions_that_have_no_answer():
    with pytest.raises(LawError) as caught:
        recommend(Request(flops=1e21, inference_tokens=1e12, law="kaplan"))
    assert str(caught.value) == "The law kaplan predicts no loss, so it cannot weigh inference: choose another --law."
    with pytest.raises(LawError) as caught:
        recommend(Request(flops=1e21, inference_tokens=1e300))
    assert str(caught.value) == "The answer is beyond 1e308 FLOPs: ask a smaller question."
