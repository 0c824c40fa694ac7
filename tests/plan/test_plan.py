"""The plan of a run: shape, rules, cluster and data, and what is said where they do not fit."""

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.plan.accelerators import find_gpu
from advisor.plan.hardware import Hardware
from advisor.plan.plan import about_plan, make_plan


def codes(plan, request):
    return [caution.code for caution in about_plan(plan, hours=request.hours, budget=request.budget)]


def test_a_plan_is_of_the_headline_in_its_own_count():
    answer = recommend(Request(flops=1e21, law="kaplan", vocab_size=50257, context=1024, gpu="H100", gpus=8))
    plan = answer.plan
    assert (plan.count, plan.n_params, plan.n_tokens) == (
        "non-embedding",
        answer.headline.n_params,
        answer.headline.n_tokens,
    )
    assert plan.shape is not None
    assert (plan.shape.vocab_size, plan.shape.context) == (50257, 1024)
    assert plan.shape.n_non_embedding == pytest.approx(plan.n_params, rel=0.02)
    assert plan.exact_flops == plan.shape.flops_per_token * plan.n_tokens
    assert plan.exact_over_budget == pytest.approx(plan.exact_flops / 1e21)
    assert [rule.rule for rule in plan.hyperparameters] == ["DeepSeek LLM", "Step Law"]
    assert plan.cluster is not None
    assert plan.cluster.flops == plan.exact_flops
    assert plan.cluster.gpu_hours_6nd == pytest.approx(answer.headline.gpu_hours)
    assert plan.cluster.memory[0].n_params == plan.shape.n_params


def test_a_plan_without_a_shape_says_so():
    request = Request(flops=1e15)
    plan = recommend(request).plan
    assert (plan.shape, plan.hyperparameters, plan.exact_flops, plan.exact_over_budget) == (None, (), None, None)
    (caution,) = about_plan(plan, hours=request.hours, budget=request.budget)
    assert caution.message == (
        "No model with heads of 64 or 128 and a vocabulary of 32,000 has 2.34M parameters: see --vocab-size."
    )
    assert recommend(Request(flops=1e15, vocab_size=2000)).plan.shape is not None


def test_flops_far_from_6nd_are_said():
    request = Request(flops=1e18, law="kaplan", vocab_size=128_256)
    answer = recommend(request)
    ratio = answer.plan.exact_over_budget
    assert ratio is not None
    assert ratio > 1.25
    (message,) = [caution.message for caution in answer.cautions if caution.code == "exact_flops_differ"]
    assert message.startswith(
        "The shape's exact FLOPs, and with them its GPU-hours and its cost, are "
        f"{ratio:.3g} times those of 6 N D: a vocabulary of 128,256 and "
    )
    longer = recommend(Request(flops=1e21, context=8192))
    assert longer.plan.exact_over_budget is not None
    assert 1.1 < longer.plan.exact_over_budget < 1.25
    assert "exact_flops_differ" in [caution.code for caution in longer.cautions]
    assert "exact_flops_differ" not in codes(recommend(Request(flops=1e21)).plan, Request(flops=1e21))


def test_time_is_converted_and_a_small_cluster_is_said():
    request = Request(gpu="A100", gpus=16, hours=100_000)
    answer = recommend(request)
    found = {caution.code: caution.message for caution in answer.cautions}
    assert found["time_converted"] == (
        "16 A100 for 100000 hours were converted to 7.19e23 FLOPs at MFU 0.4: N and D are those of that compute."
    )
    assert found["cluster_too_small"].endswith(
        "which need at least 33 of these GPUs if they are sharded evenly, and 64 as a replica on a power of two of "
        "them; there are 16, so no wall time is given."
    )
    assert "time_converted" not in codes(answer.plan, Request(flops=1e21, gpu="A100", gpus=16))


def test_gpus_beside_flops_are_the_cluster_that_spends_them():
    plan = recommend(Request(flops=1e21, gpu="A100", gpus=8)).plan
    assert plan.cluster is not None
    assert plan.cluster.wall_hours == pytest.approx((plan.exact_flops or 0) / (312e12 * 0.4 * 3600) / 8)
    hardware = Hardware(gpu=find_gpu("A100"))
    assert make_plan(count="total", n_params=7e9, n_tokens=1e11, hardware=hardware, n_gpus=8).cluster
