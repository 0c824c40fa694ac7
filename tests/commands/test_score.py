"""``advisor score`` as a user meets it: the table, the JSON document, pipes, and the end of every mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small jsonl corpus: 40 documents of made-up but compressible words."""
    path = tmp_path / "book.jsonl"
    words = ["scaling", "laws", "depend", "on", "the", "data", "they", "are", "fitted", "to"]
    lines = [" ".join(words[(i * j + j * j) % 10] for j in range(300)) for i in range(40)]
    path.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines))
    return path


def test_the_table_says_everything_that_was_measured(advisor, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(book.parent)
    outcome = advisor("score", "book.jsonl", "--tokenizer", "bytes", "--seq-len", "64", "--quiet", "--full")
    assert outcome.code == 0
    assert outcome.stderr == ""
    lines = outcome.stdout.splitlines()
    table = lines[lines.index("") + 1 :]
    labels = [line[:22].rstrip() for line in table]
    assert labels[1:16] == [
        "H (median)",
        "  95 % interval",
        "  mean",
        "  standard deviation",
        "  tokens shuffled",
        "  ceiling (random ids)",
        "  spread, 0 to 0.8",
        "Tokens, estimated",
        "  95 % interval",
        "Bytes per token",
        "Documents",
        "  sampled from",
        "  left out",
        "Sequences sampled",
        "Vocabulary",
    ]
    assert table[0].split() == ["book.jsonl"]
    assert table[10].split() == ["Bytes", "per", "token", "1.00"]
    assert "bytes, 64 tokens a sequence, int32-be, gzip level 9" in " ".join(outcome.stdout.split())


def test_several_corpora_stand_side_by_side_and_wrap_to_the_terminal(
    advisor, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("score", *[str(book)] * 5, "--tokenizer", "bytes", "--quiet", "--full")
    for width, tables in ((200, 2), (80, 3), (60, 5)):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = advisor(*arguments).stdout.splitlines()
        assert sum(line.startswith("H (median)") for line in lines) == tables
        assert max(map(len, lines)) <= max(width, 60)


def test_json_is_one_document_with_every_key(advisor, book: Path, tmp_path: Path) -> None:
    out = tmp_path / "profile.json"
    outcome = advisor("score", book, book, "--json", "--out", out, "--quiet")
    document = json.loads(outcome.stdout)
    assert document == json.loads(out.read_text())
    assert document["schema_version"] == 1
    assert len(document["corpora"]) == 2
    corpus = document["corpora"][0]
    assert {
        *("source", "protocol", "compressibility", "n_documents_seen", "n_documents_skipped", "n_sequences"),
        *("bytes_per_token", "estimated_tokens", "zlib_version"),
    } <= corpus.keys()
    assert corpus["protocol"] == {
        "tokenizer": "mistral-v1",
        "seq_len": 256,
        "n_sequences": 1000,
        "level": 9,
        "encoding": "int32-be",
        "chunking": "document",
        "statistic": "median",
    }
    measured = corpus["compressibility"]
    assert {"median", "mean", "sd", "ci95", "shuffled_median", "ceiling"} <= measured.keys()
    assert measured["ci95"][0] <= measured["median"] <= measured["ci95"][1]
    assert measured["median"] < measured["shuffled_median"] < measured["ceiling"]


def test_a_profile_is_taken_back_by_score_and_recommend(advisor, book: Path, tmp_path: Path) -> None:
    out = tmp_path / "profile.json"
    first = advisor("score", book, "--out", out, "--quiet")
    again = advisor("score", "--from", out)
    assert again.stdout == first.stdout
    assert advisor("score", "--from", out, "--json").stdout == out.read_text()
    answer = json.loads(advisor("recommend", "--profile", out, "--flops", "1e18", "--json").stdout)
    median = json.loads(out.read_text())["corpora"][0]["compressibility"]["median"]
    assert answer["compressibility"] == median
    direct = json.loads(advisor("recommend", book, "--flops", "1e18", "--json", "--quiet").stdout)
    assert direct["compressibility"] == median
    assert direct["headline"] == answer["headline"]


def test_standard_input_is_jsonl_or_text(advisor, book: Path) -> None:
    lines = advisor("score", "-", "--json", "--quiet", stdin=book.read_text())
    file = advisor("score", book, "--json", "--quiet")
    assert (
        json.loads(lines.stdout)["corpora"][0]["compressibility"]
        == (json.loads(file.stdout)["corpora"][0]["compressibility"])
    )
    text = advisor("score", "-", "--json", "--quiet", stdin="plain words " * 2000)
    assert json.loads(text.stdout)["corpora"][0]["n_documents"] == 1
    forced = advisor("score", "-", "--format", "text", "--json", "--quiet", stdin=book.read_text())
    assert json.loads(forced.stdout)["corpora"][0]["n_documents"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("score",), 2, "Name a SOURCE to measure, or a profile with --from."),
        (("score", "x", "--from", "y"), 2, "Name a SOURCE to measure, or a profile with --from. Not both."),
        (("score", "-", "-"), 2, "Standard input, -, can be read only once."),
        (("score", "-"), 1, "Standard input is empty."),
        (("score", "nowhere.txt"), 2, "There is no file, folder or glob nowhere.txt"),
        (("score", "--from", "nowhere.json"), 2, "Cannot read nowhere.json: No such file or directory."),
        (("score", "x", "--seq-len", "ten"), 2, "'ten' is not a valid integer."),
        (
            ("score", "-", "--format", "parquet"),
            2,
            "Standard input is read as text, jsonl, json, csv, tsv, warc, ids, not as parquet.",
        ),
        (("score", "-", "--seed", "-1"), 2, "--seed must be between 0 and"),
        (("score", ""), 2, "The name of the corpus is empty."),
        (("recommend", "--flops", "1e21", "--column", "text"), 2, "--column says how a SOURCE is read, and none is"),
    ],
)
def test_mistakes_end_with_one_sentence(
    advisor, arguments: tuple[str, ...], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = advisor(*arguments, stdin="")
    assert outcome.code == code
    assert message in outcome.stderr
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_where_nothing_can_be(advisor, book: Path, tmp_path: Path) -> None:
    outcome = advisor("score", book, "--out", tmp_path / "no" / "folder.json", "--quiet")
    assert outcome.code == 2
    assert outcome.stderr.startswith(f"Error: Cannot write {tmp_path}/no/folder.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.jsonl"]


def test_the_corpus_is_never_overwritten(advisor, book: Path) -> None:
    before = book.read_bytes()
    for source in (book, book.parent, book.parent / "*.jsonl"):
        outcome = advisor("score", source, "--out", book, "--quiet")
        assert outcome.code == 2
        assert outcome.stderr == f"Error: --out {book} would overwrite what is read from {source}: name another file.\n"
        assert advisor("recommend", source, "--flops", "1e20", "--out", book).code == 2
    assert book.read_bytes() == before


def test_links_are_followed_and_pipes_written_through(advisor, tmp_path: Path) -> None:
    target, link, pipe = tmp_path / "target.json", tmp_path / "link.json", tmp_path / "pipe"
    target.write_text("old")
    link.symlink_to(target)
    os.mkfifo(pipe)
    printed = advisor("laws", "--json", "--out", link).stdout
    assert link.is_symlink()
    assert target.read_text() == printed
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    assert advisor("laws", "--out", pipe).code == 0
    assert reader.communicate(timeout=10)[0].decode() == printed
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpora": []}, "holds no corpora."),
        ({"schema_version": 2}, "has schema_version 2 and this advisor understands 1"),
        ({"vocab_size": 10**400}, "vocab_size must be a whole number of at least 1, not a number beyond all measure."),
        ({"estimated_tokens": 10**5000}, "is not one of advisor's files"),
        ({"source": "\x1b[31mred"}, "source must not hold control characters."),
    ],
    ids=["no corpora", "future", "400 digits", "5000 digits", "escape"],
)
def test_edited_profiles_are_refused_in_one_sentence(
    advisor, book: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    document = json.loads(advisor("score", book, "--json", "--quiet").stdout)
    target = document if set(change) <= document.keys() else document["corpora"][0]
    key, value = next(iter(change.items()))
    target[key] = "@" if isinstance(value, int) else value
    path = tmp_path / "edited.json"
    # Numbers of thousands of digits are put in as text: Python does not print them.
    digits = "1" + "0" * (400 if "400" in message or "beyond" in message else 5000)
    text = json.dumps(document)
    path.write_text(text.replace('"@"', "2" if value == 2 else digits))
    for command in (("score", "--from", path), ("recommend", "--flops", "1e20", "--profile", path)):
        outcome = advisor(*command)
        if outcome.code == 0:  # recommend reads only what it needs of a profile
            assert command[0] == "recommend"
            continue
        assert outcome.code in (1, 2)
        assert outcome.stdout == ""
        assert outcome.stderr.count("\n") == 1
        if command[0] == "score":
            assert message in outcome.stderr


def test_output_that_cannot_be_printed_is_one_sentence() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    for redirect, reason in ((">/dev/full", os.strerror(28)), (">&-", "standard output is closed")):
        result = subprocess.run(
            f"{sys.executable} -m advisor laws {redirect}",
            shell=True,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        assert "Traceback" not in result.stderr
        assert result.returncode == 1
        assert result.stderr == f"Error: Cannot print the result: {reason}.\n"


def test_a_terminal_without_unicode_gets_an_ascii_histogram(book: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "advisor", "score", str(book), "--quiet"],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        check=True,
    )
    line = next(line for line in result.stdout.decode("ascii").splitlines() if "Spread" in line)
    assert "?" not in line
    assert "@" in line


def test_ctrl_c_exits_with_130_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "profile.json"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "advisor", "score", "-", "--out", str(out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdin is not None
    process.stdin.write(b"some words " * 100_000)
    process.stdin.flush()
    time.sleep(2.0)  # it now waits for more of the pipe
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.decode().strip().endswith("Interrupted.")
    assert b"Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_closes_the_pipe_is_no_error(advisor, book: Path, tmp_path: Path) -> None:
    document = json.loads(advisor("score", book, "--json", "--quiet").stdout)
    document["corpora"] = [{**document["corpora"][0], "cautions": []}] * 300  # more JSON than a pipe holds
    path = tmp_path / "many.json"
    path.write_text(json.dumps(document))
    command = f"{sys.executable} -m advisor score --from {path} --json | head -c 10"
    result = subprocess.run(
        command, shell=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False
    )
    assert result.stdout == b'{\n  "schem'
    assert result.stderr == b""


def test_progress_is_on_stderr_and_silent_with_quiet(tmp_path: Path) -> None:
    script = (
        "import time\nfrom advisor.report.progress import progress_bar\n"
        "with progress_bar(quiet={quiet}) as update:\n"
        "    update('reading a', 0, 4)\n    time.sleep(1.1)\n    update('reading b', 1, 4)\n"
        "    update('reading c', 2, 4)\n"
    )
    for quiet, expected in ((False, "reading b 25 %\n"), (True, "")):
        result = subprocess.run(
            [sys.executable, "-c", script.format(quiet=quiet)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
        )
        assert (result.stdout, result.stderr) == ("", expected)


def test_a_folder_of_text_whose_names_say_nothing_is_told_the_option_that_reads_it(advisor, tmp_path):
    folder = tmp_path / "licences"
    folder.mkdir()
    for name in ("GPL-2", "GPL-2.1", "Artistic"):
        (folder / name).write_text("Permission is granted \u00e9 to copy. " * 200, encoding="utf-8")
    said = f"Error: The folder {folder} holds no file whose name says what it is, but UTF-8 text in "
    result = advisor("score", folder)
    assert (result.code, result.stdout, result.stderr) == (1, "", f"{said}3 files: --format text reads it.\n")
    assert advisor("score", folder, "--format", "text", "--quiet").code == 0
    (folder / "GPL-2.1").unlink()
    (folder / "Artistic").unlink()
    assert advisor("score", folder).stderr == f"{said}1 file: --format text reads it.\n"


@pytest.mark.parametrize("content", [b"a\0b", b"caf\xe9 au lait"])
def test_a_folder_of_other_files_is_not_said_to_be_text(advisor, tmp_path, content):
    folder = tmp_path / "things"
    folder.mkdir()
    (folder / "one").write_bytes(b"words of a text")
    (folder / "two").write_bytes(content)
    assert advisor("score", folder).stderr.startswith(f"Error: The folder {folder} holds no file to read")
