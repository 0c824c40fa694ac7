"""Calibrations trained: added to, timed again, ended in time, with trunks that fail and memory that runs out."""

import dataclasses
import json
import os
import shutil

import pytest
import torch

from advisor.errors import CaptureError, CompileError, DeviceMemoryError, UsageError
from calibration.campaign import calibrate as campaign
from calibration.campaign import engine, pipeline
from calibration.campaign.devices import take_devices
from calibration.campaign.engine import Workshop
from calibration.campaign.ledger import Ledger
from calibration.campaign.lock import lock
from calibration.campaign.plan_file import LEDGER_FILE, PLAN_FILE, read_plan
from calibration.training import probe
from calibration.training.execution import Execution
from tests.campaign.toy_calibration import (
    calibrate,
    opened,
    synthetic,
    tiny_request,
    unsigned,
)

pytestmark = pytest.mark.usefixtures("torch_restored")

NO_GRAPH = CaptureError("The training step cannot be captured in a CUDA graph (reason): train without graphs.")
NOT_COMPILED = CompileError("The training step cannot be compiled here (reason): train without --compile.")
TOO_LARGE = DeviceMemoryError("A training step does not fit.")
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nmore")
FULL_ELSEWHERE = RuntimeError("CUDA error: out of memory\nCUDA kernel errors ...")
DOES_NOT_FIT = (
    "What {name} keeps beside its steps, the data and copies of the weights, does not fit into the memory of cpu "
    "({why}): train it on a device with more, or on the CPU with --device cpu."
)


def test_a_folder_in_use_is_neither_trained_in_nor_fitted_in(planted, tmp_path, advisor):
    shutil.copytree(planted[0][0], tmp_path / "used")
    with lock(tmp_path / "used"):
        for options in (("--out",), ("--refit",)):
            outcome = advisor("calibrate", *options, tmp_path / "used")
            assert outcome.code == 1
            assert "is in use by another process" in outcome.stderr
        assert advisor("calibrate", "--refit", tmp_path / "used", "--out", tmp_path / "elsewhere").code == 0


def test_a_plan_of_another_machine_is_timed_again_here(planted, tmp_path):
    document = unsigned(planted[0][0] / PLAN_FILE)
    (probe,) = document["probe"].values()
    document["probe"] = {"Another CPU": probe}
    (tmp_path / PLAN_FILE).write_text(json.dumps(document))
    found = opened(tmp_path)
    assert set(found.plan.probe) == {"Another CPU", found.devices.first.name}
    assert read_plan(tmp_path) == found.plan
    assert opened(tmp_path).plan == found.plan  # and is kept


def test_an_extension_trains_only_what_is_new(tmp_path):
    first, second = tiny_request(only=("A1",)), tiny_request(only=("A2",))
    first = dataclasses.replace(first, asked={"only": "A1"})
    second = dataclasses.replace(second, asked={"only": "A2"})
    calibrate(tmp_path, request=first, trainer=synthetic)
    before = (tmp_path / LEDGER_FILE).read_bytes()
    with pytest.raises(UsageError, match=r"holds a calibration of only A1, with another only: give that again"):
        opened(tmp_path, second)
    found = opened(tmp_path, second, extend=True)
    assert {source.name for source in found.plan.sources} == {"A1", "A2"}
    missing = pipeline.missing_works(found, tmp_path)
    assert {job.source for each in missing for job in each.work.jobs} == {"A2"}
    assert opened(tmp_path, second, extend=True).plan.jobs == found.plan.jobs
    calibrate(tmp_path, request=first, trainer=synthetic)
    assert (tmp_path / LEDGER_FILE).read_bytes().startswith(before)
    assert len(Ledger(tmp_path / LEDGER_FILE).rows()) == 18
    other = dataclasses.replace(second, vocab_size=600)
    with pytest.raises(UsageError, match=r"^A2 has other data or another vocabulary than the A2 of the calibration"):
        opened(tmp_path, other, extend=True)


def test_what_does_not_end_in_time_is_not_begun(planted, tmp_path, advisor):
    shutil.copy(planted[0][0] / PLAN_FILE, tmp_path)
    outcome = advisor(
        "calibrate", "--out", tmp_path, "--minutes", "0.00001", "--engine", "process", "--json", "--quiet"
    )
    assert outcome.code == 0, outcome.stderr
    document = json.loads(outcome.stdout)
    assert document["n_works_missing"] == 15
    assert document["not_trained"] == {}
    assert not (tmp_path / LEDGER_FILE).exists()


