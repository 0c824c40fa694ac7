"""What is done with a corpus: it is read in order and by draws; now and then measured and shown."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from itertools import islice
from pathlib import Path
from typing import Any

from fuzz.bundle import make_folder

Call = Callable[[bytes, Path, int], None]

_SEQ_LEN = 16
_MOST_DOCUMENTS = 20_000
_N_DRAWS = 8


class EscapedError(Exception):
    """What was printed holds control characters, which a terminal obeys."""


def in_file(name: str, **said: Any) -> Call:
    """Return the target that reads an input as the file ``name``, with these options."""

    def call(data: bytes, folder: Path, turn: int) -> None:
        path = folder / name
        path.write_bytes(data)
        read(str(path), turn, **said)

    return call


def in_folder(name: str = "", **said: Any) -> Call:
    """Return the target that makes a folder of an input and reads it, or the file ``name`` in it."""

    def call(data: bytes, folder: Path, turn: int) -> None:
        make_folder(data, folder)
        read(str(folder / name), turn, **said)

    return call


def from_stdin(data: bytes, _folder: Path, turn: int) -> None:
    """Read an input as standard input."""
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(data))
    try:
        read("-", turn)
    finally:
        sys.stdin = before


def read(source: str, turn: int, *, ids: dict[str, Any] | None = None, **said: Any) -> None:
    """Read a source, each tenth time through the whole of ``advisor score``; ``turn`` says how."""
    from advisor.corpus.options import CorpusOptions, IdOptions

    options = CorpusOptions(ids=IdOptions(**(ids or {})), skip_bad=turn % 3 == 1, **said)
    if turn % 10 == 9:
        _measure(source, options, turn)
    else:
        _read(source, options)


def _read(source: str, options: Any) -> None:
    from advisor.corpus.source import open_corpus

    for reader in open_corpus(source, options, seq_len=_SEQ_LEN).readers:
        for _ in islice(reader.documents(), _MOST_DOCUMENTS):
            pass
        if reader.size:
            positions = [reader.size * (i + 0.5) / _N_DRAWS for i in range(_N_DRAWS)]
            for _ in reader.at(positions):  # type: ignore[attr-defined]
                pass


def _measure(source: str, options: Any, turn: int) -> None:
    from advisor.compressibility.score import score
    from advisor.corpus.sampling import Sampling
    from advisor.report.score import show

    tokenizer = "mistral-v1" if turn % 100 == 99 else "bytes"
    sampling = Sampling(tokenizer=tokenizer, seq_len=_SEQ_LEN, n_sequences=_N_DRAWS)
    profile = score(source, options=options, sampling=sampling)
    printed(lambda: show([profile], as_json=turn % 20 == 19, out=None))


def printed(show: Callable[[], None]) -> None:
    """Call ``show`` and check what it prints: nothing that a terminal would obey."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        show()
    text = out.getvalue().replace("\n", "")
    if not text.isprintable():
        found = next(char for char in text if not char.isprintable())
        raise EscapedError(f"{found!r} is printed")
