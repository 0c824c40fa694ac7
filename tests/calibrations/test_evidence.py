"""The scorecard: every row follows from the coefficients, and every verdict from its row."""

import copy
import json
import math
import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.evidence import SPREAD, PredictedFigure, exponent_verdict, scorecard, sign_verdict
from advisor.calibrations.laws_in_h import law_at
from advisor.calibrations.published_evidence import CODE_TEXT, EXPONENTS, SIGNS, WEB
from advisor.cli import group
from advisor.json_form import as_json
from advisor.laws.published import PUBLISHED_NAMES, chinchilla, published_laws
from tests.calibrations.hand_made import LOG, calibration, document, write
from tests.laws.intervals import interval

ROOT = Path(__file__).parents[2]
PREDICTORS = {
    "sources": list("abcdefgh"),
    "predictors": [{"name": "H", "better_than_none": False}],
    "verdict": "H does not predict the allocation: hand-made.",
}


def card(tmp_path, *calibrations, default="hand-made"):
    return scorecard(load_coefficients(write(tmp_path / "c.json", document(*calibrations, default=default))))


def exponents(found, law):
    return {row.published.corpus: row for row in found.exponents if row.law == law}


def signs(found, law):
    return {(row.published.quantity, row.published.about): row for row in found.signs if row.law == law}


def test_the_published_figures_are_those_of_the_papers():
    """Hoffmann et al. 2022, table A2; DeepSeek LLM 2024, table 4; arXiv:2510.08702, beta/(alpha+beta)."""
    assert {one.corpus: round(one.exponent_a, 3) for one in EXPONENTS} == {
        "C4": 0.5,
        "GitHub": 0.53,
        "DeepSeek early": 0.45,
        "DeepSeek later": 0.524,
        "OpenWebText2": 0.578,
        "code": 0.381,
    }
    assert pytest.approx(0.578 - 0.2983 / (0.4853 + 0.2983)) == SPREAD


def test_the_budgets_of_the_published_signs():
    """6 N D: 1.4B parameters on 100M tokens; between .2B on 2B (2.4e18) and 3.8B on 128B (2.9e21)."""
    budgets = {one.paper: one.flops for one in SIGNS if one.flops}
    assert budgets["Pandey"] == pytest.approx(8.4e17)
    assert budgets["Luo"] == pytest.approx((6 * 0.2e9 * 2e9 * 6 * 3.8e9 * 128e9) ** 0.5)


def test_an_exponent_is_that_of_the_law_at_h_of_the_kind(tmp_path):
    found = card(tmp_path)
    one = found.calibrations[0].calibration.dependence
    for law in ("anchored", "gzip"):
        rows = exponents(found, law)
        for corpus, kind in (("C4", WEB), ("GitHub", CODE_TEXT), ("code", CODE_TEXT)):
            expected = law_at(law, one, chinchilla(), kind.h, h_ci95=kind.h_range).law
            assert rows[corpus].predicted.value == expected.exponent_a
            assert rows[corpus].predicted.ci95 == interval(expected, lambda each: each.exponent_a, 0.95)


def test_nothing_is_predicted_of_a_corpus_whose_h_is_not_known(tmp_path):
    for law in ("anchored", "gzip"):
        for corpus in ("DeepSeek early", "DeepSeek later"):
            row = exponents(card(tmp_path), law)[corpus]
            assert (row.predicted.value, row.predicted.ci95, row.verdict) == (None, None, "cannot say")
            assert row.predicted.reason == "H of this corpus is not known"
    row = signs(card(tmp_path), "gzip")["a", "quality"]
    assert (row.predicted.value, row.verdict) == (None, "cannot say")


def test_chinchilla_stands_beside_without_any_calibration(tmp_path):
    found = scorecard(load_coefficients(write(tmp_path / "c.json", {**document(default=None), "calibrations": []})))
    assert found.calibrations == ()
    assert found.signs == ()
    assert {row.law for row in found.exponents} == {"chinchilla"}
    assert {row.predicted.value for row in found.exponents} == {chinchilla().exponent_a}
    assert {row.published.corpus: row.verdict for row in found.exponents} == {
        "C4": "agree",
        "GitHub": "agree",
        "DeepSeek early": "disagree",
        "DeepSeek later": "agree",
        "OpenWebText2": "disagree",
        "code": "disagree",
    }


