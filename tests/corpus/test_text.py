"""Text files: what is left out of a folder is counted with its bytes, what is torn is an error."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.corpus.reading import contents, sentence, tally_of

WORDS = "some words of a text " * 50


def test_a_file_that_is_no_text_is_counted_with_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(WORDS)
    (tmp_path / "b.txt").write_bytes("é".encode("latin-1") * 30)
    (tmp_path / "c.txt").write_bytes(b"\xff\xfe" + WORDS.encode("utf-16-le"))
    assert contents(tmp_path) == [WORDS]
    [left] = tally_of(tmp_path).left_out
    assert (left.reason, left.n, left.n_bytes) == ("files that are binary or not UTF-8", 2, 32 + 2 * len(WORDS))
    assert left.largest == (str(tmp_path / "c.txt"), str(tmp_path / "b.txt"))


def test_a_file_that_is_torn_is_an_error_in_a_folder_too(tmp_path: Path) -> None:
    data = gzip.compress(WORDS.encode())[:-9]
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(WORDS.encode()))
    (tmp_path / "b.txt.gz").write_bytes(data)
    assert sentence(tmp_path) == (
        f"{tmp_path}/b.txt.gz is truncated: it ends at byte {len(data)}, inside its gzip data; get the whole file."
    )
    [left] = tally_of(tmp_path, skip_bad=True).left_out
    assert (left.reason, left.n, left.n_bytes) == ("compressed files that are damaged", 1, len(data))


def test_dictionaries_of_python_are_said(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{{'text': 'a text {i}'}}\n" for i in range(9)))
    [caution] = tally_of(path).cautions
    assert caution.message == (
        f"{path} looks like a dictionary of Python on each line and is read as text, its syntax included: "
        "write the lines with json.dumps."
    )
    path.write_text("".join(f'{{"text": "a text {i}"}}\n' for i in range(9)))
    [caution] = tally_of(path, format="text").cautions
    assert caution.message == (
        f"{path} looks like JSON lines and is read as text, its syntax included: --format jsonl reads its records."
    )
    path.write_text(WORDS)
    assert tally_of(path).cautions == ()
