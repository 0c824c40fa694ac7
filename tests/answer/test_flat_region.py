import pytest

from advisor.answer.flat_region import flat_region
from advisor.laws.published import CHINCHILLA, CODE, HOFFMANN, KAPLAN
from advisor.laws.scaling_law import ScalingLaw


@pytest.mark.parametrize("law", [CHINCHILLA, HOFFMANN, CODE], ids=lambda law: law.name)
@pytest.mark.parametrize("flops", [1e18, 1e21, 5.76e23])
def test_the_ends_are_where_the_tolerances_are_met(law, flops):
    flat = flat_region(law, flops)
    best = law.frontier(flops)
    least = law.loss(best.n_params, best.n_tokens)
    for n_params in flat.n_params_by_loss:
        loss = law.loss(n_params, flops / (6 * n_params))
        assert loss == pytest.approx(1.01 * least, rel=1e-9)
        assert flat.wasted_by_loss == pytest.approx(1 - law.for_loss(loss).flops / flops, abs=1e-6)
    for n_params in flat.n_params_by_flops:
        # 10 % wasted: the optimum of 90 % of the budget has the same loss.
        equivalent = law.for_loss(law.loss(n_params, flops / (6 * n_params))).flops
        assert 1 - equivalent / flops == pytest.approx(0.10, abs=1e-6)
    for n_params, n_tokens in (
        (flat.n_params_by_loss, flat.n_tokens_by_loss),
        (flat.n_params_by_flops, flat.n_tokens_by_flops),
    ):
        assert n_params[0] < best.n_params < n_params[1]
        assert n_tokens[0] < best.n_tokens < n_tokens[1]
        assert 6 * n_params[0] * n_tokens[1] == pytest.approx(flops)
        assert 6 * n_params[1] * n_tokens[0] == pytest.approx(flops)


def test_the_cost_of_a_wrong_n_brackets_the_region():
    # Twice or half the optimal N wastes 15.6 % of the FLOPs (the corrected law, any budget): outside the 10 %.
    flat = flat_region(CHINCHILLA, 1e21)
    best = CHINCHILLA.frontier(1e21).n_params
    assert 0.5 < flat.n_params_by_flops[0] / best < 1
    assert 1 < flat.n_params_by_flops[1] / best < 2


def test_a_law_without_loss_has_none():
    assert flat_region(KAPLAN, 1e21) is None


def test_nearly_flat_laws_do_not_overflow():
    law = ScalingLaw(name="flat", E=5.0, A=1.0, B=1.0, alpha=1e-3, beta=1e-3, count="total", source="none")
    flat = flat_region(law, 1e21)
    assert 0 < flat.n_params_by_loss[0] < flat.n_params_by_loss[1] < float("inf")
