"""The process that reads inputs of one target: what they do to it is a finding, its death too.

``python -m fuzz.worker WORK`` with a Work as JSON; ``fuzz.watch`` starts it and looks on.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.findings import Findings, cause_of
from fuzz.processes import begin_peak, cpu_seconds, peak_bytes
from fuzz.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuzz.corpora import Call
    from fuzz.inputs import Inputs

MOST_SECONDS = 5.0  # of processors; more is a hang
_MOST_DATA = 2 << 30  # bytes that a process may ask for at all, so that a bomb ends it and not the machine


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a worker does: the inputs of a target from number ``first`` to before ``end``, or ``until`` a time.

    ``scratch`` is its own folder, ``out`` where inputs that fail are saved; ``until`` is in monotonic seconds.
    """

    target: str
    seed: int
    first: int
    end: int
    until: float
    scratch: str
    out: str
    guided: bool = False

    @property
    def folder(self) -> Path:
        """The folder that the worker and its watcher share."""
        return Path(self.scratch)

    def findings(self) -> Findings:
        """Return what was found so far."""
        return Findings(target=self.target, log=self.folder / "findings.jsonl", folder=Path(self.out))

    def as_json(self) -> str:
        """Return the work as an argument of the command."""
        return json.dumps(asdict(self))


def main() -> None:
    """Do the work that the argument describes."""
    work = Work(**json.loads(sys.argv[1]))
    isolate(work.folder)
    reading = Reading(work)
    if work.guided:
        from fuzz.guided import fuzz

        fuzz(work, reading)
        return
    from fuzz.inputs import Inputs
    from fuzz.targets import TARGETS

    target = TARGETS[work.target]
    reading.most_bytes = target.most_bytes
    _read_all(work, Inputs(name=work.target, target=target, seed=work.seed), target.call, reading)


def isolate(scratch: Path) -> None:
    """Bound this process's memory, and let its last words and its way of dying go into ``scratch``."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_DATA, _MOST_DATA))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    trace = (scratch / "trace").open("w")
    faulthandler.enable(trace)
    faulthandler.register(signal.SIGUSR1, trace)
    os.environ |= {"HF_HUB_OFFLINE": "1", "ADVISOR_DATA_DIR": str(scratch / "installed"), "COLUMNS": "80"}
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    warnings.simplefilter("ignore")


def _read_all(work: Work, inputs: Inputs, call: Call, reading: Reading) -> None:
    for number in range(work.first, work.end):
        if time.monotonic() >= work.until:
            break
        reading.read(call, inputs.at(number), number)


class Reading:
    """Reads one input after the other in an empty folder, and notes what each does and costs."""

    def __init__(self, work: Work) -> None:
        self.state = State(work.folder / "state")
        self.findings = work.findings()
        self._scratch = work.folder
        self._pid = os.getpid()
        self.most_bytes = 400 << 20  # unless a target has another bound

    def read(self, call: Call, data: bytes, number: int) -> None:
        """Read an input; a finding is added, and nothing is raised."""
        turn = number % 100
        (self._scratch / "current").write_bytes(data)
        begin_peak(self._pid)
        cpu = cpu_seconds(self._pid)
        self.state.begin(number, cpu)
        cause = failure(call, data, self._scratch, turn)
        seconds, peak = cpu_seconds(self._pid) - cpu, peak_bytes(self._pid)
        self.state.end(seconds, peak)
        for found in (cause, *exceeded(seconds, peak, self.most_bytes)):
            if found is not None:
                self.findings.add(found, data, turn)


def exceeded(seconds: float, n_bytes: int, most_bytes: int) -> list[str]:
    """Return which bounds an input did not keep."""
    told = [(seconds > MOST_SECONDS, f"over {MOST_SECONDS:g} s"), (n_bytes > most_bytes, f"over {most_bytes >> 20} MB")]
    return [what for is_so, what in told if is_so]


def failure(
    call: Call, data: bytes, scratch: Path, turn: int, told: Callable[[BaseException], str] = cause_of
) -> str | None:
    """Return what an input raises, in words of ``told``; None for nothing, or one of this project's sentences."""
    from advisor.errors import AdvisorError, printable

    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        call(data, folder, turn)
    except AdvisorError as error:
        from advisor.corpus.remote.address import scrubbed

        printable(scrubbed(str(error)))  # as the command prints it
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is: that is the question
        return told(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None


if __name__ == "__main__":
    main()
