"""Law files: written, read back, and refused."""

import json
import math
import os
import stat
from dataclasses import replace

import pytest

from advisor.errors import LawError
from advisor.json_fields import Node
from advisor.laws.drift import LEAST, Drift
from advisor.laws.law_file import law_as_json, law_from, read_law, write_law
from advisor.laws.parameters import Parameters
from advisor.laws.published import CHINCHILLA, chinchilla
from advisor.laws.scaling_law import Decay, Ranges
from tests.calibrations.hand_made import write


def test_a_law_file_round_trip(tmp_path):
    law = replace(
        chinchilla(),
        name="mine",
        source="my runs",
        note="",
        ranges=Ranges(flops=(1e18, 1e21)),
        drift=Drift(loss=0.0133, n_params=0.12),
        draws=(*chinchilla().draws[:3], Parameters(-math.inf, 6.0, 7.0, 0.3, 0.4)),
    )
    write_law(law, tmp_path / "law.json", {"objective": 1e-3, "ci95": {"alpha": [0.3, 0.4]}})
    assert read_law(tmp_path / "law.json") == law
    written = json.loads((tmp_path / "law.json").read_text(encoding="utf-8"))
    assert written["schema_version"] == 1
    assert written["objective"] == 1e-3
    assert written["exponent_a"] == law.exponent_a
    assert written["drift"] == {"loss": 0.0133, "n_params": 0.12}
    assert written["draws"][3] == [6.0, 7.0, None, 0.3, 0.4]
    assert stat.S_IMODE(os.stat(tmp_path / "law.json").st_mode) & 0o077 == 0o066 & ~current_umask()


def test_how_repeated_data_decay_comes_back(tmp_path):
    law = replace(CHINCHILLA, note="", decay=Decay(6.0, 20.0, "our runs"))
    write_law(law, tmp_path / "law.json")
    assert read_law(tmp_path / "law.json") == law
    written = json.loads((tmp_path / "law.json").read_text(encoding="utf-8"))
    assert written["decay"] == {"R_D": 6.0, "R_N": 20.0, "source": "our runs"}
    write_law(CHINCHILLA, tmp_path / "plain.json")
    assert read_law(tmp_path / "plain.json").decay is None


@pytest.mark.parametrize("value", [0, -1, 1e5, "many"])
def test_a_decay_that_is_none_is_refused(tmp_path, value):
    decay = {"R_D": 6.0, "R_N": value, "source": "our runs"}
    with pytest.raises(LawError, match=r"law\.json: decay\.R_N must be "):
        read_law(write(tmp_path / "law.json", law_document(decay=decay)))


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def law_document(**changes: object) -> dict[str, object]:
    constants = {"schema_version": 1, "E": 1.7, "A": 400, "B": 400, "alpha": 0.34, "beta": 0.28, "count": "total"}
    return constants | changes


def test_a_law_file_needs_only_its_constants(tmp_path):
    law = read_law(write(tmp_path / "mine.json", law_document()))
    assert (law.name, law.source, law.draws, law.ranges) == ("mine", str(tmp_path / "mine.json"), (), Ranges())
    assert law.drift == LEAST


def test_a_law_inside_another_document_keeps_its_drift():
    law = replace(CHINCHILLA, drift=Drift(loss=0.02, n_params=0.3))
    document = law_as_json(law)
    assert document["drift"] == {"loss": 0.02, "n_params": 0.3}
    assert law_from(Node(document, "file", "", LawError), name="", source="").drift == law.drift
    assert "drift" not in law_as_json(CHINCHILLA)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"alpha": 0}, "alpha must be in [0.001, 10], not 0."),
        ({"E": None}, "E must be a finite number, not null."),
        ({"count": "some"}, "count must be one of total, non-embedding, unknown, not 'some'."),
        ({"verdict": "fine"}, "verdict must be one of ok, caution, refused, not 'fine'."),
        ({"draws": [[1, 2, 3, 4]]}, "draws[0] must be the 5 numbers ln A, ln B, ln E, alpha, beta, not 4."),
        ({"draws": [[6, 7, 0.5, 0.3, -0.1]]}, "draws[0][4] must be above 0, not -0.1."),
        ({"draws": [[6, 7, 0.5, 0.3, 0.1]] * 401}, "draws must hold at most 400 rows, not 401."),
        ({"ranges": {"flops": "wide"}}, "ranges.flops must be a list, not 'wide'."),
        ({"drift": 0.01}, "drift must be an object, not 0.01."),
        ({"drift": {"loss": 0.01}}, "drift.n_params is missing."),
        ({"drift": {"loss": -0.01, "n_params": 0.1}}, "drift.loss must be in [0, 10], not -0.01."),
        ({"drift": {"loss": 0.01, "n_params": 11}}, "drift.n_params must be in [0, 10], not 11."),
    ],
)
def test_a_law_file_that_cannot_be_used(tmp_path, changes, complaint):
    path = write(tmp_path / "law.json", law_document(**changes))
    with pytest.raises(LawError) as caught:
        read_law(path)
    assert str(caught.value) == f"{path}: {complaint}"


def test_a_refused_law_answers_nothing(tmp_path):
    path = write(tmp_path / "law.json", law_document(verdict="refused"))
    with pytest.raises(LawError) as caught:
        read_law(path)
    assert str(caught.value) == (
        f"{path} holds a law that the fit refused: the runs cannot identify it, so it answers nothing."
    )


def test_a_law_that_cannot_be_read_back_is_not_written(tmp_path):
    with pytest.raises(LawError, match=r"law\.json: beta must be in \[0\.001, 10\], not -1\.$"):
        write_law(replace(CHINCHILLA, beta=-1.0), tmp_path / "law.json")
    assert list(tmp_path.iterdir()) == []
