"""What is fetched of a remote file to measure it: bytes and requests, beside the size of the file.

    python benchmarks/bench_remote.py [--size-mb 200] [--ahead KB ...]

A web server of this process serves documents of made-up words as JSON lines, and as parquet of many and of few row
groups. "Ours" is what it sent for the default 1000 sequences, "theirs" the whole file, which is the limit. ``--ahead``
tries other lengths of a range than the one in use. H must be that of the same file on disk within .02.
"""

import argparse
import io
import json
import random
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))
from advisor.compressibility.score import score
from advisor.corpus.remote import ranges
from tests.corpus.web_server import Served, serve_web

AGREE = 0.02


def documents() -> list[str]:
    rng = random.Random(1)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randrange(2, 11))) for _ in range(4000)]
    weights = [1 / (i + 1) for i in range(len(words))]
    return [" ".join(rng.choices(words, weights, k=max(int(rng.lognormvariate(6, 1)), 1))) for _ in range(3000)]


def json_lines(texts: list[str], n_bytes: int) -> bytes:
    block = "".join(json.dumps({"text": text, "id": 5}) + "\n" for text in texts).encode()
    return block * max(n_bytes // len(block), 1)


def parquet(texts: list[str], n_bytes: int, n_groups: int) -> bytes:
    block = sum(map(len, texts))
    table = pa.table({"text": texts * max(n_bytes // block, 1)})
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=-(-len(table) // n_groups), compression="zstd", use_dictionary=False)
    return file.getvalue()


def measure(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder, name)
        local.write_bytes(data)
        on_disk = score(str(local)).median
    with serve_web({f"/{name}": Served(data=data)}) as web:
        found = score(f"{web.address}/{name}").median
        sent, requests = web.n_sent, web.n_requests
    assert abs(found - on_disk) < AGREE, (found, on_disk)
    print(f"{sent / 1e6:8.1f} MB {len(data) / 1e6:8.1f} MB {sent / len(data):6.2f}x {requests:9,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size-mb", type=int, default=200)
    parser.add_argument("--ahead", type=int, nargs="*", default=[ranges._AHEAD >> 10], metavar="KB")
    arguments = parser.parse_args()
    texts, n_bytes = documents(), arguments.size_mb * 1_000_000
    lines = json_lines(texts, n_bytes)
    print(f"{'served for 1000 sequences':34}{'ours':>8}    {'theirs':>8}    ratio  requests")
    for ahead in arguments.ahead:
        ranges._AHEAD = ahead << 10
        print(f"{f'jsonl, ranges of {ahead} kB':31}", end="", flush=True)
        measure("a.jsonl", lines)
    for n_groups in (3, 60):
        print(f"{f'parquet, {n_groups} row groups':31}", end="", flush=True)
        measure("a.parquet", parquet(texts, n_bytes, n_groups))


if __name__ == "__main__":
    main()
