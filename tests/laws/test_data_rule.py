"""The data rule: its published anchors, what it keeps of the base law, and what widens it."""

from __future__ import annotations

import math

import pytest

from advisor.laws.data_rule import LARGEST, SETTLED, data_law, frontier_flops, shift_at, shown
from advisor.laws.drift import LEAST, even_normals, moved, widened
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import ScalingLaw, central_interval
from advisor.laws.text import WEB_H, WEB_T, Text

CODE = Text(compressibility=0.402, bytes_per_token=3.0)
WEB = Text(compressibility=WEB_H, bytes_per_token=WEB_T)
BUDGETS = (1e17, 1e18, 1e19, 4.84e19, 1e21, 1e24)


def n_of(law: ScalingLaw, flops: float) -> float:
    return law.frontier(flops).n_params


def test_the_gap_is_shown_as_the_iso_flop_optima_show_it():
    # facts of the six corpora: nothing at 1e17, all of it at 1e19, held from the largest budget on
    assert shown(1e17) == 0.0
    assert shown(SETTLED) == 1.0
    assert shown(2e18) == pytest.approx(1 + 0.25 * math.log(0.2))
    assert shown(LARGEST) == shown(1e24) == pytest.approx(1 + 0.1 * math.log(4.84))


def test_code_wants_fewer_parameters_than_web_text_and_the_mean_of_both_rules_says_how_many():
    shift = shift_at(CODE, 1e19)
    assert shift.log_n == pytest.approx((0.45 * math.log(3.0 / 4.056) + 1.1 * (0.402 - 0.5645)) / 2)
    assert shift_at(CODE, 1e21).log_n == pytest.approx(-0.18, abs=0.005)
    assert n_of(data_law(chinchilla(), CODE, 1e21), 1e21) == pytest.approx(2.3e9, rel=0.02)


@pytest.mark.parametrize(("bytes_per_token", "ratio"), [(1.0, 0.46), (4.57, 1.07)])
def test_a_tokenizer_moves_n_as_bytes_per_parameter_stay(bytes_per_token, ratio):
    # Limisiewicz et al. 2026, arXiv:2605.01188: N*(T)/N*(4.06) at equal C, with B* ~ T^.446
    base, text = chinchilla(), Text(trained_bytes_per_token=bytes_per_token)
    assert n_of(data_law(base, text, 1e20), 1e20) / n_of(base, 1e20) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("flops", BUDGETS)
@pytest.mark.parametrize("text", [CODE, Text(compressibility=0.2), Text(trained_bytes_per_token=1.0)])
def test_the_least_loss_of_a_budget_and_the_exponents_stay(flops, text):
    base = chinchilla()
    law = data_law(base, text, flops)
    best, own = law.frontier(flops), base.frontier(flops)
    assert law.loss(best.n_params, best.n_tokens) == pytest.approx(base.loss(own.n_params, own.n_tokens), rel=1e-12)
    assert (law.E, law.alpha, law.beta) == (base.E, base.alpha, base.beta)
    assert math.log(best.n_params / own.n_params) == pytest.approx(shift_at(text, flops).log_n, abs=1e-9)


def test_web_text_is_the_base_and_its_interval_holds_the_base_s():
    base = chinchilla()
    law = data_law(base, WEB, 1e21)
    assert n_of(law, 1e21) == pytest.approx(n_of(base, 1e21))
    narrow, wide = (central_interval([n for n, _, _ in each.drawn_frontiers(1e21) or ()]) for each in (base, law))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert wide[1] / wide[0] < 1.5


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (CODE, Text(compressibility=0.402)),  # H alone
        (Text(compressibility=0.5), Text(compressibility=0.5, sd=0.05)),
        (
            Text(compressibility=0.59, bytes_per_token=4.0),
            Text(compressibility=0.59, bytes_per_token=4.0, non_ascii=0.5),
        ),
        (Text(compressibility=0.402, bytes_per_token=3.0), Text(compressibility=0.402, bytes_per_token=5.0)),
        (WEB, Text(compressibility=WEB_H, bytes_per_token=WEB_T, trained_bytes_per_token=1.0)),
    ],
)
def test_what_is_known_less_well_is_wider(narrow, wide):
    assert shift_at(wide, 1e21).sd > 1.05 * shift_at(narrow, 1e21).sd


