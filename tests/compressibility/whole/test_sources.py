"""Whole corpora that lie elsewhere: on a web server, on the hub; and memory, which does not grow with a corpus."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from advisor.compressibility.score import Profile
from advisor.compressibility.whole.score_whole import score_whole
from advisor.compressibility.whole.shard import CorpusShard, measure_shard
from advisor.corpus import parts
from advisor.corpus.options import CorpusOptions
from advisor.corpus.parts import cut_source
from advisor.corpus.sampling import Sampling
from advisor.errors import CorpusError, MissingExtraError
from tests.compressibility.whole.made import SAMPLING, comparable, jsonl, sampled, texts
from tests.corpus.fake_hub import Repo, serve
from tests.corpus.web_server import Served, serve_web

ROOT = Path(__file__).parents[3]


def test_a_file_of_a_web_server_is_measured_by_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = jsonl(texts(60))
    (tmp_path / "a.jsonl").write_bytes(data)
    monkeypatch.setattr(parts, "_OF_LINES", 12_000)
    with serve_web({"/a.jsonl": Served(data)}) as web:
        found = score_whole(f"{web.address}/a.jsonl", sampling=SAMPLING, scratch=tmp_path / "scratch", workers=2)
    assert found.source == f"{web.address}/a.jsonl"
    assert comparable(found).compressibility == comparable(sampled(tmp_path / "a.jsonl", {})).compressibility


def test_errors_come_back_from_workers_as_they_were() -> None:
    error = MissingExtraError("s3fs", "s3", "Reading s3:// addresses")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_dataset_of_the_hub_is_measured_file_by_file(tmp_path: Path) -> None:
    files = {f"train-{number}.jsonl": jsonl(texts(30, seed=number)) for number in range(3)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with serve({"org/lines": Repo(files=files)}) as hub:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "advisor", "score", "org/lines", "--all", "--tokenizer", "bytes"),
                *("--seq-len", "64", "--workers", "2", "--json", "--quiet", "--scratch", str(tmp_path / "scratch")),
            ],
            capture_output=True,
            text=True,
            env={
                **os.environ,
                **{"PYTHONPATH": str(ROOT), "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "hf")},
            },
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["corpora"]
    expected: Profile = sampled(tmp_path / "train-*.jsonl", {})
    for name in ("median", "mean", "sd"):
        assert found["compressibility"][name] == getattr(expected.compressibility, name)
    assert found["n_documents"] == found["totals"]["n_documents"] == 90
    assert [shard["name"].partition("#")[2] for shard in found["totals"]["shards"]] == ["0", "1", "2"]


def test_short_documents_of_a_pipe_cannot_be_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(jsonl(texts(200, words=6)))))
    with pytest.raises(CorpusError) as caught:
        score_whole("-", sampling=SAMPLING, scratch=tmp_path / "scratch")
    assert str(caught.value) == (
        "Most documents of standard input have fewer than 64 tokens: --all reads such a corpus twice, and a pipe only "
        "once; write it to a file, and name that."
    )


def peak(folder: Path, n_documents: int) -> int:
    """Return the most bytes that Python holds while it measures a shard of so many documents."""
    path = folder / f"{n_documents}.jsonl"
    path.write_bytes(jsonl(texts(60)) * (n_documents // 60))
    (part,) = cut_source(str(path), CorpusOptions(), seq_len=1024).parts
    shard = CorpusShard(
        number=0,
        source=str(path),
        part=part,
        options=CorpusOptions(),
        sampling=Sampling(tokenizer="bytes", seq_len=1024, n_sequences=20),
        folder=folder,
    )
    measure_shard(shard)
    tracemalloc.start()
    counts = measure_shard(shard)
    _, found = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts.n_documents == n_documents
    return found


def test_memory_does_not_grow_with_a_shard(tmp_path: Path) -> None:
    small, large = peak(tmp_path, 600), peak(tmp_path, 6000)
    assert (tmp_path / "6000.jsonl").stat().st_size > 4 << 20
    assert large < 1.2 * small
    assert large < 16 << 20
