"""A notebook is what its cells say and print, alone, in a folder, compressed and in an archive."""

from __future__ import annotations

import gzip
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.reading import contents, sentence, tally_of

PNG = "iVBORw0KGgo" * 50
OUTPUTS: list[dict[str, Any]] = [
    {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
    {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": ["<Figure>"], "text/html": "<b>"}},
    {"output_type": "execute_result", "data": {"image/png": PNG}},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mE\x1b[0m: v"]},
]
CELLS: list[dict[str, Any]] = [
    {"cell_type": "markdown", "source": f"A ![p](data:image/png;base64,{PNG}) B", "attachments": {"a": PNG}},
    {"cell_type": "code", "source": ["x = 1\n", "é漢"], "outputs": OUTPUTS},
]
NOTEBOOK = json.dumps({"cells": CELLS, "metadata": {"k": "v"}, "nbformat": 4}, indent=1)
TEXT = "A ![p]() B\n\nx = 1\né漢\n\none\ntwo\n\n\n<Figure>\n\nE: v"


def test_the_cells_and_their_text_outputs_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(NOTEBOOK)
    (tmp_path / "b.py").write_text("y = 2")
    (tmp_path / "c.ipynb.gz").write_bytes(gzip.compress(NOTEBOOK.encode()))
    assert contents(tmp_path / "a.ipynb") == [TEXT]
    assert sorted(contents(tmp_path)) == sorted([TEXT, TEXT, "y = 2"])


def test_notebooks_in_archives(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(NOTEBOOK)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.ipynb", "a.ipynb")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(tmp_path / "a.ipynb", "a.ipynb")
    assert contents(tmp_path / "a.zip") == contents(tmp_path / "a.tar") == [TEXT]


def test_notebooks_of_nbformat_3(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "input": ["x"], "outputs": [{"output_type": "pyout", "text": "1", "png": PNG}]}
    (tmp_path / "a.ipynb").write_text(json.dumps({"worksheets": [{"cells": [cell]}], "nbformat": 3}))
    assert contents(tmp_path / "a.ipynb") == ["x\n\n1"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"cells": [', "is not valid JSON (Expecting value: line 1 column 12 (char 11))"),
        ('{"a": 1}', "has no cells"),
        ("[]", "has no cells"),
        ('{"cells": 3}', "has no cells"),
        ('{"worksheets": [1]}', "has no cells"),
    ],
)
def test_what_is_no_notebook_is_refused_alone_and_counted_in_a_folder(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    assert sentence(tmp_path / "a.ipynb") == f"{tmp_path}/a.ipynb is named as a notebook and {problem}."
    (tmp_path / "b.py").write_text("y = 2" * 50)
    [left] = tally_of(tmp_path).left_out
    assert (left.reason, left.n, left.n_bytes) == ("notebooks that cannot be read", 1, len(text))


def test_a_notebook_that_is_nested_too_deeply_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text('{"cells":' + "[" * 300_000)
    assert sentence(tmp_path / "a.ipynb") == (
        f"{tmp_path}/a.ipynb is nested too deeply to be a notebook, whose cells lie three levels down: it is damaged, "
        "or made to be so."
    )
