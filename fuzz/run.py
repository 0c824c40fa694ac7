"""Run hostile inputs through every reader and parser: ``python fuzz/run.py --inputs 100000``; see docs/reliability.md.

A finding is an exception that is no AdvisorError, a death by a signal, over 5 s of processors or 20 s of waiting, over
400 MB, or a control character in what is printed. Linux only. Exit code 1 if there is a finding.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the checkout: this is no package of the wheel

from fuzz.findings import target_and_turn
from fuzz.targets import TARGETS
from fuzz.watch import Result, scratch_of, watch_all
from fuzz.worker import Work, failure

_HEADER = ("target", "inputs", "causes", "slowest, s", "largest, MB")


def main() -> None:
    """Run what the options ask for."""
    options = _options()
    if options.replay is not None:
        sys.exit(_replay(options.replay))
    names = options.target or [name for name, each in TARGETS.items() if not (options.engine and each.native)]
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        n_each = math.ceil(options.inputs / len(names))
        works = [
            Work(
                target=name,
                seed=options.seed,
                first=0,
                end=n_each,
                until=0.0,
                scratch=scratch_of(Path(scratch), name),
                out=str(options.out.resolve()),
                guided=options.engine == "atheris",
            )
            for name in names
        ]
        share = 60 * options.minutes * options.jobs / len(names)
        results = watch_all(works, seconds=share, jobs=options.jobs)
    print(
        f"seed {options.seed}, {time.monotonic() - begin:.0f} s by the clock, {options.jobs} at a time", file=sys.stderr
    )
    print("\n".join(_table(results, markdown=options.markdown)))
    sys.exit(1 if any(result.findings.n for result in results) else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000, help="of all targets together (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after about so many, for CI")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same inputs")
    parser.add_argument("--target", action="append", choices=[*TARGETS], help="this alone; repeatable", metavar="NAME")
    parser.add_argument("--jobs", type=int, default=2, help="targets at once (default: %(default)s)")
    parser.add_argument("--engine", choices=["atheris"], help="inputs guided by coverage, of what Python parses")
    parser.add_argument("--out", type=Path, default=Path("fuzz_findings"), help="where inputs that fail are saved")
    parser.add_argument("--markdown", action="store_true", help="print the table for a page")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="read a saved input again, with its traceback")
    return parser.parse_args()


def _replay(path: Path) -> int:
    """Read a saved input in this process, so that a debugger can look on; return the exit code."""
    name, turn = target_and_turn(path)

    def told(error: BaseException) -> str:
        traceback.print_exception(error)
        return type(error).__name__

    with tempfile.TemporaryDirectory() as scratch:
        found = failure(TARGETS[name].call, path.read_bytes(), Path(scratch), turn, told)
    print(f"{path}: {found or 'no failure'}")
    return 0 if found is None else 1


def _table(results: Sequence[Result], *, markdown: bool) -> Iterator[str]:
    """Yield the lines of the table, and those of the causes behind it."""
    rows = [_HEADER, *map(_row, results), _total(results)]
    if markdown:
        rows.insert(1, ("---", "---:", "---:", "---:", "---:"))
        yield from (f"| {' | '.join(row)} |" for row in rows)
    else:
        yield from (f"{row[0]:<16}{row[1]:>9}{row[2]:>8}{row[3]:>12}{row[4]:>13}" for row in rows)
    for result in results:
        for cause, n in result.findings.n.most_common():
            path = result.findings.inputs[cause]
            where = f"{n:,} inputs; {path.stat().st_size:,} bytes: {path.name}"
            yield f"{'- ' if markdown else ''}{result.target}: {cause} ({where})"


def _row(result: Result) -> tuple[str, ...]:
    n_causes = f"{len(result.findings.n)}{'+' if result.stopped else ''}"
    return result.target, f"{result.n_inputs:,}", n_causes, f"{result.slowest:.2f}", f"{result.largest / (1 << 20):.0f}"


def _total(results: Sequence[Result]) -> tuple[str, ...]:
    largest, slowest = max(each.largest for each in results), max(each.slowest for each in results)
    n_inputs, n_causes = sum(each.n_inputs for each in results), sum(len(each.findings.n) for each in results)
    return "all", f"{n_inputs:,}", f"{n_causes}", f"{slowest:.2f}", f"{largest / (1 << 20):.0f}"


if __name__ == "__main__":
    main()
