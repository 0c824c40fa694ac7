"""Cautions on either side of the thresholds that they have."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from advisor.answer.cautions import APART, about_answers, about_supply
from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.laws.published import CHINCHILLA

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
    found = about_answers(candidates, replace(one, count=laws[0].count, flops=1e21), tuple(laws), None)
    return {caution.code for caution in found}


@pytest.mark.parametrize(
    ("largest", "said"), [(math.nextafter(2e9, 0.0), False), (2e9, False), (math.nextafter(2e9, math.inf), True)]
)
def test_laws_disagree_beyond_a_factor_of_two(largest, said):
    for sizes in ((1e9, 1.5e9, largest), (largest, 1e9), (1e9, largest, 1e9)):
        assert disagreement(*sizes) == ({"laws_disagree"} if said else set())


def test_laws_that_are_apart_by_design_disagree_with_none():
    assert disagreement(1e9, 1.9e9, apart=(5e9, 1e8)) == set()
