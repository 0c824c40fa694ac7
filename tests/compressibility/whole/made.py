"""Small corpora of many forms, and a corpus that is measured whole in this process."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from advisor.compressibility.score import Profile, score
from advisor.compressibility.whole.score_whole import score_whole
from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling

SAMPLING = Sampling(tokenizer="bytes", seq_len=64, n_sequences=5000)


def texts(n: int, *, words: int = 200, seed: int = 0) -> list[str]:
    """Return documents of made-up words, some of which are not ASCII, of very different lengths."""
    rng = random.Random(seed)
    known = ["scaling", "laws", "dépend", "on", "the", "data", "they", "äre", "fitted", "to", "日本語"]
    return [" ".join(rng.choices(known, k=rng.randint(1, words))) for _ in range(n)]


def jsonl(documents: list[str]) -> bytes:
    return "".join(json.dumps({"text": text}) + "\n" for text in documents).encode()


def lines_in_files(folder: Path) -> Path:
    for number in range(3):
        (folder / f"{number}.jsonl").write_bytes(jsonl([*texts(40, seed=number), *texts(5, seed=9)]))
    return folder


def lines_with_gaps(folder: Path) -> Path:
    rows = [jsonl([text]) for text in texts(60)]
    rows[7], rows[20], rows[50] = b"\n", b"   \n", jsonl(["x" * 20_000])
    (folder / "a.jsonl").write_bytes(b"".join(rows).rstrip(b"\n"))
    return folder / "a.jsonl"


def marked_lines(folder: Path) -> Path:
    (folder / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + jsonl(texts(60)))
    return folder / "a.jsonl"


def packed_lines(folder: Path) -> Path:
    for number in range(2):
        (folder / f"{number}.jsonl.gz").write_bytes(gzip.compress(jsonl(texts(30, seed=number))))
    return folder


def short_lines(folder: Path) -> Path:
    for number in range(3):
        (folder / f"{number}.jsonl").write_bytes(jsonl(texts(200, words=8, seed=number)))
    return folder


def text_files(folder: Path) -> Path:
    for number, text in enumerate(texts(50)):
        (folder / f"{number:02d}.txt").write_text(text)
    (folder / "packed.txt.gz").write_bytes(gzip.compress("\n".join(texts(20)).encode()))
    return folder


def short_texts(folder: Path) -> Path:
    for number, text in enumerate(texts(300, words=4)):
        (folder / f"{number:03d}.txt").write_text(text)
    return folder


def marked_text(folder: Path) -> Path:
    (folder / "a.txt").write_text("<|endoftext|>\n".join(texts(60)))
    return folder / "a.txt"


def table(folder: Path) -> Path:
    pq.write_table(pa.table({"text": texts(90)}), folder / "a.parquet", row_group_size=20)
    return folder / "a.parquet"


def token_ids(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    documents = [np.append(rng.integers(1, 300, rng.integers(10, 900)), 0) for _ in range(50)]
    np.save(folder / "a.npy", np.concatenate(documents).astype(np.uint16))
    return folder / "a.npy"


CORPORA: dict[str, tuple[Callable[[Path], Path], dict[str, Any]]] = {
    "jsonl files": (lines_in_files, {}),
    "jsonl with blank and long lines": (lines_with_gaps, {}),
    "jsonl with a byte-order mark": (marked_lines, {}),
    "jsonl.gz": (packed_lines, {}),
    "jsonl of short documents": (short_lines, {}),
    "text files": (text_files, {}),
    "text files of few words": (short_texts, {}),
    "text with end marks": (marked_text, {}),
    "parquet": (table, {}),
    "token ids": (token_ids, {"eos_id": 0, "vocab_size": 400}),
}


def sampled(source: Path, words: dict[str, Any]) -> Profile:
    """Return the profile of a sample that has every sequence."""
    return score(str(source), options=CorpusOptions.of(words), sampling=SAMPLING)


def whole(source: Path, scratch: Path, words: dict[str, Any] | None = None, **how: Any) -> Profile:
    """Return the profile of all of it, measured in this process unless something else is said."""
    options = CorpusOptions.of(words or {})
    return score_whole(str(source), options=options, sampling=SAMPLING, scratch=scratch, **{"workers": 1, **how})


def comparable(profile: Profile) -> Profile:
    """Return a profile without what only a sample or only a whole corpus has: interval, totals, their cautions.

    Of few sequences both say so, in other words.
    """
    return replace(
        profile,
        protocol=replace(profile.protocol, n_sequences=profile.n_sequences),
        compressibility=replace(profile.compressibility, ci95=None),
        cautions=tuple(
            each for each in profile.cautions if each.code not in ("no_interval", "copied_documents", "few_sequences")
        ),
        totals=None,
    )