def test_slopes_are_those_of_the_lines(tmp_path):
    rows = signs(card(tmp_path), "gzip")
    names = {"E": "E", "ln A": "log_A", "ln B": "log_B", "alpha": "alpha", "beta": "beta"}
    for quantity, name in names.items():
        assert rows[quantity, "grammars"].predicted.value == LOG[name][0]
    assert rows["alpha - beta", "grammars"].predicted.value == pytest.approx(-0.4)
    verdicts = {quantity: rows[quantity, "grammars"].verdict for quantity in (*names, "alpha - beta")}
    # The hand-made lines: E rises, A, alpha and beta fall as Pandey 2024 says; B rises, against it.
    assert verdicts == {**dict.fromkeys((*names, "alpha - beta"), "agree"), "ln B": "disagree"}


@pytest.mark.parametrize("law", ["anchored", "gzip"])
def test_slopes_of_the_optimum_are_its_differences(tmp_path, law):
    found = card(tmp_path)
    one = found.calibrations[0].calibration.dependence
    rows = signs(found, law)
    h, step = (WEB.h + CODE_TEXT.h) / 2, 1e-5

    def at(h):
        return law_at(law, one, chinchilla(), h).law

    slope = (at(h + step).exponent_a - at(h - step).exponent_a) / (2 * step)
    assert rows["a", "C4, GitHub"].predicted.value == pytest.approx(slope, rel=1e-6)
    assert rows["a", "text, code"].predicted.value == rows["a", "C4, GitHub"].predicted.value
    for about, middle in (("text, code", h), ("grammars", 0.4)):
        row = rows["ln N*", about]
        high, low = (at(middle + d).frontier(row.published.flops).n_params for d in (step, -step))
        assert row.predicted.value == pytest.approx((high - low) / (high + low) / step, rel=1e-6)


def test_opposite_claims_cannot_both_agree(tmp_path):
    """Hoffmann's GitHub has a higher a than C4, Luo's code a lower one than text: H moves a one way at most."""
    rows = signs(card(tmp_path), "gzip")
    assert rows["a", "C4, GitHub"].verdict == "disagree"
    assert rows["a", "text, code"].verdict == "agree"


@pytest.mark.parametrize("name", list(LOG))
def test_a_changed_coefficient_changes_rows(tmp_path, name):
    """Every line of the log form but that of E moves an exponent or a slope; E moves its own row."""
    made = copy.deepcopy(calibration())
    made["regression"]["log"][name]["slope"] *= 1.1
    before, after = card(tmp_path), card(tmp_path, made)
    changed = {
        (row.law, row.published.quantity)
        for row, old in zip(after.signs, before.signs, strict=True)
        if row.predicted.value != old.predicted.value
    }
    assert ("gzip", name.replace("log_", "ln ")) in changed
    moved = {
        (row.law, row.published.corpus)
        for row, old in zip(after.exponents, before.exponents, strict=True)
        if row.predicted.value != old.predicted.value
    }
    if name in ("alpha", "beta"):
        assert {("gzip", "C4"), ("anchored", "GitHub"), ("gzip", "code")} <= moved
        assert ("anchored", "a") in changed
    else:
        assert moved == set()
    assert (("gzip", "ln N*") in changed) is (name != "E")


def test_the_weight_moves_anchored_alone(tmp_path):
    before, after = card(tmp_path), card(tmp_path, calibration(epsilon=0.0))
    assert exponents(after, "anchored")["GitHub"].predicted.value == pytest.approx(chinchilla().exponent_a)
    assert exponents(after, "gzip") == exponents(before, "gzip")
    row = signs(after, "anchored")["a", "text, code"]
    assert (row.predicted.value, row.verdict) == (0.0, "cannot say")