class Clock:
    """Stands in for ``time``: nothing passes but what is trained."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


def trained_until(planted, tmp_path, monkeypatch, *, timed, took, deadline):
    """Return the names that are trained and left of works that were timed to, and take, so many seconds."""
    shutil.copy(planted[0][0] / PLAN_FILE, tmp_path)
    found = opened(tmp_path)
    missing = tuple(
        dataclasses.replace(each, seconds=seconds) for each, seconds in zip(found.works, timed, strict=False)
    )
    names = {each.work.name: number for number, each in enumerate(missing)}
    clock, seen = Clock(), []
    monkeypatch.setattr(pipeline, "time", clock)

    def trainer(task, **_):
        trunk = task.trunk
        name = f"{task.labels[0].name}-{trunk.shape.width}x{trunk.shape.n_layers}-{trunk.runs[0].seed}"
        seen.append(names[name])
        clock.now += took[names[name]]

    with lock(tmp_path) as held:
        trained = pipeline.train(
            found, tmp_path, held, missing=missing, tell=lambda _: None, deadline=deadline, trainer=trainer
        )
    return seen, [names[each.work.name] for each in trained.left], clock.now


@pytest.mark.parametrize(
    ("timed", "took", "seen", "left"),
    [
        ((10, 6, 5, 3, 1), (10, 6, 5, 3, 1), [1, 3], [0, 2, 4]),  # the longest does not fit, and others do
        ((4, 3, 2, 1), (4, 3, 2, 1), [0, 1, 2], [3]),
        ((4, 3, 2, 1), (6, 3, 2, 1), [0, 2], [1, 3]),  # 1.5 times as long: the second would end at 10.5, the third at 9
        ((2, 2, 2, 2), (1, 1, 1, 1), [0, 1, 2, 3], []),
    ],
)
def test_the_trunks_that_are_begun_are_those_that_end_in_time(planted, tmp_path, monkeypatch, timed, took, seen, left):
    found = trained_until(planted, tmp_path, monkeypatch, timed=timed, took=took, deadline=9.25)
    assert found[:2] == (seen, left)
    assert found[2] <= 9.25


@pytest.mark.parametrize(
    ("error", "works", "executions", "without"),
    [
        (NO_GRAPH, "eager", [(True, True), (False, True)], ["a CUDA graph"]),
        (NOT_COMPILED, "eager", [(True, True), (True, False)], ["compiled steps"]),
        (TOO_LARGE, "eager", [(True, True), (False, True)], ["a CUDA graph"]),
        (TOO_LARGE, "never", [(True, True), (False, True)], ["a CUDA graph"]),
        (FULL, "eager", [(True, True), (False, True)], ["a CUDA graph"]),
        (FULL, "never", [(True, True), (False, True)], ["a CUDA graph"]),
        (FULL_ELSEWHERE, "never", [(True, True), (False, True)], ["a CUDA graph"]),
    ],
)
def test_a_trunk_that_fails_goes_on_simpler_or_alone_fails(planted, tmp_path, error, works, executions, without):
    shutil.copy(planted[0][0] / PLAN_FILE, tmp_path)
    found, told, seen = opened(tmp_path), [], []
    how = Execution(graph=True, compiled=True)
    missing = [
        dataclasses.replace(each, work=dataclasses.replace(each.work, execution=how)) for each in found.works[:2]
    ]
    name = missing[0].work.name

    def trainer(task, *, on_row, **_):
        if task.labels[0].name != missing[0].work.jobs[0].source:
            return
        execution = task.trunk.execution
        seen.append((execution.graph, execution.compiled))
        if works == "never" or execution == how:
            raise error

    missing[1] = next(each for each in found.works if each.work.jobs[0].source != missing[0].work.jobs[0].source)
    with lock(tmp_path) as held:
        trained = pipeline.train(found, tmp_path, held, missing=missing, tell=told.append, trainer=trainer)
    said = str(error)
    if isinstance(error, RuntimeError):
        said = DOES_NOT_FIT.format(name=name, why=said.splitlines()[0])
    assert seen == executions
    assert [news.warning for news in told if news.warning] == [
        f"{name} goes on without {each}: {said}" for each in without
    ]
    assert trained.failures == ({name: said} if works == "never" else {})
    assert [news.work for news in told if news.ended] == [each.work.name for each in missing]


def test_an_error_that_is_not_known_ends_the_training(planted, tmp_path):
    shutil.copy(planted[0][0] / PLAN_FILE, tmp_path)
    found = opened(tmp_path)

    def trainer(*_, **__):
        raise RuntimeError("device-side assert")

    with lock(tmp_path) as held, pytest.raises(RuntimeError, match=r"^device-side assert$"):
        pipeline.train(found, tmp_path, held, missing=found.works, tell=lambda _: None, trainer=trainer)


def test_memory_that_runs_out_while_data_is_uploaded_is_a_failure_of_that_trunk(planted, tmp_path, monkeypatch):
    shutil.copy(planted[0][0] / PLAN_FILE, tmp_path)
    found = opened(tmp_path)
    source, first = Workshop._source, found.works[0].work

    def upload(self, name, hardware):
        if name == first.jobs[0].source:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return source(self, name, hardware)

    monkeypatch.setattr(Workshop, "_source", upload)
    with lock(tmp_path) as held:
        trained = pipeline.train(
            found, tmp_path, held, missing=found.works, tell=lambda _: None, trainer=lambda *_, **__: None
        )
    failed = [each.work.name for each in found.works if each.work.jobs[0].source == first.jobs[0].source]
    assert list(trained.failures) == failed
    assert trained.failures[first.name] == DOES_NOT_FIT.format(name=first.name, why="CUDA out of memory")


def test_what_is_timed_is_deterministic_as_what_is_trained(tmp_path, monkeypatch):
    torch.set_deterministic_debug_mode("default")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    plain, seen = probe.step, set()

    def step(*arguments):
        seen.add((torch.are_deterministic_algorithms_enabled(), os.environ.get("CUBLAS_WORKSPACE_CONFIG")))
        return plain(*arguments)

    monkeypatch.setattr(probe, "step", step)
    opened(tmp_path, tiny_request(only=("A1",)))
    assert seen == {(True, ":4096:8")}


def test_the_memory_that_timing_took_is_given_back_before_workers_start(monkeypatch):
    cpu = take_devices(device="cpu").first
    gpu = type("GPU", (type(cpu),), {"is_cuda": True})(**vars(cpu))
    done = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: done.append("freed"))
    monkeypatch.setattr(engine, "_Worker", lambda *_: done.append("started") or 1 / 0)
    workshop = Workshop(plan=None, folder=None, hardware=(gpu,), threads=1)
    with pytest.raises(ZeroDivisionError):
        engine.train_in_processes(workshop, iter(()), lambda _: None, n_workers=2, held=None)
    assert done == ["freed", "started"]


def test_what_is_prepared_is_cut_by_the_machine_that_trains(tmp_path):
    request = dataclasses.replace(tiny_request(only=("A1",)), max_hours=1e-9)
    request = dataclasses.replace(request, asked={**request.asked, "max-hours": 1e-9})
    devices = take_devices(device="cpu", engine="process")
    for _ in range(2):  # prepared again it is the same
        found, _ = campaign.prepare(request, tmp_path, devices=devices)
        assert found.notes[-1] == "The machine that trains leaves out what takes longer than 1e-09 hours there."
        plan = read_plan(tmp_path)
        assert (plan.n_runs, plan.cuts, plan.probe) == (9, (), None)
    assert campaign.look(None, tmp_path, devices=devices)[0].plan.n_runs == 1
    assert read_plan(tmp_path) == plan
    cut = opened(tmp_path).plan
    assert cut.n_runs == 1
    assert cut.cuts[0].startswith("Left out to end within 1e-09 hours: every run of width 8 ")
    assert (read_plan(tmp_path), set(cut.probe)) == (cut, {devices.first.name})
    document = unsigned(tmp_path / PLAN_FILE)
    document["probe"] = {"Another CPU": document["probe"][devices.first.name]}
    (tmp_path / PLAN_FILE).write_text(json.dumps(document))
    assert opened(tmp_path).plan.cuts == cut.cuts  # another machine then goes on with what is left


def test_what_could_not_be_trained_is_said_at_the_end_and_the_exit_code_says_so(
    planted, tmp_path, advisor, monkeypatch
):
    shutil.copytree(planted[0][0], tmp_path / "done")
    failed = pipeline.Trained(failures={"A1-2x1-0": "It diverges."})
    monkeypatch.setattr(pipeline, "train", lambda *_, **__: failed)
    outcome = advisor("calibrate", "--out", tmp_path / "done", "--quiet")
    assert outcome.code == 1
    assert "Not trained to its end: A1-2x1-0. It diverges." in " ".join(outcome.stdout.split())
    outcome = advisor("calibrate", "--out", tmp_path / "done", "--quiet", "--json")
    assert (outcome.code, json.loads(outcome.stdout)["not_trained"]) == (1, failed.failures)
