"""The first screen of a recommendation: exact text of the usual ones, and at most 24 lines of 80 columns for all."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.quantities import format_quantity
from tests.calibrations.hand_made import profile, write

OF_A_CORPUS = """\
Train 2.46B parameters on 67.7B tokens (257 GB of text) for 1e21 FLOPs.
Corpus    corpus.jsonl: 1.00B tokens, H 0.400 (web text 0.565, code 0.402), 3.80
          bytes per token. If that is all you have, D is 67.7 passes over it:
          give --use-corpus-size.
"""


def lines_of(program, *arguments):
    code, out, err = program("recommend", *arguments)
    assert (code, err) == (0, "")
    return out.splitlines()


WITHOUT_CORPUS = """\
Train 2.78B parameters on 59.9B tokens for 1e21 FLOPs, loss 2.305 nats/token.
Corpus    none: this is web text's answer. Name a SOURCE, and its text decides.

How sure (80 %)           parameters          tokens            loss
web text, Chinchilla  2.49B to 3.09B  54.0B to 66.9B  2.304 to 2.312
7 published laws      1.12B to 7.77B   21.5B to 149B
... 5 of them         2.22B to 2.93B  56.9B to 75.2B
Room      1.61B to 4.79B parameters lose at most 10 % of the FLOPs

