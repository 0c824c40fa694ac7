"""A device that can train: its name, what it computes in, its known peak; and which of them this machine has."""

from __future__ import annotations

import gc
import os
import platform
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch

from advisor.errors import UsageError
from advisor.plan.accelerators import assumed_variant, find_gpu
from advisor.plan.shape import Architecture
from calibration.training.execution import DType

# Compute capability from which NVIDIA's GPUs multiply in bf16 (Ampere); earlier ones only emulate it.
BF16_CAPABILITY = (8, 0)
_VENDOR_WORDS = {"nvidia", "amd", "instinct", "geforce"}
# Memory and socket stand in a device's name and not in the table of peaks.
_FORM = re.compile(r"\d+gb|hbm\d?e?|sxm\d?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Device:
    """One device: ``device`` is torch's name for it, ``dtype`` that of the matrix products done on it.

    ``peak_flops`` is the dense peak in FLOP/s in that dtype, None where no source is known: then there is no MFU.
    ``n_threads`` are torch's on the CPU. ``memory_bytes`` are the device's own, None where the system does not say.
    """

    device: str
    name: str
    torch_version: str
    dtype: DType
    n_threads: int
    peak_flops: float | None
    memory_bytes: int | None

    @property
    def dtypes(self) -> tuple[DType, ...]:
        """The dtypes that it multiplies in, the usual one first: on a CPU with bf16 float32, and then bfloat16."""
        both = self.device == "cpu" and _multiplies_in_bf16()
        return (self.dtype, "bfloat16") if both else (self.dtype,)

    @property
    def is_cuda(self) -> bool:
        """Whether this is a CUDA device, which can replay graphs."""
        return self.device.startswith("cuda")

    def mfu(self, shape: Architecture, tokens_per_second: float) -> float | None:
        """Return the share of the peak that training at this speed makes use of, None where no peak is known.

        Model FLOPs utilisation (Chowdhery et al. 2022, arXiv:2204.02311, appendix B), with the exact FLOPs per token
        of ``Architecture``.
        """
        return None if self.peak_flops is None else tokens_per_second * shape.flops_per_token / self.peak_flops


def find_devices() -> tuple[Device, ...]:
    """Return the devices of this machine, the preferred first: CUDA devices by number, MPS, CPU."""
    found = [_cuda(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append(_device("mps", platform.processor() or "Apple GPU", memory_bytes=_memory()))
    return (*found, _device("cpu", _cpu_name(), memory_bytes=_memory()))


def choose_device(wanted: str | None = None) -> Device:
    """Return the device called ``wanted``, such as "cpu", "mps", "cuda" (the first) or "cuda:1"; else the preferred.

    Raises:
        UsageError: there is no such device, in general or on this machine.
    """
    devices = find_devices()
    if wanted is None:
        return devices[0]
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", wanted):
        raise UsageError(f"The device {wanted!r} is not known: choose cpu, mps, cuda or cuda:N.")
    name = "cuda:0" if wanted == "cuda" else wanted
    for hardware in devices:
        if hardware.device == name:
            return hardware
    here = ", ".join(hardware.device for hardware in devices)
    raise UsageError(f"The device {wanted} is not on this machine: torch {torch.__version__} finds {here} here.")


def known_peak(name: str) -> float | None:
    """Return the dense bf16 peak in FLOP/s of the GPU that its driver calls ``name``, None where it is not known.

    >>> known_peak("NVIDIA H200"), known_peak("NVIDIA GeForce RTX 4090 Laptop GPU")
    (989000000000000.0, None)
    """
    words = [word for word in re.split(r"[\s-]+", name) if word.lower() not in _VENDOR_WORDS]
    words = [word for word in words if not _FORM.fullmatch(word)]
    # An H100 PCIe or H800 PCIe is not the SXM that H100 and H800 stand for, and an A100 PCIe is an A100.
    for part in (words, [word for word in words if word.lower() != "pcie"]):
        wanted = " ".join(part)
        with suppress(UsageError):
            gpu = find_gpu(wanted)
            if gpu.number_format == "bf16" and (part == words or assumed_variant(wanted) is None):
                return gpu.peak_flops
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error of torch says that the device's memory ran out.

    Outside its allocator, where CUDA makes a context, a graph or a library's handle, that is a plain RuntimeError.
    """
    said = str(error)
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in said or "ALLOC_FAILED" in said)
    )


def free_memory(hardware: Device) -> None:
    """Give back what this process keeps of the device's memory without using it, for others to take."""
    gc.collect()
    if hardware.is_cuda:
        # After a failed capture torch may believe that it still goes on, and refuse (pytorch/pytorch#180395).
        with suppress(RuntimeError):
            torch.cuda.empty_cache()


def _device(device: str, name: str, *, memory_bytes: int | None, dtype: str = "float32") -> Device:
    return Device(
        device=device,
        name=name,
        torch_version=torch.__version__,
        dtype=cast(DType, dtype),
        n_threads=torch.get_num_threads(),
        peak_flops=known_peak(name) if dtype == "bfloat16" else None,
        memory_bytes=memory_bytes,
    )


def _cuda(number: int) -> Device:
    properties = torch.cuda.get_device_properties(number)
    # ROCm has its own capabilities under the same name.
    has_bf16 = torch.version.hip is not None or (properties.major, properties.minor) >= BF16_CAPABILITY
    dtype = "bfloat16" if has_bf16 else "float32"
    return _device(f"cuda:{number}", properties.name, memory_bytes=properties.total_memory, dtype=dtype)


def _multiplies_in_bf16() -> bool:
    """Return whether this CPU says that it has products of bf16: AMX or AVX512-BF16, or Arm's."""
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", _cpu_info(), re.MULTILINE)
    return flags is not None and not {"amx_bf16", "avx512_bf16", "bf16"}.isdisjoint(flags[1].split())


def _cpu_info() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return ""


def _cpu_name() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", _cpu_info(), re.MULTILINE)
    return model[1].strip() if model else platform.processor() or platform.machine() or "unknown"


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
