"""A calibration's own law as the base of its laws in H: read, drawn with its lines, and chosen by --base."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from advisor.answer.comparison import compare
from advisor.answer.recommendation import recommend
from advisor.answer.repetition.repeat_table import repeat_table
from advisor.answer.request import Request
from advisor.answer.table import table
from advisor.calibrations.coefficients import Calibration, load_coefficients
from advisor.calibrations.laws_in_h import law_at
from advisor.calibrations.own_base import based_on
from advisor.errors import CoefficientsError, UsageError
from advisor.laws.published import CHINCHILLA
from tests.calibrations.hand_made import LOG, calibration, document, draw, write

pytestmark = pytest.mark.usefixtures("nothing_ships")
AT = 0.55  # the H of the base, which is not H_ref of the file, .571
BASE: dict[str, Any] = {
    "compressibility": AT,
    **{"E": 1.9, "A": 900.0, "B": 2000.0, "alpha": 0.38, "beta": 0.36},
    "count": "non-embedding",
    "ranges": {"flops": [1e17, 1e19]},
}


def made(path: Path, **changes: Any) -> Path:
    return write(path, document(calibration(**({"base": BASE} | changes))))


def read(path: Path) -> Calibration:
    found = load_coefficients(path).calibration()
    assert found is not None
    return found


def test_anchored_is_its_own_law_moved_by_its_lines(tmp_path):
    """It is x' + eps m (H - .55), in ln A and ln B, of the base above and the hand-made slopes."""
    one = based_on(read(made(tmp_path / "c.json")), None)
    assert one.dependence.base is not None
    law = law_at("anchored", one.dependence, one.dependence.base, 0.4).law
    off = 0.3 * (0.4 - AT)
    assert law.alpha == pytest.approx(0.38 + off * LOG["alpha"][0])
    assert law.beta == pytest.approx(0.36 + off * LOG["beta"][0])
    assert math.log(law.A) == pytest.approx(math.log(900) + off * LOG["log_A"][0])
    assert pytest.approx(1.9 + off * LOG["E"][0]) == law.E
    assert law.count == "non-embedding"


def test_without_draws_of_its_own_its_draws_are_those_of_the_lines_row_by_row(tmp_path):
    """With epsilon 1 a draw at any H is then the line of that draw there."""
    one = based_on(read(made(tmp_path / "c.json", epsilon=1.0)), None)
    assert one.dependence.base is not None
    drawn = law_at("anchored", one.dependence, one.dependence.base, 0.4).law.draws
    assert len(drawn) == 40
    for i, row in enumerate(drawn):
        slope, intercept = draw(i)[:5], draw(i)[5:10]
        expected = [m * 0.4 + n for m, n in zip(slope, intercept, strict=True)]
        assert [math.exp(row.E), *row[1:]] == pytest.approx(expected)


def test_draws_of_its_own_count_where_there_are_some(tmp_path):
    rows = [[6.8, 7.6, 0.6, 0.38, 0.36 + 0.001 * i] for i in range(40)]
    one = based_on(read(made(tmp_path / "c.json", base=BASE | {"draws": rows})), "own")
    assert one.dependence.base is not None
    assert [row.beta for row in one.dependence.base.draws] == [row[4] for row in rows]


def test_the_base_may_be_chinchilla_or_absent(tmp_path):
    with_one, without = made(tmp_path / "c.json"), made(tmp_path / "d.json", base=None)
    for path, base in ((with_one, "chinchilla"), (without, None), (without, "chinchilla")):
        one = based_on(read(path), base)
        assert (one.dependence.base, one.dependence.h_ref) == (None, 0.571)
    with pytest.raises(CoefficientsError) as caught:
        based_on(read(without), "own")
    assert str(caught.value) == (
        "The calibration hand-made has no base of its own: its runs say how corpora differ and not what their level "
        "is; use --base chinchilla."
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"alpha": 0}, "calibrations[0].base.alpha must be in [0.001, 10], not 0."),
        ({"compressibility": 1.5}, "calibrations[0].base.compressibility must be inside (0, 1), not 1.5."),
        ({"count": "total"}, "calibrations[0].base.count must be that of the calibration, non-embedding, not total."),
    ],
)
def test_a_base_that_is_no_law(tmp_path, change, complaint):
    path = made(tmp_path / "c.json", base=BASE | change)
    with pytest.raises(CoefficientsError) as caught:
        load_coefficients(path)
    assert str(caught.value) == f"{path}: {complaint}"


