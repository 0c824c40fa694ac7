"""`advisor laws`: every law with its source, for people and as JSON."""

import json

import pytest

from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.laws.published import published_laws
from tests.calibrations.hand_made import calibration, document, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


def test_the_laws_and_their_sources(program):
    code, out, err = program("laws")
    assert (code, err) == (0, "")
    for law in published_laws().values():
        assert law.source.split(",")[0] in out
    assert "chinchilla   1.8169  482.0  2085.4  0.3478  0.3659  0.5126      total\n" in out
    assert "none installed: these laws cannot answer yet" in out


def test_the_laws_as_json(program, tmp_path):
    path = write(tmp_path / "c.json", document(calibration()))
    _, out, _ = program("laws", "--json", "--coefficients", path)
    found = json.loads(out)
    by_name = {law["law"]: law for law in found["laws"]}
    assert list(by_name) == list(published_laws())
    assert by_name["chinchilla"]["A"] == pytest.approx(482.00572)
    assert by_name["chinchilla"]["n_draws"] == 400
    assert by_name["kaplan"]["A"] is None
    assert by_name["kaplan"]["exponent_a"] == 0.73
    assert all(law["source"] for law in found["laws"])
    assert [one["law"] for one in found["data_dependent_laws"]] == ["data", "bytes", *LAW_NAMES]
    assert found["default_calibration"] == "hand-made"
    assert found["calibrations"][0]["protocol"]["seq_len"] == 256
