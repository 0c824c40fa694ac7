"""What every recommendation says to follow is what its plan trains, whatever was asked."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.errors import AdvisorError

FLOPS = st.floats(17, 28).map(lambda power: 10**power)
SIZES = st.floats(7, 12.5).map(lambda power: 10**power)
TOKENS = st.floats(6, 14).map(lambda power: 10**power)
OF_TEXT = {
    "compressibility": st.none() | st.floats(0.15, 0.7),
    "bytes_per_token": st.none() | st.floats(1.5, 6),
    "law": st.none() | st.sampled_from(["chinchilla", "data", "hoffmann", "muennighoff", "kaplan"]),
}
BUDGETS = st.fixed_dictionaries({"flops": FLOPS, **OF_TEXT})
REQUESTS = st.one_of(
    BUDGETS,
    st.fixed_dictionaries({"flops": FLOPS, "n_params": SIZES, **OF_TEXT}),
    st.fixed_dictionaries({"flops": FLOPS, "unique_tokens": TOKENS, **OF_TEXT}),
    st.fixed_dictionaries({"flops": FLOPS, "unique_tokens": TOKENS, "n_params": SIZES, **OF_TEXT}),
    st.fixed_dictionaries({"flops": FLOPS, "n_tokens": TOKENS, **OF_TEXT}),
    st.fixed_dictionaries({"flops": FLOPS, "inference_tokens": TOKENS, **OF_TEXT}),
    st.fixed_dictionaries({"n_params": SIZES, **OF_TEXT}),
    st.fixed_dictionaries({"target_loss": st.floats(1.9, 4), **OF_TEXT}),
)


def answered(asked):
    """Return the answer; None where the request has none, which is an error in one sentence."""
    try:
        return recommend(Request(**asked))
    except AdvisorError:
        return None


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(asked=REQUESTS)
def test_what_to_follow_is_what_the_plan_trains(asked):
    answer = answered(asked)
    if answer is None:
        return
    found, plan = answer.recommended, answer.plan
    assert (found.of, found.count) == (plan.of, plan.count)
    assert (found.n_params, found.n_tokens, found.flops) == (plan.n_params, plan.n_tokens, plan.flops)
    assert found.flops == pytest.approx(6 * found.n_params * found.n_tokens, rel=1e-6)
    if answer.limited:  # a choice is weighed by the same law as the best
        followed = answer.limited[0]
        assert (found.law, found.count) == (followed.law, followed.count)
        assert found.loss in (None, (followed.choice or followed).loss)
    if found.of == "limited_data":
        assert found.epochs <= 40 * (1 + 1e-9)
        assert found.n_tokens == pytest.approx(found.epochs * asked["unique_tokens"])
    for number, bounds in intervals(found):
        assert bounds[0] <= number * (1 + 1e-9)
        assert number <= bounds[1] * (1 + 1e-9)
    assert_a_sentence(found.why)


def intervals(found):
    """Return each number that is recommended beside its interval, where it has one."""
    if found.interval80 is None:
        return []
    pairs = [(getattr(found, name), getattr(found.interval80, name)) for name in ("n_params", "n_tokens", "loss")]
    return [(number, bounds) for number, bounds in pairs if bounds is not None]


def assert_a_sentence(why):
    assert why[0].isupper()
    assert why.endswith(".")
    assert ". " not in why
    assert not [word for word in ("nan", "inf", "None", "e-", "-0", "  ") if word in why.split() or word == why]
    assert len(why) < 250


def test_most_requests_of_that_kind_have_an_answer():
    asked = [{"flops": 10.0**power, **more} for power in (18, 22, 26) for more in ({}, {"unique_tokens": 1e9})]
    assert all(answered(each) is not None for each in asked)
    assert all(math.isfinite(answered(each).recommended.n_params) for each in asked)
