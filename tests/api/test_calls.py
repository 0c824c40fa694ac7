"""The calls take the commands' options as keywords, numbers as people type them, and say what cannot be."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields
from pathlib import Path

import click
import pytest

import advisor
from advisor.answer.request import Request
from advisor.api.keywords import QuestionKeywords, RecommendationKeywords
from advisor.api.requests import SECOND_NAMES, numbers, request_of
from advisor.cli import group
from advisor.errors import AdvisorError, CorpusError, UsageError


def test_every_field_of_a_request_is_a_keyword():
    keywords = set(RecommendationKeywords.__annotations__)
    assert {field.name for field in fields(Request)} | set(SECOND_NAMES) | {"days", "weeks"} <= keywords
    assert {"column", "tokenizer", "sequences", "split"} <= keywords
    listed = inspect.signature(advisor.recommend).parameters
    assert keywords | {"corpus", "profile", "count_tokenizer"} <= set(listed)
    assert str(listed["n_gpus"]) == "n_gpus: 'Whole | None' = None"


# How a command says what it found, which a call returns, and how long it takes, which ``progress`` says.
OUTPUT = {
    *("laws", "sizes", "plan", "cautions", "full", "explain", "explain_all", "json", "plot", "quiet", "fail_on"),
}
OBJECTS = {"options", "sampling", "progress", "request", "requests", "counted", "profiles"}  # of Python alone
# A command without a call is about commands, or a page.
WITHOUT = {"report", "grammar", "completion", "explain", "schema"}
CALLS = {
    # --from shows a file again, and --out of a result is the document of to_dict().
    "score": (advisor.score, {"sources", "from", "out"}, {"source", *OBJECTS}),
    "recommend": (advisor.recommend, {"source", "out"}, {*SECOND_NAMES.values(), "n_gpus", *OBJECTS} - {"gpus"}),
    "compare": (
        advisor.compare,
        {"sources", "out"},
        {"pilot", *QuestionKeywords.__annotations__, *OBJECTS, "corpora", "n_gpus"},  # rows may share any question
    ),
    "repeat": (advisor.repeat, {"advice", "out"}, {"n_params"}),  # advice is in the table in any case
    "table": (advisor.table, {"out"}, set()),
    "pilot": (advisor.plan_pilot, {"source"}, {"n_gpus"}),
    "laws": (advisor.list_laws, {"out"}, set()),
    "evidence": (advisor.evidence, {"out"}, set()),
    "fit": (advisor.fit, {"force"}, {"with_refused", "fixed_e", "units", "settings", "on_table"}),
}


def sides(command: str, call: object) -> tuple[set[str], set[str]]:
    """Return the options and arguments that a command alone has, and the keywords that its call alone has."""
    found = group.get_command(click.Context(group), command)
    assert found is not None
    asked = {(each.opts[0] if isinstance(each, click.Option) else str(each.name)) for each in found.params}
    options = {each.removeprefix("--").replace("-", "_") for each in asked}
    keywords = set(inspect.signature(call).parameters)  # type: ignore[arg-type]
    return options - keywords - OUTPUT, keywords - options


@pytest.mark.parametrize("command", CALLS)
def test_every_option_of_a_command_is_a_keyword_of_its_call(command):
    call, of_command, of_call = CALLS[command]
    options, keywords = sides(command, call)
    assert options == of_command
    assert keywords <= of_call


def test_every_option_of_calibrate_that_trains_is_a_keyword():
    options, _ = sides("calibrate", advisor.calibrate)
    not_yet = {"dry_run", "prepare", "refit", "install", "force"}
    assert options - not_yet == {"corpus", "out"}  # corpora, a dictionary, and folder


def test_every_command_has_a_call():
    assert set(group.list_commands(click.Context(group))) == {*CALLS, "calibrate", *WITHOUT}


@pytest.mark.parametrize(
    ("keywords", "fields"),
    [
        ({"flops": "1e21", "params": "7B"}, {"flops": 1e21, "n_params": 7e9}),
        ({"tokens": "1.5T"}, {"n_tokens": 1.5e12}),
        ({"gpu": "H100", "n_gpus": "64", "hours": "14d"}, {"gpu": "H100", "gpus": 64, "hours": 336.0}),
        ({"gpu": "H100", "gpus": 64, "days": 14}, {"gpu": "H100", "gpus": 64, "hours": 336.0}),
        (
            {"gpu": "H100", "gpus": 64, "weeks": "2", "mfu": "40%"},
            {"gpu": "H100", "gpus": 64, "hours": 336, "mfu": 0.4},
        ),
        (
            {"gpu": "Mine", "peak_tflops": "1K", "gpus": 8, "days": 1},
            {"gpu": "Mine", "peak_tflops": 1000.0, "gpus": 8, "hours": 24.0},
        ),
        ({"flops": 1e21, "gpu": "H100", "gpu_memory": "80GB"}, {"flops": 1e21, "gpu": "H100", "gpu_memory": 80.0}),
        (
            {"flops": 1e21, "vocab_size": "128K", "context": "8192"},
            {"flops": 1e21, "vocab_size": 128000, "context": 8192},
        ),
        ({"flops": 1e21, "params": None, "law": Path("a/law.json")}, {"flops": 1e21, "law": "a/law.json"}),
        ({"flops": 1e21, "coefficients": "mine.json"}, {"flops": 1e21, "coefficients": Path("mine.json")}),
    ],
)
def test_a_request_is_what_its_texts_say(keywords, fields):
    assert request_of(keywords) == Request(**fields)


def test_several_numbers_are_a_text_a_sequence_or_one():
    assert numbers("flops", "1e20,1e21") == numbers("flops", ["1e20", 1e21]) == (1e20, 1e21)
    assert numbers("flops", 1e20) == (1e20,)


def test_a_request_may_stand_in_place_of_keywords(profile):
    request = Request(flops=1e21)
    assert advisor.recommend(request, profile=profile) == advisor.recommend(profile, flops="1e21")
    with pytest.raises(UsageError, match=r"^profile must be a path, a profile or the name of a dataset, not int\.$"):
        advisor.recommend(request, profile=3)  # type: ignore[call-overload]
    assert advisor.recommend(request=request) == advisor.recommend(flops=1e21)
    both = [Request(flops=1e20), Request(flops=1e21)]
    assert advisor.compare(both) == advisor.compare(requests=both) == advisor.compare(flops="1e20,1e21")
    assert advisor.compare(both, profiles=[profile]) == advisor.compare([profile], flops=[1e20, 1e21])


def test_a_corpus_is_scored_as_its_command_does(corpus, profile):
    answer = advisor.recommend(corpus, flops="1e21", sequences=50)
    assert answer.profile == profile
    assert advisor.recommend(corpus=str(corpus), flops="1e21", sequences="50") == answer
    assert advisor.compare(corpus, flops=["1e20", "1e21"], sequences=50).rows[1] == answer
    counted = advisor.recommend(corpus, flops="1e21", sequences=50, count_tokenizer="bytes")
    assert counted.units is not None
    assert counted.units.counted is not None
    assert counted.units.counted.bytes_per_token == 1.0


def test_a_file_of_profiles_is_read_and_one_of_it_named(profile, tmp_path):
    other = {**profile.to_dict()["corpora"][0], "source": "other"}
    document = {"schema_version": 1, "corpora": [*profile.to_dict()["corpora"], other]}
    (tmp_path / "p.json").write_text(json.dumps(document))
    answer = advisor.recommend(profile=tmp_path / "p.json", corpus="other", flops="1e21")
    assert answer.profile is not None
    assert (answer.profile.source, answer.profile.median) == ("other", profile.median)
    rows = advisor.compare(profile=tmp_path / "p.json", flops="1e21").rows
    assert [row.profile.source for row in rows if row.profile is not None] == [profile.source, "other"]
    assert len(advisor.compare(profile=str(tmp_path / "p.json"), corpus="other", flops="1e20,1e21").rows) == 2


def test_a_comparison_without_a_budget_has_three(profile):
    rows = advisor.compare([profile]).rows
    assert [row.headline.flops for row in rows] == [1e20, 1e22, 1e24]
    assert [row.headline.flops for row in advisor.compare([profile, profile], params="7B").rows] == [
        advisor.recommend(profile, params="7B").headline.flops
    ] * 2


def test_a_mixture_is_the_last_row(corpus, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text(corpus.read_text().replace("times", "by"))
    rows = advisor.compare([corpus, other], weights=".7,.3", flops="1e21", sequences=50).rows
    assert [row.mixture is not None for row in rows] == [False, False, True]


def test_the_keywords_of_reading_are_the_objects_of_before(corpus, profile):
    own = advisor.score(corpus, options=advisor.CorpusOptions(column="text"), sampling=advisor.Sampling(n_sequences=50))
    assert own == advisor.score(corpus, column="text", sequences=50) == profile


def test_a_calibration_goes_by_its_keywords(tmp_path, monkeypatch):
    from calibration.campaign import calibrate as campaign

    seen = {}

    def caught(request, folder, **more):
        seen.update(request=request, folder=folder, minutes=more["minutes"])

    monkeypatch.setattr(campaign, "calibrate", caught)
    advisor.calibrate(
        preset="smoke", only="G1", max_hours="90m", minutes="1h", folder=tmp_path / "mine", grammar_seed=3
    )
    assert (seen["request"].name, seen["request"].max_hours, seen["request"].seed) == ("mine", 1.5, 3)
    assert ([spec.name for spec in seen["request"].specs], seen["minutes"]) == (["G1"], 60.0)
    advisor.calibrate(corpora={"code": tmp_path}, column="text", grid="smoke")
    (source,) = seen["request"].specs
    assert (source.name, source.source, source.options.column) == ("code", str(tmp_path), "text")
    assert seen["folder"] == Path("calibration-corpora")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: advisor.recommend(flop=1e21), "advisor.recommend takes no keyword 'flop': did you mean 'flops'?"),
        (
            lambda: advisor.score("x", sequnces=5),
            "advisor.score takes no keyword 'sequnces': did you mean 'sequences'?",
        ),
        (lambda: advisor.repeat("25B", epoch=4), "advisor.repeat takes no keyword 'epoch': did you mean 'epochs'?"),
        (
            lambda: advisor.table(zzz=1),
            "advisor.table takes no keyword 'zzz': help(advisor.table) lists those that it takes.",
        ),
        (lambda: advisor.fit("x", colums={}), "advisor.fit takes no keyword 'colums': did you mean 'columns'?"),
    ],
)
def test_a_wrong_keyword_is_told_the_right_one(call, message):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == message


FLAG = "must be True or False, not"


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: advisor.recommend(flops=1e21, column="a"),
            UsageError,
            "column says how a corpus is read, and none is given.",
        ),
        (
            lambda: advisor.recommend("x", profile="p.json", flops=1, compressibility=0.4),
            UsageError,
            "corpus and profile and compressibility both name the corpus: give one.",
        ),
        (
            lambda: advisor.recommend("x", compressibility=0.4, flops=1e21),
            UsageError,
            "corpus and compressibility both name the corpus: give one.",
        ),
        (
            lambda: advisor.recommend("nowhere.jsonl", flops=1e21),
            CorpusError,
            "There is no file, folder or glob nowhere.jsonl, and it is not a hub name such as org/name.",
        ),
        (
            lambda: advisor.recommend(profile="nowhere.json", flops=1e21),
            CorpusError,
            "Cannot read nowhere.json: No such file or directory.",
        ),
        (
            lambda: advisor.recommend(flops=1e21, params="7B", n_params=7e9),
            UsageError,
            "params and n_params are two names of one keyword: give one.",
        ),
        (
            lambda: advisor.recommend(Request(flops=1e21), flops=1e21),
            UsageError,
            "A Request says all that is asked, and flops is given beside it: give one of them.",
        ),
        (
            lambda: advisor.recommend(gpu="H100", gpus=8, hours=1, days=1),
            UsageError,
            "--hours and --days both say how long training takes: give one.",
        ),
        (lambda: advisor.recommend(flops=1e21, use_corpus_size="no"), UsageError, f"--use-corpus-size {FLAG} 'no'."),
        (
            lambda: advisor.recommend(flops=1e21, count_tokenizer="bytes"),
            UsageError,
            "count_tokenizer counts the tokens of a corpus, and none is given.",
        ),
        (lambda: advisor.recommend(flops=b"1e21"), UsageError, "--flops must be a number, not b'1e21'."),
        (lambda: advisor.recommend(gpu="H100", gpus=8, hours=[1]), UsageError, "--hours must be a number, not [1]."),
        (
            lambda: advisor.compare(),
            UsageError,
            "There is nothing to compare: name two corpora, or give several flops.",
        ),
        (
            lambda: advisor.recommend(flops=1e21, gpu="Mine", peak_tflops="0"),
            UsageError,
            "--peak-tflops must be a finite number above 0, not 0.",
        ),
        (lambda: advisor.compare(3, flops=1e21), UsageError, "corpora must be sources or profiles, not int."),
        (
            lambda: advisor.compare([None, None], flops=1e21),
            UsageError,
            "corpora must be a path, a profile or the name of a dataset, not None.",
        ),
        (
            lambda: advisor.compare(["a"], corpus="b", flops=1e21),
            UsageError,
            "corpus picks a corpus of a profile, and none is given.",
        ),
        (lambda: advisor.score("x", skip_bad="no"), UsageError, f"--skip-bad {FLAG} 'no'."),
        (lambda: advisor.score("x", seq_len=256.5), UsageError, "--seq-len must be a whole number, not 256.5."),
        (
            lambda: advisor.score("x", format="jsnl"),
            UsageError,
            "--format cannot be 'jsnl': did you mean 'jsonl'?",
        ),
        (
            lambda: advisor.score("x", column="a", options=advisor.CorpusOptions()),
            UsageError,
            "column and options both say how a corpus is read: give keywords or objects, not both.",
        ),
        (lambda: advisor.table(3), UsageError, "law must be a text, not int."),
        (lambda: advisor.table(sizes=[None]), UsageError, "--sizes must be a number, not None."),
        (
            lambda: advisor.repeat("x"),
            UsageError,
            "--unique-tokens must be a positive number of tokens such as 300B or 1.5T, not 'x'.",
        ),
        (
            lambda: advisor.fit("x.csv", columns="loss=val"),
            UsageError,
            "columns must be a dictionary such as {'loss': 'val'}, not str.",
        ),
        (lambda: advisor.fit("x.csv", bootstrap=3.5), UsageError, "--bootstrap must be a whole number, not 3.5."),
        (
            lambda: advisor.fit("x.csv", loss_unit="nits"),
            UsageError,
            "--loss-unit cannot be 'nits': did you mean 'nats'? (nats, bits, bpb, ppl)",
        ),
        (
            lambda: advisor.fit("x.csv", loss_unit="dB"),
            UsageError,
            "--loss-unit cannot be 'dB': it is one of nats, bits, bpb, ppl.",
        ),
        (
            lambda: advisor.fit("x.csv", bootstrap=5),
            UsageError,
            "--bootstrap must be at least 200, not 5.",
        ),
        (
            lambda: advisor.plan_pilot(flops=1e21),
            UsageError,
            "A pilot is for a corpus: give a corpus, a profile or a compressibility.",
        ),
        (
            lambda: advisor.plan_pilot(compressibility=0.4, params="7B"),
            TypeError,
            "advisor.plan_pilot takes no keyword 'params': help(advisor.plan_pilot) lists those that it takes.",
        ),
        (
            lambda: advisor.calibrate(),
            UsageError,
            "Nothing to calibrate: name a preset or corpora, or go on with a folder.",
        ),
        (
            lambda: advisor.calibrate(refit="mine", preset="smoke"),
            UsageError,
            "refit fits what was trained: leave out preset.",
        ),
        (
            lambda: advisor.calibrate(refit="mine", workers=2),
            UsageError,
            "refit fits what was trained: leave out workers.",
        ),
        (
            lambda: advisor.calibrate(refit=["a", "b"]),
            UsageError,
            "--refit of several folders needs --out, the folder for what they give together.",
        ),
        (lambda: advisor.calibrate(refit=[]), UsageError, "Nothing to fit again: name a folder."),
        (
            lambda: advisor.calibrate(preset="smoke", install="mine"),
            UsageError,
            "--install mine keeps coefficients, and this calibration is too small for them: its grid is, or it has "
            "fewer than five sources.",
        ),
        (
            lambda: advisor.calibrate(refit="nowhere"),
            UsageError,
            "There is no folder nowhere: name one of a calibration.",
        ),
        (
            lambda: advisor.calibrate(preset="smoke", prepare="a", folder="b"),
            UsageError,
            "prepare names the folder that is written: leave out folder and dry_run.",
        ),
        (
            lambda: advisor.calibrate(preset="smoke", dry_run=True, minutes=9),
            UsageError,
            "dry_run trains nothing: leave out minutes.",
        ),
        (
            lambda: advisor.calibrate(preset="smoke", prepare="a", install="mine"),
            UsageError,
            "prepare trains nothing: leave out install.",
        ),
        (
            lambda: advisor.calibrate(preset="smoke", force=True),
            UsageError,
            "force replaces an installed calibration: name it with install.",
        ),
        (
            lambda: advisor.calibrate(preset="smoke", dry_run="no"),
            UsageError,
            "--dry-run must be True or False, not 'no'.",
        ),
        (
            lambda: advisor.calibrate(preset="smoke", install="my own"),
            UsageError,
            "A calibration's name is letters, digits, '.', '_' and '-', at most 64, not 'my own'.",
        ),
        (
            lambda: advisor.calibrate(preset="smoke", device="cpu", devices=object()),
            UsageError,
            "device and devices both say the same: give one of them.",
        ),
        (
            lambda: advisor.calibrate(lr_sweep=True),
            UsageError,
            "lr_sweep changes what a preset, grammars or corpora train, and none is given.",
        ),
        (
            lambda: advisor.calibrate(preset="smoke", max_hours=-1),
            UsageError,
            "--max-hours must be a finite number above 0, not -1.",
        ),
        (lambda: advisor.calibrate(corpora={"a": 3}), UsageError, "The corpus a must be a text, not int."),
        (
            lambda: advisor.evidence("nowhere.json"),
            AdvisorError,
            "Cannot read nowhere.json: No such file or directory.",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence(call, kind, message, capsys):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == message
    assert capsys.readouterr() == ("", "")
