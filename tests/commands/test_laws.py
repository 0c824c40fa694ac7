"""`advisor laws`: every law with its source, for people and as JSON."""

import json

import pytest

from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.laws.published import published_laws
from advisor.quantities import format_quantity
from tests.calibrations.hand_made import calibration, document, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


def test_the_laws_and_their_sources(program):
    code, out, err = program("laws", "--full")
    assert (code, err) == (0, "")
    for law in published_laws().values():
        assert law.source.split(",")[0] in out
    assert "chinchilla   1.8169  482.0  2085.4  0.3478  0.3659  0.5126      total\n" in out
    assert "none installed: these laws cannot answer yet" in out


def test_the_first_screen_sets_the_laws_side_by_side_at_one_budget(program):
    code, out, err = program("laws")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    sizes = [law.frontier(1e21).n_params for law in published_laws().values()]
    between = f"{format_quantity(min(sizes))} to {format_quantity(max(sizes))}"
    assert lines[0] == f"{len(sizes)} published laws want {between} parameters for 1e21 FLOPs."
    assert "chinchilla       2.78B  59.9B  21.5    0.513       total  arXiv:2404.10102" in lines
    assert "No calibration is installed." in lines
    assert lines[-1] == "More: --full  --json"


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
