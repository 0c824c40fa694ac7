"""What faults do to calibrations: for each how often it was tried, what was lost, and what was said.

    python benchmarks/faults.py
    python benchmarks/faults.py --tries 3 --only sigkill --markdown

A fault is done to a real calibration of two grammars, by the command, which then goes on; signals are sent to one with
two worker processes. Its laws and rows are compared with those of one that was left alone. ``lost`` counts the tries
after which a row that was there is gone, or the result is not the same to the last bit. ``said`` are the first words of
what was printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

Act = Callable[[int], object]


class Outcome(NamedTuple):
    """A row of the table; also what the functions of benchmarks/fault_servers.py return."""

    case: str
    tries: int
    lost: str
    said: str
    seconds: float


class Ended(NamedTuple):
    """How a command ended."""

    code: int  # below 0: the signal that killed it
    said: str


class Bench:
    """A folder with a plan, what it comes to when left alone, and how long that takes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rng = folder, random.Random(0)
        self.planned, self.whole, self.broken = folder / "planned", folder / "whole", folder / "broken"
        code, said = command("calibrate", "--preset", "tiny", "--prepare", self.planned)
        if code:
            raise SystemExit(said)
        shutil.copytree(self.planned, self.whole)
        begun = time.monotonic()
        ended = self.go_on(self.whole)
        self.seconds = time.monotonic() - begun
        if ended.code:
            raise SystemExit(ended.said)
        self.expected = outcome(self.whole)

    def go_on(
        self, folder: Path, act: Act | None = None, *, before: Callable[[], object] | None = None, workers: int = 1
    ) -> Ended:
        """Train what is missing; with one worker the command's process trains itself, and nothing is imported anew."""
        return command("calibrate", "--out", folder, "--workers", workers, "--quiet", act=act, before=before)

    def fresh(self, *, done: bool = False) -> Path:
        """Return a folder with the plan, or with all that came of it."""
        shutil.rmtree(self.broken, ignore_errors=True)
        shutil.copytree(self.whole if done else self.planned, self.broken)
        return self.broken

    def is_same(self) -> bool:
        """Return whether the broken calibration goes on to the same rows and laws."""
        ended = self.go_on(self.broken)
        return ended.code == 0 and outcome(self.broken) == self.expected


def command(*arguments: object, act: Act | None = None, before: Callable[[], object] | None = None) -> Ended:
    """Return how a command ended that ran in a fork of this process; ``act`` is given its number while it runs."""
    with tempfile.TemporaryFile() as said:
        pid = os.fork()
        if not pid:
            _command(arguments, said.fileno(), before)
        if act is not None:
            act(pid)
        status = os.waitpid(pid, 0)[1]
        said.seek(0)
        return Ended(os.waitstatus_to_exitcode(status), said.read().decode(errors="replace").strip())


def _command(arguments: tuple[object, ...], said: int, before: Callable[[], object] | None) -> None:
    """Be the command, and end."""
    code = 1
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(said, 2)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        from advisor.cli import main
        from tests.commands.tiny_calibrate import register

        register()
        if before is not None:
            before()
        sys.argv = ["advisor", *map(str, arguments)]
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stderr.flush()
        os._exit(code)


def outcome(folder: Path) -> tuple[bytes, str]:
    """Return what a calibration came to: the bytes of its laws, the digest of its rows."""
    from calibration.campaign.ledger import Ledger

    return (folder / "laws.json").read_bytes(), Ledger(folder / "runs.jsonl").digest()


def rows(folder: Path) -> set[str]:
    from calibration.campaign.ledger import Ledger

    return set(Ledger(folder / "runs.jsonl").keys())


def first_words(found: Counter[str]) -> str:
    return "; ".join(f"{text} ({count})" for text, count in found.most_common(3)) or "nothing"


def words(said: str, folder: Path) -> str:
    """Return the last line of what was said, without the folder and with the numbers of one kind."""
    lines = said.replace(str(folder) + "/", "").replace(str(folder), "FOLDER").splitlines()
    return (lines[-1] if lines else "nothing")[:110]


def interrupted(bench: Bench, tries: int, number: int) -> tuple[str, str]:
    """Send a signal at random moments, again and again to a calibration until it is done, and not behind its end."""
    said: Counter[str] = Counter()
    n_rows = n_other = 0
    folder = bench.fresh()
    begun = time.monotonic()
    bench.go_on(folder, workers=2)
    seconds, folder = time.monotonic() - begun, bench.fresh()
    n_hit = 0
    while n_hit < tries:
        there = rows(folder)

        def act(pid: int) -> None:
            time.sleep(bench.rng.uniform(0.02, seconds))
            os.kill(pid, number)

        ended = bench.go_on(folder, act, workers=2)
        n_rows += len(there - rows(folder))
        if ended.code == 0:
            n_other += not bench.is_same()
            folder = bench.fresh()
            continue
        n_hit += 1
        said[f"exit {ended.code}: {words(ended.said, folder)}"] += 1
    bench.go_on(folder, workers=2)
    n_other += not bench.is_same()
    return f"{n_rows} rows; {n_other} results differ", first_words(said)


