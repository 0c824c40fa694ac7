"""The table of accelerators: every figure dense and with its source; names as people, clouds and drivers write them."""

import json

import pytest

from advisor.answer.request import Request
from advisor.data_files import shipped_file
from advisor.errors import UsageError
from advisor.plan.accelerators import accelerators, assumed_variant, find_gpu, given_gpu

# Dense bf16 peaks, TFLOP/s, as given in the vendors' documents; fp16 of V100 and T4.
PEAKS = {
    "A100": 312, "A40": 149.7, "A30": 165, "H100 SXM": 989, "H100 PCIe": 756, "H100 NVL": 835,
    "H200 SXM": 989, "H200 NVL": 836, "B100": 1800, "B200": 2250, "GB200": 2500, "L40S": 362,
    "L4": 121, "RTX 3090": 71, "4090": 165.2, "5090": 209.5, "A6000": 154.8, "MI250X": 383,
    "MI300X": 1307.4, "MI325X": 1307.4, "MI355X": 2500, "TPU v4": 275, "v5e": 197, "v5p": 459,
    "v6e": 918, "Trainium2": 667, "V100 SXM": 125, "V100 PCIe": 112, "T4": 65, "A10": 125, "A800": 312, "L20": 119.5,
    "L40": 181.05, "H800 SXM": 989, "H20": 148, "GH200": 989, "B300": 2250, "GB300": 2500, "RTX PRO 6000": 503.8,
    "MI250": 362, "MI300A": 980.6, "Gaudi 2": 432, "Gaudi 3": 1677, "TPU v3": 123, "TPU v7x": 2307, "Trainium1": 190,
    "Trainium3": 671,
}  # fmt: skip
# What the vendors' pages lead with, for 2:4 sparsity, TFLOP/s: NVIDIA's and AMD's datasheets.
SPARSE = {
    "A100": 624, "A40": 299.4, "A10": 250, "H100 SXM": 1979, "H100 PCIe": 1513, "H800 SXM": 1979, "GH200": 1979,
    "L40": 362.1, "L40S": 733, "B200": 4500, "GB200": 5000, "B300": 4500, "GB300": 5000, "MI355X": 5000,
}  # fmt: skip


def test_every_known_peak():
    assert {name: find_gpu(name).peak_flops / 1e12 for name in PEAKS} == pytest.approx(PEAKS)
    assert len(accelerators()) == len(PEAKS)


def test_no_peak_is_that_of_sparsity():
    assert {name: 2 * find_gpu(name).peak_flops / 1e12 for name in SPARSE} == pytest.approx(SPARSE, rel=0.02)


def test_every_row_has_a_source_and_says_that_it_is_dense():
    rows = json.loads(shipped_file("accelerators.json").read_text(encoding="utf-8"))["accelerators"]
    assert len({row["name"] for row in rows}) == len(rows) == len(accelerators())
    for row in rows:
        assert set(row) <= {
            *("name", "short", "also", "peak_teraflops", "format", "source"),
            *("memory_gb", "other_memory_gb", "memory_source"),
        }
        assert len(row["source"]) > 20, row
        assert "dense" in row["source"] or "half of it" in row["source"] or "without sparsity" in row["source"], row
        assert ("memory_gb" in row) == bool(row.get("memory_source")), row
        assert ("fp16: it has no bf16" in row["source"]) == (row.get("format") == "fp16"), row


def test_no_two_accelerators_have_a_name_in_common():
    for gpu in accelerators():
        for name in (gpu.name, *gpu.also, *([gpu.short] if gpu.short else [])):
            assert find_gpu(name).name == gpu.name


@pytest.mark.parametrize("name", ["h100-pcie", "H100PCIE", "H100 pcie", "h100_PCIe", "NVIDIA H100 PCIe"])
def test_names_ignore_case_spaces_hyphens_and_the_vendor(name):
    assert find_gpu(name).name == "H100 PCIe"


@pytest.mark.parametrize(
    ("name", "known", "memory_gb"),
    [
        ("A100-80GB", "A100", 80),
        ("NVIDIA A100-SXM4-80GB", "A100", 80),
        ("a100", "A100", 40),
        ("h100_sxm5", "H100 SXM", 80),
        ("NVIDIA H100 80GB HBM3", "H100 SXM", 80),
        ("Tesla V100-SXM2-32GB", "V100 SXM", 32),
        ("GH200 144GB", "GH200", 144),
        ("GeForce RTX 4090", "RTX 4090", 24),
        ("4090", "RTX 4090", 24),
        ("Ironwood", "TPU v7x", 192),
        ("v7", "TPU v7x", 192),
        ("AWS Trn1", "Trainium1", 32),
        ("Intel Gaudi3", "Gaudi 3", 128),
        ("AMD Instinct MI300X", "MI300X", 192),
    ],
)
def test_names_of_drivers_and_clouds_and_the_memory_in_them(name, known, memory_gb):
    found = find_gpu(name)
    assert (found.name, found.memory_gb) == (known, memory_gb)


