"""The process that reads a hub dataset: its death, its lateness and its bombs are one sentence each."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from advisor.corpus.hub.asked import Asked
from advisor.corpus.hub.reading import HubReader, seconds_allowed
from advisor.corpus.hub.rows import TAG, read_rows, written
from advisor.errors import HubError, UsageError
from tests.corpus import local_server as faults
from tests.corpus.fake_hub import Hub, Repo, serve

ROOT = Path(__file__).parents[2]
LINES = "".join(json.dumps({"text": f"row {row} of it " * 40}) + "\n" for row in range(200)).encode()


def command(hub: Hub, home: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "advisor", "score", "org/name", "--tokenizer", "bytes", "--seq-len", "64", "--quiet"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_file_that_drips_is_one_sentence_that_says_what_was_waited_for(tmp_path: Path) -> None:
    fault = faults.drip("HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-99999/100000\nContent-Length: 100000")
    with serve({"org/name": Repo(files={"train.jsonl": LINES}, faults={"train.jsonl": fault})}) as hub:
        said = command(hub, tmp_path, ADVISOR_HUB_SECONDS="3", HF_TOKEN="hf_secret").communicate(timeout=100)[1]
        assert re.match(
            rf"Error: org/name gave no row within 3 s \(the last request was (GET|HEAD) {hub.endpoint}/", said
        )
        assert said.endswith(
            "): the hub or the network is too slow; try again later, wait longer with ADVISOR_HUB_SECONDS=120, or "
            "download the dataset and name its folder.\n"
        )
        assert "secret" not in said


def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    with serve({"org/name": Repo(faults={"/org/name": faults.drip()})}) as hub:
        process = command(hub, tmp_path)
        while not hub.requests and process.poll() is None:
            time.sleep(0.05)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "\nInterrupted.\n")
        assert process.returncode == 130
        assert time.monotonic() - begun < 5


def test_the_death_of_the_process_is_one_sentence() -> None:
    reader = HubReader(Asked(repo="org/name"))
    reader._child._process.send_signal(signal.SIGSEGV)
    with pytest.raises(HubError) as caught:
        reader.open(streaming=True, column=None)
    assert str(caught.value) == (
        "org/name cannot be read: the process that reads its files ended (SIGSEGV), so they are damaged or ask for too "
        "much memory; see them at the hub/datasets/org/name/tree/main, and name the good ones with --data-files."
    )


def test_the_seconds_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADVISOR_HUB_SECONDS", raising=False)
    assert seconds_allowed() == 30
    monkeypatch.setenv("ADVISOR_HUB_SECONDS", "2.5")
    assert seconds_allowed() == 2.5
    for bad in ("soon", "0", "-1", "nan", "inf"):
        monkeypatch.setenv("ADVISOR_HUB_SECONDS", bad)
        with pytest.raises(UsageError, match=f"^ADVISOR_HUB_SECONDS is '{bad}': give a number of seconds, such as 120"):
            seconds_allowed()


def test_rows_come_as_they_were() -> None:
    rows = [
        {"text": "a\nb\u2028\u00e9\U0001f600", "ids": [1, -(2**63)], "x": [0.1, float("inf"), None, True]},
        {"picture": {"bytes": b"\0\xff", "path": None}, "text": "\ud800"},
        {},
    ]
    assert list(read_rows(b"".join(map(written, rows)), TAG)) == rows
    (time_row,) = read_rows(written({"at": pa.scalar(0, pa.timestamp("s")).as_py()}), TAG)
    assert type(time_row["at"]).__name__ == "datetime"
