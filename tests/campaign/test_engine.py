"""Trunks in this process and in workers, which are interrupted, killed and starved, as the real command runs them."""

import dataclasses
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from calibration.campaign import pipeline, refit
from calibration.campaign.devices import take_devices
from calibration.campaign.ledger import Ledger
from calibration.campaign.lock import lock
from tests.campaign.free import is_free
from tests.campaign.toy_calibration import calibrate, tiny_request

pytestmark = pytest.mark.usefixtures("torch_restored")

ROOT = Path(__file__).parents[2]
TWO = ("--engine", "processes", "--workers", "2")


def start(folder, *options, limit=None, **environment):
    """Start the command on a folder, in a process group of its own."""

    def restrict():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    path = str(ROOT)
    return subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "tests/commands/tiny_calibrate.py"),
            "calibrate",
            "--quiet",
            "--out",
            str(folder),
            *options,
        ],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "300"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=restrict,
    )


def said(process):
    """Return the exit code and what the process printed."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err.strip("\n")


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A folder with a plan of two grammars and their tokens, and the digest of what it comes to."""
    folder = tmp_path_factory.mktemp("planned") / "tiny"
    whole = folder.with_name("whole")
    request = tiny_request(only=("A1", "A2"))
    calibrate(whole, request=request)
    folder.mkdir()
    shutil.copy(whole / "plan.json", folder)
    shutil.copytree(whole / "data", folder / "data")
    return folder, Ledger(whole / "runs.jsonl").digest(), (whole / "laws.json").read_bytes()


@pytest.fixture
def folder(planned, tmp_path):
    shutil.copytree(planned[0], tmp_path / "tiny")
    return tmp_path / "tiny"


