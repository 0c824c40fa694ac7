"""What a result shows of itself: one line, the command's screen, a table of a notebook, JSON, a data frame."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import advisor as library
from advisor.compressibility.score import Profile
from advisor.errors import AdvisorError, install_command
from advisor.results.result import Result

RUNS = Path(__file__).parent.parent / "fit" / "grid36.csv"


# Each call with the command that asks the same.
PAIRS = {
    "recommend": (lambda: library.recommend(flops="1e21"), ["recommend", "--flops", "1e21"]),
    "limited": (
        lambda: library.recommend(flops=1e22, unique_tokens="25B"),
        ["recommend", "--flops", "1e22", "--unique-tokens", "25B"],
    ),
    "hardware": (
        lambda: library.recommend(gpu="H100", n_gpus=64, hours="14d", mfu="40%", price_per_hour=2.5),
        ["recommend", "--gpu", "H100", "--gpus", "64", "--hours", "336", "--price-per-hour", "2.5"],
    ),
    "compare": (lambda: library.compare(flops="1e20,1e21"), ["compare", "--flops", "1e20", "--flops", "1e21"]),
    "table": (lambda: library.table("kaplan", flops=["1e20"]), ["table", "--law", "kaplan", "--flops", "1e20"]),
    "repeat": (lambda: library.repeat("25B", flops="1e22"), ["repeat", "--unique-tokens", "25B", "--flops", "1e22"]),
    "laws": (library.list_laws, ["laws"]),
    "evidence": (library.evidence, ["evidence"]),
    "pilot": (
        lambda: library.plan_pilot(compressibility=0.402, flops="1e23"),
        ["pilot", "--compressibility", ".402", "--flops", "1e23"],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_to_dict_is_the_document_and_str_the_screen_of_the_command(name, advisor, capsys):
    call, command = PAIRS[name]
    result = call()
    document, screen = result.to_dict(), str(result)
    assert capsys.readouterr() == ("", "")
    assert document == json.loads(advisor(*command, "--json").stdout)
    printed = advisor(*command)
    assert screen == f"{printed.stdout}{printed.stderr}".strip("\n")


BRIEF = {
    "recommend": "<Recommendation 2.78B parameters on 59.9B tokens for 1e21 FLOPs (chinchilla)>",
    "limited": "<Recommendation 7.03B parameters on 237B tokens for 1e22 FLOPs (muennighoff)>",
    "hardware": "<Recommendation 16.1B parameters on 317B tokens for 3.06e22 FLOPs (chinchilla)>",
    "compare": "<Comparison 2 answers: 1e20 FLOPs, 1e21 FLOPs>",
    "table": "<AllocationTable 1 optimum of the law kaplan>",
    "repeat": "<RepeatTable 25.0B unique tokens, best read 9.49 times (muennighoff)>",
    "laws": "<LawList 7 published laws and 5 calibrations>",
    "evidence": "<Scorecard predictions beside published figures: 28 agree, 32 disagree, 86 cannot say>",
    "pilot": "<Pilot 20 runs for 1 % of 1e23 FLOPs on corpus: not worth it>",
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_repr_is_one_short_line(name):
    assert repr(PAIRS[name][0]()) == BRIEF[name]


def test_a_profile_is_what_score_prints(profile, corpus, advisor):
    assert repr(profile) == f"<Profile {corpus}: H = {profile.median:.3f}, about {_tokens(profile)} tokens>"
    printed = advisor("score", corpus, "--sequences", "50", "--quiet")
    assert str(profile).splitlines() == [*printed.stdout.splitlines(), *printed.stderr.splitlines()]
    assert profile.to_dict() == json.loads(advisor("score", corpus, "--sequences", "50", "--json", "--quiet").stdout)
    frame = profile.to_frame()
    assert (len(frame), frame["compressibility.median"][0]) == (1, profile.median)
    assert tuple(frame.loc[0, ["compressibility.ci95.low", "compressibility.ci95.high"]]) == profile.ci95


def _tokens(profile: Profile) -> str:
    from advisor.quantities import format_quantity

    return format_quantity(profile.estimated_tokens or 0.0)


@pytest.fixture(scope="module")
def fitted():
    return library.fit(RUNS, bootstrap=200, flops="1e22")


def test_a_fit_is_what_fit_prints(fitted, advisor):
    command = ["fit", RUNS, "--bootstrap", "200", "--flops", "1e22"]
    assert fitted.to_dict() == json.loads(advisor(*command, "--json").stdout)
    printed = advisor(*command)
    said = [line for line in printed.stderr.splitlines() if not line.startswith(f"{RUNS}")]
    assert str(fitted).splitlines() == [*printed.stdout.strip("\n").splitlines(), *said]
    law = fitted.groups["all"].law
    assert repr(fitted) == f"<Analysis a = {law.exponent_a:.3f}, E = {law.E:.3f} from 36 runs: ok>"


def test_the_frame_of_a_fit_has_its_runs(fitted):
    frame, law = fitted.to_frame(), fitted.groups["all"].law
    assert list(frame.columns) == [
        *("group", "n_params", "n_tokens", "flops", "loss_nats_per_token", "loss_of_law_nats_per_token"),
        "residual_ln_loss",
    ]
    assert len(frame) == 36
    one = frame.loc[7]
    assert one.loss_of_law_nats_per_token == law.loss(one.n_params, one.n_tokens)
    assert one.residual_ln_loss == pytest.approx(math.log(one.loss_nats_per_token / one.loss_of_law_nats_per_token))


def test_the_numbers_of_a_refused_law_are_in_no_table(tmp_path):
    few = "\n".join(RUNS.read_text().splitlines()[:7])
    (tmp_path / "few.csv").write_text(few)
    refused = library.fit(tmp_path / "few.csv", bootstrap=200)
    assert refused.refused == ("all",)
    assert refused.shown().rows == [("all", "6", *[""] * 6, "refused")]
    assert refused.to_frame()["loss_of_law_nats_per_token"].isna().all()


def test_the_frame_of_a_recommendation_has_its_laws():
    answer = library.recommend(flops="1e21")
    frame = answer.to_frame()
    assert list(frame["law"]) == [law.law for law in answer.laws]
    assert list(frame["n_params"]) == [law.n_params for law in answer.laws]
    interval = answer.headline.interval80
    assert interval is not None
    assert (frame["interval80.n_params.low"][0], frame["interval80.n_params.high"][0]) == interval.n_params
    assert "interval80" not in frame.columns  # of laws without one it is null


@pytest.mark.parametrize(
    ("name", "key"), [("compare", "rows"), ("table", "rows"), ("repeat", "rows"), ("laws", "laws")]
)
def test_a_frame_has_a_row_for_each_of_the_document(name, key):
    result = PAIRS[name][0]()
    assert len(result.to_frame()) == len(result.to_dict()[key]) > 0


def test_without_pandas_a_frame_is_one_sentence(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pandas" else found(name))
    with pytest.raises(AdvisorError) as caught:
        library.table().to_frame()
    assert str(caught.value) == (
        f"to_frame() needs the package pandas, which is not installed: {install_command('pandas')}"
    )


class Page(HTMLParser):
    """The tags and the text of a page; what has a script or reaches out is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag in ("table", "caption", "thead", "tbody", "tr", "th", "td", "p")
        assert [name for name, _ in attrs if name != "style"] == []
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("name", PAIRS)
def test_a_notebook_shows_a_table(name):
    result, page = PAIRS[name][0](), Page()
    page.feed(result._repr_html_())
    assert page.open == []
    header, rows, notes = result.shown()
    cells = [cell for row in (header, *rows) for cell in row if cell]
    assert [text for text in page.text if text.strip()] == [result.in_brief, *cells, *notes]
    assert rows


