"""What FLOPs take of an accelerator: GPU-hours and money, at a utilisation and a price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import UsageError
from advisor.plan.accelerators import Gpu
from advisor.quantities import check_share

if TYPE_CHECKING:
    from advisor.explanation import Page

# Model FLOPs utilisation of published runs, and where the user gives none.
PUBLISHED_MFU = (("GPT-3", 0.21), ("DeepSeek-V3", 0.35), ("Llama-3 405B", 0.38), ("Llama-3 405B", 0.43), ("PaLM", 0.46))
DEFAULT_MFU = 0.40
_DEFAULT = f"{DEFAULT_MFU:g}".lstrip("0")  # as sources write it


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


def explain_gpu_hours(
    page: Page, name: str, flops: str, hardware: Hardware, *, value: float | None, key: str | None
) -> None:
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