def test_the_interval_widens_beyond_the_budgets_and_the_corpora_seen():
    assert shift_at(CODE, 1e23).sd > 1.3 * shift_at(CODE, 1e21).sd
    inside, outside = Text(compressibility=0.40), Text(compressibility=0.30)
    assert (
        shift_at(outside, 1e20).sds["H beyond the corpora seen"]
        > 0
        == shift_at(inside, 1e20).sds["H beyond the corpora seen"]
    )


def test_bytes_per_token_say_nothing_of_text_that_is_not_ascii():
    text = Text(compressibility=0.59, bytes_per_token=2.0, non_ascii=0.4)
    assert shift_at(text, 1e20).corpus == shift_at(Text(compressibility=0.59), 1e20).corpus


def test_without_a_corpus_a_tokenizer_is_weighed_against_web_text_s():
    assert Text(trained_bytes_per_token=WEB_T).by_tokenizer == 0
    assert Text(compressibility=WEB_H, trained_bytes_per_token=WEB_T).by_tokenizer == pytest.approx(0)


@pytest.mark.parametrize(
    "text", [CODE, Text(compressibility=0.1), Text(compressibility=0.7, trained_bytes_per_token=1)]
)
@pytest.mark.parametrize("n_params", [1e6, 1e8, 1e9, 7e10])
def test_the_budget_of_a_size_is_the_one_whose_optimum_has_it(text, n_params):
    base = chinchilla()
    flops = frontier_flops(base, text, lambda law: law.for_params(n_params))
    assert n_of(data_law(base, text, flops), flops) == pytest.approx(n_params, rel=1e-9)
    n_tokens = data_law(base, text, flops).frontier(flops).n_tokens
    assert frontier_flops(base, text, lambda law: law.for_tokens(n_tokens)) == pytest.approx(flops, rel=1e-6)


def test_moving_a_row_moves_its_optimum_and_its_losses_alone():
    base = chinchilla()
    drawn = ScalingLaw(
        name="x",
        E=1,
        A=1,
        B=1,
        alpha=1,
        beta=1,
        count="total",
        source="",
        draws=(moved(base.row, log_n=0.3, log_loss=-0.02),),
    )
    (n, d, loss), own = (drawn.drawn_frontiers(1e21) or [])[0], base.frontier(1e21)
    assert math.log(n / own.n_params) == pytest.approx(0.3)
    assert 6 * n * d == pytest.approx(1e21)
    assert loss == pytest.approx(math.exp(-0.02) * base.loss(own.n_params, own.n_tokens))


def test_draws_widen_beyond_the_largest_budget_by_kappa_for_each_e_fold():
    base = chinchilla()
    assert widened(base, base.ranges.flops[1]) is base
    far = base.ranges.flops[1] * math.e**4
    one = ScalingLaw(
        name="x",
        E=base.E,
        A=base.A,
        B=base.B,
        alpha=base.alpha,
        beta=base.beta,
        count="total",
        source="",
        draws=(base.row,) * 400,
        ranges=base.ranges,
    )
    found = widened(one, far).drawn_frontiers(far) or []
    logs = [math.log(n) for n, _, _ in found]
    mean = sum(logs) / len(logs)
    sd = math.sqrt(sum((x - mean) ** 2 for x in logs) / len(logs))
    assert sd == pytest.approx(4 * LEAST.n_params, rel=0.03)
    losses = [math.log(loss) for _, _, loss in found]
    low, high = central_interval(losses, 0.8)
    assert high - low == pytest.approx(2 * 1.2816 * 4 * LEAST.loss, rel=0.05)


def test_even_normals_are_normal_and_independent():
    rows = list(even_normals(400))
    for column in zip(*rows, strict=True):
        assert sum(column) / 400 == pytest.approx(0, abs=0.03)
        assert sum(x * x for x in column) / 400 == pytest.approx(1, abs=0.05)
    for i in range(4):
        for j in range(i):
            assert sum(row[i] * row[j] for row in rows) / 400 == pytest.approx(0, abs=0.05)
