"""Profiles that `advisor score` wrote, read back."""

from dataclasses import replace

import pytest

from advisor.compressibility.profile_file import read_profile
from advisor.errors import CorpusError, UsageError
from tests.answer.said import CORPUS
from tests.calibrations.hand_made import profile, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


def test_a_profile_file_is_read_back(tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile()]})
    assert read_profile(path) == replace(CORPUS, estimated_tokens=1e9)
    nulls = {**profile(bytes_per_token=None), "compressibility": {**profile()["compressibility"], "ci95": None}}
    found = read_profile(write(tmp_path / "q.json", {"schema_version": 1, "corpora": [nulls]}))
    assert (found.bytes_per_token, found.ci95) == (None, None)


def test_a_profile_of_several_corpora_needs_a_name(tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(), profile(source="other")]})
    assert read_profile(path, "other").source == "other"
    with pytest.raises(UsageError) as caught:
        read_profile(path)
    assert str(caught.value) == f"{path} holds 2 corpora: name one with --corpus (corpus.jsonl, other)."
    with pytest.raises(UsageError) as caught:
        read_profile(path, "third")
    assert str(caught.value) == f"{path} has no corpus called 'third': it holds corpus.jsonl, other."


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"schema_version": 1}, "is no profile: `advisor score SOURCE --json` prints one."),
        ({"schema_version": 9, "corpora": []}, " has schema_version 9 and this advisor understands 1: upgrade"),
        (
            {"schema_version": 1, "corpora": [profile(estimated_tokens=0)]},
            "corpora[0].estimated_tokens must be in [0.001, 1e+21]",
        ),
        (
            {"schema_version": 1, "corpora": [profile(compressibility={"median": 1.2})]},
            "corpora[0].compressibility.median must be inside (0, 1), not 1.2.",
        ),
    ],
)
def test_a_file_that_is_no_profile(tmp_path, content, complaint):
    with pytest.raises(CorpusError) as caught:
        read_profile(write(tmp_path / "p.json", content))
    assert complaint in str(caught.value)
    assert str(tmp_path / "p.json") in str(caught.value)