def children(pid):
    """Return the workers of a process: those of its children that take part in training."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(each.read_text().rsplit(")", 1)[1].split()[1])
            command = (each.parent / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if parent == pid and b"spawn_main" in command:
            found.append(int(each.parent.name))
    return found


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition, seconds=60):
    stop = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < stop
        time.sleep(0.01)
    return found


def rows(folder):
    return Ledger(folder / "runs.jsonl").rows()


def test_workers_come_to_the_rows_and_laws_of_one_process(folder, planned):
    code, out, err = said(start(folder, *TWO))
    assert (code, err) == (0, "")
    assert Ledger(folder / "runs.jsonl").digest() == planned[1]
    assert (folder / "laws.json").read_bytes() == planned[2]
    assert f"Wrote {folder}: laws.json" in " ".join(out.split())
    assert {row.hardware["threads"] for row in rows(folder)} == {1}


def test_a_killed_parent_takes_its_workers_along_and_the_folder_is_locked_until_then(folder, planned):
    process = start(folder, *TWO)
    wait_for(lambda: len(rows(folder)) >= 2)
    workers = children(process.pid)
    assert len(workers) == 2
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)  # so that there is time to look
    process.kill()
    process.wait(10)
    process.stdout.close()  # not read to their end, which stopped workers keep open
    process.stderr.close()
    assert all(map(lives, workers))
    assert not is_free(folder)
    for worker in workers:
        os.kill(worker, signal.SIGCONT)
    wait_for(lambda: not any(map(lives, workers)), seconds=10)
    assert is_free(folder)
    there = rows(folder)
    assert 2 <= len(there) < 18
    assert said(start(folder))[0] == 0
    assert Ledger(folder / "runs.jsonl").digest() == planned[1]


def test_a_killed_worker_is_said_and_its_rows_are_safe(folder, planned):
    process = start(folder, *TWO)
    wait_for(lambda: len(rows(folder)) >= 2)
    workers = children(process.pid)
    os.kill(workers[0], signal.SIGKILL)
    code, _, err = said(process)
    assert (code, err) == (
        1,
        "Error: A worker process was ended from outside (exit code -9), perhaps for want of memory: every finished row "
        "is in the ledger; give the command again, with fewer --workers if memory is short.",
    )
    assert not any(map(lives, workers))
    assert len(rows(folder)) >= 2
    assert is_free(folder)


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("when", ["workers start", "training"])
def test_an_interrupted_command_ends_its_workers(folder, number, expected, when):
    process = start(folder, *TWO)
    wait_for(lambda: len(children(process.pid)) == 2 if when == "workers start" else rows(folder))
    workers = children(process.pid)
    os.killpg(process.pid, number)  # as a terminal does, and what ends the jobs of a cluster
    code, _, err = said(process)
    assert code == expected
    kept = f"Every row that was finished is in {folder}: the same command goes on from there."
    assert [*filter(None, err.split("\n"))] == [kept, "Interrupted." if number == signal.SIGINT else "Terminated."]
    wait_for(lambda: not any(map(lives, workers)), seconds=10)
    assert is_free(folder)


def test_a_trunk_that_diverges_at_every_rate_stops_no_other(tmp_path):
    devices = take_devices(device="cpu", engine="process")
    request = tiny_request(only=("A1", "A2"))
    told = []
    with lock(tmp_path) as held:
        opened = pipeline.open_calibration(request, devices, folder=tmp_path, extend=False, progress=lambda *_: None)
        wild = next(job for job in opened.plan.jobs if job.source == "A2")
        jobs = tuple(dataclasses.replace(job, rate=1e6) if job == wild else job for job in opened.plan.jobs)
        by_name = {job.name: job for job in jobs}
        opened = dataclasses.replace(
            opened,
            plan=dataclasses.replace(opened.plan, jobs=jobs),
            works=tuple(
                dataclasses.replace(each, work=dataclasses.replace(each.work, jobs=(by_name[each.work.name],)))
                for each in opened.works
            ),
        )
        missing = pipeline.missing_works(opened, tmp_path)
        trained = pipeline.train(opened, tmp_path, held, missing=missing, tell=told.append)
    why = (
        f"Training at width {wild.size.width} with seed 0 diverges even at a learning rate of 3.1e+04: start from a "
        "lower one."
    )
    assert trained.failures == {wild.name: why}
    assert [news.work for news in told if news.failure] == [wild.name]
    assert sum(news.ended for news in told) == len(missing) == 6
    assert len(rows(tmp_path)) == 15
    pipeline.write_plan(dataclasses.replace(opened.plan, jobs=request_jobs(jobs)), tmp_path)
    laws = {law.source.name: law for law in refit.fit([tmp_path]).laws}
    messages = [reason.message for reason in laws["A2"].reasons if reason.code == "missing-runs"]
    assert messages == ["3 of its 9 planned runs are not in the ledger: the law is of the others alone."]
    assert "missing-runs" not in [reason.code for reason in laws["A1"].reasons]


def request_jobs(jobs):
    return tuple(dataclasses.replace(job, rate=min(job.rate, 0.9)) for job in jobs)


def test_what_tests_start_sees_no_gpu():
    code = "import os, torch; print(repr(os.environ['CUDA_VISIBLE_DEVICES']), torch.cuda.device_count())"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert seen == "'' 0\n"
    assert take_devices().first.device == "cpu"


def test_on_a_cpu_there_are_no_more_workers_than_cores():
    assert take_devices(device="cpu", workers=1000).n_workers == take_devices(device="cpu").n_workers


def test_trunks_that_cannot_be_trained_are_each_said(tmp_path):
    code, _, err = said(start(tmp_path / "wild", "--preset", "tiny", "--only", "A1", *TWO, TINY_RATE="1e6"))
    assert code == 1
    lines = err.splitlines()
    assert len(lines) == 4
    assert {line.partition(": Training")[0] for line in lines[:-1]} == {
        f"Caution: A1-{width}x1-0 was not trained to its end" for width in (2, 4, 8)
    }
    assert lines[-1].startswith("Error: ")  # there is no row
    assert rows(tmp_path / "wild") == ()


@pytest.mark.parametrize("workers", [("--engine", "process"), TWO])
def test_a_full_disk_is_one_sentence_and_loses_nothing(folder, planned, workers):
    code, _, err = said(start(folder, *workers, limit=6_000))
    assert (code, err.count("\n")) == (1, 0)
    assert err.startswith(("Error: Cannot write the checkpoint", "Error: Cannot write a row")), err
    assert "File too large" in err
    assert list(folder.rglob(".*.part")) == []
    assert said(start(folder))[0] == 0
    assert Ledger(folder / "runs.jsonl").digest() == planned[1]


def test_a_plan_that_does_not_fit_on_the_disk_is_one_sentence(tmp_path):
    code, _, err = said(start(tmp_path / "full", "--preset", "tiny", "--only", "A1", limit=1_000))
    assert (code, err) == (1, f"Error: Cannot write {tmp_path}/full/plan.json: File too large.")
    assert not (tmp_path / "full").exists()  # what failed leaves no empty folder behind


def test_a_machine_with_numpy_and_torch_alone_trains_and_fits(folder, planned, tmp_path):
    barred = ("scipy", "nltk", "datasets", "pyarrow", "sentencepiece", "matplotlib", "pandas", "tokenizers")
    (tmp_path / "bar").mkdir()
    (tmp_path / "bar" / "sitecustomize.py").write_text(
        "import sys\n"
        "class Bar:\n"
        "    def __init__(self, finder): self.finder = finder\n"
        "    def __getattr__(self, name): return getattr(self.finder, name)\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        return None if name.split('.')[0] in {barred} else self.finder.find_spec(name, path, target)\n"
        "sys.meta_path[:] = [Bar(finder) for finder in sys.meta_path]\n"
    )
    path = f"{tmp_path / 'bar'}:{ROOT}:{ROOT / 'tests'}"
    check = [sys.executable, "-c", "import scipy"]
    barring = subprocess.run(check, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert "No module named 'scipy'" in barring.stderr
    code, _, err = said(start(folder, *TWO, PYTHONPATH=path))
    assert code == 0
    assert err.startswith("Pictures need matplotlib, which is not installed: ")
    assert len(err.splitlines()) == 1
    assert (folder / "laws.json").read_bytes() == planned[2]
    assert not (folder / "figures").exists()


def test_only_as_many_workers_start_as_there_is_work(folder):
    assert said(start(folder, "--engine", "process"))[0] == 0
    process = start(folder, "--engine", "processes", "--workers", "9")
    seen = set()
    while process.poll() is None:
        seen.update(children(process.pid))
        time.sleep(0.005)
    assert said(process)[0] == 0
    assert seen == set()  # all rows are there
