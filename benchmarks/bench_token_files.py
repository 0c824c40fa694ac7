"""Time and memory of measuring token ids in the formats of pretraining, beside parquet of the same ids.

    python benchmarks/bench_token_files.py [--size-gb 1] [--seeds 3] [--only FORMAT ...]

Made of 50 MB of documents of ids that come as often as words do, again and again up to ``--size-gb`` as each format
stores them: uint16 with an end between documents in .bin, int32 in MDS, in litdata and in parquet. "Ours" is a process
that draws and measures 1000 sequences, start-up included, and "theirs" the same of parquet; memory is the peak of the
process. H of each agrees with that of parquet within three standard errors, or the script fails.
"""

import argparse
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bench_score import GB, LIMIT_MB, resident, tree

LIMIT_RATIO = 1.5
EOS = 50256
BLOCK = 50e6  # bytes, as uint16, of documents that differ


def documents() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    names = np.sort(rng.permutation(EOS))
    lengths = np.maximum(rng.lognormal(6, 1, size=int(BLOCK / 2 / 650)), 1).astype(int)
    return [names[np.minimum(rng.zipf(1.25, size=length), EOS) - 1] for length in lengths]


def write_bin(folder: Path, docs: list[np.ndarray], n_bytes: float) -> Path:
    block = np.concatenate([part for doc in docs for part in (doc, [EOS])]).astype("<u2").tobytes()
    write_again(folder / "train.bin", block, n_bytes)
    return folder / "train.bin"


def write_megatron(folder: Path, docs: list[np.ndarray], n_bytes: float) -> Path:
    block = np.concatenate(docs).astype("<u2").tobytes()
    n_times = write_again(folder / "x.bin", block, n_bytes)
    lengths = np.tile(np.array([len(doc) for doc in docs], "<i4"), n_times)
    pointers = 2 * (np.cumsum(lengths, dtype="<i8") - lengths)
    with (folder / "x.idx").open("wb") as file:
        file.write(b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, len(lengths), len(lengths) + 1))
        for part in (lengths, pointers, np.arange(len(lengths) + 1, dtype="<i8")):
            file.write(part.tobytes())
    return folder / "x.bin"


def write_mds(folder: Path, docs: list[np.ndarray], n_bytes: float) -> Path:
    columns = {"column_names": ["tokens"], "column_encodings": ["ndarray:int32"], "column_sizes": [None]}
    told = {**columns, "compression": None, "format": "mds", "hashes": [], "size_limit": 1 << 26, "version": 2}
    items = []
    for doc in docs:
        value = struct.pack("<BI", 6, len(doc)) + doc.astype("<i4").tobytes()
        items.append(struct.pack("<I", len(value)) + value)
    return write_shards(folder, items, n_bytes, json.dumps(told).encode(), told)


def write_litdata(folder: Path, docs: list[np.ndarray], n_bytes: float) -> Path:
    return write_shards(folder, [doc.astype("<i4").tobytes() for doc in docs], n_bytes, b"", None)


