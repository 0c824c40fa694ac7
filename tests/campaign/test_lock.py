"""The lock on a folder, among real processes that are killed."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.errors import AdvisorError
from calibration.campaign.lock import lock, locked_folder
from tests.campaign.free import is_free

ROOT = Path(__file__).parents[2]


def refusal(folder):
    with pytest.raises(AdvisorError) as error, lock(folder):
        pass
    return str(error.value)


def wait_for(condition):
    stop = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < stop
        time.sleep(0.02)


def test_a_folder_is_locked_once_at_a_time(tmp_path):
    with lock(tmp_path):
        assert refusal(tmp_path) == (
            f"{tmp_path} is in use by another process (pid {os.getpid()}): wait for it or name another folder."
        )
    with lock(tmp_path):
        pass
    with pytest.raises(ZeroDivisionError), lock(tmp_path):
        raise ZeroDivisionError
    assert is_free(tmp_path)


def test_of_a_new_folder_nothing_stays_where_what_is_done_in_it_fails_without_a_file(tmp_path):
    new = tmp_path / "above" / "new"

    def fail(*files):
        with locked_folder(new):
            assert refusal(new).startswith(f"{new} is in use by another process")
            (new / "data").mkdir()
            for file in files:
                file.write_text("a file")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        fail(new / "data" / "kept")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".lock", "above", "data", "kept", "new"]


def test_a_folder_that_was_there_stays_as_it_was(tmp_path):
    (tmp_path / "empty").mkdir()
    for there in ([], ["plan.json"]):
        for name in there:
            (tmp_path / name).write_text("{}")
        with pytest.raises(ZeroDivisionError), locked_folder(tmp_path):
            raise ZeroDivisionError
        assert sorted(path.name for path in tmp_path.iterdir()) == [*[".lock"] * len(there), "empty", *there]


def test_a_lock_of_nobody_known_is_said(tmp_path):
    with lock(tmp_path):
        (tmp_path / ".lock").write_text("")
        assert refusal(tmp_path) == f"{tmp_path} is in use by another process: wait for it or name another folder."


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path):
    assert refusal(tmp_path / "none") == (
        f"Cannot work in {tmp_path}/none: No such file or directory; name a folder that you can write to."
    )


def test_other_children_do_not_hold_the_lock(tmp_path):
    with lock(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        assert is_free(tmp_path)
    finally:
        child.communicate()


def test_a_folder_stays_locked_until_the_last_worker_of_a_killed_process_has_ended(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/campaign/locking.py"), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        worker = int(owner.stdout.readline())
        wait_for((tmp_path / "ready").exists)
        assert f"another process (pid {owner.pid})" in refusal(tmp_path)
        owner.kill()
        assert owner.wait() == -9
        os.kill(worker, 0)  # it lives
        assert re.sub(r"\d+", "N", refusal(tmp_path).removeprefix(str(tmp_path))) == (
            " is in use by a worker of another process (pid N, which has ended): wait for it or name another folder."
        )
    finally:
        (tmp_path / "end").touch()
        owner.kill()
        owner.stdout.close()
    wait_for(lambda: is_free(tmp_path))
