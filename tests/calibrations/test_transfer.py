"""Transfer between calibrations: against laws whose N* lies on a known line in H, by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.calibrations.transfer import KnownLaw, transfer, transfers
from advisor.json_form import as_json
from advisor.laws.scaling_law import Ranges, ScalingLaw

FLOPS = (1e12, 1e14)


def law_at(h: float, log_optimum: float, flops: tuple[float, float] | None = FLOPS) -> KnownLaw:
    """Return a law with alpha = beta: ln N* = ln(A/B) / (2 alpha) + ln(C/6) / 2, the first of them ``log_optimum``."""
    law = ScalingLaw(
        name="x",
        E=1.0,
        A=100.0 * math.exp(2 * 0.3 * log_optimum),
        B=100.0,
        alpha=0.3,
        beta=0.3,
        count="non-embedding",
        source="by hand",
        ranges=Ranges(flops=flops),
    )
    return KnownLaw(name=f"h{h:g}", h=h, law=law)


GRAMMARS = [law_at(h, 2 * h) for h in (0.2, 0.3, 0.4)]


def test_a_line_that_carries_over_is_exact() -> None:
    found = transfer("grammars", GRAMMARS, "text", [law_at(h, 2 * h) for h in (0.5, 0.7)])
    assert found is not None
    assert (found.n_fitted, found.n_tested, found.flops) == (3, 2, FLOPS)
    assert found.error_ln_n == pytest.approx(0, abs=1e-9)
    assert found.centred_error_ln_n == pytest.approx(0, abs=1e-9)
    # The mean of the first is .6 where the others are 1.0 and 1.4, and their own mean is .2 off each.
    assert found.error_of_mean == pytest.approx(math.sqrt((0.4**2 + 0.8**2) / 2))
    assert found.centred_error_of_mean == pytest.approx(0.2)
    assert as_json(found)["helps"] is True


def test_a_level_of_its_own_is_known_only_when_centred() -> None:
    found = transfer("grammars", GRAMMARS, "text", [law_at(h, 2 * h + 3) for h in (0.5, 0.7)])
    assert found is not None
    assert (found.error_ln_n, found.helps) == (pytest.approx(3), True)
    assert found.centred_error_ln_n == pytest.approx(0, abs=1e-9)


def test_a_line_of_the_other_sign_does_not_help() -> None:
    found = transfer("grammars", GRAMMARS, "text", [law_at(h, -2 * h) for h in (0.5, 0.7)])
    assert found is not None
    assert (found.centred_error_ln_n, found.centred_error_of_mean) == (pytest.approx(0.4), pytest.approx(0.2))
    assert not found.helps


def test_budgets_are_those_that_all_runs_span() -> None:
    other = [law_at(0.5, 1.0, (1e13, 1e15)), law_at(0.6, 1.0, (1e10, 1e20))]
    found = transfer("a", GRAMMARS, "b", other)
    assert found is not None
    assert found.flops == (1e13, 1e14)
    beyond = transfer("a", GRAMMARS, "b", [replace(one, law=law_at(0.5, 1.0, (1e15, 1e16)).law) for one in other])
    assert beyond is not None
    assert beyond.flops == (1e14, 1e14)


@pytest.mark.parametrize(
    ("fitted", "tested"),
    [
        (GRAMMARS[:2], GRAMMARS),
        (GRAMMARS, GRAMMARS[:1]),
        ([law_at(0.2, x) for x in (1, 2, 3)], GRAMMARS),  # one H
        (GRAMMARS, [law_at(0.5, 1.0), law_at(0.6, 1.0, None)]),
    ],
)
def test_where_there_is_no_line_there_is_no_transfer(fitted: list[KnownLaw], tested: list[KnownLaw]) -> None:
    assert transfer("a", fitted, "b", tested) is None


def test_every_pair_is_tried_and_no_source_on_itself() -> None:
    text = [law_at(h, 1.0) for h in (0.4, 0.5, 0.6)]  # h0.4 is a source of both
    found = transfers({"a": GRAMMARS, "b": text, "c": []})
    assert [(one.fitted_on, one.tested_on, one.n_fitted, one.n_tested) for one in found] == [
        ("a", "b", 3, 2),
        ("b", "a", 3, 2),
    ]
