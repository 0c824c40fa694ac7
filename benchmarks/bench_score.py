"""Time and memory of scoring large files that this script makes from the Python standard library's sources.

    python benchmarks/bench_score.py [--size-gb 1] [--memory]

Time: scoring a jsonl file against a bare loop that tokenises and gzips the same number of sequences, plus one newline
scan of the file. Memory (--memory, 5 GB files): the peak resident memory of the whole process tree.
"""

import argparse
import gzip
import io
import json
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from advisor.compressibility.score import score
from advisor.corpus.sampling import Sampling
from advisor.corpus.tokenizer import load_tokenizer

LIMIT_TIME = 3.0
LIMIT_MB = 400
GB = 1 << 30
SCORE = "import sys; from advisor.compressibility.score import score; print(score(sys.argv[1]).median)"


def texts() -> list[str]:
    """Return the sources of the standard library's top level."""
    folder = Path(sysconfig.get_path("stdlib"))
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))]


def write_jsonl(path: Path, n_bytes: float, *, long_line: float = 0) -> None:
    """Write random documents up to ``n_bytes``, one of them of ``long_line`` bytes in the middle."""
    rng, sources = random.Random(0), texts()
    lines = [json.dumps({"text": text}).encode() + b"\n" for text in sources]
    with path.open("wb") as file:
        while file.tell() < n_bytes:
            file.write(rng.choice(lines))
            if long_line and file.tell() > n_bytes / 2:
                write_long_line(file, rng, lines, long_line)
                long_line = 0


def write_long_line(file: io.BufferedWriter, rng: random.Random, lines: list[bytes], n_bytes: float) -> None:
    file.write(b'{"text": "')
    end = file.tell() + n_bytes
    while file.tell() < end:
        file.write(rng.choice(lines)[10:-3])
    file.write(b'"}\n')


def write_parquet(path: Path, n_bytes: float, row_group_bytes: float) -> None:
    rng, sources = random.Random(0), texts()
    with pq.ParquetWriter(path, pa.schema([("text", pa.string())]), compression="zstd", use_dictionary=False) as writer:
        done = 0.0
        while done < n_bytes:
            rows, size = [], 0
            while size < row_group_bytes:
                rows.append(rng.choice(sources))
                size += len(rows[-1])
            writer.write_table(pa.table({"text": rows}), row_group_size=len(rows))
            done += size


def bare_loop(path: Path, n_sequences: int) -> float:
    """Return the seconds to tokenise and gzip ``n_sequences`` sequences, and to count the file's lines."""
    tokenizer, joined = load_tokenizer(), "\n".join(texts())
    # About as many characters as n_sequences of 256 tokens have at 3.1 bytes a token.
    parts = [joined[i * 800 : (i + 1) * 800] for i in range(n_sequences)]
    begin = time.perf_counter()
    n_done = 0
    for part in parts:
        packed = np.array(tokenizer.encode(part)[:256], dtype=">i4").tobytes()
        sink = io.BytesIO()
        with gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=9) as file:
            file.write(packed)
        n_done += len(sink.getvalue()) > 0
    with path.open("rb") as lines:
        while block := lines.read(1 << 22):
            block.count(b"\n")
    return time.perf_counter() - begin


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What a command took: the peak resident MB of it and its children, sampled every 10 ms, and its seconds.

    ``code`` is None where it was ended because its time was over; ``errors`` is what it wrote to stderr.
    """

    peak_mb: float
    seconds: float
    code: int | None
    errors: str


def watched(command: list[str], most_seconds: float | None = None) -> Watched:
    """Run a command and watch what it takes."""
    begin = time.perf_counter()
    peak, is_late = 0, False
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            peak = max(peak, sum(resident(pid) for pid in tree(process.pid)))
            if most_seconds is not None and not is_late and time.perf_counter() - begin > most_seconds:
                process.kill()
                is_late = True
            time.sleep(0.01)
        seconds = time.perf_counter() - begin
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace")
    return Watched(peak_mb=peak / 1e6, seconds=seconds, code=None if is_late else process.returncode, errors=said)


def tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in tree(int(child)))]


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def bench_time(folder: Path, size_gb: float) -> None:
    path = folder / "large.jsonl"
    write_jsonl(path, size_gb * GB)
    score(str(path))  # once, so that both meet a warm page cache
    ours, theirs = [], []
    for seed in range(5):
        theirs.append(bare_loop(path, 1000))
        begin = time.perf_counter()
        score(str(path), sampling=Sampling(seed=seed))
        ours.append(time.perf_counter() - begin)
    us, them = float(np.median(ours)), float(np.median(theirs))
    print(f"{'score a jsonl file of ' + format(size_gb, 'g') + ' GB':44} {us:8.2f} s {them:8.2f} s ", end="")
    print(f"{us / them:6.2f}x  limit {LIMIT_TIME:g}x")
    path.unlink()


def bench_memory(folder: Path, size_gb: float) -> None:
    cases = {
        "jsonl": lambda path: write_jsonl(path, size_gb * GB),
        "jsonl with a line of 1 GB": lambda path: write_jsonl(path, size_gb * GB, long_line=size_gb / 5 * GB),
        "parquet, row groups of 64 MB": lambda path: write_parquet(path, size_gb * GB, 64e6),
    }
    for name, write in cases.items():
        path = folder / f"large.{name.split()[0].strip(',')}"
        write(path)
        found = watched([sys.executable, "-c", SCORE, str(path)])
        if found.code:
            raise SystemExit(f"scoring {path} failed: {found.errors}")
        label = f"peak memory, {size_gb:g} GB {name}"
        print(f"{label:44} {found.peak_mb:7.0f} MB {'':10} {found.seconds:6.1f} s  limit {LIMIT_MB} MB")
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-gb", type=float, default=1.0)
    parser.add_argument("--memory", action="store_true", help="5 GB files and their peak memory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'':44} {'ours':>10} {'theirs':>10} {'ratio':>7}")
        if arguments.memory:
            bench_memory(Path(folder), 5 * arguments.size_gb)
        else:
            bench_time(Path(folder), arguments.size_gb)


if __name__ == "__main__":
    main()
