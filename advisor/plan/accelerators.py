"""Accelerators by name: their dense peaks and memory, each with where it was read (data/accelerators.json)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from advisor.data_files import shipped_file
from advisor.errors import CoefficientsError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

# What may stand about a name, as drivers, clouds and people write it, without another accelerator being meant.
_VENDORS = r"nvidia|amd|intel|google|cloud|aws|tesla|geforce|instinct|habana"
_FAMILIES = ("rtx", "tpu")
_NOT_GUESSED = ", and its peak is not guessed: give it with --peak-tflops, in dense bf16 TFLOP/s."
_GIVEN = "given: --peak-tflops"
_MOST_TERAFLOPS = 100_000  # of one accelerator: more is FLOP/s where TFLOP/s are asked for


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """An accelerator: ``peak_flops`` is its dense peak in FLOP/s, without sparsity, in its ``number_format``.

    ``memory_gb`` is its memory as the document in ``memory_source`` names it, None where we saw none, the smallest
    where it is sold with others. It is ``also`` called otherwise; ``short`` leaves open which variant is meant.
    """

    name: str
    peak_flops: float
    source: str
    number_format: str = "bf16"
    memory_gb: float | None = None
    memory_source: str = ""
    other_memory_gb: tuple[float, ...] = ()
    also: tuple[str, ...] = ()
    short: str | None = None


@cache
def accelerators() -> tuple[Gpu, ...]:
    """Return the accelerators that are known, in the order of the data file."""
    from advisor.json_fields import read_json  # here, because few starts name an accelerator

    found = read_json(shipped_file("accelerators.json"), CoefficientsError)
    return tuple(_gpu(node.members()) for node in found["accelerators"].items())


def _gpu(row: dict[str, Any]) -> Gpu:
    return Gpu(
        name=row["name"],
        peak_flops=row["peak_teraflops"] * 1e12,
        source=row["source"],
        number_format=row.get("format", "bf16"),
        memory_gb=row.get("memory_gb"),
        memory_source=row.get("memory_source", ""),
        other_memory_gb=tuple(row.get("other_memory_gb", ())),
        also=tuple(row.get("also", ())),
        short=row.get("short"),
    )


def find_gpu(name: str) -> Gpu:
    """Return the accelerator called ``name``.

    Case, spaces, hyphens, the vendor and the words RTX and TPU do not matter, nor what SXM it is; a size behind the
    name, as in A100-80GB, says which memory it has.

    Raises:
        UsageError: it is not known, or has no memory of that size.
    """
    found, size = _known(name), _split(name)[1]
    if found is None:
        refuse_count(name)
        hint = _misspelled(name)
        way = f", where --peak-tflops would give its peak{hint}" if hint else _NOT_GUESSED
        raise UsageError(f"--gpu {name!r} is not in the table of accelerators{way}")
    return found if size is None else _with_memory(found, size)


def refuse_count(name: str) -> None:
    """Raise UsageError where a number of accelerators stands with the name of one, as in 8xH100 or H100 x 8."""
    counted = re.fullmatch(r"(?P<n>\d+)(?:\s*[x*\u00d7]\s*|\s+)(?P<gpu>.+)", name.strip(), re.ASCII) or re.fullmatch(
        r"(?P<gpu>.+?)\s*[x*\u00d7:]\s*(?P<n>\d+)", name.strip(), re.ASCII
    )
    if counted is not None and _known(name) is None and _known(gpu := re.sub(r"s$", "", counted["gpu"])):
        spelled = repr(gpu) if " " in gpu else gpu
        raise UsageError(
            f"--gpu {name!r} has a number before or behind it: write --gpus {counted['n']} --gpu {spelled}."
        )


def _misspelled(name: str) -> str:
    """Return a question with what ``name`` misspells; nothing where its digits say that another card is meant.

    Letters may be wrong, digits not: an RTX 4080 is no RTX 4090. O and 0, l and 1 are taken for each other.
    """
    wanted = _split(name)[0]
    variants = rf"{re.escape(wanted)}(\d+|[a-z])"  # the rest of a name that was left open: gaudi, MI300, H10
    family = [each for each in _usual_names() if wanted and re.fullmatch(variants, _plain(each))]
    if family:
        return f": did you mean {' or '.join(map(repr, family))}?"
    known = [each for gpu in accelerators() for each in (gpu.name, gpu.short or gpu.name, *gpu.also)]
    near = [each for each in dict.fromkeys(known) if _same_model(wanted, _plain(each))]
    return did_you_mean(name, near).partition(" (")[0]


def _usual_names() -> list[str]:
    return [gpu.short or gpu.name for gpu in accelerators()]


def _same_model(wanted: str, known: str) -> bool:
    """Return whether two plain names have the same digits and as many letters, give or take one in a word of four."""
    digits, others = (re.sub(r"\D", "", each.replace("o", "0")) for each in (wanted, known))
    return digits == others and (wanted.isdigit() or abs(len(wanted) - len(known)) <= len(known) // 7)


def _with_memory(gpu: Gpu, size: float) -> Gpu:
    """Return an accelerator with the memory that its name says."""
    sizes = [known for known in (gpu.memory_gb, *gpu.other_memory_gb) if known is not None]
    if sizes and size not in sizes:
        known = " or ".join(f"{each:g}" for each in sizes)
        raise UsageError(f"--gpu {gpu.name} has {known} GB and not {size:g}: --gpu-memory says otherwise.")
    return replace(gpu, memory_gb=size, memory_source=gpu.memory_source.partition(":")[0])


def given_gpu(name: str | None, peak_teraflops: float) -> Gpu:
    """Return an accelerator by its peak in TFLOP/s, under a name that is a label.

    Raises:
        UsageError: the peak cannot be one accelerator's, or is not what the accelerator of this name has.
    """
    if not 0.001 <= peak_teraflops <= _MOST_TERAFLOPS:
        raise UsageError(
            f"--peak-tflops must be from 0.001 to {_MOST_TERAFLOPS:,} TFLOP/s of one accelerator, such as 989, not "
            f"{peak_teraflops:g}."
        )
    known = None if name is None else _known(name)
    if known is not None and abs(known.peak_flops / 1e12 / peak_teraflops - 1) > 1e-3:
        raise UsageError(
            f"--peak-tflops {peak_teraflops:g} contradicts --gpu {name}, whose dense {known.number_format} peak is "
            f"{known.peak_flops / 1e12:g} TFLOP/s: leave one out, or give the accelerator another name."
        )
    label = name or f"accelerator of {peak_teraflops:g} TFLOP/s"
    return known or Gpu(name=label, peak_flops=peak_teraflops * 1e12, source=_GIVEN)


def _known(name: str) -> Gpu | None:
    wanted = _split(name)[0]
    return next((gpu for gpu in accelerators() if wanted and wanted in _names(gpu)), None)


def assumed_variant(name: str) -> str | None:
    """Return the variant that was assumed where ``name`` leaves it open (H100 means H100 SXM), else None."""
    wanted = _split(name)[0]
    return next((gpu.name for gpu in accelerators() if gpu.short and wanted == _plain(gpu.short)), None)


def _names(gpu: Gpu) -> Iterator[str]:
    """Yield what an accelerator is called, plain."""
    for name in (gpu.name, gpu.short or gpu.name, *gpu.also):
        plain = _plain(name)
        yield plain
        yield next((plain.removeprefix(family) for family in _FAMILIES if plain.startswith(family)), plain)


def _plain(name: str) -> str:
    """Return ``name`` without case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]", "", name).lower()


def _split(name: str) -> tuple[str, float | None]:
    """Return the plain name without vendor and kind of memory, and the GB that stand behind it.

    >>> _split("NVIDIA A100-SXM4-80GB"), _split("Tesla V100"), _split("h100_sxm5")
    (('a100sxm', 80.0), ('v100', None), ('h100sxm', None))
    """
    words = re.split(r"[\s_-]+", name.strip().lower())
    words = [word for word in words if not re.fullmatch(rf"{_VENDORS}|hbm\w*", word)]
    sizes = [word for word in words if re.fullmatch(r"\d+gb", word)]
    plain = re.sub(r"sxm\d$", "sxm", "".join(word for word in words if word not in sizes))
    return plain, float(sizes[0][:-2]) if len(sizes) == 1 else None
