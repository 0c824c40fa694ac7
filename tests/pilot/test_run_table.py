"""A pilot from its design to a pilot file: the table unfilled, filled and wrong."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import random

import pytest

from advisor.errors import CoefficientsError, RunsError, UsageError
from advisor.laws.data_rule import shift_at
from advisor.laws.measured_shift import ADDED_GROWTH
from advisor.laws.text import Text
from advisor.pilot.pilot import PilotCorpus, plan_pilot
from advisor.pilot.pilot_file import about_pilot, read_pilot_file, result_of, with_pilot
from advisor.pilot.run_table import read_table, write_table
from advisor.plan.accelerators import find_gpu
from advisor.plan.hardware import Hardware
from advisor.report.pilot import show_result
from tests.pilot.six_corpora import LAWS, TEXTS

CODE = PilotCorpus(name="code", text=TEXTS["starcoder"])
WEB = PilotCorpus(name="fineweb", text=TEXTS["fineweb"])
OF = {"code": LAWS["starcoder"], "fineweb": LAWS["fineweb"]}


@pytest.fixture(scope="module")
def pilot():
    hardware = Hardware(gpu=find_gpu("H100"), price_per_hour=2.0)
    return plan_pilot(1e22, CODE, reference=WEB, hardware=hardware, n_gpus=8)


@pytest.fixture
def rows(pilot, tmp_path):
    write_table(pilot, tmp_path / "pilot.csv")
    with (tmp_path / "pilot.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fill(rows, path, noise=0.0):
    rng = random.Random(0)
    for row in rows:
        loss = OF[row["corpus"]].loss(float(row["n_params"]), float(row["n_tokens"]))
        row["loss"] = loss * math.exp(rng.gauss(0, noise))
    return write(rows, path)


def write(rows, path):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_pilot_costs_its_share_and_its_runs_have_shapes_and_money(pilot):
    design = pilot.chosen.design
    assert design.flops == pytest.approx(0.01 * 1e22)
    assert len(pilot.runs) == design.n_runs
    for each in pilot.runs:
        assert 6 * each.run.n_params * each.run.n_tokens == pytest.approx(each.run.flops, rel=1e-6)
        assert each.plan.shape is not None
        assert each.run.n_params == each.plan.shape.n_params
        assert each.cost == pytest.approx(2 * each.gpu_hours)
    assert pilot.cost == pytest.approx(sum(each.cost for each in pilot.runs))
    # Worth: the mean of (alpha + beta)/2 e^2 under what is not known, now less then, against the share.
    assert pilot.wasted == pytest.approx((0.34781 + 0.36585) / 2 * pilot.now.sd**2, rel=1e-4)
    assert pilot.chosen.saved == pytest.approx(pilot.wasted - pilot.chosen.wasted)
    assert pilot.chosen.worth_it is (pilot.chosen.saved > 0.01)


def test_a_larger_pilot_leaves_less_and_no_pilot_leaves_more_than_there_is(pilot):
    (_, half), (_, four) = pilot.others
    assert half.shift_sd >= pilot.chosen.shift_sd >= four.shift_sd
    assert half.shift_sd < pilot.now.sd
    low, high = pilot.chosen.n_params
    assert high / low < pilot.interval80[1] / pilot.interval80[0]
    assert pilot.chosen.design.paired
    assert pilot.alternative.design.paired is False
    assert pilot.alternative.shift_sd > pilot.chosen.shift_sd


def test_the_expected_shift_is_what_the_filled_pilot_leaves(pilot, rows, tmp_path):
    result = result_of(read_table(fill(rows, tmp_path / "filled.csv", noise=0.002)))
    show_result(result, as_json=True, out=tmp_path / "measured.json")
    record = read_pilot_file(tmp_path / "measured.json")
    after = shift_at(with_pilot(CODE.text, record), 1e22)
    # The six corpora's laws put code further off than the rule does: how the rest grows is not known, on top.
    assert after.log_n < pilot.now.log_n
    assert after.sds[ADDED_GROWTH] > 0
    without = math.hypot(*(sd for name, sd in after.sds.items() if name != ADDED_GROWTH))
    assert without == pytest.approx(pilot.chosen.shift_sd, rel=0.05)


def test_a_filled_table_comes_back_and_its_file_says_what_it_says(rows, tmp_path, capsys):
    path = fill(rows, tmp_path / "filled.csv")
    table = read_table(path)
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert table.corpus.text.compressibility == CODE.text.compressibility
    assert table.reference.text.bytes_per_token == WEB.text.bytes_per_token
    result = result_of(table)
    true = math.log(OF["code"].frontier(result.gap.flops).n_params / OF["fineweb"].frontier(result.gap.flops).n_params)
    assert result.gap.log_n == pytest.approx(true, abs=0.03)
    show_result(result, as_json=True, out=tmp_path / "measured.json")
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "measured.json").read_text())
    record = read_pilot_file(tmp_path / "measured.json")
    assert (record.measured.log_n, record.measured.sd) == (result.gap.log_n, result.gap.sd)
    assert (record.measured.paired, record.measured.reference_compressibility) == (True, 0.566)
    assert (record.corpus, record.sha256, record.source) == ("code", table.sha256, "filled.csv")


def test_gaps_that_disagree_are_named_as_they_are_compared(rows, tmp_path):
    path = fill(rows, tmp_path / "filled.csv")
    largest = max(float(row["flops"]) for row in rows)
    for row in rows:
        n, d = float(row["n_params"]), float(row["n_tokens"])
        if row["role"] == "corpus" and float(row["flops"]) == largest:
            row["loss"] = OF["fineweb"].loss(0.75 * n, d)  # an optimum above the reference's
    result = result_of(read_table(write(rows, path)))
    (said,) = [each.message for each in result.cautions if each.code == "budgets_disagree"]
    settled = " and ".join(f"{each.settled:+.3f}" for each in result.gap.budgets)
    assert said == (
        f"Brought to 1e19 FLOPs, the gaps of the pilot's budgets are {settled}: {result.gap.disagreement:.1f} times as "
        "far apart as their errors and what is not known of how a gap grows; look at the runs before the answer."
    )


def test_what_the_corpus_lacks_is_the_pilot_s_and_another_corpus_is_said(rows, tmp_path):
    show_result(result_of(read_table(fill(rows, tmp_path / "f.csv"))), as_json=True, out=tmp_path / "m.json")
    record = read_pilot_file(tmp_path / "m.json")
    text = with_pilot(Text(), record)
    assert (text.compressibility, text.bytes_per_token, text.measured) == (0.402, 3.0, record.measured)
    assert with_pilot(Text(compressibility=0.41), record).compressibility == 0.41
    assert list(about_pilot(Text(compressibility=0.41), record)) == []
    (caution,) = about_pilot(Text(compressibility=0.55), record)
    assert caution.code == "pilot_of_another_corpus"


def test_an_unfilled_table_is_refused(rows, tmp_path):
    with pytest.raises(RunsError, match=r"has no loss yet for 20 of its 20 runs: train them"):
        read_table(tmp_path / "pilot.csv")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("loss", "", "has no loss yet for 1 of its 20 runs"),
        ("loss", "diverged", "run 3: loss is 'diverged'; it must be a number above 0."),
        ("loss", "nan", "run 3: loss is 'nan'; it must be a number above 0."),
        ("loss", "57", "run 3: a loss of 57 cannot be nats/token."),
        ("role", "user", "run 3: role is 'user'; it must be corpus or reference."),
        ("n_tokens", "1e9", "run 3: 6 N D is "),
        ("corpus", "other", "has several corpora whose role is corpus: code, other; a pilot compares two."),
    ],
)
def test_a_wrong_value_is_said(rows, tmp_path, column, value, message):
    fill(rows, tmp_path / "filled.csv")
    rows[2][column] = value
    with pytest.raises(RunsError) as caught:
        read_table(write(rows, tmp_path / "wrong.csv"))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n_params,n_tokens,loss\n1,2,3\n", "is not the table of a pilot: it has no column corpus"),
        ("corpus,role,flops,n_params,n_tokens,loss\n", "holds no runs."),
        (
            "corpus,role,flops,n_params,n_tokens,loss\na,corpus,1\n",
            "line 2: the header has 6 fields and this line has 3: mend the line.",
        ),
    ],
)
def test_another_table_is_refused(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RunsError) as caught:
        read_table(tmp_path / "t.csv")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{"schema_version": 1, "calibrations": []}', "is not a pilot file"),
        ('{"schema_version": 1, "kind": "pilot", "corpus": {}}', "ln_n_params is missing"),
        ('{"schema_version": 1, "kind": "pilot", "corpus": {}, "ln_n_params": 99}', "ln_n_params must be in"),
        ("[", "is not JSON"),
    ],
)
def test_another_file_is_refused(tmp_path, document, message):
    (tmp_path / "f.json").write_text(document, encoding="utf-8")
    with pytest.raises(CoefficientsError) as caught:
        read_pilot_file(tmp_path / "f.json")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"share": 1e-5}, "A pilot of 1e17 FLOPs is too small to show half of a gap between corpora"),
        ({"share": 2.0}, "--share must be above 0 and at most 1 (or 100 %), not 2."),
        ({"noise": 0.0}, "--noise is the standard deviation of ln loss, such as 0.002, not 0."),
        ({"reference": CODE}, "The corpus and the reference are both called code: a pilot compares two."),
    ],
)
def test_a_pilot_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(UsageError) as caught:
        plan_pilot(1e22, CODE, **arguments)
    assert str(caught.value).startswith(message)


def test_a_foreign_language_is_worth_a_pilot_and_web_text_is_not():
    foreign = PilotCorpus(name="hi", text=Text(compressibility=0.5, bytes_per_token=4.0, non_ascii=0.8))
    assert plan_pilot(1e22, foreign).chosen.worth_it is True
    assert plan_pilot(1e22, PilotCorpus(name="web text", text=TEXTS["fineweb"])).chosen.worth_it is False
