"""Documents of token ids, written in every format by the layouts of their makers, and read back."""

from __future__ import annotations

import csv
import gzip
import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from advisor.compressibility.measure import measure
from advisor.compressibility.protocol import Protocol
from advisor.corpus.corpus_file import Place
from advisor.corpus.documents import Document, Reader
from advisor.corpus.options import CorpusOptions, IdOptions
from advisor.corpus.readers.columnar import parquet_chunks
from advisor.corpus.sampling import Sampling, draw_sample
from advisor.corpus.sequences import Sample
from advisor.corpus.tally import Tally
from advisor.corpus.token_files.readers import token_reader
from advisor.corpus.token_files.sets import found_sets, named_set
from advisor.corpus.tokenizer import load_tokenizer

Ids = npt.NDArray[np.int64]
EOS = 50256
SEQ_LEN = 64


def documents(n: int = 200, *, longest: int = 900, vocabulary: int = 50256, seed: int = 0) -> list[Ids]:
    """Return documents of ids that come as often as words do, and repeat as text does."""
    rng = np.random.default_rng(seed)
    names = rng.permutation(vocabulary)
    lengths = rng.integers(1, longest, size=n)
    return [names[np.minimum(rng.zipf(1.3, size=length), vocabulary) - 1].astype(np.int64) for length in lengths]


def joined(docs: Sequence[Ids], eos: int | None = EOS, *, before: bool = False) -> Ids:
    """Return documents one after the other, with ``eos`` after (or before) each."""
    ends = [] if eos is None else [np.array([eos])]
    return np.concatenate([part for doc in docs for part in ([*ends, doc] if before else [doc, *ends])])


def write_llm_c(path: Path, docs: Sequence[Ids], *, magic: int = 20240520, version: int = 1) -> None:
    ids = joined(docs, before=True)
    header = np.zeros(256, "<i4")
    header[:3] = magic, version, len(ids)
    path.write_bytes(header.tobytes() + ids.astype("<u2" if version == 1 else "<u4").tobytes())


def write_megatron(stem: Path, docs: Sequence[Ids], *, dtype: str = "uint16", sentences: int = 1) -> None:
    """Write x.bin and x.idx; a document is cut into ``sentences`` sequences."""
    parts = [part for doc in docs for part in np.array_split(doc, sentences)]
    stem.with_suffix(".bin").write_bytes(np.concatenate(parts).astype(dtype).tobytes())
    lengths = np.array([len(part) for part in parts], "<i4")
    pointers = np.append(0, np.cumsum(lengths.astype("<i8")))[:-1] * np.dtype(dtype).itemsize
    bounds = np.arange(0, len(parts) + 1, sentences).astype("<i8")
    code = {"uint8": 1, "int32": 4, "int64": 5, "float32": 7, "uint16": 8}[dtype]
    head = b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, code, len(lengths), len(bounds))
    stem.with_suffix(".idx").write_bytes(head + lengths.tobytes() + pointers.astype("<i8").tobytes() + bounds.tobytes())


def write_dolma(stem: Path, docs: Sequence[Ids], *, dtype: str = "uint16", old: bool = False) -> None:
    stem.with_suffix(".npy").write_bytes(joined(docs).astype(dtype).tobytes())
    with gzip.open(stem.with_suffix(".csv.gz"), "wt", newline="") as file:
        begin = 0
        for number, doc in enumerate(docs):
            end = begin + len(doc) + 1
            told = [f"id-{number}", "src.jsonl", number]
            csv.writer(file).writerow([*told, begin, end] if old else [begin, end, *told])
            begin = end


def records(items: Sequence[bytes], config: bytes = b"") -> bytes:
    """Return the records of a shard behind their table, with ``config`` between."""
    head = 4 * (len(items) + 2) + len(config)
    ends = np.cumsum([head, *map(len, items)]).astype("<u4")
    return struct.pack("<I", len(items)) + ends.tobytes() + config + b"".join(items)


