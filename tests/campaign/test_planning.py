"""From options to a request, and from a request to a plan that is written, read and extended."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from advisor.corpus.options import CorpusOptions
from advisor.errors import AdvisorError, UsageError
from advisor.json_form import as_json
from calibration.campaign.grid import Grid, Size
from calibration.campaign.plan_file import PLAN_FILE, extended, rates_of, read_plan, write_plan
from calibration.campaign.planning import CalibrationRequest, make_plan
from calibration.campaign.presets import CPU_GRID, GPU_GRID, QUICK_GRID, SMOKE_GRID, TEXT_GRID, grammars_of
from calibration.campaign.sources import CorpusSource, restore
from calibration.training.schedule import PAPER, TEXT, TUNED

GRID = Grid(
    sizes=(Size(width=8, n_layers=1), Size(width=16, n_layers=1)),
    token_counts=(20_000, 60_000),
    recipe=TUNED,
    n_validation=128,
)

# What is said of a plan whose numbers do not fit together.
UNTRAINED = "jobs[0] cannot be trained:"
SHORT = "the first batch alone has 256; ask for more"
HEADS = "rotary positions need a width that is a multiple of 4"
STEPS = "which take 1.22e+07 steps; 1e+07 are the most"


def corpus(path, name="code"):
    return CorpusSource(name=name, source=str(path), tokenizer="bytes", options=CorpusOptions())


def plan_of(*specs, **changes):
    folder = changes.pop("folder", None)
    request = CalibrationRequest(
        name="toy", grid=changes.pop("grid", GRID), specs=specs, asked={"preset": "toy"}, **changes
    )
    return make_plan(request, folder, progress=lambda *_: None)


@pytest.fixture(scope="module")
def a1():
    return grammars_of("paper", seed=0)[0]


@pytest.fixture(scope="module")
def plan(a1):
    return plan_of(a1)


@pytest.fixture(scope="module")
def ids(tmp_path_factory):
    """Some 1,400 sequences of ids to train on."""
    path = tmp_path_factory.mktemp("ids") / "ids.jsonl"
    path.write_text(json.dumps({"input_ids": [i % 300 for i in range(400_000)]}) + "\n")
    return path


def names(request):
    return [spec.name for spec in request.specs]


@pytest.mark.parametrize(
    ("options", "expected", "grid"),
    [
        ({"preset": "smoke"}, ["G2", "G4"], SMOKE_GRID),
        ({"preset": "smoke", "only": ("G1",)}, ["G1"], SMOKE_GRID),
        ({"preset": "cpu", "grid": "smoke", "only": ("L8", "L1")}, ["L1", "L8"], SMOKE_GRID),
        ({"preset": "iso-gzip"}, ["G1", "G2", "G3", "G4"], QUICK_GRID),
        ({"preset": "smoke", "sets": ("paper",)}, ["A1", "A2", "A3", "A4", "A5", "A6"], SMOKE_GRID),
        ({"preset": None, "sets": ("paper", "iso-gzip"), "only": ("A6", "G1")}, ["A6", "G1"], CPU_GRID),
        ({"preset": None, "corpora": (corpus("x"),)}, ["code"], TEXT_GRID),
        ({"preset": None, "corpora": (corpus("x"),), "grid": "gpu"}, ["code"], replace(GPU_GRID, recipe=TEXT)),
        ({"preset": None, "corpora": (corpus("x"),), "grid": "cpu"}, ["code"], CPU_GRID),
        ({"preset": "smoke", "corpora": (corpus("x"),), "only": ("G4",)}, ["G4", "code"], SMOKE_GRID),
    ],
)
def test_presets_sets_and_corpora_combine(options, expected, grid):
    request = CalibrationRequest.of(**options)
    assert names(request) == expected
    assert request.grid == grid


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "iso-gzip", "only": ("A1",)}, "--only A1 is not among the grammars: they are G1, G2, G3, G4."),
        (
            {"preset": None, "corpora": (corpus("x"),), "only": ("A1",)},
            "--only picks grammars, and none are asked for: name a --preset or --grammars.",
        ),
        (
            {"preset": None, "corpora": (corpus("x"), corpus("y"))},
            "Two sources are called code: give a corpus its name with --corpus NAME=SOURCE.",
        ),
        (
            {"preset": "cpu", "corpora": (corpus("x", "L1"),)},
            "Two sources are called L1: give a corpus its name with --corpus NAME=SOURCE.",
        ),
        ({"preset": None}, "Nothing is left to train on: name a --preset, a set of --grammars or a --corpus."),
    ],
)  # fmt: skip
def test_impossible_requests_are_one_sentence(options, message):
    with pytest.raises(UsageError) as caught:
        CalibrationRequest.of(**options)
    assert str(caught.value) == message


def test_what_cannot_yield_coefficients_says_so():
    assert CalibrationRequest.of(preset="smoke", sets=("paper",)).laws_only  # six sources, on a grid that is too small
    assert CalibrationRequest.of(preset="iso-gzip").laws_only  # four sources
    assert not CalibrationRequest.of(preset="cpu").laws_only
    assert not CalibrationRequest.of(preset="smoke", sets=("paper",), grid="cpu").laws_only


def test_what_was_asked_for_has_no_more_than_was_asked_for():
    asked = CalibrationRequest.of(preset="smoke", corpora=(corpus("x"),), recipe="paper", max_hours=2.0).asked
    assert {key: value for key, value in asked.items() if value} == {
        "preset": "smoke",
        "corpora": ["code=x"],
        "tokenizer": "bytes",
        "recipe": "paper",
        "dtype": "float32",  # the preset's: what it comes to does not follow the machine
        "max-hours": 2.0,
    }
    assert CalibrationRequest.of(preset="smoke", recipe="paper").grid.recipe == PAPER


def test_a_plan_has_every_job_and_writes_nothing(plan, tmp_path):
    assert [job.name for job in plan.jobs] == ["A1-8x1-0", "A1-16x1-0"]
    assert (plan.n_runs, plan.n_tokens("A1"), plan.n_tokens("none")) == (4, 60_000, 0)
    assert (plan.protocol.tokenizer, plan.protocol.seq_len, plan.n_validation) == (None, 256, 128)
    assert (plan.cuts, plan.notes, plan.probe) == ((), (), None)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_is_read_as_it_was_written(plan, tmp_path):
    write_plan(plan, tmp_path)
    assert read_plan(tmp_path) == plan
    assert read_plan(tmp_path / "elsewhere") is None


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("name",), 5, "name must be a string, not 5."),
        (("request",), [], "request must be an object, not a list."),
        (("n_validation",), 0, "n_validation must be a whole number of at least 1, not 0."),
        (("laws_only",), "no", "laws_only must be true or false."),
        (("recipe", "batches"), [[0, 256, 1]], "recipe.batches[0] must be a list of two numbers, not of 3."),
        (("recipe", "batches"), [], "recipe.batches must begin at tokens that rise from 0, not at []."),
        (("recipe", "batches"), [[5, 1]], "recipe.batches must begin at tokens that rise from 0, not at [5]."),
        (("recipe", "cosine"), 1, "recipe.cosine must be true or false."),
        (("sources",), None, "sources must be a list, not null."),
        (("jobs", 0, "token_counts", 0), 0, "jobs[0].token_counts[0] must be a whole number of at least 1, not 0."),
        (("jobs", 0, "token_counts"), [], "jobs[0].token_counts must not be empty."),
        (("sources", 0, "kind"), "poem", "sources[0].kind must be one of grammar, corpus, not 'poem'."),
        (("sources", 0, "name"), "../x", "sources[0].name cannot be '../x': it names files, and it has a '/' in it."),
        (("jobs", 0, "source"), ".A", "jobs[0].source cannot be '.A': it names files, and it begins or ends with '.'."),
        (("name",), "a\0b", "name must not hold control characters."),
        (("sources", 0, "vocab_size"), 10**30, "sources[0].vocab_size must be at most 2,147,483,647, not 1e+30."),
        (("jobs", 0, "size", "width"), 10**9, "jobs[0].size.width must be at most 65,536, not 1e+09."),
        (("jobs", 0, "token_counts", 0), 10**15, "jobs[0].token_counts[0] must be at most 100,000,000,000, not 1e+15."),
        (("n_validation",), 10**9, "n_validation must be at most 1,048,576, not 1e+09."),
        (("schema_version",), 99, None),
    ],
)  # fmt: skip
def test_a_damaged_plan_is_one_sentence_that_names_the_field(plan, tmp_path, place, value, message):
    path, said = damaged(plan, tmp_path, place, value)
    newer = f"{path} has schema_version 99 and this advisor understands 1: upgrade data-scaling-advisor."
    assert said == (newer if message is None else f"{path}: {message}")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("jobs", 0, "source"), "A9", "jobs[0].source is 'A9', which is none of its sources (A1)"),
        (("sources",), [], "sources must not be empty"),
        (("jobs",), [], "jobs must not be empty"),
        (("jobs", 0, "token_counts"), [20_000, 10_000], "jobs[0].token_counts must rise"),
        (("jobs", 0, "token_counts"), [99], f"{UNTRAINED} 99 tokens cannot be trained on: {SHORT}"),
        (("sources", 0, "n_unique_tokens"), 5, None),
        (("jobs", 0, "size", "width"), 130, f"{UNTRAINED} 2 heads cannot share a width of 130: {HEADS}"),
        (("jobs", 0, "token_counts"), [10**11], f"jobs[0].token_counts go to 100,000,000,000, {STEPS}"),
        (("jobs", 0, "size", "n_layers"), 1024, None),
    ],
)  # fmt: skip
def test_a_plan_whose_numbers_do_not_fit_together_is_refused_before_any_is_used(plan, tmp_path, place, value, message):
    begun = time.process_time()
    if place[-1] == "n_layers":  # 1024 layers alone are many, and not too many
        plan = replace(plan, jobs=(replace(plan.jobs[0], size=Size(width=1 << 16, n_layers=2)), *plan.jobs[1:]))
        message = "jobs[0].size has 4.4e+13 parameters, and 1e+12 are the most"
    elif message is None:
        last = plan.jobs[0].token_counts[-1]
        message = f"jobs[0].token_counts go to {last:,}, and A1 has 5 unique tokens"
    path, said = damaged(plan, tmp_path, place, value)
    assert said == f"{path}: {message}: take the plan from a copy, or plan again in another folder."
    assert time.process_time() - begun < 1


def test_two_jobs_or_sources_of_one_name_are_refused(plan, tmp_path):
    for changed, message in (
        (replace(plan, jobs=plan.jobs[:1] * 3), f"jobs has '{plan.jobs[0].name}' 3 times"),
        (replace(plan, sources=plan.sources * 2), "sources has 'A1' 2 times"),
    ):
        write_plan(changed, tmp_path)
        with pytest.raises(AdvisorError, match=message):
            read_plan(tmp_path)


def test_what_tokens_take_is_said_before_any_is_drawn(plan, tmp_path):
    source = replace(plan.sources[0], data="0" * 32)
    begun = time.process_time()
    with pytest.raises(AdvisorError) as caught:
        restore(source, tmp_path / "data", n_tokens=10**15, n_validation=128)
    assert str(caught.value).startswith("The 1,000,000,000,000,000 tokens of A1 take 4e+15 bytes, and memory here has ")
    assert time.process_time() - begun < 1


def test_a_request_whose_grid_is_beyond_measure_is_refused(a1):
    begun = time.process_time()
    with pytest.raises(
        UsageError, match=r"^This cannot be planned: jobs\[0\]\.token_counts go to 1,000,000,000,000,000,"
    ):
        plan_of(a1, grid=replace(GRID, token_counts=(20_000, 10**15)))
    assert time.process_time() - begun < 5


def damaged(plan, tmp_path, place, value):
    """Return the path of a plan with one value changed, and what is said of it."""
    document = {"schema_version": 1, **as_json(plan)}
    inner = json.loads(json.dumps(document))
    *outer, last = place
    target = inner
    for key in outer:
        target = target[key]
    target[last] = value
    path = tmp_path / PLAN_FILE
    path.write_text(json.dumps(inner))
    with pytest.raises(AdvisorError) as caught:
        read_plan(tmp_path)
    return path, str(caught.value)


def test_a_corpus_gives_its_tokens_and_is_cut_to_what_it_has(ids, a1, tmp_path):
    grid = replace(GRID, token_counts=(20_000, 400_000, 1_000_000))
    plan = plan_of(a1, corpus(ids), grid=grid, folder=tmp_path)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "code.sha256",
        "code.training.npy",
        "code.validation.npy",
    ]
    data = restore(plan.source("code"), tmp_path / "data", n_tokens=20_000, n_validation=128)
    n_unique = data.training.size
    assert plan.source("code").n_unique_tokens == n_unique > 340_000
    assert [job.token_counts for job in plan.jobs_of("A1")] == [(20_000, 400_000, 1_000_000)] * 2
    assert [job.token_counts for job in plan.jobs_of("code")] == [(20_000,)] * 2
    assert plan.notes == (
        f"code has {n_unique:,} unique training tokens, so its runs of 400,000, 1,000,000 tokens are left out: no "
        "epoch is repeated.",
    )


def test_of_a_grid_of_points_what_no_size_is_trained_at_is_said(ids):
    small, large = Size(width=8, n_layers=1), Size(width=16, n_layers=1)
    points = ((small, 20_000), (large, 40_000), (large, 1_000_000))
    grid = replace(GRID, sizes=(small, large), token_counts=(20_000, 40_000, 1_000_000), points=points, n_seeds=())
    plan = plan_of(corpus(ids), grid=grid)
    assert [(job.size, job.token_counts) for job in plan.jobs] == [(small, (20_000,)), (large, (40_000,))]
    assert [note.split(", so ")[1] for note in plan.notes] == [
        "its runs of 1,000,000 tokens are left out: no epoch is repeated."
    ]


def test_nothing_left_to_train_is_one_sentence(ids):
    with pytest.raises(UsageError, match=r"^Nothing is left to train\. code has [\d,]+ unique training tokens, so "):
        plan_of(corpus(ids), grid=replace(GRID, token_counts=(1_000_000,)))


def test_text_and_ids_are_not_calibrated_on_together(ids, tmp_path, sources):
    path = tmp_path / "text.txt"
    path.write_text("".join(sources[:20]), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        plan_of(corpus(ids), corpus(path, "text"))
    assert str(caught.value) == "The corpora hold text and token ids: calibrate on one kind at a time."


def test_a_wider_vocabulary_is_the_models_and_never_a_narrower_one(a1):
    assert plan_of(a1, vocab_size=32001).source("A1").vocab_size == 32001
    with pytest.raises(UsageError, match=r"^--vocab-size 20 is too small: A1 has 21 ids\.$"):
        plan_of(a1, vocab_size=20)


def test_an_extension_has_the_jobs_of_both(plan):
    a2 = replace(plan.source("A1"), name="A2")
    larger = replace(
        GRID, token_counts=(60_000, 100_000), sizes=(Size(width=16, n_layers=1), Size(width=32, n_layers=1))
    )
    jobs = [job for name in ("A1", "A2") for job in larger.jobs(name, n_unique=None)]
    new = replace(plan, sources=(*plan.sources, a2), jobs=tuple(jobs))
    both = extended(replace(plan, probe={"cpu": {}}), new)
    assert {job.name: job.token_counts for job in both.jobs} == {
        "A1-8x1-0": (20_000, 60_000),
        "A1-16x1-0": (20_000, 60_000, 100_000),
        "A1-32x1-0": (60_000, 100_000),
        "A2-16x1-0": (60_000, 100_000),
        "A2-32x1-0": (60_000, 100_000),
    }
    assert [source.name for source in both.sources] == ["A1", "A2"]
    assert (both.request, both.laws_only, both.probe) == (plan.request, True, None)  # of two sources


def test_an_extension_by_another_grid_has_the_same_data(ids, a1, tmp_path):
    first = plan_of(a1, corpus(ids), folder=tmp_path)
    grid = replace(GRID, n_validation=256, token_counts=(60_000, 100_000))  # as the gpu grid holds out more
    request = CalibrationRequest(name="toy", grid=grid, specs=(a1, corpus(ids)), asked={})
    found = make_plan(request, tmp_path, progress=lambda *_: None, there=first)
    assert (found.n_validation, found.sources) == (128, first.sources)
    assert {job.token_counts for job in extended(first, found).jobs} == {(20_000, 60_000, 100_000)}
    assert make_plan(request, None, progress=lambda *_: None).source("A1").data != first.source("A1").data


def test_extending_by_the_same_changes_nothing(plan):
    there = replace(plan, cuts=("A cut.",), probe={"cpu": {}})
    assert extended(there, replace(plan, cuts=("A cut.",))) == replace(there, laws_only=True, probe=None)


def test_an_extension_keeps_the_rates_of_what_is_trained(plan):
    swept = replace(plan, jobs=tuple(replace(job, rate=0.001) for job in plan.jobs))
    assert rates_of(extended(swept, plan)) == {8: 0.001, 16: 0.001}


def test_what_cannot_be_extended_is_one_sentence(plan):
    other = replace(plan.sources[0], data="0" * 32)
    for new, message in (
        (
            replace(plan, n_validation=512),
            "The calibration in this folder cannot be extended by one with another number of held-out documents "
            "(128 and 512): name another folder with --out, and fit both with --refit.",
        ),
        (
            replace(plan, recipe=PAPER),
            "The calibration in this folder cannot be extended by one with another recipe: name another folder "
            "with --out, and fit both with --refit.",
        ),
        (
            replace(plan, sources=(other,)),
            "A1 has other data or another vocabulary than the A1 of the calibration in this folder: give it another "
            "name, or name another folder.",
        ),
    ):
        with pytest.raises(UsageError) as caught:
            extended(plan, new)
        assert str(caught.value) == message
