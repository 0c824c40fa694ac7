"""The budgets of a page: at each of them the numbers are those of advisor recommend."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.json_form import as_json
from advisor.report.page import along as module
from advisor.report.page.along import along_budgets, budgets_around
from advisor.report.page.asked import AskedRequest, asked_in
from advisor.report.text import nats, quantity, spread


def node(recommendation):
    return Node(json.loads(json.dumps(as_json(recommendation))), "answer.json", "", AdvisorError)


def along(request):
    asked = AskedRequest(request=request)
    return along_budgets(asked, asked.recommendation())


@pytest.fixture
def three_budgets(monkeypatch):
    """Three of the 41 budgets: each is a recommendation, of up to a third of a second."""
    monkeypatch.setattr(module, "budgets_around", lambda flops: [budgets_around(flops)[i] for i in (0, 20, 33)])


def test_forty_one_budgets_of_three_digits_around_the_one_asked():
    found = budgets_around(1.2345e21)
    assert len(found) == 41
    assert found[20] == 1.2345e21
    assert [found[0], found[19], found[40]] == [1.23e20, 1.10e21, 1.23e22]
    assert all(f"{each:.2e}" == f"{each:.15e}"[:4] + f"{each:.2e}"[4:] for each in found[:20])


@pytest.mark.parametrize(
    "request_",
    [
        Request(flops=1e21),
        Request(flops=1e21, compressibility=0.42, bytes_per_token=3.1),
        Request(gpu="H100", gpus=64, hours=100),
        Request(flops=1e21, n_params=7e9),
        Request(n_params=7e9),
        Request(flops=1e21, unique_tokens=25e9),
        Request(flops=1e22, unique_tokens=1e9),
    ],
    ids=["web", "code", "gpus", "choice", "question", "limited", "used up"],
)
def test_each_step_is_what_recommend_says_at_its_budget(request_, three_budgets):
    budgets, _ = along(request_)
    assert [round(step.flops / budgets.steps[1].flops, 1) for step in budgets.steps] == [0.1, 1.0, 4.5]
    for step in budgets.steps[::2]:
        asked = replace(request_, flops=step.flops, hours=None, n_params=None)
        if request_.gpus is not None:
            asked = replace(asked, gpus=None)
        said = recommend(asked).recommended
        assert (step.n_params, step.n_tokens) == pytest.approx((said.n_params, said.n_tokens), rel=1e-12)
        assert step.words["n_params"] == quantity(said.n_params)
        assert step.words["n_tokens"] == quantity(said.n_tokens)
        assert step.words["loss"] == ("" if said.loss is None else nats(said.loss))
        interval = None if said.interval80 is None else said.interval80.n_params
        assert step.words["n_params80"] == spread(interval)


def test_the_slider_begins_at_the_budget_asked(three_budgets):
    budgets, charts = along(Request(flops=1e21))
    assert budgets.asked == 1
    assert budgets.steps[1].flops == 1e21
    assert [chart.role for chart in charts] == ["sizes", "budgets"]
    assert charts[0] == budgets.steps[1].chart


def test_budgets_at_which_there_is_no_answer_are_left_out():
    budgets, _ = along(Request(flops=1e3))
    assert 0 < len(budgets.steps) < 41
    assert budgets.steps[budgets.asked].flops == 1e3


def test_a_law_without_losses_has_no_chart_of_sizes(three_budgets):
    budgets, charts = along(Request(flops=1e21, law="kaplan"))
    assert [chart.role for chart in charts] == ["budgets"]
    assert all(step.chart is None for step in budgets.steps)


@pytest.mark.parametrize(
    "request_",
    [Request(flops=1e21), Request(flops=1e21, unique_tokens=25e9), Request(n_params=13e9, inference_tokens=2e12)],
)
def test_the_curve_of_sizes_is_least_at_what_is_recommended(request_, three_budgets):
    _, (sizes, _) = along(request_)
    curve = next(each for each in sizes.series if each.form == "line")
    best = next(each for each in sizes.series if each.name == "recommended")
    assert best.y[0] <= min(curve.y) * (1 + 1e-5)  # the curve has six digits
    assert curve.x[0] < best.x[0] < curve.x[-1]


@pytest.mark.parametrize(
    "request_",
    [
        Request(flops=1e21, compressibility=0.42, bytes_per_token=3.1, vocab_size=128256, context=8192),
        Request(gpu="H100", gpus=64, hours=100, mfu=0.35, price_per_hour=2.5),
        Request(target_loss=2.1, law="hoffmann"),
        Request(flops=1e21, unique_tokens=25e9),
        Request(n_params=13e9, inference_tokens=2e12),
    ],
)
def test_what_was_asked_is_read_back_from_a_document(request_):
    answer = recommend(request_)
    asked, again = asked_in(node(answer))
    assert again.recommended == answer.recommended
    assert asked.request.budget == request_.budget
    assert asked.request.hardware == request_.hardware


@pytest.mark.parametrize("name", ["coefficients", "pilot"])
def test_files_that_a_document_names_are_not_read(name):
    document = as_json(recommend(Request(flops=1e21)))
    document["request"][name] = "/dev/zero"
    with pytest.raises(
        AdvisorError, match=f"^it was made with --{name}: give advisor report the options of the recomm"
    ):
        asked_in(Node(document, "answer.json", "", AdvisorError))


def test_the_middle_is_the_answer_to_what_was_asked(three_budgets):
    request = Request(n_params=13e9, inference_tokens=2e12)
    answer = recommend(request)
    budgets, (sizes, _) = along_budgets(AskedRequest(request=request), answer)
    low, high = answer.recommended.interval80.n_params
    assert budgets.steps[1].words["n_params80"] == f"{quantity(low)} to {quantity(high)}"
    assert next(each for each in sizes.series if each.form == "band").x == (low, high)
    assert sizes.title == "The same loss with other sizes"


def test_limited_data_have_their_interval_at_the_budget_asked(three_budgets):
    budgets, _ = along(Request(flops=1e21, unique_tokens=60e9, law="chinchilla"))
    assert [bool(step.words["n_params80"]) for step in budgets.steps] == [False, True, False]


def test_what_many_passes_mean_changes_with_the_budget(three_budgets):
    budgets, _ = along(Request(flops=1e22, unique_tokens=9e9))
    assert [step.words["mind"] for step in budgets.steps] == [
        "over 4 passes: repeated data lose value",
        "over 16 passes: one more is worth less than half",
        "40 passes: no answer goes beyond",
    ]
    unlimited, _ = along(Request(flops=1e22))
    assert [step.words["mind"] for step in unlimited.steps] == ["", "", ""]
