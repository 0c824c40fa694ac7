"""Whatever a file holds, reading it ends in its documents or in one sentence: inputs of the strategies of fuzz/."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from advisor.corpus.options import CorpusOptions
from advisor.corpus.source import open_corpus
from advisor.errors import AdvisorError, printable
from fuzz import strategies
from fuzz.bundle import make_folder

FEW = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)


def ends_well(source: Path, *, skip_bad: bool) -> None:
    """Read all of a source; check what is said where it cannot be read, and the documents where it can."""
    said = ""
    try:
        corpus = open_corpus(str(source), CorpusOptions(skip_bad=skip_bad), seq_len=16)
        found = [document for reader in corpus.readers for document in reader.documents()]
        assert all(document.size >= 0 and document.raw_bytes >= 0 for document in found)
    except AdvisorError as error:
        said = printable(str(error))
    assert said.isprintable()


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize(
    ("name", "strategy"),
    [
        ("a.jsonl", strategies.json_lines),
        ("a.json", strategies.json_documents),
        ("a.csv", strategies.tables),
        ("a.txt", strategies.blobs),
        ("a.npy", strategies.arrays),
    ],
)
def test_files(tmp_path: Path, name: str, strategy: strategies.Inputs, *, skip_bad: bool) -> None:
    @FEW
    @given(strategy)
    def check(data: bytes) -> None:
        (tmp_path / name).write_bytes(data)
        ends_well(tmp_path / name, skip_bad=skip_bad)

    check()


def test_folders_with_hostile_names(tmp_path: Path) -> None:
    @FEW
    @given(strategies.folders)
    def check(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            make_folder(data, Path(folder))
            ends_well(Path(folder), skip_bad=True)

    check()
