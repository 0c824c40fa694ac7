"""A worker of a target that fails in every way that is a finding, by its input's first byte."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from advisor.errors import CorpusError
from fuzz.corpora import printed
from fuzz.targets import TARGETS, Target
from fuzz.worker import main


def call(data: bytes, folder: Path, turn: int) -> None:
    kind = data[:1]
    if kind == b"s":
        raise CorpusError("It cannot be read.")
    if kind == b"x":
        raise ValueError("out of place")
    if kind == b"k":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == b"w":
        while True:
            pass
    if kind == b"m":
        bytearray(500 << 20)
    if kind == b"b":
        bytearray(8 << 30)
    if kind == b"e":
        printed(lambda: print("\x1b[31m"))
    if kind == b"q":
        raise SystemExit(0)


def seeds() -> list[bytes]:
    return [b"ok", b"s", b"xx", b"x", b"k", b"m", b"b", b"e", b"q", b"w", b"ok"]


FAILING = Target(call=call, seeds=seeds, grown="bytes")

if __name__ == "__main__":
    TARGETS["failing"] = FAILING
    main()