def test_a_calibration_without_draws_cannot_say(tmp_path):
    made = calibration()
    made["regression"] = {**made["regression"], "draws": []}
    found = card(tmp_path, made)
    assert exponents(found, "gzip")["C4"].predicted.reason == "0 draws of the 30 that an interval needs"
    assert {row.verdict for row in found.exponents if row.calibration} == {"cannot say"}
    assert {row.verdict for row in found.signs} == {"cannot say"}
    assert exponents(found, "gzip")["C4"].predicted.value is not None


def test_an_interval_over_the_draws_that_are_left_is_none(tmp_path):
    """Of 40 draws 4 lose alpha: what the other 36 say is not what all would."""
    made = calibration()
    made["regression"]["draws"] = [
        [*row[:3], -1.0, *row[4:]] if i < 4 else row for i, row in enumerate(made["regression"]["draws"])
    ]
    row = exponents(card(tmp_path, made), "gzip")["C4"]
    assert row.predicted.value is not None
    assert (row.predicted.ci95, row.predicted.reason) == (None, "4 of 40 draws give no law")
    assert row.verdict == "cannot say"


def test_a_calibration_without_a_law_at_h_predicts_nothing(tmp_path):
    made = calibration()
    made["regression"]["log"]["alpha"] = {"slope": -1.0, "intercept": 0.5}  # 0 at H = .5
    row = exponents(card(tmp_path, made), "gzip")["C4"]
    assert (row.predicted.value, row.predicted.reason, row.verdict) == (None, "no law at H = 0.576", "cannot say")


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((0.48, 0.52), "agree"), ((0.51, 0.55), "disagree"), ((0.40, 0.61), "cannot say"), (None, "cannot say")],
)
def test_the_verdict_on_an_exponent(interval, verdict):
    assert exponent_verdict(0.5, PredictedFigure(value=0.5, ci95=interval)) == verdict


@pytest.mark.parametrize(
    ("sign", "interval", "verdict"),
    [
        (1, (0.1, 0.2), "agree"),
        (-1, (0.1, 0.2), "disagree"),
        (-1, (-0.2, -0.1), "agree"),
        (1, (-0.1, 0.2), "cannot say"),
        (1, (0.0, 0.2), "cannot say"),
        (1, None, "cannot say"),
    ],
)
def test_the_verdict_on_a_sign(sign, interval, verdict):
    assert sign_verdict(sign, PredictedFigure(value=0.0, ci95=interval)) == verdict


def test_the_command_prints_every_row_in_eighty_columns(tmp_path):
    made = calibration(
        epsilon=0.0,
        epsilon_estimate={"value": 0.0, "ci95": [0.0, 0.86], "share_zero": 0.7},
        predictors=PREDICTORS,
    )
    path = str(write(tmp_path / "c.json", document(made)))
    done = CliRunner().invoke(group, ["evidence", "--full", "--coefficients", path], env={"COLUMNS": "80"})
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "GitHub          0.38       0.530  chinchilla      0.513  0.48 to 0.55     agree" in lines
    assert "DeepSeek early      ?      0.450      gzip                     none  cannot say" in lines
    assert "ln B (Pandey)              falls      gzip  +1.00  +0.98 to +1.02    disagree" in lines
    assert "a (DeepSeek)           H unknown      gzip                   none  cannot say" in lines
    text = " ".join(done.stdout.split())
    assert (
        "hand-made 1 of 2 sources have a law, the default. H does not predict the allocation: hand-made. epsilon = 0 "
        "(95 % 0 to 0.86): gzip did not beat the mean on held-out sources, so anchored is Chinchilla."
    ) in text


def test_the_json_has_every_row_with_its_source(tmp_path):
    path = write(tmp_path / "c.json", document())
    done = CliRunner().invoke(group, ["evidence", "--json", "--coefficients", str(path)])
    found = json.loads(done.stdout)
    assert found == {"schema_version": 1, **json.loads(json.dumps(as_json(scorecard(load_coefficients(path)))))}
    assert len(found["exponents"]) == 3 * len(EXPONENTS)
    assert len(found["signs"]) == 2 * 5 + 6
    for row in (*found["exponents"], *found["signs"]):
        assert "arXiv:" in row["source"]
        assert row["verdict"] in ("agree", "disagree", "cannot say")
        assert ("predicted_a" in row) != ("predicted_slope_per_h" in row)
        assert (row["reason"] is None) == (row["ci95"] is not None)
    assert {row["reason"] for row in found["exponents"]} == {None, "H of this corpus is not known"}


