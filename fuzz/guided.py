"""Inputs guided by coverage, with atheris (libFuzzer), where it is installed: for targets that Python code parses."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from fuzz.findings import file_name

if TYPE_CHECKING:
    from fuzz.worker import Reading, Work

_LONGEST = 1 << 16  # bytes of an input
# A death, a hang and a bomb are noticed by the watcher, as without libFuzzer.
_OFF = ("rss_limit_mb", "handle_segv", "handle_abrt", "handle_bus", "handle_fpe", "handle_ill", "verbosity")


def fuzz(work: Work, reading: Reading) -> None:
    """Read a target's examples, and from them on inputs that reach new code; the process ends with it."""
    import atheris

    number = work.first

    def read(data: bytes) -> None:
        nonlocal number
        reading.read(target.call, data, number)
        number += 1

    with atheris.instrument_imports(include=["advisor", "calibration"]):
        from fuzz.targets import TARGETS

        target = TARGETS[work.target]
        seeds = _harmless(work, reading, target.seeds())
        for (
            seed
        ) in seeds:  # readers import others when they are called, and what libFuzzer is to see must be there before
            read(seed)
    corpus = work.folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for seed in seeds:
        (corpus / file_name(work.target, seed, 0)).write_bytes(seed)
    atheris.Setup([sys.argv[0], *_flags(work, number), str(corpus)], read)
    atheris.Fuzz()


def _harmless(work: Work, reading: Reading, seeds: list[bytes]) -> list[bytes]:
    """Return the examples that did not end a worker before."""
    deadly = {path.read_bytes() for path in reading.findings.inputs.values()} if work.first else set()
    return [seed for seed in seeds if seed not in deadly]


def _flags(work: Work, number: int) -> list[str]:
    seconds = max(int(min(work.until - time.monotonic(), 1e6)), 1)
    flags = {
        "runs": max(work.end - number, 1),
        "seed": work.seed + number + 1,
        "max_total_time": seconds,
        "timeout": 3600,
    }
    flags |= {"max_len": _LONGEST, **dict.fromkeys(_OFF, 0)}
    return [f"-artifact_prefix={work.folder}/", *(f"-{name}={value}" for name, value in flags.items())]
