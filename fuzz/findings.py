"""Findings: what failed, where in this project it did, how often, and the smallest input that made it."""

from __future__ import annotations

import hashlib
import json
import re
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Of a traceback in text, and of what faulthandler writes of a process that dies or hangs.
_FRAME = re.compile(r'File "([^"]+)", line \d+,? in (\S+)')


def cause_of(error: BaseException) -> str:
    """Return what an exception is and where it left this project's code."""
    text = str(error)
    if text.startswith("In a child process:"):
        last = text.strip().splitlines()[-1]
        return f"{last.partition(':')[0]}{place_in(text, newest_last=True)}, in a child process"
    told = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}{place_in(told, newest_last=True)}"


def place_in(text: str, *, newest_last: bool) -> str:
    """Return " in FILE, FUNCTION" of the newest frame of this project's code in a traceback; "" where it has none.

    >>> place_in(f'File "{ROOT}/advisor/errors.py", line 3, in printable', newest_last=True)
    ' in advisor/errors.py, printable'
    """
    frames = [(Path(path), function) for path, function in _FRAME.findall(text)]
    own = [
        f" in {path.relative_to(ROOT)}, {function}"
        for path, function in frames
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ("advisor", "calibration")
    ]
    return (own[-1] if newest_last else own[0]) if own else ""


@dataclass(kw_only=True)
class Findings:
    """The findings of one target, kept in a file that a worker which dies leaves behind, and the next one goes on with.

    ``n`` counts the inputs of each cause; ``inputs`` has the smallest of each, a file in ``folder``.
    """

    target: str
    log: Path
    folder: Path
    n: Counter[str] = field(default_factory=Counter)
    inputs: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for line in self.log.read_text().splitlines() if self.log.exists() else ():
            cause, name = json.loads(line)
            self.n[cause] += 1
            if name:
                self.inputs[cause] = self.folder / name

    def add(self, cause: str, data: bytes, turn: int) -> None:
        """Count an input that fails, and save it if none of its cause is smaller."""
        self.n[cause] += 1
        before = self.inputs.get(cause)
        path = None
        if before is None or len(data) < before.stat().st_size:
            path = self.folder / file_name(self.target, data, turn)
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            if before is not None and before != path:
                before.unlink()
            self.inputs[cause] = path
        with self.log.open("a") as log:
            log.write(json.dumps([cause, path.name if path else None]) + "\n")


def file_name(target: str, data: bytes, turn: int) -> str:
    """Return the name of a saved input: what it is for, how it was read, and which it is."""
    return f"{target}-{turn}-{hashlib.sha256(data).hexdigest()[:12]}"


def target_and_turn(path: Path) -> tuple[str, int]:
    """Return the target and the turn of a saved input.

    >>> target_and_turn(Path("found/arrow_stream-9-0123456789ab"))
    ('arrow_stream', 9)
    """
    target, turn, _ = path.name.rsplit("-", 2)
    return target, int(turn)
