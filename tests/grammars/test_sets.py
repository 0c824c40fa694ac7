"""The named sets against the known statistics, the searches, and the set file."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import AdvisorError, GrammarError
from calibration.grammars.gate import degeneracies
from calibration.grammars.grammar import draw
from calibration.grammars.sampling import sample_documents
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


SET = "a set of grammars as `advisor grammar --out` writes it"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", f" cannot be read as {SET}: Expecting property name"),
        ("[" * 100_000, f" cannot be read as {SET}: maximum recursion depth exceeded"),
        ("1" * 5000, f" cannot be read as {SET}: Exceeds the limit (4300 digits) for integer string conversion"),
        ("[]", ": the document must be an object, not a list."),
        ('{"schema_version": 2, "grammars": []}', " has schema version 2, and this advisor reads 1: upgrade."),
        ('{"schema_version": 1, "grammars": []}', " needs at least one grammar, and each its own name."),
        ('{"schema_version": 1, "grammars": [{"name": "../up"}]}', ": grammars[0].name cannot be '../up': it names a "),
        (
            '{"schema_version": 1, "grammars": [{"name": "A", "shape": {}}]}',
            ": grammars[0].shape.nonterminals is missing.",
        ),
    ],
)
def test_a_file_that_is_no_set_gets_one_sentence(tmp_path, text, message):
    path = tmp_path / "set.json"
    path.write_text(text)
    with pytest.raises(AdvisorError) as error:
        load_set(path)
    assert str(error.value).startswith(f"{path}{message}")
    assert "\n" not in str(error.value)


def test_a_missing_set_file_gets_one_sentence(tmp_path):
    with pytest.raises(AdvisorError) as error:
        load_set(tmp_path / "none.json")
    assert str(error.value) == f"Cannot read {tmp_path}/none.json: No such file or directory."


def set_of(**grammar):
    shape = {"nonterminals": 1, "terminals": 1, "max_options": 2, "max_length": 2}
    whole = {"name": "A", "shape": shape, "seed": 0, "n_terminals": 1, "start": [1], "rules": [[[1, [1]]]], **grammar}
    return json.dumps({"schema_version": 1, "grammars": [whole]})


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        ({"start": [10**400]}, "1 nonterminals need as many start weights >= 0, at most 2^53 together, not (1000"),
        (
            {"rules": [[[10**30, [1]]]]},
            "Nonterminal -1 has the rule (1000000000000000000000000000000, (1,)): a rule has a ",
        ),
        ({"rules": [[[1, [2] * 1000]]]}, "A rule of nonterminal -1 has a symbol outside -1..-1 and 1..1: (2, 2, "),
        ({"rules": [[[1, [1]]] * 1_000_001]}, "1,000,001 rules are too many: at most 1,000,000 are possible."),
        ({"rules": [[[1, [[[1]]]]]]}, "This is not a grammar (TypeError('[[1]] is not a whole number')): it needs "),
        ({"rules": 5}, "This is not a grammar (TypeError(\"'int' object is not iterable\")): it needs "),
    ],
)
def test_a_grammar_of_a_file_that_cannot_be_is_named(tmp_path, grammar, message):
    path = tmp_path / "set.json"
    path.write_text(set_of(**grammar))
    with pytest.raises(AdvisorError) as error:
        load_set(path)
    assert str(error.value).startswith(f"{path}, grammar A: {message}")
    assert len(str(error.value)) < 300 + len(str(path))


def test_a_device_that_never_ends_is_no_set():
    with pytest.raises(AdvisorError, match=r"^/dev/zero holds over 32 MB: it is not one of advisor's files\.$"):
        load_set(Path("/dev/zero"))


def test_a_grammar_that_hardly_leaves_its_own_rule_ends_in_a_sentence(tmp_path):
    """A -> A in all but one of 1e12 times: derivations end, and would be 1e12 rules deep."""
    path = tmp_path / "set.json"
    path.write_text(set_of(rules=[[[10**12, [-1]], [1, [1]]]]))
    (grammar,) = load_set(path)
    begun = time.monotonic()
    with pytest.raises(GrammarError, match=r"^A sentence of this grammar has derivations over 10,000 rules deep: "):
        sample_documents(tilt(grammar.grammar), n_documents=2, seed=0)
    assert time.monotonic() - begun < 20
