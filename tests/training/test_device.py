"""Devices, their names and peaks, against the table of budget.py."""

import dataclasses
import os

import pytest
import torch

from advisor.errors import UsageError
from advisor.json_form import as_json
from calibration.training import device
from calibration.training.device import Device, choose_device, find_devices, known_peak
from calibration.training.shape import model_shape

H200 = Device(
    device="cuda:0",
    name="NVIDIA H200",
    torch_version="2.13.0",
    dtype="bfloat16",
    n_threads=16,
    peak_flops=989e12,
    memory_bytes=150_000_000_000,
)


def test_this_machine_has_a_cpu_and_it_is_the_last_choice():
    *others, cpu = find_devices()
    assert (cpu.device, cpu.dtype, cpu.peak_flops) == ("cpu", "float32", None)
    assert cpu.torch_version == torch.__version__
    assert cpu.n_threads == torch.get_num_threads()
    assert cpu.memory_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert cpu.name
    assert [one.device for one in others if one.is_cuda] == [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    assert choose_device() == find_devices()[0]
    assert choose_device("cpu") == cpu


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a CUDA device")
@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "cuda:3"])
def test_an_absent_device_is_said(wanted):
    with pytest.raises(UsageError) as error:
        choose_device(wanted)
    here = ", ".join(one.device for one in find_devices())
    assert str(error.value) == (
        f"The device {wanted} is not on this machine: torch {torch.__version__} finds {here} here."
    )


@pytest.mark.parametrize("wanted", ["gpu", "cuda:", "cuda:x", "CPU", "", "cpu:0", "tpu"])
def test_an_unknown_device_is_said(wanted):
    with pytest.raises(UsageError) as error:
        choose_device(wanted)
    assert str(error.value) == f"The device {wanted!r} is not known: choose cpu, mps, cuda or cuda:N."


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989e12),
        ("NVIDIA H200 NVL", 836e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA H100 NVL", 835e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA A100-PCIE-40GB", 312e12),
        ("NVIDIA A100 80GB PCIe", 312e12),
        ("NVIDIA A40", 149.7e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA L40", 181.05e12),
        ("NVIDIA L40S", 362e12),
        ("NVIDIA GH200 480GB", 989e12),
        ("NVIDIA H20", 148e12),
        ("NVIDIA H800", 989e12),
        ("NVIDIA GeForce RTX 4090", 165.2e12),
        ("NVIDIA RTX A6000", 154.8e12),
        ("NVIDIA B200", 2.25e15),
        ("AMD Instinct MI300X", 1307.4e12),
    ],
)
def test_names_that_drivers_give_have_their_peak(name, peak):
    assert known_peak(name) == peak


@pytest.mark.parametrize(
    "name",
    [
        "NVIDIA GeForce RTX 4090 Laptop GPU",
        "NVIDIA H100 80GB HBM3 MIG 1g.10gb",
        "NVIDIA RTX 6000 Ada Generation",
        "NVIDIA H800 PCIe",
        "Tesla V100-SXM2-16GB",  # has no bf16
        "Tesla T4",
        "AMD EPYC",
        "",
    ],
)
def test_the_peak_of_other_devices_is_not_guessed(name):
    assert known_peak(name) is None


def test_mfu_is_flops_done_over_the_peak():
    shape = model_shape(width=64, n_layers=2, n_heads=1, vocab_size=301)
    assert H200.mfu(shape, 1e8) == pytest.approx(1e8 * 803712 / 989e12)
    assert H200.mfu(shape, 989e12 / 803712) == pytest.approx(1)
    assert choose_device("cpu").mfu(shape, 1e8) is None


@pytest.mark.parametrize(
    ("info", "dtypes"),
    [
        ("processor : 0\nflags\t\t: fpu avx512f avx512_bf16 amx_tile\n", ("float32", "bfloat16")),
        ("flags : fpu amx_bf16\n", ("float32", "bfloat16")),
        ("Features\t: fp asimd bf16 i8mm\n", ("float32", "bfloat16")),
        ("flags\t\t: fpu avx512f avx_vnni\n", ("float32",)),
        ("", ("float32",)),
    ],
)
def test_a_cpu_multiplies_in_bf16_where_its_flags_say_so(monkeypatch, info, dtypes):
    monkeypatch.setattr(device, "_cpu_info", lambda: info)
    assert choose_device("cpu").dtypes == dtypes
    assert H200.dtypes == ("bfloat16",)
    assert dataclasses.replace(H200, dtype="float32").dtypes == ("float32",)


def test_the_json_form_has_every_field():
    assert as_json(H200) == {
        "device": "cuda:0",
        "name": "NVIDIA H200",
        "torch_version": "2.13.0",
        "dtype": "bfloat16",
        "n_threads": 16,
        "peak_flops": 989e12,
        "memory_bytes": 150_000_000_000,
    }


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_device_is_preferred():
    first = choose_device()
    assert first == choose_device("cuda") == choose_device("cuda:0")
    assert first.name == torch.cuda.get_device_name(0)
    assert first.memory_bytes > 1e9
