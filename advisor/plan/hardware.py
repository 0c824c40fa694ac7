"""Accelerators: peaks, memory and prices, and the GPU-hours and cost of FLOPs on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import UsageError
from advisor.quantities import check_share

if TYPE_CHECKING:
    from advisor.explanation import Page

# Model FLOPs utilisation of published runs, and where the user gives none.
PUBLISHED_MFU = (("GPT-3", 0.21), ("DeepSeek-V3", 0.35), ("Llama-3 405B", 0.38), ("Llama-3 405B", 0.43), ("PaLM", 0.46))
DEFAULT_MFU = 0.40
_DEFAULT = f"{DEFAULT_MFU:g}".lstrip("0")  # as sources write it


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """An accelerator: ``peak_flops`` is its dense bf16 peak in FLOP/s, without sparsity.

    ``memory_gb`` is its memory as the vendor's document in ``memory_source`` names it, None where we saw none.
    """

    name: str
    peak_flops: float
    source: str
    memory_gb: float | None = None
    memory_source: str = ""


_MIG = "NVIDIA's MIG user guide, supported GPUs"
_NIM = "NVIDIA's NIM documentation, supported GPUs"
_ROCM = "AMD's ROCm documentation, GPU specifications"
_TPU = "Google Cloud's TPU documentation"

# Memory, GB.
_MEMORY = {
    "A100": (40, f"{_MIG}: 40 or 80, the smaller is taken"),
    **{name: (gb, _MIG) for name, gb in (("A30", 24), ("B200", 180), ("GB200", 186))},
    **{name: (gb, _MIG) for name, gb in (("H100 SXM", 80), ("H100 PCIe", 80), ("H200 SXM", 141), ("H200 NVL", 141))},
    **{name: (gb, _NIM) for name, gb in (("H100 NVL", 94), ("L40S", 48), ("RTX A6000", 48))},
    **{name: (gb, _NIM) for name, gb in (("RTX 4090", 24), ("RTX 5090", 32))},
    **{name: (gb, _ROCM) for name, gb in (("MI325X", 256), ("MI355X", 288))},
    "MI300X": (192, "AMD's MLPerf inference v4.1 submission"),
    **{name: (gb, _TPU) for name, gb in (("TPU v4", 32), ("TPU v5e", 16), ("TPU v5p", 95), ("TPU v6e", 32))},
    "Trainium2": (96, "AWS Neuron documentation, Trainium2 architecture"),
}


def _gpu(name: str, peak_flops: float, vendor: str) -> Gpu:
    memory_gb, memory_source = _MEMORY.get(name, (None, ""))
    return Gpu(
        name=name,
        peak_flops=peak_flops,
        source=f"{vendor}'s specification, dense bf16",
        memory_gb=memory_gb,
        memory_source=memory_source,
    )


# Dense bf16 peaks. Vendors' pages lead with the figure for 2:4 sparsity, twice these (H100: 1979e12).
GPUS = (
    _gpu("A100", 312e12, "NVIDIA"),
    _gpu("A40", 149.7e12, "NVIDIA"),
    _gpu("A30", 165e12, "NVIDIA"),
    _gpu("H100 SXM", 989e12, "NVIDIA"),
    _gpu("H100 PCIe", 756e12, "NVIDIA"),
    _gpu("H100 NVL", 835e12, "NVIDIA"),
    _gpu("H200 SXM", 989e12, "NVIDIA"),
    _gpu("H200 NVL", 836e12, "NVIDIA"),
    _gpu("B100", 1.8e15, "NVIDIA"),
    _gpu("B200", 2.25e15, "NVIDIA"),
    _gpu("GB200", 2.5e15, "NVIDIA"),
    _gpu("L40S", 362e12, "NVIDIA"),
    _gpu("L4", 121e12, "NVIDIA"),
    _gpu("RTX 3090", 71e12, "NVIDIA"),
    _gpu("RTX 4090", 165.2e12, "NVIDIA"),
    _gpu("RTX 5090", 209.5e12, "NVIDIA"),
    _gpu("RTX A6000", 154.8e12, "NVIDIA"),
    _gpu("MI250X", 383e12, "AMD"),
    _gpu("MI300X", 1307.4e12, "AMD"),
    _gpu("MI325X", 1307.4e12, "AMD"),
    _gpu("MI355X", 2.5e15, "AMD"),
    _gpu("TPU v4", 275e12, "Google Cloud"),
    _gpu("TPU v5e", 197e12, "Google Cloud"),
    _gpu("TPU v5p", 459e12, "Google Cloud"),
    _gpu("TPU v6e", 918e12, "Google Cloud"),
    _gpu("Trainium2", 667e12, "AWS"),
)

# A name without its variant or family means this one; `assumed_variant` says where that is a choice.
_SHORT_NAMES = {"h100": "H100 SXM", "h200": "H200 SXM"}
_FAMILIES = ("rtx", "tpu")


def find_gpu(name: str) -> Gpu:
    """Return the accelerator called ``name``; case, spaces, hyphens and the words RTX and TPU do not matter."""
    wanted = _plain(_SHORT_NAMES.get(_plain(name), name))
    for gpu in GPUS:
        if wanted in (_plain(gpu.name), _without_family(_plain(gpu.name))):
            return gpu
    known = ", ".join(gpu.name for gpu in GPUS)
    raise UsageError(f"--gpu {name!r} is not known, and its peak is not guessed: the known ones are {known}.")


def assumed_variant(name: str) -> str | None:
    """Return the variant that was assumed where ``name`` leaves it open (H100 means H100 SXM), else None."""
    return _SHORT_NAMES.get(_plain(name))


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """An accelerator at a model FLOPs utilisation, what an hour of one costs where that is known, and its memory."""

    gpu: Gpu
    mfu: float = DEFAULT_MFU
    price_per_hour: float | None = None
    memory_gb: float | None = None  # where it is not what the GPU is known to have

    @property
    def memory_bytes(self) -> float | None:
        """The memory of one, in bytes, a GB taken as 1e9 of them; None where it is not known."""
        memory_gb = self.memory_gb or self.gpu.memory_gb
        return None if memory_gb is None else memory_gb * 1e9

    @property
    def memory_source(self) -> str | None:
        """Where the memory of the GPU is from; None where it was given, or is not known."""
        return None if self.memory_gb is not None else self.gpu.memory_source or None

    def __post_init__(self) -> None:
        check_share(self.mfu, "--mfu", DEFAULT_MFU)
        if self.memory_gb is not None and not 1 <= self.memory_gb <= 10_000:
            raise UsageError(f"--gpu-memory must be from 1 to 10000 GB, such as 80, not {self.memory_gb:g}.")

    def flops(self, gpus: int, hours: float) -> float:
        """Return the training FLOPs that ``gpus`` accelerators do in ``hours``: peak * MFU * gpus * seconds."""
        return self.gpu.peak_flops * self.mfu * gpus * hours * 3600

    def gpu_hours(self, flops: float) -> float:
        """Return the GPU-hours that ``flops`` take."""
        return flops / (self.gpu.peak_flops * self.mfu * 3600)

    def cost(self, flops: float) -> float | None:
        """Return GPU-hours times price, in the price's currency, or None where no price was given."""
        return None if self.price_per_hour is None else self.gpu_hours(flops) * self.price_per_hour