def test_what_a_corpus_is_called_runs_nowhere(profile):
    hostile = replace(profile, source="<script>alert('1')</script>&\x1b[31m\u202e\u2028.txt")
    page = Page()
    page.feed(hostile._repr_html_())
    assert page.text[1].startswith("<script>alert('1')</script>&?[31m??.txt: H = ")
    assert repr(hostile).startswith("<Profile <script>alert('1')</script>&?[31m??.txt: H = ")
    assert "\x1b" not in str(hostile)
    assert len(repr(replace(profile, source="x" * 10_000))) < 200


def test_results_print_nothing_and_do_not_mix_in_threads(capsys):
    calls = [PAIRS[name][0] for name in ("recommend", "table", "repeat", "laws")] * 3
    alone = [str(call()) for call in calls[:4]] * 3
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda call: str(call()), calls)) == alone
    assert capsys.readouterr() == ("", "")


def test_every_result_is_a_frozen_dataclass_that_says_what_it_is():
    assert all(getattr(library, name) for name in library.__all__)  # imports what is imported when it is first used
    kinds = Result.__subclasses__()
    assert {kind.__name__ for kind in kinds} >= {"Recommendation", "Profile", "Comparison", "RepeatTable", "Analysis"}
    for kind in kinds:
        assert kind.__repr__ is Result.__repr__, kind
        assert kind.__dataclass_params__.frozen, kind  # type: ignore[attr-defined]
        assert kind.in_brief is not Result.in_brief, kind
        assert kind.shown is not Result.shown, kind
        assert not any(field.name in ("ROWS", "in_brief") for field in dataclasses.fields(kind)), kind  # type: ignore[arg-type]
