"""The named sets against the known statistics, the searches, and the set file."""

import json

import numpy as np
import pytest

from advisor.errors import GrammarError
from calibration.grammars.gate import degeneracies
from calibration.grammars.grammar import draw
from calibration.grammars.sets import PAPER_H, SHAPES, dump_set, load_set, named_set, shape_of
from calibration.grammars.tilting import tilt

ALL_SHAPES = {name: numbers for shapes in SHAPES.values() for name, numbers in shapes.items()}


def test_the_sets_have_the_papers_shapes():
    assert [str(grammar.shape) for grammar in named_set("iso-gzip", seed=0)] == [
        *("10,600,5,10", "20,300,15,5", "30,200,10,15", "50,100,20,20")
    ]
    assert [grammar.name for grammar in named_set("paper", seed=0)] == ["A1", "A2", "A3", "A4", "A5", "A6"]
    assert [grammar.name for grammar in named_set("iso-vocab", seed=0)] == ["V1", "V2", "V3", "V4", "V5", "V6"]
    assert {name for name in ALL_SHAPES if name not in PAPER_H} == {"V5", "V6"}
    with pytest.raises(GrammarError) as error:
        named_set("nope", seed=0)
    assert str(error.value) == "There is no grammar set 'nope': choose one of paper, iso-vocab, iso-gzip."


def test_the_known_share_of_terminals_is_unreachable():
    # 75 / 69 / 36 / 18 % of the terminals of A1-A4 are in no sentence.
    for name, share in {"A1": 0.75, "A2": 0.69, "A3": 0.36, "A4": 0.18}.items():
        unused = [
            degeneracies(tilt(draw(shape_of(ALL_SHAPES[name]), seed=seed))).unreachable_terminals / ALL_SHAPES[name][1]
            for seed in range(60)
        ]
        assert np.mean(unused) == pytest.approx(share, abs=0.03)


def test_a_set_file_is_read_back_exactly(tmp_path):
    grammars = named_set("iso-gzip", seed=4)
    (tmp_path / "set.json").write_text(dump_set(grammars))
    assert load_set(tmp_path / "set.json") == grammars
    assert json.loads(dump_set(grammars))["schema_version"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", " is not a set of grammars as `advisor grammar --out` writes it: "),
        ("[]", " is not a set of grammars as "),
        ('{"schema_version": 2, "grammars": []}', " has schema version 2, and this advisor reads 1: upgrade."),
        ('{"schema_version": 1, "grammars": []}', " needs at least one grammar, and each its own name."),
        ('{"schema_version": 1, "grammars": [{"name": "../up"}]}', " is not a set of grammars as "),
    ],
)
def test_a_file_that_is_no_set_gets_one_sentence(tmp_path, text, message):
    path = tmp_path / "set.json"
    path.write_text(text)
    with pytest.raises(GrammarError) as error:
        load_set(path)
    assert str(error.value).startswith(f"{path}{message}")
    assert "\n" not in str(error.value)


def test_a_missing_set_file_gets_one_sentence(tmp_path):
    with pytest.raises(GrammarError) as error:
        load_set(tmp_path / "none.json")
    assert str(error.value) == f"{tmp_path}/none.json cannot be read: No such file or directory."