def spoilt(**changes):
    """Return the hand-made calibration with other keys in its regression."""
    made = copy.deepcopy(calibration())
    made["regression"] |= changes
    return made


DRAWS = calibration()["regression"]["draws"]


@pytest.mark.parametrize("n", [1, 29])
def test_few_draws_give_no_interval(tmp_path, n):
    found = card(tmp_path, spoilt(draws=DRAWS[:n], scatter=[[0.0] * 10] * n))
    rows = [row for row in (*found.exponents, *found.signs) if row.calibration and row.predicted.value is not None]
    assert len(rows) == 2 * 4 + 2 * 4 + 6
    assert {row.verdict for row in rows} == {"cannot say"}
    reason = f"{n} draw{'' if n == 1 else 's'} of the 30 that an interval needs"
    assert {(row.predicted.ci95, row.predicted.reason) for row in rows} == {(None, reason)}
    enough = card(tmp_path, spoilt(draws=DRAWS[:30]))
    assert exponents(enough, "gzip")["C4"].predicted.ci95 is not None


def test_lines_that_lie_outside_of_their_draws_give_no_interval(tmp_path):
    made = spoilt()
    made["regression"]["log"]["alpha"]["slope"] *= -1
    row = signs(card(tmp_path, made), "gzip")["alpha", "grammars"]
    assert (row.predicted.value, row.predicted.ci95) == (0.5, None)
    assert (row.predicted.reason, row.verdict) == ("the lines and their draws disagree", "cannot say")
    assert signs(card(tmp_path, made), "gzip")["beta", "grammars"].verdict == "agree"


@pytest.mark.parametrize(
    "changes",
    [
        {"draws": [[x * 1e300 for x in row] for row in DRAWS]},
        {"draws": DRAWS, "scatter": [[1e6 * math.sin(i + k) for k in range(10)] for i in range(40)]},
    ],
)
def test_draws_that_overflow_count_as_missing(tmp_path, changes):
    made = spoilt(**changes)
    row = exponents(card(tmp_path, made), "gzip")["C4"]
    assert (row.predicted.ci95, row.predicted.reason) == (None, "40 of 40 draws give no law")
    path = str(write(tmp_path / "c.json", document(made)))
    for command in (["evidence"], ["recommend", "--flops", "1e21", "--compressibility", ".4"]):
        for flags in ([], ["--json"]):
            done = CliRunner().invoke(group, [*command, *flags, "--coefficients", path], env={"COLUMNS": "80"})
            assert (done.exit_code, done.exception) == (0, None)
            assert flags or max(map(len, done.stdout.splitlines())) <= 80


def test_h_outside_of_the_calibrated_range_is_marked(tmp_path):
    made = calibration(ranges={**calibration()["ranges"], "compressibility": [0.2, 0.5]})
    found = card(tmp_path, made)
    inside = {corpus: row.h_inside for corpus, row in exponents(found, "gzip").items()}
    assert inside == {
        "C4": False,
        "GitHub": True,
        "DeepSeek early": None,
        "DeepSeek later": None,
        "OpenWebText2": False,
        "code": True,
    }
    assert [row["h_inside"] for row in as_json(found)["exponents"]][-2:] == [True, True]
    path = str(write(tmp_path / "c.json", document(made)))
    lines = (
        CliRunner()
        .invoke(group, ["evidence", "--full", "--coefficients", path], env={"COLUMNS": "80"})
        .stdout.splitlines()
    )
    gzip = [line.split()[:2] for line in lines if " gzip " in line]
    assert gzip[0] == ["C4", "0.58*"]
    assert ["GitHub", "0.38"] in gzip
    made["ranges"]["compressibility"] = None
    assert {row.h_inside for row in card(tmp_path, made).exponents} == {None}