def write_mds(
    folder: Path,
    rows: Sequence[dict[str, bytes]],
    columns: dict[str, str],
    *,
    sizes: dict[str, int] | None = None,
    compression: str | None = None,
    n_shards: int = 3,
) -> None:
    """Write values that are encoded already as shards of MDS."""
    folder.mkdir(parents=True, exist_ok=True)
    names, fixed = sorted(columns), sizes or {}
    told = {
        **{"column_names": names, "column_encodings": [columns[name] for name in names]},
        **{"column_sizes": [fixed.get(name) for name in names], "compression": compression, "format": "mds"},
        **{"hashes": [], "size_limit": 1 << 26, "version": 2},
    }
    shards = []
    for number, part in enumerate(np.array_split(np.arange(len(rows)), n_shards)):
        items = []
        for row in part:
            values = [rows[row][name] for name in names]
            lengths = [len(value) for name, value in zip(names, values, strict=True) if name not in fixed]
            items.append(struct.pack(f"<{len(lengths)}I", *lengths) + b"".join(values))
        data, name = records(items, json.dumps(told).encode()), f"shard.{number:05}.mds"
        shard = {**told, "raw_data": {"basename": name, "bytes": len(data), "hashes": {}}, "samples": len(items)}
        if compression:
            data, name = zstandard.compress(data), f"{name}.zstd"
            shard["zip_data"] = {"basename": name, "bytes": len(data), "hashes": {}}
        shards.append({"zip_data": None, **shard})
        (folder / name).write_bytes(data)
    (folder / "index.json").write_text(json.dumps({"shards": shards, "version": 2}))


def mds_array(ids: Ids, dtype: str) -> bytes:
    """Return ids as MDS encodes ndarray:dtype: the number of dimensions and the type of the shape, the shape, them."""
    return struct.pack("<BI", (1 << 2) | 2, len(ids)) + ids.astype(dtype).tobytes()


def write_litdata(folder: Path, docs: Sequence[Ids], *, code: int = 16, n_chunks: int = 3) -> None:
    """Write documents as the chunks of a TokensLoader, int32 tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    chunks = []
    for number, part in enumerate(np.array_split(np.arange(len(docs)), n_chunks)):
        data = records([docs[i].astype("int32").tobytes() for i in part])
        (folder / f"chunk-0-{number}.bin").write_bytes(data)
        dim = int(sum(len(docs[i]) for i in part))
        told = {"chunk_bytes": len(data), "chunk_size": len(part), "dim": dim, "filename": f"chunk-0-{number}.bin"}
        chunks.append(told)
    leaf = json.dumps([1, {"type": None, "context": None, "children_spec": []}])
    config = {
        **{"compression": None, "encryption": None, "data_format": [f"no_header_tensor:{code}"]},
        **{"data_spec": leaf, "item_loader": "TokensLoader"},
    }
    (folder / "index.json").write_text(json.dumps({"chunks": chunks, "config": config}))


def places(folder: Path) -> list[Place]:
    """Return the files under a folder."""
    return [place(path) for path in sorted(folder.rglob("*")) if path.is_file()]


def place(path: Path) -> Place:
    return Place(name=str(path), n_bytes=path.stat().st_size)


def readers(
    source: Path, *, seq_len: int = SEQ_LEN, column: str | None = None, tally: Tally | None = None, **ids: object
) -> list[Reader]:
    """Return the readers of a folder, or of a file with those beside it."""
    if source.is_dir():
        files, _ = found_sets(places(source))
    else:
        files = named_set(place(source), places(source.parent))
    options = CorpusOptions(column=column, ids=IdOptions(**ids))  # type: ignore[arg-type]
    return [token_reader(file, options, seq_len, tally if tally is not None else Tally()) for file in files]


def contents(source: Path, **said: object) -> list[list[int] | str]:
    """Return the documents of a source, in order."""
    documents: list[Document] = [doc for reader in readers(source, **said) for doc in reader.documents()]  # type: ignore[arg-type]
    return [doc.content if isinstance(doc.content, str) else doc.content.tolist() for doc in documents]


def sample_of(found: Sequence[Reader], *, n_sequences: int = 200, seq_len: int = SEQ_LEN, seed: int = 0) -> Sample:
    sampling = Sampling(tokenizer="bytes", seq_len=seq_len, n_sequences=n_sequences, seed=seed)
    return draw_sample(found, sampling, tokenizer=load_tokenizer("bytes"), progress=lambda *_: None)


def h_of(sample: Sample) -> tuple[float, float, float]:
    """Return H, and its mean and standard error over sequences."""
    protocol = Protocol(tokenizer=None, seq_len=sample.ids.shape[1], n_sequences=len(sample.ids))
    found = measure(sample.ids, sample.keys, vocab_size=int(sample.ids.max()) + 1, protocol=protocol, seed=0)
    return found.median, found.mean, found.sd / len(sample.ids) ** 0.5


def write_parquet(path: Path, docs: Sequence[Ids]) -> list[Reader]:
    """Return the readers of the same documents as a column of parquet."""
    pq.write_table(pa.table({"input_ids": pa.array([doc.astype("int32") for doc in docs])}), path)
    from advisor.corpus.corpus_file import CorpusFile

    file = CorpusFile(place=place(path), format="parquet", compression=None, named=True)
    return list(parquet_chunks(file, CorpusOptions(), SEQ_LEN, Tally()))
