"""Published rules for batch and learning rate, against what their authors used and printed."""

import math
from types import SimpleNamespace

import pytest

from advisor.plan.hyperparameters import deepseek, step_law
from advisor.plan.shape import Architecture

# DeepSeek LLM 7B (arXiv:2401.02954): 30 layers, 4096 wide, context 4096, vocabulary 102400.
SEVEN_B = Architecture(width=4096, n_layers=30, n_heads=32, ffn_width=11008, vocab_size=102400, context=4096)


def test_deepseek_is_near_what_its_7b_model_was_trained_with():
    # 2T tokens; peak learning rate 4.2e-4, 2304 sequences of 4096 tokens a step (9.44M).
    rule = deepseek(SEVEN_B, 2e12)
    assert rule.learning_rate == pytest.approx(4.2e-4, rel=0.02)
    assert rule.batch_tokens == pytest.approx(2304 * 4096, rel=0.04)
    assert rule.n_steps == pytest.approx(2e12 / rule.batch_tokens)


def test_deepseek_at_round_numbers():
    flops = SEVEN_B.deepseek_flops_per_token * 1e9
    rule = deepseek(SEVEN_B, 1e9)
    assert rule.learning_rate == 0.3118 * flops**-0.1250
    assert rule.batch_tokens == 0.2920 * flops**0.3271


def test_step_law_at_1b_and_100b():
    # 1.79 (1e9)^-.713 (1e11)^.307 = 1.79 * 10^(-6.417 + 3.377); .58 (1e11)^.571 = .58 * 10^6.281
    shape = Architecture(width=2048, n_layers=20, n_heads=16, ffn_width=5461, vocab_size=32000, context=2048)
    assert shape.n_non_embedding == pytest.approx(1.0067e9, rel=1e-3)
    rule = step_law(shape, 1e11)
    assert rule.learning_rate == pytest.approx(1.79 * 10**-3.04, rel=5e-3)
    assert rule.batch_tokens == pytest.approx(0.58 * 10**6.281, rel=1e-9)
    assert rule.beyond is None


def test_step_law_reads_parameters_without_the_vocabulary():
    small = Architecture(width=512, n_layers=8, n_heads=8, ffn_width=1408, vocab_size=1000, context=2048)
    large = Architecture(width=512, n_layers=8, n_heads=8, ffn_width=1408, vocab_size=200_000, context=2048)
    assert step_law(small, 1e10) == step_law(large, 1e10)


def test_what_is_beyond_the_range_is_said():
    assert step_law(SEVEN_B, 2e12).beyond == "N = 6.07B and D = 2.00T"
    assert step_law(SEVEN_B, 1e11).beyond == "N = 6.07B"
    assert deepseek(SEVEN_B, 2e12).beyond == "C = 8.49e22"
    assert deepseek(SEVEN_B, 1e9).beyond is None


def below(value):
    return math.nextafter(value, 0.0)


def above(value):
    return math.nextafter(value, math.inf)


@pytest.mark.parametrize(
    ("n_params", "n_tokens", "beyond"),
    [
        (below(59e6), 1e10, "N = 59.0M"),
        (59e6, 1e10, None),
        (1.1e9, 1e10, None),
        (above(1.1e9), 1e10, "N = 1.10B"),
        (1e9, below(100e9), None),
        (1e9, 100e9, None),
        (1e9, above(100e9), "D = 100B"),
        (above(1.1e9), above(100e9), "N = 1.10B and D = 100B"),
    ],
)
def test_step_law_holds_on_its_range_and_at_its_ends(n_params, n_tokens, beyond):
    assert step_law(SimpleNamespace(n_non_embedding=n_params, context=2048), n_tokens).beyond == beyond


@pytest.mark.parametrize(
    ("flops", "beyond"),
    [(below(1e17), "C = 1e17"), (1e17, None), (1e20, None), (above(1e20), "C = 1e20")],
)
def test_deepseeks_rule_holds_on_its_range_and_at_its_ends(flops, beyond):
    assert deepseek(SimpleNamespace(deepseek_flops_per_token=flops, context=2048), 1.0).beyond == beyond


def test_the_rules_disagree_far_from_their_ranges():
    assert step_law(SEVEN_B, 2e12).learning_rate / deepseek(SEVEN_B, 2e12).learning_rate == pytest.approx(2.7, abs=0.05)
