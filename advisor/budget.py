"""Compute budgets: quantities as people write them, hardware peaks, GPU-hours and cost."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from advisor.errors import UsageError

# The training compute of Gopher, the unit of Hoffmann et al. 2022, table 3.
GOPHER_FLOPS = 5.76e23

# Model FLOPs utilisation where the user gives none. Seen: GPT-3 .21, DeepSeek-V3 .35, Llama-3 405B .38-.43, PaLM .46.
DEFAULT_MFU = 0.40

_SUFFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_QUANTITY = re.compile(
    r"\+?(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(?:\.\d*)?|\.\d+)(?P<exponent>e[+-]?\d+)?\s*(?P<suffix>[kmbt]?)",
    re.IGNORECASE | re.ASCII,
)


def parse_quantity(text: str, what: str) -> float:
    """Return the positive finite number that ``text`` writes; ``what`` names it in the error, e.g. ``--flops``.

    Suffixes K, M, B, T (either case) mean 1e3, 1e6, 1e9, 1e12; ``_`` and ``,`` may group digits.

    >>> parse_quantity("1.5T", "--tokens"), parse_quantity("5.76e23", "--flops"), parse_quantity("1,000", "--tokens")
    (1500000000000.0, 5.76e+23, 1000.0)
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{what} must be a positive number such as 1e21, 400M, 7B or 1.5T, not {text!r}.")
    digits = match["number"].replace(",", "").replace("_", "") + (match["exponent"] or "")
    return check_positive(float(digits) * _SUFFIXES[match["suffix"].lower()], what, text)


def format_quantity(value: float) -> str:
    """Return ``value`` with three digits and the suffix K, M, B or T, as ``parse_quantity`` reads it.

    >>> format_quantity(2.7821e9), format_quantity(70e9), format_quantity(950), format_quantity(1e16)
    ('2.78B', '70.0B', '950', '1e16')
    """
    for suffix, factor in zip("KMBT", (1e3, 1e6, 1e9, 1e12), strict=True):
        # 999.5 and above rounds to 1000 of a unit, which is 1 of the next.
        if 0.9995 * factor <= value < 999.5 * factor:
            digits = value / factor
            return f"{digits:.{2 if digits < 9.995 else 1 if digits < 99.95 else 0}f}{suffix}"
    return format_flops(value)


def format_flops(flops: float) -> str:
    """Return ``flops`` with three digits, as in ``5.76e23``.

    >>> format_flops(5.76e23), format_flops(1e21)
    ('5.76e23', '1e21')
    """
    return f"{flops:.3g}".replace("e+", "e").replace("e0", "e")


def check_positive(value: float, what: str, text: str | None = None) -> float:
    """Return ``value``, which must be finite and above 0."""
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{what} must be a finite number above 0, not {text or format(value, 'g')}.")
    return value


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """An accelerator: ``peak_flops`` is its dense bf16 peak in FLOP/s, without sparsity."""

    name: str
    peak_flops: float
    source: str


# Dense bf16 peaks. Vendors' pages lead with the figure for 2:4 sparsity, twice these (H100: 1979e12).
GPUS = (
    Gpu(name="A100", peak_flops=312e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="A40", peak_flops=149.7e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="A30", peak_flops=165e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="H100 SXM", peak_flops=989e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="H100 PCIe", peak_flops=756e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="H100 NVL", peak_flops=835e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="H200 SXM", peak_flops=989e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="H200 NVL", peak_flops=836e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="B100", peak_flops=1.8e15, source="NVIDIA's specification, dense bf16"),
    Gpu(name="B200", peak_flops=2.25e15, source="NVIDIA's specification, dense bf16"),
    Gpu(name="GB200", peak_flops=2.5e15, source="NVIDIA's specification, dense bf16"),
    Gpu(name="L40S", peak_flops=362e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="L4", peak_flops=121e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="RTX 3090", peak_flops=71e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="RTX 4090", peak_flops=165.2e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="RTX 5090", peak_flops=209.5e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="RTX A6000", peak_flops=154.8e12, source="NVIDIA's specification, dense bf16"),
    Gpu(name="MI250X", peak_flops=383e12, source="AMD's specification, dense bf16"),
    Gpu(name="MI300X", peak_flops=1307.4e12, source="AMD's specification, dense bf16"),
    Gpu(name="MI325X", peak_flops=1307.4e12, source="AMD's specification, dense bf16"),
    Gpu(name="MI355X", peak_flops=2.5e15, source="AMD's specification, dense bf16"),
    Gpu(name="TPU v4", peak_flops=275e12, source="Google Cloud's specification, dense bf16"),
    Gpu(name="TPU v5e", peak_flops=197e12, source="Google Cloud's specification, dense bf16"),
    Gpu(name="TPU v5p", peak_flops=459e12, source="Google Cloud's specification, dense bf16"),
    Gpu(name="TPU v6e", peak_flops=918e12, source="Google Cloud's specification, dense bf16"),
    Gpu(name="Trainium2", peak_flops=667e12, source="AWS's specification, dense bf16"),
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
    """An accelerator at a model FLOPs utilisation, and what an hour of one costs where that is known."""

    gpu: Gpu
    mfu: float = DEFAULT_MFU
    price_per_hour: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.mfu <= 1:
            raise UsageError(f"--mfu must be above 0 and at most 1, such as 0.4, not {self.mfu:g}.")

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
