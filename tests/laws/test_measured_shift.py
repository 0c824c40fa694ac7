"""A pilot beside the data rule: nothing, everything, and worlds drawn from the rule itself."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from advisor.laws.data_rule import SETTLED, Shift, data_law, shift_at
from advisor.laws.measured_shift import (
    ADDED_GROWTH,
    BEYOND,
    GROWTH,
    SCATTER,
    SCATTER_OF_A_BUDGET,
    SCATTER_OF_WEB,
    TOKENIZER,
    Measured,
)
from advisor.laws.published import chinchilla
from advisor.laws.text import Text

CODE = Text(compressibility=0.402, bytes_per_token=3.0)
FOREIGN = Text(compressibility=0.5, bytes_per_token=4.0, non_ascii=0.8)
WEB = Text(compressibility=0.5645, bytes_per_token=4.056)
PAIRS = [(5e18, 1e20), (5e18, 1e22), (3e19, 1e21), (2e20, 1e22), (3e19, 5e18)]


def seen(text: Text, at: float, *, sd: float, surprise: float = 0.0, paired: bool = True) -> Text:
    measured = Measured(log_n=shift_at(text, at).corpus + surprise, sd=sd, flops=at, paired=paired)
    return text._replace(measured=measured)


@pytest.mark.parametrize(("at", "flops"), PAIRS)
@pytest.mark.parametrize("text", [CODE, FOREIGN, WEB])
def test_a_pilot_that_says_nothing_changes_nothing_and_none_widens(text, at, flops):
    rule = shift_at(text, flops)
    nothing = shift_at(seen(text, at, sd=1e6), flops)
    assert (nothing.log_n, nothing.sd) == (pytest.approx(rule.log_n), pytest.approx(rule.sd))
    sds = [shift_at(seen(text, at, sd=sd), flops).sd for sd in (0.01, 0.03, 0.1)]
    assert sds == sorted(sds)
    assert sds[-1] < rule.sd


@pytest.mark.parametrize("text", [CODE, FOREIGN])
def test_the_nearer_the_pilot_s_budget_the_less_is_left(text):
    sds = [shift_at(seen(text, at, sd=0.03), 1e22).sd for at in (5e18, 1e20, 1e21, 1e22)]
    assert sds == sorted(sds, reverse=True)
    assert sds[-1] < 0.5 * shift_at(text, 1e22).sd


def test_at_its_own_budget_an_exact_pilot_leaves_the_scatter_of_budgets_and_of_web_text():
    # two independent ways to know the corpus's own shift: the pilot against a web corpus, and the rule
    left = shift_at(seen(WEB, 1e19, sd=1e-6), 1e19).sd
    own = shift_at(WEB, 1e19).sd ** 2 - SCATTER_OF_A_BUDGET**2
    assert left == pytest.approx(math.sqrt(1 / (1 / own + 1 / SCATTER_OF_WEB**2) + SCATTER_OF_A_BUDGET**2), rel=1e-3)


def test_a_surprise_moves_the_answer_its_way_and_the_growth_of_what_it_adds_is_not_known():
    rule, after = shift_at(CODE, 1e22), shift_at(seen(CODE, 5e18, sd=0.03, surprise=-0.2), 1e22)
    assert rule.log_n - 0.3 < after.log_n < rule.log_n - 0.05
    assert after.sd > shift_at(seen(CODE, 5e18, sd=0.03), 1e22).sd
    assert shift_at(seen(CODE, 5e18, sd=0.03, surprise=0.05), 1e22).log_n > rule.log_n


def test_the_reference_s_own_shift_is_added():
    measured = Measured(log_n=-0.1, sd=0.03, flops=1e19)
    web = CODE._replace(measured=measured)
    code = CODE._replace(measured=replace(measured, reference_compressibility=0.402, reference_bytes_per_token=3.0))
    assert shift_at(code, 1e19).log_n < shift_at(web, 1e19).log_n


def test_an_unpaired_pilot_drifts_with_the_distance_and_a_paired_one_does_not():
    # at .10 in ln N* for each e-fold: four of them are .4, more than the rule leaves open
    near, far = (shift_at(seen(FOREIGN, at, sd=0.03, paired=False), 1e21).sd for at in (1e21, 1e19))
    assert near < 0.5 * shift_at(FOREIGN, 1e21).sd
    assert far > 0.8 * shift_at(FOREIGN, 1e21).sd
    assert shift_at(seen(FOREIGN, 1e19, sd=0.03), 1e21).sd < 0.5 * far


def test_the_law_and_its_draws_take_the_pilot():
    text, base = seen(FOREIGN, 1e20, sd=0.03), chinchilla()
    law, plain = data_law(base, text, 1e21), data_law(base, FOREIGN, 1e21)
    moved = math.log(law.frontier(1e21).n_params / base.frontier(1e21).n_params)
    assert moved == pytest.approx(shift_at(text, 1e21).log_n)
    widths = [max(n) / min(n) for n in ([n for n, _, _ in each.drawn_frontiers(1e21) or ()] for each in (law, plain))]
    assert widths[0] < widths[1]


def parts_of(before: Shift, after: Shift, at: float, flops: float, rng: random.Random) -> tuple[float, float, float]:
    """Return Delta(C_p) without its budget's scatter, Delta(C), and the same for nothing but what the rule draws."""
    near, far = before.corpus, after.corpus
    for name in after.sds:
        if name == TOKENIZER:
            continue
        z = rng.gauss(0, 1)
        if name == SCATTER:
            own = math.sqrt(before.sds[name] ** 2 - SCATTER_OF_A_BUDGET**2)
            near += own * z
            far += own * z + rng.gauss(0, SCATTER_OF_A_BUDGET)
        elif name in (GROWTH, BEYOND):
            same = (at > SETTLED) == (flops > SETTLED)
            common = min(before.sds[name], after.sds[name]) if same else 0.0
            near += common * z + math.sqrt(before.sds[name] ** 2 - common**2) * rng.gauss(0, 1)
            far += common * z + math.sqrt(after.sds[name] ** 2 - common**2) * rng.gauss(0, 1)
        else:
            near += before.sds[name] * z
            far += after.sds[name] * z
    return near, far, rng.gauss(0, SCATTER_OF_WEB)


@pytest.mark.parametrize(("at", "flops"), PAIRS)
@pytest.mark.parametrize("text", [CODE, FOREIGN, WEB])
def test_in_worlds_drawn_from_the_rule_four_in_five_are_inside_the_interval(text, at, flops):
    """But for the growth of what a pilot adds, which the rule's own worlds do not have."""
    rng, n, sd = random.Random(0), 3000, 0.04
    before, after = shift_at(text, at), shift_at(text, flops)
    inside = 0
    for _ in range(n):
        near, far, web = parts_of(before, after, at, flops, rng)
        measured = Measured(log_n=near - web + rng.gauss(0, sd), sd=sd, flops=at)
        found = shift_at(text._replace(measured=measured), flops)
        sd_drawn = math.hypot(*(part for name, part in found.sds.items() if name != ADDED_GROWTH))
        inside += abs(far - found.log_n) < 1.2816 * sd_drawn
        assert sd_drawn <= found.sd
    assert inside / n == pytest.approx(0.80, abs=0.03)