def test_every_answer_takes_the_base(tmp_path):
    """N* of the base itself at its own H, by its closed form; Chinchilla's base gives another."""
    path = made(tmp_path / "c.json")
    flops, total = 1e19, 0.38 + 0.36
    log_n = (math.log(0.38 * 900 / (0.36 * 2000)) + 0.36 * math.log(flops / 6)) / total
    asked: dict[str, Any] = {"coefficients": path, "compressibility": AT}
    answer = recommend(Request(flops=flops, **asked))
    assert answer.headline.law == "anchored"
    assert answer.headline.n_params == pytest.approx(math.exp(log_n))
    assert answer.reliance is not None
    assert (answer.reliance.base, answer.reliance.h_ref) == ("hand-made's own law", AT)
    other = recommend(Request(flops=flops, base="chinchilla", **asked))
    assert other.headline.count == CHINCHILLA.count
    assert other.headline.n_params == pytest.approx(CHINCHILLA.frontier(flops).n_params, rel=0.1)
    row = table("anchored", flops=(flops,), **asked).rows[0]
    assert row.n_params == pytest.approx(math.exp(log_n))
    assert table("anchored", flops=(flops,), base="chinchilla", **asked).rows[0].n_params == other.headline.n_params
    assert pytest.approx(1.9) == repeat_table("anchored", 1e9, n_params=1e8, **asked).base.E
    assert repeat_table("anchored", 1e9, n_params=1e8, base="chinchilla", **asked).count == CHINCHILLA.count
    both = compare([Request(flops=flops, **asked), Request(flops=flops, base="chinchilla", **asked)]).rows
    assert [one.headline.n_params for one in both] == [answer.headline.n_params, other.headline.n_params]


def test_a_base_where_none_counts_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match=r"^--base is what the laws blend and anchored start from; --law gzip has"):
        Request(flops=1e21, base="own", law="gzip", compressibility=0.4)
    with pytest.raises(UsageError, match=r"^--base must be own or chinchilla, not 'mine'\.$"):
        Request(flops=1e21, base="mine")
    with pytest.raises(UsageError, match=r"^--base is what the laws of a calibration start from, and the headline"):
        recommend(Request(flops=1e21, base="own", coefficients=made(tmp_path / "c.json")))


def test_the_commands_have_it(tmp_path, advisor):
    path = made(tmp_path / "c.json")
    arguments = ("--coefficients", path, "--compressibility", AT, "--base")
    found = {}
    for base in ("own", "chinchilla"):
        code, out, _ = advisor("recommend", "--flops", "1e19", *arguments, base, "--json")
        assert code == 0
        answer = json.loads(out)
        assert answer["request"]["base"] == base
        _, out, _ = advisor("table", "--law", "anchored", "--flops", "1e19", *arguments, base, "--json")
        assert json.loads(out)["rows"][0]["n_params"] == answer["headline"]["n_params"]
        found[base] = answer["headline"]["n_params"]
    assert found["own"] != found["chinchilla"]
    _, out, _ = advisor("recommend", "--flops", "1e19", *arguments[:-1], "--explain-all")
    assert "E_base + epsilon*slope*(H - H_ref)" in out
    code, _, err = advisor("recommend", "--flops", "1e19", *arguments, "mine")
    assert code == 2
    assert "'mine' is not one of 'own', 'chinchilla'" in err


def test_a_law_file_is_said_to_be_one(tmp_path, advisor):
    law = {"schema_version": 1, **{name: BASE[name] for name in ("E", "A", "B", "alpha", "beta", "count")}}
    path = write(tmp_path / "law.json", law)
    code, _, err = advisor("recommend", "--flops", "1e21", "--coefficients", path)
    assert (code, " ".join(err.split())) == (1, f"Error: {path} is a law and no coefficients: use --law {path}.")