def test_a_memory_that_it_does_not_have_is_refused():
    with pytest.raises(UsageError) as caught:
        find_gpu("A100 60GB")
    assert str(caught.value) == "--gpu A100 has 40 or 80 GB and not 60: --gpu-memory says otherwise."


def test_a_name_without_its_variant_means_sxm_and_that_is_said():
    assert [find_gpu(name).name for name in ("h100", "H200", "H800", "V100")] == [
        *("H100 SXM", "H200 SXM", "H800 SXM", "V100 SXM")
    ]
    assert assumed_variant("h-100") == "H100 SXM"
    assert assumed_variant("NVIDIA H100") == "H100 SXM"
    assert assumed_variant("H100 SXM") is None
    assert assumed_variant("A100") is None


@pytest.mark.parametrize(("name", "close"), [
    ("GH2O0", "'GH200'"), ("RXT 4090", "'RTX 4090'"), ("MI300", "'MI300A' or 'MI300X'"),
    ("gaudi", "'Gaudi 2' or 'Gaudi 3'"), ("H10", "'H100'"), ("A1", "'A10' or 'A100'"), ("RTX 409", "'RTX 4090'"),
])  # fmt: skip
def test_a_gpu_that_is_like_a_known_one_is_asked_back(name, close):
    with pytest.raises(UsageError) as caught:
        find_gpu(name)
    assert str(caught.value) == (
        f"--gpu {name!r} is not in the table of accelerators, where --peak-tflops would give its peak: did you mean "
        f"{close}?"
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("8xH100", "--gpus 8 --gpu H100"),
        ("8 x h100s", "--gpus 8 --gpu h100"),
        ("16 A100", "--gpus 16 --gpu A100"),
        ("H100:8", "--gpus 8 --gpu H100"),
        ("A100 80GB x 8", "--gpus 8 --gpu 'A100 80GB'"),
    ],
)
def test_a_number_of_accelerators_is_no_part_of_a_name(name, written):
    with pytest.raises(UsageError) as caught:
        find_gpu(name)
    assert str(caught.value) == f"--gpu {name!r} has a number before or behind it: write {written}."


def test_digits_that_belong_to_a_name_are_no_number_of_accelerators():
    assert [find_gpu(name).name for name in ("4090", "RTX 4090", "A100 80GB")] == ["RTX 4090", "RTX 4090", "A100"]


@pytest.mark.parametrize(
    "name", ["", "Cerebras", "my card", "RTX 6000 Ada", "A10G", "RTX 4080", "RTX 3090 Ti", "gaudi4"]
)
def test_a_gpu_like_no_other_is_given_by_its_peak(name):
    with pytest.raises(UsageError) as caught:
        find_gpu(name)
    assert str(caught.value) == (
        f"--gpu {name!r} is not in the table of accelerators, and its peak is not guessed: give it with --peak-tflops, "
        "in dense bf16 TFLOP/s."
    )


def test_an_accelerator_by_its_peak():
    request = Request(peak_tflops=800, gpus=8, hours=100, mfu=0.5)
    assert request.budget == 800e12 * 0.5 * 8 * 100 * 3600
    assert request.hardware is not None
    assert (request.hardware.gpu.name, request.hardware.gpu.source) == (
        *("accelerator of 800 TFLOP/s", "given: --peak-tflops"),
    )
    assert request.hardware.memory_bytes is None
    labelled = Request(flops=1e21, gpu="my card", peak_tflops=800, gpu_memory=96).hardware
    assert labelled is not None
    assert (labelled.gpu.name, labelled.memory_bytes) == ("my card", 96e9)


def test_a_peak_that_contradicts_the_table_is_refused_and_one_that_agrees_is_the_tables():
    with pytest.raises(UsageError) as caught:
        Request(flops=1e21, gpu="h100", peak_tflops=1979)
    assert str(caught.value) == (
        "--peak-tflops 1979 contradicts --gpu h100, whose dense bf16 peak is 989 TFLOP/s: leave one out, or give the "
        "accelerator another name."
    )
    assert given_gpu("h100", 989).memory_gb == 80


@pytest.mark.parametrize("peak", [989e12, 0.0001, 2e5])
def test_a_peak_that_is_no_accelerators_is_refused(peak):
    with pytest.raises(UsageError) as caught:
        Request(flops=1e21, peak_tflops=peak)
    assert str(caught.value) == (
        f"--peak-tflops must be from 0.001 to 100,000 TFLOP/s of one accelerator, such as 989, not {peak:g}."
    )