Shape     3072 wide, 23 layers, 24 heads, feed-forward 8192, vocabulary 32,000
Batch     827K to 2.19M tokens; peak learning rate 7.0e-4 to 7.4e-4 (two rules)
More: --laws  --sizes  --plan  --cautions (2)  --explain  --full  --json
"""


def test_the_answer_for_web_text_comes_first(program):
    assert program("recommend", "--flops", "1e21") == (0, WITHOUT_CORPUS, "")


BUDGETS = (
    ("--flops", "1e21"),
    ("--flops", "1e26"),
    ("--flops", "3e17"),
    ("--gpu", "H100", "--gpus", "64", "--hours", "336", "--price-per-hour", "2.5"),
    ("--params", "7B"),
    ("--tokens", "300B"),
    ("--target-loss", "2.1"),
)
CORPORA = ((), ("--compressibility", ".3"), ("--profile", "p.json"), ("--profile", "long.json"))
BEYOND = (
    (),
    ("--unique-tokens", "25B"),
    ("--unique-tokens", "1M"),
    ("--unique-tokens", "1M", "--params", "3B"),
    ("--unique-tokens", "10B", "--tokens", "500B"),
    ("--inference-tokens", "2T"),
    ("--law", "kaplan"),
    ("--calibration", "six-corpora"),
)


@pytest.mark.parametrize("beyond", BEYOND, ids=" ".join)
@pytest.mark.parametrize("budget", BUDGETS, ids=" ".join)
def test_every_first_screen_fits_a_small_terminal(program, tmp_path, monkeypatch, budget, beyond):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile()]})
    long = profile(source="/data/" + "a-long-name/" * 20 + "train.jsonl", estimated_tokens=26.5e6)
    write(tmp_path / "long.json", {"schema_version": 1, "corpora": [long]})
    shown = 0
    if {"--params", "--tokens"} & {*budget} & {*beyond}:
        pytest.skip("it would be given twice")
    for corpus in CORPORA:
        code, out, err = program("recommend", *budget, *corpus, *beyond)
        if code == 0:
            lines = out.splitlines()
            assert len(lines) <= 24, out
            assert max(map(len, lines)) <= 80, out
            assert lines[0].startswith(("Train ", "Your ")), out
            assert lines[-1].startswith("More: --laws"), out
            shown += 1
        else:
            assert err.startswith("Error: ")
    assert shown or budget[0] != "--flops"


@pytest.mark.parametrize(
    "request_",
    [
        Request(flops=1e21),
        Request(flops=1e21, compressibility=0.41),
        Request(flops=1e21, n_params=7e9),
        Request(flops=1e22, unique_tokens=25e9),
        Request(flops=1e22, unique_tokens=1e9),
        Request(n_params=13e9, inference_tokens=2e12),
        Request(target_loss=2.1),
    ],
    ids=repr,
)
def test_what_is_recommended_is_what_the_plan_trains_and_the_screen_says(request_):
    from advisor.report.recommendation.first_screen import answer_of

    answer = recommend(request_)
    found = answer.recommended
    assert (found.n_params, found.n_tokens, found.of) == (answer.plan.n_params, answer.plan.n_tokens, answer.plan.of)
    said = answer_of(answer)[0]
    assert f"{format_quantity(found.n_params)} parameters on {format_quantity(found.n_tokens)} tokens" in said
    assert found.why.endswith(".")


FLAGS = {
    "--laws": "The same budget by every law",
    "--sizes": "The same budget on other sizes",
    "--plan": "Where to begin a search of batch and learning rate",
    "--cautions": "cautions, the weightiest first",
    "--explain": "How this comes about",
    "--advice": "Training on repeated data",
}


@pytest.mark.parametrize("flag", FLAGS)
def test_an_option_each_prints_the_answer_and_its_own_section(program, flag):
    code, out, err = program("recommend", "--flops", "1e21", flag)
    assert (code, err) == (0, "")
    assert out.startswith("Train 2.78B parameters on 59.9B tokens for 1e21 FLOPs")
    assert FLAGS[flag] in out
    assert [title for title in FLAGS.values() if title in out] == [FLAGS[flag]]


def test_full_has_every_section_but_the_derivation(program):
    out = program("recommend", "--flops", "1e21", "--full")[1]
    told = [title in out for title in FLAGS.values()]
    assert told == [True, True, True, True, False, False]


QUESTIONS = (
    "--flops 1e21",
    "--flops 1e21 --compressibility .41",
    "--flops 1e22 --unique-tokens 25B",
    "--flops 1e22 --unique-tokens 25B --params 3B",
    "--params 13B --inference-tokens 2T",
    "--flops 1e21 --compressibility .45 --calibration six-corpora",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_derivation_of_the_answer_has_at_most_30_lines(program, question):
    code, out, _ = program("recommend", *question.split(), "--explain")
    assert code == 0
    begin = out.splitlines().index("How this comes about")
    assert len(out.splitlines()[begin:]) <= 30, out


def test_a_warning_stands_on_the_first_screen_and_a_note_does_not(program):
    screen = " ".join(program("recommend", "--flops", "1e24")[1].split())
    assert "Mind 1e24 FLOPs is 76.9 times above the largest run" in screen
    assert "N counts total parameters" not in screen


def test_a_corpus_is_named_in_the_second_line(program, tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(bytes_per_token=3.8)]})
    lines = lines_of(program, "--profile", path, "--flops", "1e21")
    assert list(itertools.takewhile(bool, lines)) == OF_A_CORPUS.splitlines()


def test_a_choice_that_is_beyond_the_law_says_so_and_not_its_optimum_alone(program):
    beyond, less = "--flops 1e21 --tokens 500B --unique-tokens 10B", "--flops 1e22 --params 17B --unique-tokens 25B"
    screen = " ".join(program("recommend", *beyond.split())[1].split())
    assert "Mind 50 epochs of the 10.0B unique tokens are beyond what this law can see" in screen
    every = " ".join(program("recommend", *less.split(), "--cautions")[1].split())
    assert "The best for these data: 9.49 epochs of the 25.0B unique tokens" in every


@pytest.mark.parametrize("columns", [80, 60, 40])
@pytest.mark.parametrize(
    "question",
    [
        "--gpu H100 --gpus 64 --hours 100",
        "--gpu H100 --gpus 64 --hours 100 --unique-tokens 40B",
        "--params 13B --inference-tokens 2T",
        "--flops 1e24 --compressibility .9 --unique-tokens 300B",
        "--flops 1e26 --gpu H100 --gpus 8 --inference-tokens 2T",
    ],
)
def test_every_warning_is_on_the_screen_or_counted_there(program, monkeypatch, columns, question):
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = " ".join(program("recommend", *question.split())[1].split())
    cautions = json.loads(program("recommend", *question.split(), "--json")[1])["cautions"]
    hidden = [
        each for each in cautions if each["severity"] == "warning" and " ".join(each["message"].split()) not in screen
    ]
    counted = re.search(r"(\d+) (?:more )?warnings?: --cautions", screen)
    assert len(hidden) == (0 if counted is None else int(counted[1])), [each["code"] for each in hidden]
    if columns == 80:
        assert len(hidden) <= 1
