"""Calibrations from plan to coefficients: with losses of a known law, added to, copied, fitted again, read again."""

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest
import torch

from advisor.errors import AdvisorError, CaptureError, CompileError, DeviceMemoryError, UsageError
from advisor.laws.parameters import LOG_NAMES
from calibration.campaign import calibrate as campaign
from calibration.campaign import engine, pipeline, refit
from calibration.campaign.devices import take_devices
from calibration.campaign.engine import Workshop
from calibration.campaign.ledger import Ledger, signed_line
from calibration.campaign.lock import lock
from calibration.campaign.plan_file import DATA_FOLDER, LEDGER_FILE, PLAN_FILE, read_plan
from calibration.lines.document import write_calibrated
from calibration.training import probe
from calibration.training.execution import Execution
from calibration.training.trunk import Measurement
from tests.campaign.toy_calibration import calibrate, tiny_request, train_planted, true_law, true_loss

pytestmark = pytest.mark.usefixtures("torch_restored")

SILENT = {"progress": lambda *_: None}


def synthetic(task, *, ledger, on_row, **_):
    """Write down losses of the true law with noise of .1 %, and train nothing."""
    plan, shape = read_plan(ledger.path.parent), task.trunk.shape
    for (place, n_tokens), key in sorted(task.keys.items(), key=lambda each: each[0]):
        h = plan.source(task.labels[place].name).compressibility
        noise = 1e-3 * np.random.default_rng(int(key, 16)).standard_normal()
        loss = true_loss(h, shape.n_non_embedding, n_tokens) * (1 + noise)
        branch = next(each for each in task.trunk.plan.branches if each.n_tokens == n_tokens)
        measured = Measurement(
            run=task.trunk.runs[place],
            n_tokens=n_tokens,
            n_steps=branch.n_steps,
            loss=loss,
            standard_error=0.01,
            train_loss=loss,
            few_steps=False,
            diverged=False,
        )
        row = task.row(place, measured, {})
        ledger.append(row)
        on_row(row)


