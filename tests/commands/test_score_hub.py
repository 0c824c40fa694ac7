"""The hub through the command line: a dataset scored by streaming and by download, and what is said when it fails."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.fake_hub import Repo, serve

ROOT = Path(__file__).parents[2]


def shard(first: int) -> bytes:
    texts = [f"row {row} of the data " * (20 + row % 7) for row in range(first, first + 60)]
    file = io.BytesIO()
    pq.write_table(pa.table({"text": texts, "row": list(range(60))}), file)
    return file.getvalue()


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=120,
        check=False,
    )


def test_a_hub_dataset_is_scored_and_its_failures_are_sentences(tmp_path: Path) -> None:
    repos = {
        "org/two": Repo(files={f"data/train-{i}.parquet": shard(60 * i) for i in range(3)}),
        "org/gated": Repo(api=(403, {"X-Error-Code": "GatedRepo"})),
    }
    with serve(repos) as hub:
        environment = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "home")}
        options = ("--tokenizer", "bytes", "--seq-len", "64", "--json", "--quiet")
        streamed, downloaded = (
            run(environment, "score", "org/two", way, *options) for way in ("--streaming", "--no-streaming")
        )
        assert (streamed.returncode, streamed.stderr) == (0, "")
        assert (downloaded.returncode, downloaded.stderr) == (0, "")
        first, second = (json.loads(each.stdout)["corpora"][0] for each in (streamed, downloaded))
        assert first["source"].startswith("org/two@")
        assert first["estimated_tokens"] == second["estimated_tokens"]
        assert first["n_documents"] == second["n_documents"] == 180
        assert first["compressibility"]["median"] == second["compressibility"]["median"]
        gated = run(environment, "recommend", "org/gated", "--flops", "1e20")
        assert gated.returncode == 1
        assert gated.stdout == ""
        assert gated.stderr.startswith("Error: ")
        assert "org/gated" in gated.stderr
        assert "Traceback" not in gated.stderr
        assert len(gated.stderr.splitlines()) == 1
