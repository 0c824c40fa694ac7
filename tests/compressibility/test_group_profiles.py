"""Profiles of the groups of a table, by hand and as `advisor score` writes them."""

from __future__ import annotations

import pytest

from advisor.compressibility.group_profiles import GroupProfile, read_group_profiles
from advisor.compressibility.protocol import Protocol
from advisor.errors import CorpusError
from tests.calibrations.hand_made import profile, write

WORDS = "mistral-v1, 256 tokens a sequence, int32-be, gzip level 9, document, median"
BY_HAND = {
    "protocol": WORDS,
    "corpora": {
        "code": {"compressibility": 0.402, "sd": 0.012, "shuffled": 0.508, "bytes_per_token": 3.0},
        "web": {"compressibility": 0.566},
    },
}


def test_profiles_made_by_hand(tmp_path):
    found = read_group_profiles(write(tmp_path / "p.json", BY_HAND))
    assert found.protocol == Protocol(tokenizer="mistral-v1")
    assert found.of(["web", "code"]) == {
        "web": GroupProfile(compressibility=0.566),
        "code": GroupProfile(compressibility=0.402, sd=0.012, shuffled=0.508, bytes_per_token=3.0),
    }


def test_a_protocol_may_be_an_object_or_absent(tmp_path):
    other = {**profile()["protocol"], "tokenizer": "bytes", "seq_len": 1000}
    found = read_group_profiles(write(tmp_path / "p.json", {**BY_HAND, "protocol": other}))
    assert found.protocol == Protocol(tokenizer="bytes", seq_len=1000)
    assert read_group_profiles(write(tmp_path / "q.json", {"corpora": BY_HAND["corpora"]})).protocol is None


def test_profiles_that_score_wrote(tmp_path):
    """The standard deviation is half the 95 % interval, .01, over 1.96; groups are found by the file's name."""
    corpora = [profile(source="data/code.jsonl"), profile(source="org/web", bytes_per_token=None)]
    found = read_group_profiles(write(tmp_path / "p.json", {"schema_version": 1, "corpora": corpora}))
    one, two = found.of(["code", "web"]).values()
    assert (one.compressibility, one.shuffled, one.bytes_per_token) == (0.4, 0.5, 3.5)
    assert one.sd == pytest.approx(0.01 / 1.96, rel=1e-4)
    assert two.bytes_per_token is None
    assert found.protocol == Protocol(tokenizer="mistral-v1")


@pytest.mark.parametrize(
    ("group", "complaint"),
    [
        ("maths", "has no profile of the group maths: it holds data/code.jsonl, more/code.txt."),
        ("code", "has 2 profiles of the group code: it holds data/code.jsonl, more/code.txt."),
    ],
)
def test_a_group_without_one_profile(tmp_path, group, complaint):
    corpora = {name: {"compressibility": 0.4} for name in ("data/code.jsonl", "more/code.txt")}
    found = read_group_profiles(write(tmp_path / "p.json", {"corpora": corpora}))
    with pytest.raises(CorpusError) as caught:
        found.of([group])
    assert str(caught.value) == f"{tmp_path}/p.json {complaint}"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"corpora": {"a": {"sd": 0.1}}}, "corpora.a.compressibility is missing."),
        ({"corpora": {"a": {"compressibility": 1.2}}}, "corpora.a.compressibility must be inside (0, 1), not 1.2."),
        ({"corpora": {"a": {"compressibility": 0.4, "sd": -1}}}, "corpora.a.sd must be in [0, 1], not -1."),
        ({**BY_HAND, "protocol": "by gzip"}, "protocol must be an object as `advisor score --json` has it, or words"),
        ({**BY_HAND, "schema_version": 9}, " has schema_version 9 and this advisor understands 1"),
        (
            {
                "schema_version": 1,
                "corpora": [profile(), profile(protocol={**profile()["protocol"], "tokenizer": "bytes"})],
            },
            "corpora[1].protocol is not that of the first corpus: measure all of them in one way.",
        ),
    ],
)
def test_a_file_that_is_no_profile(tmp_path, content, complaint):
    path = write(tmp_path / "p.json", content)
    with pytest.raises(CorpusError) as caught:
        read_group_profiles(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)
