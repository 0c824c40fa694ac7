"""Whole recommendations: budgets, hardware, inverse questions, plans."""

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.errors import UsageError
from advisor.laws.published import CHINCHILLA, HOFFMANN
from advisor.plan.accelerators import accelerators
from tests.answer.said import CORPUS, codes

pytestmark = pytest.mark.usefixtures("nothing_ships")


def test_a_budget_in_flops():
    found = recommend(Request(flops=1e21))
    best = CHINCHILLA.frontier(1e21)
    assert (found.headline.law, found.headline.count, found.headline.flops) == ("chinchilla", "total", 1e21)
    assert (found.headline.n_params, found.headline.n_tokens) == (best.n_params, best.n_tokens)
    assert found.headline.loss == CHINCHILLA.loss(best.n_params, best.n_tokens)
    assert (found.headline.gpu_hours, found.headline.cost, found.headline.epochs) == (None, None, None)
    assert found.sensitivity is None
    assert found.choice is None


def test_every_published_law_answers_for_the_same_budget():
    found = recommend(Request(flops=1e21))
    assert [answer.law for answer in found.laws] == [
        *("chinchilla", "hoffmann", "hoffmann-table3", "muennighoff", "code", "deepseek", "kaplan")
    ]
    assert {answer.flops for answer in found.laws} == {1e21}
    for answer in found.laws:
        assert 6 * answer.n_params * answer.n_tokens == pytest.approx(1e21)
    by_name = {answer.law: answer for answer in found.laws}
    assert by_name["hoffmann"].n_params == HOFFMANN.frontier(1e21).n_params
    assert by_name["kaplan"].loss is None
    assert by_name["hoffmann"].interval80 is None


def test_a_budget_in_gpu_time_with_its_cost():
    found = recommend(Request(gpu="H100", gpus=64, hours=100, price_per_hour=2.5))
    assert found.headline.flops == pytest.approx(989e12 * 0.4 * 64 * 100 * 3600)
    assert found.headline.gpu_hours == pytest.approx(6400)
    assert found.headline.cost == pytest.approx(16000)


def test_a_gpu_beside_flops_gives_gpu_hours():
    found = recommend(Request(flops=1e21, gpu="A100", mfu=0.5))
    assert found.headline.gpu_hours == pytest.approx(1e21 / (312e12 * 0.5 * 3600))


def test_the_inverse_questions_meet_the_frontier():
    forward = recommend(Request(flops=1e21)).headline
    for question in (
        Request(n_params=forward.n_params),
        Request(n_tokens=forward.n_tokens),
        Request(target_loss=forward.loss),
    ):
        found = recommend(question).headline
        assert found.flops == pytest.approx(1e21, rel=1e-6)
        assert found.n_params == pytest.approx(forward.n_params, rel=1e-6)
        assert found.n_tokens == pytest.approx(forward.n_tokens, rel=1e-6)


@pytest.mark.parametrize(
    ("request_", "of", "n_params"),
    [
        (Request(flops=1e21), "headline", 2.782e9),
        (Request(flops=1e21, n_params=7e9), "choice", 7e9),
        (Request(flops=1e21, n_tokens=1e11, law="kaplan"), "choice", 1e21 / 6e11),
        (Request(n_params=13e9, inference_tokens=2e12, law="hoffmann"), "inference", 7.12e9),
        (Request(flops=1e22, unique_tokens=25e9), "limited_data", 7.0262e9),
        (Request(flops=1e22, unique_tokens=25e9, n_params=3e9), "choice", 3e9),
    ],
)
def test_the_plan_is_of_what_is_to_be_trained(request_: Request, of: str, n_params: float) -> None:
    plan = recommend(request_).plan
    assert (plan.of, plan.n_params) == (of, pytest.approx(n_params, rel=1e-3))
    assert plan.shape is not None
    assert plan.shape.n_params == pytest.approx(n_params, rel=0.021) or plan.count == "non-embedding"


@pytest.mark.parametrize("flops", [1e9, 1e300])
def test_extreme_budgets_are_answered(flops):
    found = recommend(Request(flops=flops))
    assert found.headline.n_params * found.headline.n_tokens == pytest.approx(flops / 6)
    assert found.neighbours[1].wasted == pytest.approx(0.156, abs=6e-3)
    assert "budget_outside_range" in codes(found)


def test_every_gpu_answers():
    assert all(recommend(Request(flops=1e21, gpu=gpu.name)).headline.gpu_hours > 0 for gpu in accelerators())


def test_compressibility_twice_is_refused():
    with pytest.raises(UsageError) as caught:
        recommend(Request(flops=1e21, compressibility=0.4), profile=CORPUS)
    assert str(caught.value) == "The compressibility is given twice: by --compressibility and by the corpus's profile."
