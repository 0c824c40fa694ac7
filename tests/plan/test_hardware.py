"""Accelerators by name, and FLOPs as time and money on them."""

import pytest

from advisor.errors import UsageError
from advisor.plan.hardware import GPUS, Hardware, assumed_variant, find_gpu

# Dense bf16 peaks, FLOP/s, as given in the vendors' documents.
PEAKS = {
    "A100": 312e12, "A40": 149.7e12, "A30": 165e12, "H100 SXM": 989e12, "H100 PCIe": 756e12, "H100 NVL": 835e12,
    "H200 SXM": 989e12, "H200 NVL": 836e12, "B100": 1.8e15, "B200": 2.25e15, "GB200": 2.5e15, "L40S": 362e12,
    "L4": 121e12, "RTX 3090": 71e12, "4090": 165.2e12, "5090": 209.5e12, "A6000": 154.8e12, "MI250X": 383e12,
    "MI300X": 1307.4e12, "MI325X": 1307.4e12, "MI355X": 2.5e15, "TPU v4": 275e12, "v5e": 197e12, "v5p": 459e12,
    "v6e": 918e12, "Trainium2": 667e12,
}  # fmt: skip


def test_every_known_peak():
    assert {name: find_gpu(name).peak_flops for name in PEAKS} == PEAKS
    assert len(GPUS) == len(PEAKS)
    assert all(gpu.source for gpu in GPUS)


@pytest.mark.parametrize("name", ["h100-pcie", "H100PCIE", "H100 pcie", "h100_PCIe"])
def test_names_ignore_case_spaces_and_hyphens(name):
    assert find_gpu(name).name == "H100 PCIe"


def test_h100_and_h200_mean_sxm_and_say_so():
    assert find_gpu("h100").name == "H100 SXM"
    assert find_gpu("H200").name == "H200 SXM"
    assert assumed_variant("h-100") == "H100 SXM"
    assert assumed_variant("H100 SXM") is None
    assert assumed_variant("A100") is None


@pytest.mark.parametrize("name", ["H1000", "", "4", "rtx", "H100 SXM sparse", "V100"])
def test_an_unknown_gpu_is_refused_with_the_known_ones(name):
    with pytest.raises(UsageError) as caught:
        find_gpu(name)
    known = ", ".join(gpu.name for gpu in GPUS)
    assert str(caught.value) == (
        f"--gpu {name!r} is not known, and its peak is not guessed: the known ones are {known}."
    )


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