def write_shards(folder: Path, items: list[bytes], n_bytes: float, config: bytes, told: dict | None) -> Path:
    head = 4 * (len(items) + 2) + len(config)
    ends = np.cumsum([head, *map(len, items)]).astype("<u4")
    data = struct.pack("<I", len(items)) + ends.tobytes() + config + b"".join(items)
    shards, chunks = [], []
    for number in range(int(-(-n_bytes // len(data)))):
        name = f"shard.{number:05}.mds" if told else f"chunk-0-{number}.bin"
        (folder / name).write_bytes(data)
        raw = {"basename": name, "bytes": len(data), "hashes": {}}
        shards.append({**(told or {}), "raw_data": raw, "zip_data": None, "samples": len(items)})
        chunks.append({"filename": name, "chunk_bytes": len(data), "chunk_size": len(items), "dim": 1})
    spec = '[1, {"type": null, "context": null, "children_spec": []}]'
    config_of = {"data_format": ["no_header_tensor:16"], "data_spec": spec, "item_loader": "TokensLoader"}
    index = {"version": 2, "shards": shards} if told else {"chunks": chunks, "config": config_of}
    (folder / "index.json").write_text(json.dumps(index))
    return folder / "index.json"


def write_parquet(folder: Path, docs: list[np.ndarray], n_bytes: float) -> Path:
    table = pa.table({"input_ids": pa.array([doc.astype("<i4") for doc in docs])})
    path = folder / "ids.parquet"
    with pq.ParquetWriter(path, table.schema, compression="snappy", use_dictionary=False) as writer:
        for _ in range(int(-(-n_bytes // (4 * sum(map(len, docs)))))):
            writer.write_table(table, row_group_size=len(docs) // 2)
    return path


def write_again(path: Path, block: bytes, n_bytes: float) -> int:
    """Write a block as often as makes ``n_bytes``, and return how often."""
    n_times = int(-(-n_bytes // len(block)))
    with path.open("wb") as file:
        for _ in range(n_times):
            file.write(block)
    return n_times


WRITERS = {"parquet": write_parquet, "bin": write_bin, "megatron": write_megatron, "mds": write_mds}
WRITERS["litdata"] = write_litdata


def measured(path: Path, seed: int) -> tuple[float, float]:
    """Return the mean of H over 1000 sequences, and its standard error."""
    from advisor.compressibility.measure import measure
    from advisor.compressibility.protocol import Protocol
    from advisor.corpus.corpus_file import CorpusFile, Place
    from advisor.corpus.options import CorpusOptions, IdOptions
    from advisor.corpus.readers.columnar import parquet_chunks
    from advisor.corpus.sampling import Sampling, draw_sample
    from advisor.corpus.tally import Tally
    from advisor.corpus.token_files.readers import token_reader
    from advisor.corpus.token_files.sets import named_set
    from advisor.corpus.tokenizer import load_tokenizer

    options, tally = CorpusOptions(ids=IdOptions(eos_id=EOS)), Tally()
    beside = [Place(name=str(each), n_bytes=each.stat().st_size) for each in sorted(path.parent.iterdir())]
    place = Place(name=str(path), n_bytes=path.stat().st_size)
    if path.suffix == ".parquet":
        file = CorpusFile(place=place, format="parquet", compression=None, named=True)
        readers = list(parquet_chunks(file, options, 256, tally))
    else:
        readers = [token_reader(file, options, 256, tally) for file in named_set(place, beside)]
    sampling = Sampling(seed=seed)
    sample = draw_sample(readers, sampling, tokenizer=load_tokenizer("bytes"), progress=lambda *_: None)
    protocol = Protocol(tokenizer=None, n_sequences=len(sample.ids))
    found = measure(sample.ids, sample.keys, vocab_size=EOS + 1, protocol=protocol, seed=seed)
    return found.mean, found.sd / len(sample.ids) ** 0.5


def run(path: Path, seed: int) -> tuple[float, float, float, float]:
    """Return (seconds, peak MB, H, its standard error) of a process that measures a file."""
    command = [sys.executable, __file__, "--measure", str(path), "--seeds", str(seed)]
    begin, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, sum(resident(pid) for pid in tree(process.pid)))
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, _ = process.communicate()
    seconds = time.perf_counter() - begin
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{command} failed with {process.returncode}")
    mean, error = map(float, out.split())
    return seconds, peak / 1e6, mean, error


def bench(folder: Path, formats: list[str], size_gb: float, n_seeds: int) -> None:
    docs = documents()
    # What was just written is in the page cache, for each format alike.
    print(f"{size_gb:g} GB of each, {n_seeds} runs{'':24} {'ours':>8} {'theirs':>9} {'ratio':>6}")
    theirs: tuple[float, float, float] = (0.0, 0.0, 0.0)
    for format in ["parquet", *(each for each in formats if each != "parquet")]:
        inside = folder / format
        inside.mkdir()
        path = WRITERS[format](inside, docs, size_gb * GB)
        runs = [run(path, seed) for seed in range(n_seeds)]
        shutil.rmtree(inside)
        seconds, peak = float(np.median([each[0] for each in runs])), max(each[1] for each in runs)
        mean, error = runs[0][2:]
        if format == "parquet":
            theirs = (seconds, mean, error)
        apart = abs(mean - theirs[1]) / (error**2 + theirs[2] ** 2) ** 0.5
        print(f"{format + ', time':38} {seconds:8.2f} s {theirs[0]:7.2f} s {seconds / theirs[0]:5.2f}x  ", end="")
        print(f"limit {LIMIT_RATIO:g}x", flush=True)
        print(f"{format + ', peak memory':38} {peak:8.0f} MB {'':15} limit {LIMIT_MB} MB")
        print(f"{format + ', mean H':38} {mean:8.4f}   {theirs[1]:7.4f}   {apart:5.2f} se  limit 3 se")
        if apart > 3:
            raise SystemExit(f"{format} does not agree with parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-gb", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=sorted(WRITERS), default=sorted(WRITERS))
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(*measured(arguments.measure, arguments.seeds))
        return
    with tempfile.TemporaryDirectory() as folder:
        bench(Path(folder), arguments.only, arguments.size_gb, arguments.seeds)


if __name__ == "__main__":
    main()