def _plain(name: str) -> str:
    """Return ``name`` without case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]", "", name).lower()


def _without_family(plain: str) -> str:
    """Return a plain name without its leading family word: ``rtx4090`` is also ``4090``."""
    return next((plain.removeprefix(family) for family in _FAMILIES if plain.startswith(family)), plain)


def explain_budget(page: Page, hardware: Hardware, *, gpus: int, hours: float, value: float) -> None:
    """Explain the FLOPs of ``gpus`` accelerators in ``hours``."""
    page.add(
        "C",
        "peak*mfu*n_gpus*hours*3600",
        f"peak FLOP/s: {hardware.gpu.source}; seconds an hour; the rest as given, MFU {_DEFAULT} unless given",
        value=value,
        key="headline.flops",
        peak=hardware.gpu.peak_flops,
        mfu=hardware.mfu,
        n_gpus=gpus,
        hours=hours,
    )


def explain_gpu_hours(page: Page, name: str, flops: str, hardware: Hardware, *, value: float | None, key: str) -> None:
    """Explain the GPU-hours that the ``flops`` of this name take."""
    peak, source = hardware.gpu.peak_flops, peak_source(hardware)
    page.add(name, f"{flops}/(peak*mfu*3600)", source, value=value, key=key, peak=peak, mfu=hardware.mfu)


def peak_source(hardware: Hardware) -> str:
    """Return where the peak and the MFU of GPU-hours are from."""
    return f"peak FLOP/s: {hardware.gpu.source}; MFU as given, else {_DEFAULT}"


def explain_cost(page: Page, name: str, hours: str, hardware: Hardware, *, value: float | None, key: str) -> None:
    """Explain the cost of the GPU-hours of this name; nothing without a price."""
    price = hardware.price_per_hour or 0.0
    page.add(name, f"{hours}*price", "given: --price-per-hour", value=value, key=key, price=price)


def explain_price_of_a_flop(page: Page, name: str, hardware: Hardware) -> None:
    """Explain what a FLOP costs; nothing without a price."""
    page.add(
        name,
        "price/(peak*mfu*3600)",
        f"the cost of a FLOP; peak FLOP/s: {hardware.gpu.source}; price and MFU as given",
        value=hardware.cost(1.0),
        price=hardware.price_per_hour or 0.0,
        peak=hardware.gpu.peak_flops,
        mfu=hardware.mfu,
    )