def test_the_legend_says_what_none_the_mark_and_the_units_are(tmp_path):
    path = str(write(tmp_path / "c.json", document()))
    text = " ".join(CliRunner().invoke(group, ["evidence", "--full", "--coefficients", path]).stdout.split())
    assert text.endswith(
        "none under 95 %: H is not known, there is no law at that H, too many draws give none there, fewer than 30 "
        "draws are given, or the prediction lies outside of its draws; --json has the reason and the count. *: H lies "
        "outside the calibrated range of H. Slopes are per unit of H, ln N* at 8.37e19 (Luo), 8.4e17 (Pandey) FLOPs."
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"epsilon": 0.5, "epsilon_estimate": {"value": 0.0, "ci95": [0.0, 0.9], "share_zero": 0.7}},
            "epsilon is 0.5 but calibrations[0].epsilon_estimate.value is 0.0: they must be the same.",
        ),
        (
            {"name": "chinchilla"},
            "name is that of a published law, chinchilla: give the calibration another name.",
        ),
    ],
)
def test_a_calibration_that_contradicts_itself_or_takes_a_laws_name_is_refused(tmp_path, changes, complaint):
    path = write(tmp_path / "c.json", document(calibration(**changes), default=None))
    done = CliRunner().invoke(group, ["evidence", "--coefficients", str(path)])
    assert (done.exit_code, done.stderr) == (1, f"Error: {path}: calibrations[0].{complaint}\n")


def test_the_published_names_are_those_of_the_published_laws():
    assert set(published_laws()) == PUBLISHED_NAMES


def test_the_page_has_the_scorecard_of_what_ships():
    made = runpy.run_path(str(ROOT / "docs" / "make_evidence.py"))
    text = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    assert made["page"](text) == text
    assert made["block"]() in text


def test_a_page_with_another_figure_is_found_out():
    made = runpy.run_path(str(ROOT / "docs" / "make_evidence.py"))
    text = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    spoilt = text.replace(
        "chinchilla      0.513  0.48 to 0.55     agree", "chinchilla      0.500  0.48 to 0.55     agree", 1
    )
    assert spoilt != text
    assert made["page"](spoilt) == text


def with_laws(name, log_as):
    """Return a calibration of sources whose laws differ in A alone."""
    flops = {"n_params": [1e3, 1e6], "n_tokens": [1e6, 1e8], "flops": [1e12, 1e14]}
    laws = [
        {"E": 1.0, "A": math.exp(a), "B": 300.0, "alpha": 0.3, "beta": 0.3, "count": "non-embedding", "ranges": flops}
        for a in log_as
    ]
    sources = [
        {"name": f"{name}{i}", "compressibility": 0.2 + 0.1 * i, "shuffled": None, "entropy_bound": None, "law": law}
        for i, law in enumerate(laws)
    ]
    return calibration(name=name, sources=sources)


def test_calibrations_are_tried_on_each_other(tmp_path):
    rising, falling = with_laws("one", (5.0, 5.1, 5.2)), with_laws("two", (5.6, 5.5, 5.4))
    found = card(tmp_path, rising, falling, default="one").transfers
    assert [(row.fitted_on, row.tested_on, row.helps) for row in found] == [
        ("one", "two", False),
        ("two", "one", False),
    ]
    # ln N* moves by half of ln A over alpha + beta's half: 1/.6 of it.
    assert found[0].error_of_mean == pytest.approx(math.sqrt((0.5**2 + 0.4**2 + 0.3**2) / 3) / 0.6)
    assert found[0].centred_error_ln_n == pytest.approx(math.sqrt((0.2**2 + 0.2**2) / 3) / 0.6)
    changed = card(tmp_path, rising, with_laws("two", (5.6, 5.7, 5.8)), default="one").transfers
    assert [row.helps for row in changed] == [True, True]
    path = write(tmp_path / "c.json", document(rising, falling, default="one"))
    printed = CliRunner().invoke(group, ["evidence", "--full", "--coefficients", str(path)]).stdout
    assert "From one calibration to another" in printed
    table = printed[printed.index("From one calibration to another") :].splitlines()
    assert table[2].split() == ["one", "(3):"]
    assert table[3].split()[:2] == ["two", "(3)"]
    assert max(map(len, printed.splitlines())) <= 80