def sigkill(bench: Bench, tries: int) -> tuple[str, str]:
    """SIGKILL at random moments."""
    return interrupted(bench, tries, signal.SIGKILL)


def sigterm(bench: Bench, tries: int) -> tuple[str, str]:
    """SIGTERM at random moments."""
    return interrupted(bench, tries, signal.SIGTERM)


def each(bench: Bench, tries: int, harm: Callable[[Path], Ended | None], *, done: bool = False) -> tuple[str, str]:
    """Harm a calibration, say what the command says of it, and see whether it goes on to the same."""
    said: Counter[str] = Counter()
    n_other = 0
    for _ in range(tries):
        folder = bench.fresh(done=done)
        ended = harm(folder) or bench.go_on(folder)
        said[f"exit {ended.code}: {words(ended.said, folder)}"] += 1
        mended(bench, folder, ended)
        n_other += not bench.is_same()
    return f"{n_other} results differ", first_words(said)


def mended(bench: Bench, folder: Path, ended: Ended) -> None:
    """Do what the command said: remove the line that it names, or take the plan from a copy."""
    ledger = folder / "runs.jsonl"
    if "remove that line" in ended.said:
        number = int(ended.said.split(", line ")[1].split()[0].rstrip(":"))
        lines = ledger.read_bytes().splitlines(keepends=True)
        ledger.write_bytes(b"".join(lines[: number - 1] + lines[number:]))
    elif "plan.json" in ended.said:
        shutil.copy(bench.planned / "plan.json", folder)


def flip(path: Path, rng: random.Random) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def disk_full(bench: Bench, tries: int) -> tuple[str, str]:
    """No file may grow beyond a random size, while planning is read, data are written and models train."""

    def harm(folder: Path) -> Ended:
        most = bench.rng.choice([0, 100, 700, 2_000, 20_000, 60_000])
        (folder / "data" / "A1.sha256").unlink()
        return bench.go_on(folder, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))

    return each(bench, tries, harm)


def read_only(bench: Bench, tries: int) -> tuple[str, str]:
    """A folder that cannot be written to."""

    def harm(folder: Path) -> Ended:
        bench.folder.chmod(0o755)
        modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
        for path in modes:
            path.chmod(0o555)
        try:
            return bench.go_on(folder, before=lambda: os.geteuid() or os.seteuid(65534))
        finally:
            for path, mode in modes.items():
                path.chmod(mode)

    return each(bench, tries, harm)


def torn_line(bench: Bench, tries: int) -> tuple[str, str]:
    """A ledger that ends in the middle of a line."""

    def harm(folder: Path) -> None:
        whole = (folder / "runs.jsonl").read_bytes()
        (folder / "runs.jsonl").write_bytes(whole[: bench.rng.randrange(len(whole))])

    return each(bench, tries, harm, done=True)


def altered_row(bench: Bench, tries: int) -> tuple[str, str]:
    """A number of a ledger's row changed by hand: the loss, the tokens or the width."""

    def harm(folder: Path) -> None:
        path = folder / "runs.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        row, name = bench.rng.choice(lines), bench.rng.choice(["loss", "n_tokens", "width", "source"])
        row[name] = "B9" if name == "source" else row[name] * (0.7 if name == "loss" else 10)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return each(bench, tries, harm, done=True)


def flipped_ledger(bench: Bench, tries: int) -> tuple[str, str]:
    """One bit of a ledger."""
    return each(bench, tries, lambda folder: flip(folder / "runs.jsonl", bench.rng), done=True)


def flipped_plan(bench: Bench, tries: int) -> tuple[str, str]:
    """One bit of the plan, before training."""
    return each(bench, tries, lambda folder: flip(folder / "plan.json", bench.rng))


def flipped_arrays(bench: Bench, tries: int) -> tuple[str, str]:
    """One bit of the tokens that are trained on, before training."""

    def harm(folder: Path) -> None:
        flip(bench.rng.choice(sorted((folder / "data").glob("*.npy"))), bench.rng)

    return each(bench, tries, harm)


def flipped_checkpoint(bench: Bench, tries: int) -> tuple[str, str]:
    """One bit of every checkpoint that a killed training left."""

    def harm(folder: Path) -> None:
        bench.go_on(folder, lambda pid: _kill_at_checkpoint(pid, folder))
        for path in (folder / "checkpoints").glob("*.pt"):
            flip(path, bench.rng)

    return each(bench, tries, harm)


