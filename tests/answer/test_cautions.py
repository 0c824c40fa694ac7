"""Cautions on either side of the thresholds that they have."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from advisor.answer.cautions import APART, about_answers, about_supply
from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.laws.law_file import write_law
from advisor.laws.published import CHINCHILLA
from advisor.laws.scaling_law import Ranges
from tests.answer.said import CORPUS, codes, message

pytestmark = pytest.mark.usefixtures("nothing_ships")

HALF_OF_THE_SUPPLY = 4.5e12  # of the 9T tokens of 2023 (Xue et al. 2023)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (math.nextafter(HALF_OF_THE_SUPPLY, 0.0), False),
        (HALF_OF_THE_SUPPLY, True),
        (math.nextafter(HALF_OF_THE_SUPPLY, math.inf), True),
    ],
)
def test_the_supply_is_near_from_half_of_it_on(tokens, said):
    assert [caution.code for caution in about_supply(tokens)] == ["near_world_supply"] * said


def disagreement(*sizes, apart=()):
    """Return the codes said of laws that answer with these sizes, and of some that are apart by design."""
    (one,) = [law for law in recommend(Request(flops=1e21)).laws if law.law == "hoffmann"]
    laws = [replace(one, law=f"law {n}", n_params=n) for n in sizes]
    laws += [replace(one, law=name, n_params=n) for name, n in zip(APART, apart, strict=False)]
    candidates = SimpleNamespace(headline=CHINCHILLA, at_h=None)
    found = about_answers(candidates, replace(one, count=laws[0].count, flops=1e21), tuple(laws), None, 1e21)
    return {caution.code for caution in found}


@pytest.mark.parametrize(
    ("largest", "said"), [(math.nextafter(2e9, 0.0), False), (2e9, False), (math.nextafter(2e9, math.inf), True)]
)
def test_laws_disagree_beyond_a_factor_of_two(largest, said):
    for sizes in ((1e9, 1.5e9, largest), (largest, 1e9), (1e9, largest, 1e9)):
        assert disagreement(*sizes) == ({"laws_disagree"} if said else set())


def test_laws_that_are_apart_by_design_disagree_with_none():
    assert disagreement(1e9, 1.9e9, apart=(5e9, 1e8)) == set()


def test_a_plain_request_has_the_cautions_that_always_hold():
    found = recommend(Request(flops=1e21, compressibility=0.45))
    assert codes(found) == {"gap_extrapolated", "assumed_protocol", "counts_differ"}
    assert message(found, "gap_extrapolated") == (
        "How far corpora differ was seen up to 4.84e19 FLOPs, 20.7 times below this budget, on dense models: it is "
        "held from there on, and the interval widens with the budget."
    )
    assert message(found, "assumed_protocol") == (
        "The compressibility given is taken to be measured under the default protocol: mistral-v1 tokens, 256 a "
        "sequence, gzip level 9, the median."
    )
    assert message(found, "counts_differ") == (
        "N counts total parameters under data, and other parameters under others "
        "(muennighoff, code: an unknown kind of; "
        "deepseek, kaplan: non-embedding)."
    )


@pytest.mark.parametrize(
    ("flops", "text"),
    [
        (
            1.3e25,
            "1.3e25 FLOPs is 1,000 times above the largest run that chinchilla was fitted to (1.4e18 to 1.3e22). "
            "Intervals are wider for it, and losses usually come out lower than such laws say.",
        ),
        (1.4e16, "1.4e16 FLOPs is 100 times below the smallest run that chinchilla was fitted to (1.4e18 to 1.3e22)."),
    ],
)
def test_extrapolation_is_said_with_its_factor(flops, text):
    assert message(recommend(Request(flops=flops)), "budget_outside_range") == text
    assert "budget_outside_range" not in codes(recommend(Request(flops=1e22)))


def test_a_corpus_smaller_than_the_tokens_asked_for():
    found = recommend(Request(flops=1e21), profile=CORPUS)
    assert message(found, "corpus_too_small") == (
        "The corpus holds about 10.0B tokens, less than the 69.1B asked for: that would be 6.91 epochs."
    )
    assert found.headline.epochs == pytest.approx(6.91, abs=0.005)
    tiny = recommend(Request(flops=1e21), profile=replace(CORPUS, estimated_tokens=1e9))
    assert message(tiny, "corpus_too_small") == (
        "The corpus holds about 1.00B tokens, less than the 69.1B asked for: that would be 69.1 epochs. That is not to "
        "be trained: above 40 epochs no law sees what repetition does. --use-corpus-size beside a budget answers with "
        "what these data afford, at most 40.0B training tokens."
    )
    large = recommend(Request(flops=1e21), profile=replace(CORPUS, estimated_tokens=1e12))
    assert "corpus_too_small" not in codes(large)
    assert large.headline.epochs == pytest.approx(0.0691, abs=1e-4)


def test_a_corpus_of_unknown_size_has_no_epochs():
    found = recommend(Request(flops=1e21), profile=replace(CORPUS, estimated_tokens=None))
    assert found.headline.epochs is None
    assert "corpus_too_small" not in codes(found)


def test_laws_that_disagree_are_named():
    found = recommend(Request(flops=1e27))
    assert message(found, "laws_disagree") == (
        "The laws disagree by 3.37 times at this budget: 1.22T parameters by hoffmann, 4.09T by deepseek."
    )
    # Kaplan (2.8 times) and the code law (2.5 times) are apart by design.
    assert "laws_disagree" not in codes(recommend(Request(flops=1e21)))


@pytest.mark.parametrize(("name", "assumed"), [("H100", "H100 SXM"), ("h200", "H200 SXM"), ("H100 PCIe", None)])
def test_an_assumed_gpu_variant_is_said(name, assumed):
    found = recommend(Request(flops=1e21, gpu=name))
    if assumed is None:
        assert "gpu_variant_assumed" not in codes(found)
    else:
        assert message(found, "gpu_variant_assumed") == f"{name} is taken to mean {assumed}, 989 TFLOP/s."


@pytest.mark.parametrize(("tokens", "times"), [(4.5e12, "0.5"), (9e12, "1"), (5e13, "5.56")])
def test_tokens_near_the_worlds_supply(tokens, times):
    (caution,) = about_supply(tokens)
    assert caution.code == "near_world_supply"
    assert caution.message.endswith(
        f" training tokens are {times} times one published estimate of the world's stock of text, about 9T tokens in "
        "2023, high-quality text growing by 4 to 5 % a year (Xue et al. 2023, arXiv:2305.13230); estimates differ by "
        "an order of magnitude."
    )
    assert "unique tokens are" in next(iter(about_supply(tokens, tokens))).message
    assert list(about_supply(4.4e12)) == []


def test_the_supply_is_weighed_against_unique_tokens():
    def codes(**asked):
        return {caution.code for caution in recommend(Request(**asked)).cautions}

    assert "near_world_supply" in codes(n_tokens=15e12)
    assert "near_world_supply" not in codes(n_tokens=1.5e12)
    assert "near_world_supply" in codes(n_params=70e9, inference_tokens=1e14)  # by the tokens of the smaller model
    assert "near_world_supply" not in codes(flops=1e26, unique_tokens=1e12)  # repeated, not unique


@pytest.mark.parametrize(
    ("h", "far"), [(0.402, True), (0.511, True), (0.513, False), (0.565, False), (0.616, False), (0.618, True)]
)
def test_a_law_far_from_the_corpora_it_was_fitted_to(tmp_path, h, far):
    web = replace(CHINCHILLA, ranges=Ranges(compressibility=(0.562, 0.567)))
    path = tmp_path / "web.json"
    write_law(web, path)
    found = recommend(Request(flops=1e21, law=str(path), compressibility=h))
    if far:
        assert message(found, "compressibility_far_from_law") == (
            f"H = {h:.3g} is far from the runs that web.json was fitted to (H = 0.562 to 0.567): the optimum of such a "
            "corpus need not be this one's."
        )
    else:
        assert "compressibility_far_from_law" not in codes(found)
    assert "compressibility_outside_range" not in codes(found)
    assert "compressibility_far_from_law" not in codes(recommend(Request(flops=1e21, law=str(path))))


def test_an_accelerator_without_bf16_says_what_its_peak_is_of():
    found = recommend(Request(flops=1e21, gpu="V100"))
    assert message(found, "gpu_without_bf16") == "V100 SXM has no bf16: its peak, 125 TFLOP/s, is of fp16."
    assert "gpu_without_bf16" not in codes(recommend(Request(flops=1e21, gpu="A100")))
