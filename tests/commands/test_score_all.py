"""``advisor score --all`` as a user meets it: the screen, JSON that comes back, a run that is killed and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from advisor.compressibility.whole import processes
from tests.compressibility.whole.made import jsonl, texts

ROOT = Path(__file__).parents[2]
WAYS = ("--all", "--tokenizer", "bytes", "--seq-len", "64", "--workers", "1", "--quiet")


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six files of made-up words, the last of which holds the documents of the first backwards; an own cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(6):
        documents = texts(40, seed=number % 5)
        (folder / f"{number}.jsonl").write_bytes(jsonl(documents if number < 5 else documents[::-1]))
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_screen_has_what_was_counted(advisor, corpus: Path) -> None:
    outcome = advisor("score", "corpus", *WAYS)
    assert (outcome.code, outcome.stderr) == (0, "")
    rows = {line[:10].strip(): line[10:] for line in outcome.stdout.splitlines()}
    assert rows["Tokens"] == "139K; 1.00 bytes per token; 240 documents, 221 long enough for H"
    assert rows["Measured"] == "gzip of all 2,052 sequences of 64 tokens, bytes"
    assert rows["Shards"] == "6, H 0.402 to 0.410"
    assert rows["Copies"] == "17 % of the documents; unique are 113K tokens in 200 documents"
    full = advisor("score", "corpus", *WAYS, "--full").stdout
    assert "none: all is measured" in full
    assert "Note: 40 of 240 documents have the content of an earlier one, 19 % of the tokens: 113K tokens are" in full
    assert [line.split()[:2] for line in full.splitlines() if line.startswith("corpus/")] == [
        [f"corpus/{number}.jsonl", "40"] for number in range(6)
    ]
    assert not (corpus.parent / "cache" / "data-scaling-advisor" / "score").exists() or not any(
        (corpus.parent / "cache" / "data-scaling-advisor" / "score").iterdir()
    )


def test_its_json_has_a_schema_and_comes_back(advisor, corpus: Path) -> None:
    first = advisor("score", "corpus", *WAYS, "--out", "whole.json")
    document = json.loads(Path("whole.json").read_text())
    for name in ("score", "profile"):
        jsonschema.validate(document, json.loads((ROOT / "data" / "schemas" / f"{name}.json").read_text()))
    totals = document["corpora"][0]["totals"]
    assert (totals["n_documents"], totals["n_unique_documents"]) == (240, 200)
    assert totals["duplicated_fraction"] == pytest.approx(1 / 6)
    assert [shard["name"] for shard in totals["shards"]] == [f"corpus/{number}.jsonl" for number in range(6)]
    assert advisor("score", "--from", "whole.json").stdout == first.stdout
    assert advisor("score", "--from", "whole.json", "--json").stdout == Path("whole.json").read_text()


def test_an_answer_takes_h_of_all_as_exact(advisor, corpus: Path) -> None:
    assert advisor("score", "corpus", "--all", "--workers", "1", "--out", "whole.json", "--quiet").code == 0
    answer = advisor("recommend", "--profile", "whole.json", "--flops", "1e18", "--json")
    assert answer.code == 0
    document = json.loads(answer.stdout)
    assert document["profile"]["ci95"] is None
    assert advisor("report", "--profile", "whole.json", "--flops", "1e18", "--out", "page.html").code == 0
    assert (
        document["compressibility"]
        == json.loads(Path("whole.json").read_text())["corpora"][0]["compressibility"]["median"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--workers", "2"), "--workers says how --all works, and is given without it."),
        (("--scratch", "x"), "--scratch says how --all works, and is given without it."),
        (
            ("--all", "--sequences", "5"),
            "--sequences says how many are drawn, and --all measures every one: leave one of them out.",
        ),
        (
            ("--all", "--scratch", "corpus/0.jsonl/x"),
            "corpus/0.jsonl/x/{run} cannot be made: Not a directory; --scratch",
        ),
    ],
)
def test_what_does_not_fit_together_is_one_sentence(
    advisor, corpus: Path, arguments: tuple[str, ...], message: str
) -> None:
    outcome = advisor("score", "corpus", "--tokenizer", "bytes", *arguments)
    assert (outcome.code, outcome.stdout) == (2, "")
    begin, _, end = f"Error: {message}".partition("{run}")
    assert outcome.stderr.startswith(begin)
    assert end in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_all_of_a_profile_is_not_measured(advisor, corpus: Path) -> None:
    outcome = advisor("score", "--from", "whole.json", "--all")
    assert outcome.code == 2
    assert outcome.stderr == (
        "Error: --all measures a SOURCE, and --from prints what was measured before: give one of them.\n"
    )


def finished_shards(corpus: Path) -> list[int]:
    """Return the numbers of the shards that a run has finished."""
    files = list((corpus.parent / "cache" / "data-scaling-advisor" / "score").glob("*/shards.jsonl"))
    return [json.loads(line)["number"] for file in files for line in file.read_bytes().splitlines()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_goes_on_to_the_same_bytes(
    advisor, corpus: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shard in range(40):
        (corpus / f"{shard}.jsonl").write_bytes(jsonl(texts(15, words=2000, seed=shard)))
    command = ("score", "corpus", "--all", "--json")
    often = (
        "from advisor.compressibility.whole import finished; finished._SECONDS = 0.1; "
        "from advisor.cli import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", often, *command, "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    while not finished_shards(corpus) and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert [line for line in errors.decode().splitlines() if line][-2:] == [
            "Shards that were finished by now are kept: the same command goes on from them.",
            "Interrupted.",
        ]
    kept, measured = set(finished_shards(corpus)), []
    assert 0 < len(kept) < 40

    def noted(shard, tell):
        measured.append(shard.number)
        return measure(shard, tell)

    measure = processes.measure_shard
    monkeypatch.setattr(processes, "measure_shard", noted)
    again = advisor(*command, "--workers", "1", "--quiet")
    assert sorted([*kept, *measured]) == list(range(40))
    assert finished_shards(corpus) == []
    assert again.stdout == advisor(*command, "--workers", "1", "--quiet").stdout


def test_two_of_one_command_do_not_work_on_the_same_shards(advisor, corpus: Path) -> None:
    import fcntl

    with pytest.MonkeyPatch.context() as patch:

        def held(path: object, *arguments: object) -> int:
            descriptor = opened(path, *arguments)
            fcntl.flock(opened(path, *arguments), fcntl.LOCK_EX)
            return descriptor

        opened = os.open
        patch.setattr("advisor.compressibility.whole.finished.os.open", held)
        outcome = advisor("score", "corpus", *WAYS)
    assert outcome.code == 1
    assert outcome.stderr.endswith(" is in use: the same command is running already; wait for it.\n")
