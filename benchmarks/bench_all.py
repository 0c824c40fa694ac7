"""The speed of `advisor score --all` against a bare loop that tokenises and gzips the same documents.

    python benchmarks/bench_all.py [--size-mb 100] [--workers 2]

Ours: one run over files of JSON lines that this script makes from the sources of the Python standard library, start-up,
reading, digests and all else included. Theirs: as many processes as ours has workers, which share half of the same
documents in memory, call SentencePiece for each and zlib for each of its sequences, and do nothing else. Both are in MB
of text a second, of wall time and of CPU time: on a machine with other work only the latter can be compared, and it is
what the exit code goes by. Peak memory is that of all processes of ours together. Limits: at least 85 % of theirs, and
200 MB a process.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench_score import resident, texts, tree

from advisor.corpus.tokenizer import load_tokenizer

LEAST_SHARE, MOST_MB = 0.85, 200
N_FILES = 7
SEQ_LEN = 256
ALL = (
    "import sys; from advisor.compressibility.whole.score_whole import score_whole; from pathlib import Path; "
    "found = score_whole(sys.argv[1], workers=int(sys.argv[2]), scratch=Path(sys.argv[3])); "
    "print(found.totals.n_text_bytes, found.totals.n_unique_documents, found.totals.n_documents)"
)


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Text that was measured, in MB, and the seconds that it took: of the clock, and of all processes' CPU."""

    megabytes: float
    seconds: float
    cpu_seconds: float


def made(n_bytes: float) -> list[str]:
    """Return documents of about so many bytes: sources with a line of their own, so that none is there twice."""
    rng, sources = random.Random(0), texts()
    found, size = [], 0
    while size < n_bytes:
        found.append(f"# {len(found)}\n{rng.choice(sources)}")
        size += len(found[-1])
    return found


def write(folder: Path, documents: list[str]) -> None:
    for number in range(N_FILES):
        lines = [json.dumps({"text": text}) + "\n" for text in documents[number::N_FILES]]
        (folder / f"{number}.jsonl").write_text("".join(lines), encoding="utf-8")


def bare_loop(documents: list[str]) -> None:
    """Tokenise and gzip."""
    encode = load_tokenizer().encode
    for text in documents:
        ids = encode(text)
        packed = np.array(ids[: len(ids) // SEQ_LEN * SEQ_LEN], dtype=">i4").tobytes()
        for at in range(0, len(packed), 4 * SEQ_LEN):
            zlib.compress(packed[at : at + 4 * SEQ_LEN], 9, wbits=31)


def cpu() -> float:
    """Return the CPU seconds of the child processes that ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def theirs(documents: list[str], n_workers: int) -> Speed:
    parts = [documents[number :: 2 * n_workers] for number in range(n_workers)]
    processes = [multiprocessing.get_context("fork").Process(target=bare_loop, args=(part,)) for part in parts]
    begun, used = time.perf_counter(), cpu()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    megabytes = sum(len(text.encode()) for part in parts for text in part) / 1e6
    return Speed(megabytes=megabytes, seconds=time.perf_counter() - begun, cpu_seconds=cpu() - used)


def ours(folder: Path, n_workers: int) -> tuple[Speed, float]:
    """Return the speed of one run, and the peak MB of its processes together."""
    import subprocess

    begun, used, peak = time.perf_counter(), cpu(), 0
    command = [sys.executable, "-c", ALL, str(folder / "corpus"), str(n_workers), str(folder / "scratch")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        peak = max(peak, sum(resident(pid) for pid in tree(process.pid)))
        time.sleep(0.05)
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit("scoring failed")
    n_bytes, n_unique, n_documents = map(int, said.split())
    assert n_unique == n_documents
    return Speed(megabytes=n_bytes / 1e6, seconds=time.perf_counter() - begun, cpu_seconds=cpu() - used), peak / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-mb", type=float, default=100)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    documents = made(arguments.size_mb * 1e6)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "corpus").mkdir()
        write(folder / "corpus", documents)
        them = theirs(documents, arguments.workers)
        us, peak = ours(folder, arguments.workers)
    print(f"{us.megabytes:.0f} MB, {arguments.workers} workers{'':19}{'ours':>10}{'theirs':>10}{'ratio':>8}")
    kept = []
    for label, attribute in (("MB a second", "seconds"), ("MB a CPU second", "cpu_seconds")):
        a, b = (speed.megabytes / getattr(speed, attribute) for speed in (us, them))
        print(f"{label:36}{a:10.2f}{b:10.2f}{a / b:7.2f}x  limit {LEAST_SHARE:g}x")
        kept.append(a / b >= LEAST_SHARE)
    print(f"{'peak memory':36}{peak:7.0f} MB{'':20}limit {MOST_MB * (arguments.workers + 1)} MB")
    sys.exit(0 if kept[1] and peak <= MOST_MB * (arguments.workers + 1) else 1)


if __name__ == "__main__":
    main()