def _kill_at_checkpoint(pid: int, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not list((folder / "checkpoints").glob("*.pt")) and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)


def clock_back(bench: Bench, tries: int) -> tuple[str, str]:
    """A clock ten years back, and files from the future, in the middle of a calibration."""

    def harm(folder: Path) -> Ended:
        bench.go_on(folder, lambda pid: _kill_at_checkpoint(pid, folder))
        for path in folder.rglob("*"):
            os.utime(path, (4e9, 4e9))
        now = time.time
        return bench.go_on(folder, before=lambda: setattr(time, "time", lambda: now() - 10 * 365 * 86400))

    return each(bench, tries, harm)


def two_commands(bench: Bench, tries: int) -> tuple[str, str]:
    """A second command in a folder where one trains."""

    def harm(folder: Path) -> Ended:
        found: list[Ended] = []

        def act(_: int) -> None:
            while not (folder / ".lock").exists():
                time.sleep(0.01)
            time.sleep(bench.rng.uniform(0.1, bench.seconds / 2))
            found.append(bench.go_on(folder))

        bench.go_on(folder, act)
        return Ended(found[0].code, found[0].said.split("(pid")[0])

    return each(bench, tries, harm)


def changing_corpus(bench: Bench, tries: int) -> tuple[str, str]:
    """Files that are cut, change or vanish while a corpus is read."""
    said: Counter[str] = Counter()
    n_faults = 0
    line = json.dumps({"text": "A corpus that somebody works on while it is read, as people do. " * 30}) + "\n"
    for i in range(tries):
        corpus = bench.folder / "corpus"
        shutil.rmtree(corpus, ignore_errors=True)
        corpus.mkdir()
        paths = [corpus / f"{number}.jsonl" for number in range(20)]
        for path in paths:
            path.write_text(line * 400)

        def act(_: int, how: int = i % 3, files: tuple[Path, ...] = tuple(paths)) -> None:
            for path in bench.rng.sample(files, len(files)):
                time.sleep(bench.rng.uniform(0, 0.1))
                if how == 0:
                    path.unlink()
                elif how == 1:
                    os.truncate(path, bench.rng.randrange(len(line) * 400))
                else:
                    path.write_text(line[:-20] * 300)

        ended = command("score", corpus, "--tokenizer", "bytes", act=act)
        n_faults += ended.code not in (0, 1) or "advisor itself is at fault" in ended.said
        said[f"exit {ended.code}: {words(ended.said, corpus)}"] += 1
    return f"{n_faults} without a sentence", first_words(said)


# The faults by name, and how often each is tried in full.
CASES: dict[str, tuple[Callable[[Bench, int], tuple[str, str]], int]] = {
    "sigkill": (sigkill, 100),
    "sigterm": (sigterm, 20),
    "disk-full": (disk_full, 12),
    "read-only": (read_only, 2),
    "torn-line": (torn_line, 10),
    "altered-row": (altered_row, 10),
    "flipped-ledger": (flipped_ledger, 10),
    "flipped-plan": (flipped_plan, 10),
    "flipped-arrays": (flipped_arrays, 10),
    "flipped-checkpoint": (flipped_checkpoint, 5),
    "clock-back": (clock_back, 3),
    "two-commands": (two_commands, 3),
    "changing-corpus": (changing_corpus, 15),
}


def of_servers(only: list[str]) -> list[Outcome]:
    """Return the cases of benchmarks/fault_servers.py, where there is such a file."""
    if importlib.util.find_spec("benchmarks.fault_servers") is None:
        return []
    from benchmarks import fault_servers

    chosen = [case for case in fault_servers.CASES if not only or case.__name__.replace("_", "-") in only]
    return [Outcome(*case()) for case in chosen]


def show(found: Outcome, *, markdown: bool) -> None:
    """Print a row of the table."""
    cells = (found.case, str(found.tries), found.lost, found.said, f"{found.seconds:.0f} s")
    print("| " + " | ".join(cells) + " |" if markdown else "  ".join(cells), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, help="at most so many of each")
    parser.add_argument("--only", action="append", default=[], help="this case alone; repeatable")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    if given.markdown:
        print("| fault | tries | lost | said | time |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        chosen = [case for case in CASES if not given.only or case in given.only]
        bench = Bench(Path(name)) if chosen else None
        for case in chosen:
            assert bench is not None
            fault, most = CASES[case]
            tries = min(most, given.tries or most)
            begun = time.monotonic()
            lost, said = fault(bench, tries)
            what = str(fault.__doc__).splitlines()[0].rstrip(".")
            show(Outcome(f"{case}: {what}", tries, lost, said, time.monotonic() - begun), markdown=given.markdown)
        for found in of_servers(given.only):
            show(found, markdown=given.markdown)


if __name__ == "__main__":
    main()
