"""Memory and time of ``advisor score`` on files of any shape: every reader stays below the limit at any size.

    python benchmarks/bench_bounds.py [--size-mb 300] [--only json] [--seconds 300]

One row a shape: the peak resident memory of the whole process tree, its seconds, and the MB of the file in a second. A
file that is refused with one sentence counts like one that is read; the sentence is shown with --errors. The shapes are
in bounded_shapes.py. Exits 1 if one is over a limit, or ends in anything but an answer or a sentence.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench_score import LIMIT_MB, Watched, watched
from bounded_shapes import MB, SHAPES

COMMAND = (sys.executable, "-m", "advisor", "score", "--quiet", "--json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size-mb", type=float, default=300)
    parser.add_argument("--only", default="", help="the shapes whose names hold this, or one of several with | between")
    parser.add_argument("--seconds", type=float, default=300, help="after which a run is ended, and is a failure")
    parser.add_argument("--errors", action="store_true", help="show the sentences that refuse a file")
    arguments = parser.parse_args()
    print(f"{'shape':36} {'MB':>6} {'peak MB':>8} {'seconds':>8} {'MB/s':>7}   limit {LIMIT_MB} MB")
    failed = 0
    for name, file_name, write in SHAPES:
        if not any(part in name for part in arguments.only.split("|")):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / file_name
            write(path, int(arguments.size_mb * MB))
            size = path.stat().st_size / MB
            found = watched([*COMMAND, str(path)], arguments.seconds)
        verdict = _verdict(found)
        failed += verdict not in ("read", "refused")
        rate = size / found.seconds
        print(f"{name:36} {size:6.0f} {found.peak_mb:8.0f} {found.seconds:8.1f} {rate:7.1f}   {verdict}", flush=True)
        if arguments.errors and found.code:
            print(f"    {found.errors.strip()[-300:]}", flush=True)
    sys.exit(bool(failed))


def _verdict(found: Watched) -> str:
    """Return what came of a run, in a word or two."""
    if found.code is None:
        return "TOO SLOW"
    if found.peak_mb > LIMIT_MB:
        return "TOO LARGE"
    if found.code not in (0, 1, 2) or "Traceback" in found.errors:
        return f"FAILED with {found.code}"
    return "refused" if found.code else "read"


if __name__ == "__main__":
    main()
