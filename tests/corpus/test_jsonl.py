"""Lines of JSON too long to hold, and what of them cannot be read."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from advisor.corpus.readers import jsonl
from tests.corpus.reading import contents, profile, sentence, tally_of

LONG = "long words " * 9000
SHORT = {"text": "short", "n": 1}


@pytest.fixture(autouse=True)
def _small_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LONG_LINE", 1 << 14)


def file(folder: Path, *lines: str) -> Path:
    path = folder / "x.jsonl"
    path.write_text("".join(line + "\n" for line in [json.dumps(SHORT), *lines, json.dumps(SHORT)]))
    return path


def test_a_long_line_without_the_field_is_named_and_counted(tmp_path: Path) -> None:
    for line, problem in [
        (json.dumps({"other": LONG}), "has no field 'text'"),
        (json.dumps({"text": [LONG]}), "has a field 'text' that is not a string"),
        ('{"other" ' + json.dumps(LONG), "is not valid JSON at its byte 9"),
    ]:
        path = file(tmp_path, line)
        assert sentence(path) == f"{path}:2 {problem}; --skip-bad leaves such lines out."
        [left] = tally_of(path, skip_bad=True).left_out
        assert (left.reason, left.n, left.n_bytes) == ("bad lines", 1, len(line) + 1)
        assert contents(path, skip_bad=True) == ["short", "short"]


def test_a_long_line_with_null_is_no_text(tmp_path: Path) -> None:
    for line in (json.dumps({"text": None, "other": LONG}), json.dumps({"other": LONG, "text": ""})):
        path = file(tmp_path, line)
        assert contents(path) == ["short", "short"]
        [left] = tally_of(path).left_out
        assert (left.reason, left.n, left.n_bytes) == ("documents without text", 1, len(line) + 1)


def test_a_long_line_of_ids_is_counted_with_its_bytes(tmp_path: Path) -> None:
    line = json.dumps({"ids": list(range(9000))})
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"ids": [1, 2]}) + "\n" + line + "\n")
    [left] = tally_of(path).left_out
    assert (left.reason, left.n, left.n_bytes) == ("lines over 0 MB that hold list of integers", 1, len(line) + 1)


def test_a_bad_line_is_counted_with_its_bytes(tmp_path: Path) -> None:
    path = file(tmp_path, '{"text": 5}', '{"text": ""}')
    left = {each.reason: (each.n, each.n_bytes) for each in tally_of(path, skip_bad=True).left_out}
    assert left == {"bad lines": (1, 12), "documents without text": (1, 13)}


def test_bad_lines_of_a_file_read_by_draws_are_a_share_of_the_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.corpus.sampling._READ_WHOLE", 0)
    rng, path = random.Random(0), tmp_path / "a.jsonl"
    good = [json.dumps({"text": " ".join(rng.choice(["a", "bc", "def"]) for _ in range(200))}) for _ in range(2000)]
    bad = "x" * len(good[0])
    path.write_text("".join(f"{line}\n" if i % 3 else f"{bad}\n" for i, line in enumerate(good)))
    found = profile(path, skip_bad=True)
    [left] = found.left_out
    assert (left.reason, left.n_bytes) == ("bad lines that were drawn", None)
    message = next(each.message for each in found.cautions if each.code == "much_skipped")
    [(count, share)] = re.findall(
        r"Left out: (\d+) \(bad lines that were drawn\)\. (\d+) % of the draws fell on what is left out\.", message
    )
    assert int(count) == left.n
    assert abs(int(share) - 33) < 10


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('"a text"', 'a string: write each line as {"text": ...}'),
        ('[{"role": "user", "content": "a"}]', 'a list of messages: write each line as {"messages": [...]}'),
        ('[{"text": "a"}]', "a list of objects: write each of them on a line of its own"),
        ("[5, 3]", "a list of integers: --format ids reads lines of token ids"),
        ("[]", 'list: write each line as {"text": ...} or {"ids": [...]}'),
        ("7", "int"),
    ],
)
def test_lines_that_are_no_objects_say_what_to_write(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{line}\n{line}\n")
    assert sentence(path) == f"{path}:1 is not a JSON object but {problem}; --skip-bad leaves such lines out."


def test_one_list_of_records_on_one_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('[{"text": "one text"}, {"text": "another"}]\n')
    assert contents(path) == ["one text", "another"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"n": ' + "7" * 5000 + ', "text": "a"}', "holds an integer of over 4,300 digits"),
        ('{"n": ' + "[" * 100_000 + "]" * 100_000 + "}", "is nested too deeply to be read"),
        ('{"n": 1', "is not valid JSON (Expecting ',' delimiter)"),
    ],
)
def test_valid_json_that_cannot_be_read_is_not_called_invalid(
    tmp_path: Path, line: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "LONG_LINE", 1 << 23)
    assert sentence(file(tmp_path, line)) == f"{tmp_path}/x.jsonl:2 {problem}; --skip-bad leaves such lines out."
