"""Data in bytes and in the user's own tokens, counted on a real corpus."""

import pytest

from advisor.errors import UsageError
from advisor.plan import about_plan, make_plan
from advisor.profile_file import ProfileRecord
from advisor.protocol import DEFAULT_PROTOCOL, Protocol
from advisor.recommendation import recommend
from advisor.request import Request
from advisor.scoring import score
from advisor.units import TokenCount, count_tokens, units_of


def record(**changes):
    known = {
        "source": "corpus",
        "protocol": DEFAULT_PROTOCOL,
        "median": 0.4,
        "ci95": None,
        "estimated_tokens": 1e10,
        "bytes_per_token": 3.5,
    }
    return ProfileRecord(**(known | changes))


def test_bytes_and_other_tokens():
    own = TokenCount(tokenizer="mine", bytes_per_token=5.0, vocab_size=100_000)
    units = units_of(2e9, 40e9, record(), own)
    assert units is not None
    assert (units.n_bytes, units.bytes_per_param) == (140e9, 70.0)
    assert units.counted_tokens == 28e9


@pytest.mark.parametrize(
    "profile", [None, record(bytes_per_token=None), record(protocol=Protocol(tokenizer="bytes"), bytes_per_token=1.0)]
)
def test_without_bytes_of_the_protocols_tokens_there_are_no_units(profile):
    assert units_of(2e9, 40e9, profile, None) is None
    with pytest.raises(UsageError) as caught:
        units_of(2e9, 40e9, profile, TokenCount(tokenizer="mine", bytes_per_token=5.0, vocab_size=9))
    assert str(caught.value) == (
        "--count-tokenizer converts tokens through bytes, so it needs a corpus of text measured with the default "
        "tokenizer, mistral-v1."
    )


def test_counting_bytes_gives_one_byte_a_token_and_leaves_h_alone(stdlib):
    folder = str(stdlib / "json")
    counted = count_tokens(folder, "bytes")
    assert (counted.bytes_per_token, counted.vocab_size) == (1.0, 257)
    profile = score(folder)
    answer = recommend(Request(flops=1e21), profile=profile, counted=counted)
    assert answer.compressibility == profile.median
    units = answer.plan.units
    assert units is not None
    assert units.counted_tokens == units.n_bytes == answer.headline.n_tokens * profile.bytes_per_token
    assert units.bytes_per_param == pytest.approx(answer.headline.tokens_per_param * profile.bytes_per_token)
    # The shape takes the vocabulary of the tokenizer that the model will be trained with.
    assert answer.plan.vocab_size == 257


def test_what_cannot_be_counted(tmp_path):
    with pytest.raises(UsageError, match=r"^--count-tokenizer reads the corpus a second time, which standard input "):
        count_tokens("-", "bytes")
    path = tmp_path / "ids.jsonl"
    path.write_text('{"input_ids": [' + ", ".join(map(str, range(3000))) + "]}\n")
    with pytest.raises(UsageError, match=r"^--count-tokenizer counts tokens of text, and .*ids.jsonl holds token ids"):
        count_tokens(str(path), "bytes")


# --- the plan ---------------------------------------------------------------------------------------------------------


def codes(plan, request):
    return [caution.code for caution in about_plan(plan, request)]


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
    (caution,) = about_plan(plan, request)
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
    assert make_plan(Request(n_params=7e9, gpu="A100", gpus=8), count="total", n_params=7e9, n_tokens=1e11).cluster
