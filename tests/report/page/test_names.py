"""Names from outside: short enough to be read, and told apart."""

from __future__ import annotations

import pytest

from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.report.page.coefficients import coefficients_sections
from advisor.report.page.fits import fit_section, laws_in
from advisor.report.page.html import page
from advisor.report.page.reading import names_of
from tests.report.page.pages import Page

LONG = "/data/" + "a" * 290 + "/end"
SHORT = "/data/" + "a" * 23 + "..." + "a" * 24 + "/end"
LAW = {
    **{"E": 1.8, "A": 480.0, "B": 2000.0, "alpha": 0.35, "beta": 0.37, "exponent_a": 0.514, "count": "total"},
    **{"verdict": "ok", "ranges": {"flops": [1e18, 1e20]}},
}


def node(value):
    return Node(value, "given.json", "", AdvisorError)


def names(*found):
    return names_of(None if each is None else node(each) for each in found)


def test_long_names_lose_their_middles_unless_they_would_look_alike():
    assert names("code", LONG, None) == ["code", SHORT, ""]
    other = "/data/" + "b".join(("a" * 145, "a" * 144)) + "/end"
    assert names(LONG, other, LONG) == [LONG, other, LONG]


def test_two_groups_that_look_alike_are_two_laws():
    found = laws_in(node({"laws": {"a\u202e": LAW, "a\u2028": LAW, "b": LAW}}))
    assert list(found) == ["a?", "a? (2)", "b"]
    assert fit_section(found, "").answer == "3 laws: 3 can be believed, 0 with care, 0 refused."


@pytest.mark.parametrize("name", [LONG, "x" * 300])
def test_fits_and_coefficients_shorten_names(name):
    source = {"name": name, "compressibility": 0.4, "law": LAW, "verdict": "ok"}
    protocol = {
        **{"tokenizer": "mistral-v1", "seq_len": 256, "n_sequences": 1000, "level": 9},
        **{"encoding": "int32-be", "chunking": "document", "statistic": "median"},
    }
    calibration = {
        **{"name": name, "sources": [source], "epsilon": 0, "regression": {"log": {}}, "provenance": {}, "ranges": {}},
        **{"count": "total", "protocol": protocol, "h_ref": 0.56},
    }
    sections = [
        *coefficients_sections(node({"calibrations": [calibration]})),
        fit_section(laws_in(node({"laws": {name: LAW, "other": LAW}})), ""),
    ]
    made = page(sections, [], title="A page", version="0.1.0")
    assert name not in made
    short = f"{name[:29]}...{name[-28:]}"
    assert Page(made).texts["h2"][0] == f"{short}: 1 source with a law, of 1."
    assert [each for each in Page(made).texts["th"] if each == short] == [short, short]
