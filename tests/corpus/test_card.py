"""Cards that nobody vouches for: each is a sentence, at once, and no pattern leads out of the folder."""

import re
import time

import pytest

from advisor.corpus.files.card import read_configurations
from advisor.corpus.files.recognise import recognised
from advisor.corpus.remote.address import redacted
from advisor.errors import CorpusError

ALIASES = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))


def write(folder, head):
    (folder / "README.md").write_text(f"---\n{head}\n---\n", encoding="utf-8")
    return folder


def test_configurations_have_patterns_by_split(tmp_path):
    head = (
        "configs:\n- config_name: 1\n  data_files: a/*.jsonl\n- config_name: b\n  data_files:\n"
        "  - split: test\n    path: [x.jsonl, y.jsonl]\n- config_name: empty\n"
    )
    found = read_configurations(write(tmp_path, head))
    assert [(each.name, each.patterns) for each in found] == [
        ("1", {"train": ("a/*.jsonl",)}),
        ("b", {"test": ("x.jsonl", "y.jsonl")}),
    ]


def test_files_of_a_configuration_are_below_its_folder(tmp_path):
    (found,) = read_configurations(write(tmp_path, "configs:\n- data_dir: en/\n  data_files: [a.txt, b/*.txt]\n"))
    assert found.patterns == {"train": ("en/a.txt", "en/b/*.txt")}


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("configs: [1, 2", "cannot be read as YAML: while parsing a flow sequence; mend or remove it."),
        ("configs: 3", "has metadata that are not YAML with a list of configs: mend or remove it."),
        ("when: 2001-99-99\nconfigs: []", "cannot be read as YAML: month must be in 1..12; mend or remove it."),
        (f"configs: {'[' * 500}{']' * 500}", "cannot be read as YAML: maximum recursion depth exceeded"),
        (f"a0: &a0 [x]\n{ALIASES}\nconfigs:\n- config_name: *a11\n  data_files: x", "has a list where a configuration"),
        (
            "files: &f [" + "x.txt, " * 200 + "]\nconfigs:\n" + "- {data_files: *f}\n" * 100,
            "names over 10,000 patterns of files in its configs: mend or remove it.",
        ),
        *[
            (f"configs:\n- data_files: [{pattern}]", "none below it can match: mend or remove it.")
            for pattern in ('"/etc/*"', '"../../*"', '"a/../../b"', '""', '"a\\0b"')
        ],
        *[
            (f"configs:\n- data_dir: {folder}{files}", "none below it can match: mend or remove it.")
            for folder in ('"../"', '"/etc"', '"a/../.."')
            for files in ("", "\n  data_files: x.jsonl")
        ],
    ],
)
def test_a_hostile_card_is_a_sentence_at_once(tmp_path, head, said):
    begun = time.process_time()
    with pytest.raises(CorpusError, match=re.escape(said)) as caught:
        read_configurations(write(tmp_path, head))
    assert str(caught.value).startswith(f"{tmp_path / 'README.md'} ")
    assert time.process_time() - begun < 3


def test_many_spaces_behind_ids_are_looked_through_once():
    begun = time.process_time()
    assert recognised(b"1 2 3" + b" " * 900_000 + b"x" + b" " * 90_000, None) == "text"
    assert recognised(b" ".join(b"%d" % n for n in range(5000)) + b" " * 900_000, None) == "ids"
    assert time.process_time() - begun < 3


def test_an_address_that_is_none_is_shown_without_what_gives_access():
    assert redacted("http://[") == "http://["
    assert redacted("https://me:secret@[x/a?token=1") == "https://[x/a"
