"""advisor report as a user meets it: what it takes, what it writes, what it refuses in a sentence."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from advisor.commands import recommend as recommending
from advisor.commands.report import command
from advisor.errors import EXTRAS, install_command
from advisor.report.page import along
from tests.report.page.pages import HOSTILE, SEEN, Page, corpus, data_of, write

SHOWN = (
    "what score, recommend, compare, repeat, table and fit print with --json, law files, coefficients files and "
    "folders of advisor calibrate"
)
TAKES = f"a page shows {SHOWN}"
NEEDS_BUDGET = (
    "a page about a corpus needs a budget, advisor report {path} --flops 1e21 --out report.html, and without one shows "
    f"{SHOWN}"
)


@pytest.fixture(autouse=True)
def a_date(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture(autouse=True)
def few_budgets(monkeypatch):
    """Two budgets in place of 41: tests of what they say are in test_along.py."""
    monkeypatch.setattr(along, "budgets_around", lambda flops: [flops, 2 * flops])


@pytest.fixture
def made(advisor, tmp_path):
    """Return a function that makes a page of arguments and returns its text."""

    def make(*arguments):
        out = tmp_path / "page.html"
        done = advisor("report", *arguments, "--out", out)
        assert (done.code, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{out}: ")
        return out.read_text(encoding="utf-8")

    return make


@pytest.fixture
def document(advisor, tmp_path):
    """Return a function that writes what a command prints with --json."""

    def write_it(*arguments, name="answer.json"):
        done = advisor(*arguments, "--json")
        assert done.code == 0
        path = tmp_path / name
        path.write_text(done.stdout, encoding="utf-8")
        return path

    return write_it


def test_a_recommendation_has_its_answer_first_and_the_same_from_options_as_from_its_file(made, document):
    by_options = made("--flops", "1e21")
    by_file = made(document("recommend", "--flops", "1e21"))
    page = Page(by_options)
    assert page.texts["h1"] == ["Recommendation by advisor"]
    assert page.texts["h2"] == [
        "Train 2.78B parameters on 59.9B tokens for 1e21 FLOPs, loss 2.305 nats/token.",
        "Where this comes from",
    ]
    assert "advisor report --out" in by_options
    assert "Made by</dt><dd>advisor 0.1.0, 2023-11-14 22:13 UTC" in by_options
    assert data_of(by_options) == data_of(by_file)
    assert Page(by_file).texts["h3"] == page.texts["h3"]


def test_headings_are_in_order_and_what_a_label_names_is_there(made, document):
    page = Page(made(document("recommend", "--flops", "1e21", "--unique-tokens", "25B")))
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    names = {value for tag, attributes in page.elements if (value := attributes.get("id"))}
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {
        each for _, attributes in page.elements for key in ("aria-labelledby", "for") if (each := attributes.get(key))
    }
    assert wanted
    assert wanted <= names


def test_a_page_of_every_kind(made, document, tmp_path):
    profile = write(tmp_path / "profile.json", {"corpora": [corpus("prose", 0.52), corpus("code", 0.38)]})
    law = {"E": 1.8, "A": 480.0, "B": 2000.0, "alpha": 0.35, "beta": 0.37, "count": "total"}
    page = Page(
        made(
            profile,
            document("compare", "--flops", "1e20", "--flops", "1e21", name="compare.json"),
            document("repeat", "--unique-tokens", "25B", name="repeat.json"),
            document("table", "--flops", "1e20,1e21", name="table.json"),
            write(tmp_path / "law.json", {"exponent_a": 0.514, "ranges": {"flops": [1e18, 1e20]}, **law}),
        )
    )
    assert page.texts["h2"] == [
        "prose has H 0.520, less than web text's 0.565; code has H 0.380, less than web text's 0.565.",
        "855M to 2.78B parameters, at 1e20 to 1e21 FLOPs.",
        "Read 40 times, a token of the 25.0B unique ones is worth 38 % of a new one.",
        "By chinchilla, 855M parameters on 19.5B tokens at 1e20 FLOPs, to 2.78B parameters on 59.9B tokens at 1e21 "
        "FLOPs.",
        "N grows as the budget to the power 0.514.",
        "Where this comes from",
    ]
    assert len([1 for tag, _ in page.elements if tag == "figure"]) == 5


def test_a_mixture_comes_first_and_is_followed_by_how_the_corpora_differ(made, document, tmp_path):
    (tmp_path / "a.txt").write_text("the cat sat on the mat and looked at the rain\n" * 400, encoding="utf-8")
    (tmp_path / "b.txt").write_text("".join(f"{i * 7919 % 9973} {i}\n" for i in range(4000)), encoding="utf-8")
    corpora = [str(tmp_path / name) for name in ("a.txt", "b.txt")]
    mixed = ("--weights", ".6,.4", "--tokenizer", "bytes", "--quiet", "--law", "chinchilla")
    page = Page(made(document("compare", *corpora, *mixed, "--flops", "1e19")))
    assert page.texts["h2"][0].startswith("mixture of 0.6 ")
    assert "compresses better than" in page.texts["p"][0]
    assert page.texts["p"][0].endswith("at 1e19 FLOPs this law answers the same for both.")


def test_the_shipped_calibrations(made):
    from advisor.data_files import shipped_file

    page = Page(made(shipped_file("fitted_coefficients.json")))
    assert page.texts["h2"][0] == (
        "pcfg-ladder: H does not predict the best size; for a source that is left out it is missed by a factor of 1.62 "
        "with H and 1.50 without."
    )
    assert len(page.texts["h2"]) == 6


def test_a_calibration_folder(made, tmp_path):
    reason = {"code": "wide-optimum", "level": "refused", "message": "the optimum is not seen"}
    law = {"verdict": "refused", "diagnostics": {"reasons": [reason]}, "count": "total", "n_runs": 7}
    write(tmp_path / "laws.json", {"calibration": "mine", "laws": {"a": law, "b": {**law, "verdict": "ok"}}})
    page = Page(made(tmp_path))
    assert page.texts["h2"][0] == "2 laws: 1 can be believed, 0 with care, 1 refused."
    assert "Refused a: the optimum is not seen" in [each.strip() for each in page.texts["li"]]


def test_a_page_without_charts_has_no_script_and_is_small(made, tmp_path):
    law = {"verdict": "refused", "diagnostics": {"reasons": []}, "count": "total"}
    text = made(write(tmp_path / "fit.json", {"laws": {"all": law}, "regression": None, "no_regression": None}))
    assert "<script" not in text
    assert "script-src &#39;none&#39;" in text
    assert len(text) < 20_000


def test_what_comes_from_outside_is_text_and_nothing_else(made, tmp_path):
    caution = {"code": HOSTILE, "message": HOSTILE}
    path = tmp_path / "<b>&.json"
    text = made(write(path, {"corpora": [corpus(HOSTILE, cautions=(caution,)), corpus("other")]}))
    page = Page(text)
    assert page.texts["h2"][0].startswith(f"{SEEN} has H 0.450")
    assert [tag for tag, _ in page.elements if tag in ("img", "b", "iframe", "object", "link")] == []
    assert [tag for tag, _ in page.elements].count("script") == 3
    assert data_of(text)["charts"]["s1-1-2"]["series"][0]["name"] == SEEN
    assert "\u2028" not in text.split('id="data">')[0]
    assert f"{path}: a profile of advisor score, SHA-256 " in page.texts["dd"][-1]


def test_laws_and_notes_of_a_recommendation_are_text_too(made, document):
    path = document("recommend", "--flops", "1e21")
    answer = json.loads(path.read_text(encoding="utf-8"))
    for row in (answer["recommended"], answer["headline"], *answer["laws"]):
        row["law"] = HOSTILE
    answer["headline"]["source"] = answer["recommended"]["why"] = HOSTILE
    answer["cautions"] = [{"code": "no_interval", "message": HOSTILE}]
    path.write_text(json.dumps(answer), encoding="utf-8")
    page = Page(made(path))
    assert [tag for tag, _ in page.elements if tag == "img"] == []
    assert page.texts["p"].count(SEEN) == 1
    assert f"Mind {SEEN}" in [each.strip() for each in page.texts["li"]]


def test_the_policy_names_the_hash_of_every_script_and_style(made, tmp_path):
    import base64
    import hashlib
    import re

    text = made(write(tmp_path / "profile.json", {"corpora": [corpus()]}))
    policy = next(value for value in Page(text).attribute("meta", "content") if value and "default-src" in value)
    inside = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL)
    assert len(inside) == 3
    for each in inside:
        assert base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "style=" not in text.split("<script")[0]


def test_the_same_inputs_make_the_same_bytes(made, tmp_path):
    path = write(tmp_path / "profile.json", {"corpora": [corpus()]})
    assert made(path) == made(path)


def test_the_token_of_the_hub_is_not_in_the_page(made, tmp_path):
    (tmp_path / "a.txt").write_text("the cat sat on the mat and looked at the rain\n" * 200, encoding="utf-8")
    given = ("--flops", "1e19", "--law", "chinchilla", "--tokenizer", "bytes", "--quiet")
    text = made(tmp_path / "a.txt", *given, "--token", "hf_secret")
    assert "hf_secret" not in text
    assert "--token ..." in text
    assert f"advisor report {tmp_path / 'a.txt'} --out" in text
    assert "--flops 1e19 --law chinchilla --tokenizer bytes" in text.replace("--token ... ", "")


def test_a_law_of_a_document_is_not_read_from_where_it_says(made, document, tmp_path):
    path = document("recommend", "--flops", "1e21")
    answer = json.loads(path.read_text(encoding="utf-8"))
    answer["request"]["law"] = str(tmp_path / "fifo")
    path.write_text(json.dumps(answer), encoding="utf-8")
    page = Page(made(path))
    assert page.texts["dd"][0] == (
        f"Other budgets and charts: it was made with --law {tmp_path / 'fifo'}: give advisor report the options of the "
        "recommendation."
    )
    assert "figure" not in page.texts


def test_a_document_that_is_answered_otherwise_now_keeps_its_numbers_and_has_no_slider(made, document):
    path = document("recommend", "--flops", "1e21")
    answer = json.loads(path.read_text(encoding="utf-8"))
    answer["recommended"]["n_params"] *= 1.01
    answer["recommended"]["n_tokens"] /= 1.01
    path.write_text(json.dumps(answer), encoding="utf-8")
    page = Page(made(path))
    assert page.texts["h2"][0] == "Train 2.81B parameters on 59.3B tokens."
    assert page.texts["dd"][0] == (
        "Other budgets and charts: this version of advisor answers otherwise than the one that wrote it: make it again "
        "with advisor recommend ... --json."
    )


@pytest.mark.parametrize(
    ("place", "key", "said"),
    [
        (
            "recommended",
            "n_params",
            "recommended.flops is 1e21, 6 recommended.n_params recommended.n_tokens 2e21",
        ),
        ("request", "flops", "request.flops is 2e21, headline.flops 1e21"),
    ],
)
def test_a_document_whose_numbers_contradict_each_other_says_so_beside_its_answer(made, document, place, key, said):
    path = document("recommend", "--flops", "1e21")
    answer = json.loads(path.read_text(encoding="utf-8"))
    answer[place][key] *= 2
    path.write_text(json.dumps(answer), encoding="utf-8")
    page = Page(made(path))
    assert page.texts["li"][0] == (
        f"Mind The file's numbers contradict each other ({said}), so it was altered: make it again with advisor "
        "recommend ... --json."
    )
    assert "figure" not in page.texts


def refused(advisor, tmp_path, *arguments, code=1):
    out = tmp_path / "page.html"
    done = advisor("report", *arguments, "--out", out)
    assert done.code == code
    assert not out.exists()
    return done.stderr


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (
            "{",
            "Error: {path} is not JSON: Expecting property name enclosed in double quotes at line 1: it is cut off, or "
            "altered, or holds two documents; write each with --out FILE.\n",
        ),
        (" \n", "Error: {path} is empty: write it again with --out FILE, which leaves none half written.\n"),
        ('{"schema_version": 99}', "Error: {path} has schema_version 99 and this advisor understands 1: upgrade "),
        ("[1]", f"Error: {{path}} is JSON, but no object, so it is no document of advisor; {NEEDS_BUDGET}.\n"),
        ("a cat", f"Error: {{path}} is not JSON: Expecting value at line 1; {NEEDS_BUDGET}.\n"),
        (
            '{"schema_version": 1, "laws": [], "grouped": 1}',
            "Error: {path} is JSON with grouped, laws, schema_version, which is no document of advisor; "
            f"{NEEDS_BUDGET}.\n",
        ),
        (
            "{}",
            f"Error: {{path}} is JSON with nothing in it, which is no document of advisor; {NEEDS_BUDGET}.\n",
        ),
        ('{"corpora": []}', "Error: {path}: schema_version is missing.\n"),
        (
            '{"schema_version": 1, "request": {}, "headline": {}, "laws": []}',
            "Error: {path} is a recommendation of an older advisor, which did not say what to follow (it has no "
            "`recommended`): make it again with advisor recommend ... --json.\n",
        ),
        (
            '{"schema_version": 1, "corpora": []}',
            "Error: {path}: the document holds no corpora: measure one with advisor score SOURCE --json.\n",
        ),
        (
            '{"schema_version": 1, "corpora": [{"compressibility": {"median": "x"}, "source": "a"}]}',
            "Error: {path}: corpora[0].compressibility.median must be a finite number, not 'x'.\n",
        ),
        (
            '{"schema_version": 1, "unique_tokens": 1e9, "most_effective_tokens": 1e10, "rows": []}',
            "Error: {path}: rows holds no rows: make it again with advisor repeat --json.\n",
        ),
        (
            '{"schema_version": 1, "laws": {"all": {"isoflop": {"flops": [1e18], "n_params": []}}}, "calibration": ""}',
            "Error: {path}: laws.all.isoflop.n_params must have a size for each of the 1 budgets, not 0.\n",
        ),
        (
            '{"schema_version": 1, "laws": {"all": {"ranges": {"flops": [0, 1]}}}, "calibration": ""}',
            "Error: {path}: laws.all.ranges.flops[0] must be above 0, not 0.\n",
        ),
        (
            '{"schema_version": 1, "calibrations": [], "default": null}',
            "Error: {path}: the document holds no calibrations: make one with advisor calibrate.\n",
        ),
    ],
)
def test_what_is_no_page_is_said(advisor, tmp_path, contents, message):
    path = tmp_path / "given.json"
    path.write_text(contents, encoding="utf-8")
    said = refused(advisor, tmp_path, path)
    assert said.startswith(message.format(path=path))
    assert said.count("\n") == 1


def test_usage(advisor, tmp_path):
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    given = tmp_path / "a.json"
    assert refused(advisor, tmp_path, code=2) == (
        f"Error: Name what the page is to show: FILE..., or a budget such as --flops 1e21; {TAKES}.\n"
    )
    assert refused(advisor, tmp_path, "none.json", code=2) == f"Error: There is no file or folder none.json: {TAKES}.\n"
    assert refused(advisor, tmp_path, given, given, code=2) == (
        f"Error: {given} is named twice: name each file once.\n"
    )
    assert refused(advisor, tmp_path, given, given, "--flops", "1e21", code=2) == (
        f"Error: A recommendation is about one SOURCE, and 2 are named: {given}, {given}; make a file of each with "
        "advisor recommend --json and name these files alone.\n"
    )
    assert refused(advisor, tmp_path, tmp_path) == (
        f"Error: {tmp_path} is a folder without coefficients.json or laws.json, so it is no finished calibration; "
        f"{NEEDS_BUDGET.format(path=tmp_path)}.\n"
    )
    assert refused(advisor, tmp_path, "x" * 300, code=2) == (
        f"Error: {'x' * 99}...{'x' * 98} names no file: File name too long.\n"
    )
    assert refused(advisor, tmp_path, *(f"{i}.json" for i in range(51)), code=2) == (
        "Error: A page shows at most 50 files, not 51: compare many corpora or budgets with advisor compare --json, "
        "which is one file.\n"
    )
    assert refused(advisor, tmp_path, given, "--column", "text", code=2) == (
        "Error: --column says how a SOURCE is read, and none is given.\n"
    )


@pytest.mark.parametrize("source", ["-", "s3://bucket/x", "data/*.jsonl"])
def test_a_corpus_that_is_no_file_needs_a_budget_too(advisor, tmp_path, source):
    typed = "'data/*.jsonl'" if "*" in source else source
    assert refused(advisor, tmp_path, source, code=2) == (
        f"Error: {source} is no file of results: {NEEDS_BUDGET.format(path=typed)}.\n"
    )


def test_a_dataset_of_the_hub_needs_a_budget_too(advisor, tmp_path):
    assert refused(advisor, tmp_path, "org/name", code=2) == (
        "Error: There is no file or folder org/name; if it is a dataset of the hub, "
        f"{NEEDS_BUDGET.format(path='org/name')}.\n"
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"terms": []}, "is what advisor explain prints, of which no page is made: advisor explain shows it"),
        (
            {"exponents": [], "transfers": [], "signs": [], "calibrations": [], "default": None},
            "is what advisor evidence prints, of which no page is made: advisor evidence shows it",
        ),
        (
            {"laws": [], "data_dependent_laws": []},
            "is the list of advisor laws, of which no page is made: advisor report --flops 1e21 --out report.html says "
            "what each law answers",
        ),
        (
            {"share_of_budget": 0.01, "expected": {}, "runs": []},
            "is the design of a pilot, of which no page is made: train its runs, then advisor fit pilot.csv --pilot "
            "--out pilot.json, and give advisor report a budget and --pilot pilot.json",
        ),
        (
            {"kind": "pilot"},
            "is what a pilot measured, of which no page is made: give advisor report a budget and --pilot FILE",
        ),
        (
            {"grammars": [], "seed": 0},
            "is what advisor grammar drew, of which no page is made: advisor grammar shows it",
        ),
        (
            {"jobs": [], "n_works_missing": 3},
            "is a calibration that is planned and has no results, of which no page is made: advisor calibrate trains "
            "it without --dry-run, and its folder makes a page",
        ),
        (
            {"lines": [], "epsilon": None, "files": []},
            "is what advisor calibrate printed, of which no page is made: name the folder that it wrote, which has the "
            "laws",
        ),
        ({"$schema": ""}, "is a JSON Schema, of which no page is made: advisor schema prints it"),
        (
            {"laws": {}, "regression": None, "no_regression": None, "predictions": {"all": {}}},
            "is what a law predicts of new runs, of which no page is made: advisor fit LAW --predict RUNS shows it",
        ),
    ],
)
def test_a_document_that_no_page_shows_says_where_it_is_read(advisor, tmp_path, document, said):
    path = write(tmp_path / "given.json", document)
    assert refused(advisor, tmp_path, path, code=1) == f"Error: {path} {said}; {TAKES}.\n"
    assert refused(advisor, tmp_path, path, "--flops", "1e21", code=1) == f"Error: {path} {said}; {TAKES}.\n"


@pytest.mark.parametrize(
    ("document", "what", "take"),
    [
        ({"corpora": [corpus()]}, "a profile of advisor score", "give it as --profile {path}, or "),
        ({"E": 1, "A": 1, "B": 1, "alpha": 1, "beta": 1}, "a law file", "give it as --law {path}, or "),
        ({"calibrations": [], "default": None}, "a coefficients file", "give it as --coefficients {path}, or "),
        ({"laws": {}, "regression": None, "no_regression": None}, "a fit", ""),
    ],
)
def test_a_document_is_no_corpus_of_a_new_recommendation(advisor, tmp_path, document, what, take):
    path = write(tmp_path / "given.json", document)
    for asked in (("--flops", "1e21"), ("--unique-tokens", "1B")):
        assert refused(advisor, tmp_path, path, *asked, code=2) == (
            f"Error: {path} is {what} and no corpus, and the budget and the options of a recommendation are for a new "
            f"one: {take.format(path=path)}name it without them.\n"
        )


def test_the_same_document_under_two_names(advisor, tmp_path):
    one, other = (write(tmp_path / name, {"corpora": [corpus()]}) for name in ("one.json", "other.json"))
    assert refused(advisor, tmp_path, one, other, code=2) == (
        f"Error: {other} is the same as {one}: name one of them.\n"
    )


def test_json_as_powershell_writes_it(advisor, made, tmp_path):
    path = write(tmp_path / "profile.json", {"corpora": [corpus("prose", 0.52)]})
    text = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8-sig")
    assert "prose has H 0.520" in made(path)
    (tmp_path / "page.html").unlink()
    path.write_text(text, encoding="utf-16")
    assert refused(advisor, tmp_path, path) == (
        f"Error: {path} is UTF-16, as PowerShell's > writes it: write it with --out FILE, in UTF-8.\n"
    )


def test_a_pipe_is_read_once(advisor, tmp_path):
    """A second reading would find nothing, and the page would have the SHA-256 of an empty file."""
    import hashlib
    import os
    import threading

    document = write(tmp_path / "profile.json", {"corpora": [corpus()]}).read_bytes()
    pipe, out = tmp_path / "pipe", tmp_path / "page.html"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(document,), daemon=True)
    writer.start()
    assert advisor("report", pipe, "--out", out).code == 0
    assert f"SHA-256 {hashlib.sha256(document).hexdigest()}" in out.read_text(encoding="utf-8")


def test_an_input_is_not_written_over(advisor, tmp_path):
    path = write(tmp_path / "profile.json", {"corpora": [corpus()]})
    before = path.read_bytes()
    done = advisor("report", path, "--out", path)
    assert (done.code, path.read_bytes()) == (2, before)
    assert done.stderr == f"Error: --out {path} would overwrite what is read from {path}: name another file.\n"


def test_a_wrong_date_is_said_before_any_work(advisor, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert refused(advisor, tmp_path, "--flops", "1e21", code=2) == (
        "Error: SOURCE_DATE_EPOCH must be a number of seconds since 1970, not 'yesterday': unset it.\n"
    )


@pytest.mark.parametrize("package", ["jinja2", "plotly"])
def test_a_missing_extra_is_said(advisor, tmp_path, monkeypatch, package):
    from importlib import util

    found = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == package else found(name))
    assert refused(advisor, tmp_path, "--flops", "1e21") == (
        f"Error: advisor report needs the package {package}, which is not installed: "
        f"{install_command(*EXTRAS['report'])}\n"
    )


def test_every_option_that_says_what_is_asked_is_one_of_report_too():
    """A budget in days is one; what a terminal's screen shows has no meaning on a page."""
    screens = {"laws", "sizes", "plan", "cautions", "full", "explain", "explain_all", "as_json", "plot", "fail_on"}
    wanted = {each.name for each in recommending.command.params} - screens - {"source"}
    assert wanted == {each.name for each in command.params} - {"names"}


def test_a_budget_in_days_is_one_in_hours(made):
    by_days = made("--gpu", "H100", "--gpus", "8", "--days", "2")
    assert data_of(by_days) == data_of(made("--gpu", "H100", "--gpus", "8", "--hours", "48"))
    assert "advisor report --out" in by_days
    assert "--days 2" in by_days


def test_a_page_of_another_ending_is_refused(advisor, tmp_path):
    out = tmp_path / "page.pdf"
    result = advisor("report", "--flops", "1e21", "--out", out)
    assert (result.code, result.stderr) == (
        *(2, f"Error: --out {out} must end in .html or .htm: the page is HTML, and a browser prints it as a PDF.\n"),
    )
    assert not out.exists()
