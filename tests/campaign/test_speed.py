"""How long a plan takes, from steps that are really timed, and what goes so that it ends in time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from advisor.errors import CaptureError, DeviceMemoryError
from advisor.json_form import as_json
from calibration.campaign import speed as module
from calibration.campaign.engine import Work
from calibration.campaign.grid import Grid, Job, Size
from calibration.campaign.plan_file import CalibrationPlan
from calibration.campaign.planning import CalibrationRequest, make_plan
from calibration.campaign.presets import grammars_of
from calibration.campaign.speed import MOST_TIMED, Speed, TimedWork, cut_to, hours_of, works_from
from calibration.training.device import choose_device
from calibration.training.estimate import count_steps, trunk_seconds
from calibration.training.execution import PINNED, Execution
from calibration.training.probe import Throughput, Way
from calibration.training.schedule import Recipe
from tests.training.timings import timed as timed_by_hand

GRID = Grid(
    sizes=(Size(width=8, n_layers=1), Size(width=32, n_layers=1)),
    token_counts=(20_480, 61_440),
    recipe=Recipe(batches=((0, 512), (30_000, 1024))),
    n_seeds=(2,),
    n_validation=128,
)


@pytest.fixture(scope="module")
def plan() -> CalibrationPlan:
    """A1, and the same with the vocabulary of A2."""
    request = CalibrationRequest(name="toy", grid=GRID, specs=grammars_of("paper", seed=0)[:1])
    plan = make_plan(request, None, progress=lambda *_: None)
    (a1,) = plan.sources
    a2 = replace(a1, name="A2", vocab_size=151)
    return replace(plan, sources=(a1, a2), jobs=(*plan.jobs, *(replace(job, source="A2") for job in plan.jobs)))


@pytest.fixture(scope="module")
def timed(plan):
    patch = pytest.MonkeyPatch()
    patch.setattr(module, "PROBE_SECONDS", 0.05)
    yield Speed(plan, choose_device("cpu"), choice=PINNED, progress=lambda *_: None)
    patch.undo()


@pytest.fixture
def speed(plan, timed):
    timed.plan = plan
    return timed


def work(seconds, name="A1"):
    job = Job(source=name, size=Size(width=8, n_layers=1), seed=0, token_counts=(1000,), rate=0.02)
    return TimedWork(work=Work(jobs=(job,)), seconds=seconds)


def test_hours_are_until_the_last_worker_is_done():
    works = [work(seconds) for seconds in (3600, 1800, 1800, 900)]
    assert hours_of(works, 1) == pytest.approx(2.25)
    assert hours_of(works, 2) == pytest.approx(1.25)  # 3600 | 1800, 1800, and 900 after either
    assert hours_of(works, 9) == pytest.approx(1.0)
    assert hours_of([], 2) == 0


def test_every_size_is_timed_at_both_ends_of_its_vocabularies_and_at_every_batch(speed):
    assert sorted((size.width, vocab) for size, vocab in speed.timed) == [(8, 21), (8, 151), (32, 21), (32, 151)]
    ways = speed.timed.values()
    assert {tuple(found.batch_documents for found in way.throughputs) for way in ways} == {(2, 4)}
    assert all(found.step_seconds > 0 for way in ways for found in way.throughputs)


def test_the_schedule_has_every_job_once_the_longest_first(plan, speed):
    schedule = speed.schedule(2)
    assert sorted(job.name for each in schedule.works for job in each.work.jobs) == sorted(
        job.name for job in plan.jobs
    )
    seconds = [each.seconds for each in schedule.works]
    assert seconds == sorted(seconds, reverse=True)
    assert schedule.hours == hours_of(schedule.works, 2) >= max(seconds) / 3600
    assert list(schedule.tokens_per_second) == ["8x1", "32x1"]


def test_only_jobs_of_one_shape_and_plan_share_a_stack(plan, speed):
    groups = {tuple(sorted(job.name for job in group)) for group in speed.groups()}
    assert groups == {("A1-8x1-0", "A1-8x1-1"), ("A1-32x1-0",), ("A2-8x1-0", "A2-8x1-1"), ("A2-32x1-0",)}
    shorter = tuple(replace(job, token_counts=(20_480,)) if job.name == "A1-8x1-1" else job for job in plan.jobs)
    speed.plan = replace(plan, jobs=shorter)
    assert ["A1-8x1-1"] in [[job.name for job in group] for group in speed.groups()]


def test_a_vocabulary_between_two_that_were_timed_takes_a_time_between(plan, speed):
    a1, a2 = (replace(plan.jobs_of(name)[0]) for name in ("A1", "A2"))
    between = replace(plan.source("A1"), name="A9", vocab_size=86)  # half way from 21 to 151
    speed.plan = replace(plan, sources=(*plan.sources, between))
    half = speed.seconds(replace(a1, source="A9"))
    assert half == pytest.approx((speed.seconds(a1) + speed.seconds(a2)) / 2)


LARGE = 1 << 18  # the most that --vocab-size takes


def test_a_large_vocabulary_is_timed_on_a_cpu_by_two_smaller_ones(plan, monkeypatch):
    """The bound is in ids and not in seconds: a step of 262,144 would take as long as eight of what is timed."""
    asked = []

    def fastest(shape, batches, **_):
        asked.append(shape.vocab_size)
        return time_way(shape, None)

    def time_way(shape, _, **__):
        throughput = Throughput(
            batch_documents=4,
            step_seconds=1 + shape.vocab_size / 1024,
            n_steps=1,
            tokens_per_second=4 * 256 / (1 + shape.vocab_size / 1024),
            mfu=None,
        )
        both = (replace(throughput, batch_documents=2), throughput)
        return Way(shape=shape, n_models=1, execution=Execution(), throughputs=both)

    monkeypatch.setattr(module, "fastest", fastest)
    monkeypatch.setattr(module, "time_way", time_way)
    wide = replace(plan, sources=tuple(replace(source, vocab_size=LARGE) for source in plan.sources))
    cpu = replace(choose_device("cpu"), memory_bytes=10**9)
    speed = Speed(wide, cpu, choice=PINNED, progress=lambda *_: None)
    assert {vocab for _, vocab in speed.timed} == {MOST_TIMED // 2, MOST_TIMED}
    job = wide.jobs[0]
    n_steps = sum(count_steps(job.plan(wide.recipe)).values()) + 2 * 128 / 3 / 4
    assert speed.seconds(job) == pytest.approx(n_steps * (1 + LARGE / 1024))  # the line is met beyond its points
    schedule = speed.schedule(1)
    assert schedule.tokens_per_second["8x1"] == pytest.approx(4 * 256 / (1 + LARGE / 1024), abs=0.1)
    assert schedule.notes == (
        "Steps were timed with vocabularies of 16,384 and 32,768: the hours of 262,144 follow in proportion.",
    )
    asked.clear()
    gpu = Speed(wide, replace(cpu, device="cuda:0"), choice=PINNED, progress=lambda *_: None)
    assert set(asked) == {LARGE}
    assert gpu.schedule(1).notes == ()


def test_the_weights_of_a_vocabulary_that_is_not_timed_itself_must_fit_too(plan):
    wide = replace(plan, sources=tuple(replace(source, vocab_size=LARGE) for source in plan.sources))
    with pytest.raises(DeviceMemoryError) as error:
        Speed(wide, replace(choose_device("cpu"), memory_bytes=10**8), choice=PINNED, progress=lambda *_: None)
    assert str(error.value) == (
        "1 x 4,194,968 parameters with all that training keeps of them take 0.2 GB, and less of 0.1 GB is there on "
        "cpu: train a smaller model or take another device."
    )


def test_cuts_take_the_runs_of_most_flops_until_the_plan_fits(plan, speed):
    whole = speed.schedule(1).hours
    cut, schedule = cut_to(plan, speed, max_hours=whole / 2, n_workers=1)
    assert schedule.hours <= whole / 2
    assert 1 <= cut.n_runs < plan.n_runs
    kept = {(job.name, n) for job in cut.jobs for n in job.token_counts}
    gone = {(job.name, n) for job in plan.jobs for n in job.token_counts} - kept
    assert max(n for _, n in gone) == 61_440
    # Nothing of what stays costs more than the job from which the last run went.
    dearest = max(plan.jobs, key=plan.flops)
    assert (dearest.name, 61_440) in gone
    assert max(map(cut.flops, cut.jobs)) < plan.flops(dearest)
    assert f"to end within {whole / 2:g} hours" in cut.cuts[0]
    few = [name for name in ("A1", "A2") if sum(len(job.token_counts) for job in cut.jobs_of(name)) < 6]
    assert [said for said in cut.cuts if "too few for a law" in said] == (
        [f"Fewer than 6 runs are left of {', '.join(few)}: too few for a law."] if few else []
    )
    assert cut_to(plan, _with(speed, plan), max_hours=2 * whole, n_workers=1)[0] == plan


def test_one_run_stays_and_it_is_said_that_it_takes_too_long(plan, speed):
    cut, schedule = cut_to(plan, speed, max_hours=1e-9, n_workers=1)
    assert cut.n_runs == 1
    assert len(schedule.works) == 1
    assert cut.cuts[-2] == (
        f"The smallest run alone takes about {60 * schedule.hours:.2g} minutes, longer than 1e-09 hours."
    )
    assert (
        "Left out to end within 1e-09 hours: every run of width 32 and 1 layer to 20,480, 61,440 tokens, of every "
        "source."
    ) in cut.cuts


def _with(speed, plan):
    speed.plan = plan
    return speed


def test_a_plan_keeps_its_works(plan, speed):
    schedule = speed.schedule(2)
    kept = json.loads(json.dumps(as_json(schedule)))
    works = works_from(plan, kept)
    assert works is not None
    assert [each.work for each in works] == [each.work for each in schedule.works]
    assert [each.seconds for each in works] == pytest.approx([each.seconds for each in schedule.works], abs=0.001)
    assert (kept["n_workers"], kept["hardware"]["device"]) == (2, "cpu")


@pytest.mark.parametrize(
    "damage",
    [
        {},
        {"works": None},
        {"works": 5},
        {"works": [1]},
        {"works": []},
        {"works": [{"jobs": ["A9"], "micro_batch": None, "graph": False, "dtype": "float32", "seconds": 1}]},
        {"works": [{"jobs": [["A1"]], "micro_batch": None, "graph": False, "dtype": "float32", "seconds": 1}]},
    ],
)
def test_works_of_other_jobs_or_no_works_are_timed_again(plan, damage):
    assert works_from(plan, damage) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("seconds", "soon"), ("seconds", -1), ("micro_batch", "2"), ("jobs", None), ("dtype", "int8")]
    + [("n_ranks", value) for value in ("2", 0, 1.5)],
)
def test_a_damaged_work_is_timed_again(plan, speed, key, value):
    kept = json.loads(json.dumps(as_json(speed.schedule(1))))
    kept["works"][0][key] = value
    assert works_from(plan, kept) is None


def test_works_kept_before_there_was_a_choice_are_eager_and_in_float32(plan, speed):
    kept = json.loads(json.dumps(as_json(speed.schedule(1))))
    for each in kept["works"]:
        del each["dtype"], each["compiled"]
    works = works_from(plan, kept)
    assert {each.work.execution for each in works} == {Execution()}


def test_a_plan_keeps_how_each_work_is_executed(plan, speed):
    schedule = speed.schedule(1)
    execution = Execution(dtype="bfloat16", compiled=True, micro_batch=2)
    works = tuple(replace(each, work=replace(each.work, execution=execution)) for each in schedule.works)
    kept = json.loads(json.dumps(as_json(replace(schedule, works=works))))
    assert {each.work.execution for each in works_from(plan, kept)} == {execution}


def on_ranks(works, n_ranks):
    """The works, the first of them on several ranks."""
    execution = replace(works[0].work.execution, n_ranks=n_ranks)
    return (replace(works[0], work=replace(works[0].work, execution=execution)), *works[1:])


def test_works_of_several_ranks_are_timed_again_where_there_are_others(plan, speed):
    schedule = speed.schedule(1)
    kept = json.loads(json.dumps(as_json(replace(schedule, works=on_ranks(schedule.works, 4)))))
    found = works_from(plan, kept, 4)
    assert [each.work.execution.n_ranks for each in found[:2]] == [4, 1]
    assert works_from(plan, kept, 8) is None
    assert works_from(plan, kept) is None


def test_works_of_several_ranks_take_all_devices_before_the_others():
    works = [work(seconds) for seconds in (3600, 1800, 1800)]
    assert hours_of(works, 2) == 1.0
    assert hours_of(on_ranks(works, 2), 2) == 1.5


def graph_of(n_models, seconds, setup_seconds):
    """A way to train stacks, of which a step takes so long at either batch."""
    return timed_by_hand({2: seconds, 4: seconds}, n_models=n_models, setup_seconds=setup_seconds, graph=True)


def by_hand(plan, monkeypatch, way):
    """What a plan takes where the probe finds this way for all."""
    monkeypatch.setattr(module, "fastest", lambda shape, batches, **_: replace(way, shape=shape))
    monkeypatch.setattr(module, "time_way", lambda shape, way, **_: replace(way, shape=shape))
    return Speed(plan, choose_device("cpu"), choice=PINNED, progress=lambda *_: None)


def test_each_stack_captures_and_one_that_is_not_full_takes_as_long(plan, monkeypatch):
    """Two models of width 8 of each source, one of width 32, in stacks of two."""
    speed = by_hand(plan, monkeypatch, graph_of(2, seconds=0.5, setup_seconds=3.0))
    schedule = speed.schedule(1)
    assert sorted(len(each.work.jobs) for each in schedule.works) == [1, 1, 2, 2]
    trunk = trunk_seconds(plan.jobs[0].plan(plan.recipe), graph_of(1, 0.5, 0.0), n_validation=plan.n_validation)
    assert [each.seconds for each in schedule.works] == pytest.approx([3.0 + trunk] * 4)
    small = Size(width=8, n_layers=1)
    timed = speed.way(small).shape

    def cost(n_models, **changes):
        return speed._cost(small, replace(graph_of(n_models, 0.5, 3.0), shape=timed, **changes))

    assert cost(2) == pytest.approx(2 * (3.0 + trunk))
    assert cost(1) == pytest.approx(4 * (3.0 + trunk))
    # A stack of three would be no faster than one of two: of each source there are two.
    assert cost(3) == pytest.approx(2 * (3.0 + trunk))
    assert cost(1, execution=Execution()) == pytest.approx(3.0 + 4 * trunk)  # what is loaded once is there


def test_a_smallest_vocabulary_that_cannot_be_timed_is_taken_to_be_as_fast(plan, monkeypatch):
    def fails(*_, **__):
        raise CaptureError("It cannot be captured.")

    monkeypatch.setattr(module, "fastest", lambda shape, batches, **_: replace(graph_of(1, 0.5, 0.0), shape=shape))
    monkeypatch.setattr(module, "time_way", fails)
    speed = Speed(plan, choose_device("cpu"), choice=PINNED, progress=lambda *_: None)
    assert speed.seconds(plan.jobs_of("A1")[0]) == speed.seconds(plan.jobs_of("A2")[0])
    assert speed.schedule(1).notes == (
        "Width 8 with 21 ids is not timed: It cannot be captured.",
        "Width 32 with 21 ids is not timed: It cannot be captured.",
    )


def test_works_of_fewer_jobs_are_timed_again(plan, speed):
    kept = as_json(speed.schedule(1))
    assert works_from(replace(plan, jobs=plan.jobs[:-1]), kept) is None
    assert works_from(plan, {**kept, "works": kept["works"][:-1]}) is None
