import pytest

from advisor.errors import UsageError
from advisor.plan.hardware import GPUS, Hardware, assumed_variant, find_gpu
from advisor.quantities import check_positive, format_flops, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e21", 1e21),
        ("5.76e23", 5.76e23),
        ("5.76E+23", 5.76e23),
        ("400M", 400e6),
        ("400m", 400e6),
        ("1.5T", 1.5e12),
        ("7B", 7e9),
        (" 7 b ", 7e9),
        ("12k", 12e3),
        ("1_000_000", 1e6),
        ("1,000,000", 1e6),
        ("1,234.5", 1234.5),
        (".5B", 5e8),
        ("2.", 2.0),
        ("+3", 3.0),
        ("1e3M", 1e9),
    ],
)
def test_quantities_as_people_write_them(text, value):
    assert parse_quantity(text, "--flops") == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-5", "nan", "inf", "-inf", "Infinity", "junk", "1e", "e21", "0x10", "1,5", "1,00,000", ",5"),
        *("1__0", "_1", "7BB", "7Q", "1e21 FLOPs", "1e2.5", "--", "٣", "1 000", "1e21\n2"),
    ],
)
def test_junk_is_refused_with_the_option_and_the_value(text):
    with pytest.raises(UsageError) as caught:
        parse_quantity(text, "--flops")
    assert str(caught.value) == f"--flops must be a positive number such as 1e21, 400M, 7B or 1.5T, not {text!r}."


@pytest.mark.parametrize("text", ["0", "0.0", "0e5", "1e400", "1e-400", "9e306T"])
def test_zero_and_what_overflows_are_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_quantity(text, "--tokens")
    assert str(caught.value) == f"--tokens must be a finite number above 0, not {text}."


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_numbers_from_python_are_checked_too(value):
    with pytest.raises(UsageError, match=r"^--hours must be a finite number above 0, not "):
        check_positive(value, "--hours")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (0.5, "0.5"),
        (999, "999"),
        (999.6, "1.00K"),
        (1000, "1.00K"),
        (9994, "9.99K"),
        (9996, "10.0K"),
        (999_499, "999K"),
        (999_501, "1.00M"),
        (2.78e9, "2.78B"),
        (1.5e12, "1.50T"),
        (9.999e14, "1e15"),
        (2e15, "2e15"),
    ],
)
def test_quantities_are_shown_with_three_digits(value, text):
    assert format_quantity(value) == text
    assert parse_quantity(text, "x") == pytest.approx(value, rel=5e-3)


def test_flops_are_shown_without_padding():
    assert [format_flops(x) for x in (1e21, 5.76e23, 1.234e5, 12.0)] == ["1e21", "5.76e23", "1.23e5", "12"]


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
    with pytest.raises(UsageError, match=r"^--mfu must be above 0 and at most 1, such as 0.4, not "):
        Hardware(gpu=find_gpu("A100"), mfu=mfu)
