"""FLOPs as time and money on an accelerator."""

import pytest

from advisor.errors import UsageError
from advisor.plan.accelerators import find_gpu
from advisor.plan.hardware import Hardware


def test_time_money_and_flops_are_each_others_inverses():
    # 64 H100 for 100 hours at 40 %: 989e12 * .4 * 64 * 100 * 3600 = 9.11e21
    hardware = Hardware(gpu=find_gpu("H100"), price_per_hour=2.5)
    flops = hardware.flops(64, 100)
    assert flops == pytest.approx(9.114624e21)
    assert hardware.gpu_hours(flops) == pytest.approx(6400)
    assert hardware.cost(flops) == pytest.approx(16000)
    assert Hardware(gpu=find_gpu("H100")).cost(flops) is None


@pytest.mark.parametrize("mfu", [0, -0.1, 1.01, float("nan")])
def test_mfu_is_a_share(mfu):
    with pytest.raises(UsageError, match=r"^--mfu must be above 0 and at most 1, such as 0.4 or 40%, not [^:]*\.$"):
        Hardware(gpu=find_gpu("A100"), mfu=mfu)