def unsigned(path):
    """Return a plan as one that a person changes, and means to."""
    return {name: value for name, value in json.loads(path.read_text()).items() if name != "digest"}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Two folders of one request, calibrated on the true law."""
    folders = [tmp_path_factory.mktemp("planted") / name for name in ("one", "two")]
    found = [calibrate(folder, request=tiny_request(), trainer=synthetic) for folder in folders]
    return folders, found


def test_the_true_lines_come_back_within_their_intervals(planted):
    _, found = planted
    for trained, result in found:
        assert trained == pipeline.Trained()
        lines = result.regression.log.lines
        ends = [true_law(0.0), true_law(1.0)]
        for name, line in lines.items():
            slope = ends[1][name] - ends[0][name]
            assert line.slope_ci95[0] <= slope <= line.slope_ci95[1], name
            at = [law.source.compressibility for law in result.laws]
            middle = sum(at) / len(at)
            drawn = result.regression.draws.lines
            place = LOG_NAMES.index(name)
            low, high = np.quantile(drawn[:, place] * middle + drawn[:, 5 + place], [0.025, 0.975])
            assert low <= true_law(middle)[name] <= high, name


def test_the_coefficients_answer_inside_the_calibrated_range(planted, advisor):
    folders, _ = planted
    flops, h = 1e9, 0.4
    given = ("--coefficients", folders[0] / "fitted_coefficients.json", "--compressibility", h, "--law", "gzip")
    outcome = advisor("recommend", "--flops", flops, *given, "--json")
    assert outcome.code == 0, outcome.stderr
    headline = json.loads(outcome.stdout)["headline"]
    law = true_law(h)
    level = np.log(law["alpha"] / law["beta"]) + law["log_A"] - law["log_B"] + law["beta"] * np.log(flops / 6)
    optimum = float(np.exp(level / (law["alpha"] + law["beta"])))
    assert headline["law"] == "gzip"
    low, high = headline["interval80"]["n_params"]
    assert low <= optimum <= high
    assert headline["n_params"] == pytest.approx(optimum, rel=0.25)


def test_the_same_request_in_two_folders_gives_the_same_bytes(planted):
    (one, two), _ = planted
    for name in ("laws.json", "fitted_coefficients.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def _without_dates(ledger):
    """Make of a ledger what older versions wrote."""
    rows = [json.loads(line) for line in ledger.read_text().splitlines()]
    for row in rows:
        del row["digest"], row["hardware"]["date"]
    ledger.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_refit_gives_the_same_bytes_and_several_folders_are_one_calibration(planted, tmp_path, advisor):
    one = planted[0][0]
    copy = tmp_path / "copy"
    shutil.copytree(one, copy)
    before = (copy / "fitted_coefficients.json").read_bytes()
    (copy / "laws.json").unlink()
    os.utime(copy / LEDGER_FILE, (0, 0))  # the date is that of the rows and not of the file
    assert advisor("calibrate", "--refit", copy).code == 0
    assert (copy / "fitted_coefficients.json").read_bytes() == before
    dates = {json.loads(line)["hardware"]["date"] for line in (copy / LEDGER_FILE).read_text().splitlines()}
    assert json.loads(before)["calibrations"][0]["provenance"]["date"] == max(dates)
    assert (copy / "laws.json").read_bytes() == (one / "laws.json").read_bytes()
    _without_dates(copy / LEDGER_FILE)
    assert advisor("calibrate", "--refit", copy).code == 0
    made = json.loads((copy / "fitted_coefficients.json").read_bytes())["calibrations"][0]
    assert made["provenance"]["date"] == "2026-11-21"  # the last day on which rows did not say theirs
    assert made["provenance"]["ledger_sha256"] == json.loads(before)["calibrations"][0]["provenance"]["ledger_sha256"]
    lines = (one / LEDGER_FILE).read_text().splitlines(keepends=True)
    halves = [tmp_path / "first", tmp_path / "second"]
    for i, half in enumerate(halves):
        half.mkdir()
        shutil.copy(one / PLAN_FILE, half)
        (half / LEDGER_FILE).write_text("".join(lines[i::2]))
    result = refit.fit(halves, name=read_plan(one).name)
    (tmp_path / "both").mkdir()
    write_calibrated(result, tmp_path / "both")
    assert (tmp_path / "both" / "fitted_coefficients.json").read_bytes() == before
    outcome = advisor("calibrate", "--refit", *halves[:1], "--refit", halves[1])
    assert (outcome.code, outcome.stderr) == (
        2,
        "Error: --refit of several folders needs --out, the folder for what they give together.\n",
    )


def test_a_folder_in_use_is_neither_trained_in_nor_fitted_in(planted, tmp_path, advisor):
    shutil.copytree(planted[0][0], tmp_path / "used")
    with lock(tmp_path / "used"):
        for options in (("--out",), ("--refit",)):
            outcome = advisor("calibrate", *options, tmp_path / "used")
            assert outcome.code == 1
            assert "is in use by another process" in outcome.stderr
        assert advisor("calibrate", "--refit", tmp_path / "used", "--out", tmp_path / "elsewhere").code == 0


def opened(folder, request=None, extend=False):
    devices = take_devices(device="cpu", engine="process")
    return pipeline.open_calibration(request, devices, folder=folder, extend=extend, **SILENT)


def test_a_plan_of_another_machine_is_timed_again_here(planted, tmp_path):
    document = unsigned(planted[0][0] / PLAN_FILE)
    (probe,) = document["probe"].values()
    document["probe"] = {"Another CPU": probe}
    (tmp_path / PLAN_FILE).write_text(json.dumps(document))
    found = opened(tmp_path)
    assert set(found.plan.probe) == {"Another CPU", found.devices.first.name}
    assert read_plan(tmp_path) == found.plan
    assert opened(tmp_path).plan == found.plan  # and is kept


def test_a_ledger_goes_on_without_its_data_and_its_checkpoints(planted, tmp_path):
    shutil.copy(planted[0][0] / PLAN_FILE, tmp_path)
    lines = (planted[0][0] / LEDGER_FILE).read_text().splitlines(keepends=True)
    (tmp_path / LEDGER_FILE).write_text("".join(lines[:-2]) + lines[-2][:40])
    _, result = calibrate(tmp_path, trainer=train_planted)
    assert len(Ledger(tmp_path / LEDGER_FILE).rows()) == 45
    assert result.refusal is None
    assert (tmp_path / LEDGER_FILE).read_text().startswith("".join(lines[:-2]))


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_damaged_tokens_of_a_grammar_are_sampled_again(tmp_path, damage):
    request = tiny_request(only=("A1",))
    calibrate(tmp_path, request=request, trainer=synthetic)
    array = tmp_path / "data" / "A1.training.npy"
    whole = array.read_bytes()
    if damage == "missing":
        array.unlink()
    else:
        array.write_bytes(whole[:1000] if damage == "cut" else whole[:-4000] + bytes(4000))
    (tmp_path / LEDGER_FILE).unlink()
    found = opened(tmp_path, request)
    pipeline.materialise(found.plan, tmp_path, found.works, **SILENT)
    assert array.read_bytes() == whole


def test_an_extension_trains_only_what_is_new(tmp_path):
    first, second = tiny_request(only=("A1",)), tiny_request(only=("A2",))
    first = dataclasses.replace(first, asked={"only": "A1"})
    second = dataclasses.replace(second, asked={"only": "A2"})
    calibrate(tmp_path, request=first, trainer=synthetic)
    before = (tmp_path / LEDGER_FILE).read_bytes()
    with pytest.raises(UsageError, match=r"holds a calibration of only A1: give that again, add to it with --extend"):
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


NO_GRAPH = CaptureError("The training step cannot be captured in a CUDA graph (reason): train without graphs.")
NOT_COMPILED = CompileError("The training step cannot be compiled here (reason): train without --compile.")
TOO_LARGE = DeviceMemoryError("A training step does not fit.")
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nmore")
FULL_ELSEWHERE = RuntimeError("CUDA error: out of memory\nCUDA kernel errors ...")
DOES_NOT_FIT = (
    "What {name} keeps beside its steps, the data and copies of the weights, does not fit into the memory of cpu "
    "({why}): train it on a device with more, or on the CPU with --device cpu."
)


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


def test_what_is_prepared_has_the_tokens_that_are_trained_on_and_no_more(tmp_path, stdlib):
    from advisor.corpus.options import CorpusOptions
    from calibration.campaign.sources import CorpusSource

    path = tmp_path / "code.txt"
    path.write_text("".join(each.read_text(encoding="utf-8") for each in sorted(stdlib.glob("[a-i]*.py"))))
    spec = CorpusSource(name="code", source=str(path), tokenizer="bytes", options=CorpusOptions())
    grid = dataclasses.replace(tiny_request().grid, token_counts=(102_400, 204_800))
    request = dataclasses.replace(tiny_request(only=("A1",)), specs=(spec,), grid=grid)
    devices = take_devices(device="cpu", engine="process")
    whole = opened(tmp_path / "whole", request).plan
    campaign.prepare(request, tmp_path / "prepared", devices=devices)
    size = (tmp_path / "prepared" / "data" / "code.training.npy").stat().st_size
    assert 204_800 < size < 205_200  # a byte a token
    assert (tmp_path / "whole" / "data" / "code.training.npy").stat().st_size > 2 * size
    plan = read_plan(tmp_path / "prepared")
    assert plan.source("code").data == whole.source("code").data
    path.unlink()
    missing = pipeline.missing_works(opened(tmp_path / "prepared"), tmp_path / "prepared")
    pipeline.materialise(plan, tmp_path / "prepared", missing, **SILENT)


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


def test_a_corpus_keeps_its_tokens_or_says_what_to_do(tmp_path, stdlib):
    from advisor.corpus.options import CorpusOptions
    from calibration.campaign.sources import CorpusSource

    text = "".join(path.read_text(encoding="utf-8") for path in sorted(stdlib.glob("[a-c]*.py")))
    path = tmp_path / "code.txt"
    path.write_text(text, encoding="utf-8")
    spec = CorpusSource(name="code", source=str(path), tokenizer="bytes", options=CorpusOptions())
    request = dataclasses.replace(tiny_request(only=("A1",)), specs=(spec,))
    folder = tmp_path / "folder"
    folder.mkdir()
    found = opened(folder, request)
    array = folder / "data" / "code.training.npy"
    whole = array.read_bytes()
    array.write_bytes(whole[:5000])
    with pytest.raises(
        AdvisorError, match=r"^The tokens of code in .* are missing or not those that were planned: give"
    ):
        pipeline.materialise(found.plan, folder, found.works, **SILENT)
    pipeline.materialise(found.plan, folder, found.works, request=request, **SILENT)
    assert array.read_bytes() == whole
    path.write_text(text[len(text) // 8 :], encoding="utf-8")
    with pytest.raises(UsageError, match=r"^code has other data or another vocabulary"):
        opened(folder, request, extend=True)
    assert array.read_bytes() == whole  # what was planned is still there
    array.unlink()
    with pytest.raises(
        AdvisorError, match=r"has changed since code was planned: calibrate on what it is now in another"
    ):
        pipeline.materialise(found.plan, folder, found.works, request=request, **SILENT)


def test_the_same_data_under_two_names_are_one_source(planted, tmp_path):
    one = planted[0][0]
    plan = unsigned(one / PLAN_FILE)
    lines = [json.loads(line) for line in (one / LEDGER_FILE).read_text().splitlines()]
    other = tmp_path / "other"
    other.mkdir()
    for each in (*plan["sources"], *plan["jobs"]):
        key = "name" if "name" in each else "source"
        each[key] = f"B{each[key][1:]}"
    (other / PLAN_FILE).write_text(json.dumps(plan | {"name": "other"}))
    renamed = [{name: value for name, value in line.items() if name != "digest"} for line in lines]
    rows = [signed_line(line | {"source": f"B{line['source'][1:]}"}) for line in renamed]
    (other / LEDGER_FILE).write_bytes(b"".join(rows))
    alone, both = refit.fit([one]), refit.fit([one, other])
    assert [law.source.name for law in both.laws] == [law.source.name for law in alone.laws]
    assert [law.group.law for law in both.laws] == [law.group.law for law in alone.laws]
    reasons = {law.source.name: [reason.message for reason in law.reasons] for law in both.laws}
    assert "its data are also those of B1 of other: one law is fitted to the runs of both." in reasons["A1"]
    assert refit.transfers([one, other], both.laws) == ()  # nothing is left to be tried on


def test_ledgers_that_measured_h_otherwise_are_not_fitted_together(planted, tmp_path):
    one = planted[0][0]
    other = tmp_path / "other"
    shutil.copytree(one, other)
    plan = unsigned(other / PLAN_FILE)
    plan["protocol"]["seq_len"] = 128
    (other / PLAN_FILE).write_text(json.dumps(plan))
    with pytest.raises(UsageError) as caught:
        refit.fit([one, other])
    assert str(caught.value) == (f"H was measured otherwise in {other} than in {one} (seq_len is 128): fit them apart.")


def test_a_plan_without_its_digest_is_said_to_be_unsigned(planted, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(planted[0][0], folder)
    assert refit.unsigned([folder]) == ()
    names = [source.name for source in read_plan(folder).sources][:2]
    for name in names:
        (folder / DATA_FOLDER / f"{name}.sha256").unlink()
    (folder / PLAN_FILE).write_text(json.dumps(unsigned(folder / PLAN_FILE)))
    path = folder / PLAN_FILE
    assert refit.unsigned([folder]) == (
        f"{path} is unsigned, as older versions wrote it: an H that was changed would not be found.",
        f"{folder / DATA_FOLDER}: the token arrays of {', '.join(names)} are unsigned, as older "
        "versions wrote them: a token that was changed would not be found.",
    )
