"""A child process answers, reads this process's files, and dies without taking this process along."""

import io
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from advisor.errors import CorpusError
from advisor.untrusted import child as children
from advisor.untrusted.child import Child, ChildDiedError, ChildLateError, borrowed

MODULE = "tests.untrusted.crashing"


@pytest.fixture
def child():
    made = Child(MODULE)
    yield made
    made.close()


def test_a_call_is_answered_with_an_object_and_bytes(child):
    assert child.call("twice", {"number": 21}) == ({"twice": 42}, b"\0\1" * 21)
    assert child.call("twice", {"number": 0}) == ({"twice": 0}, b"")


def test_it_reads_a_file_that_is_open_here(child):
    data = bytes(range(256)) * 1000
    file = (io.BytesIO(data), len(data))
    assert child.call("read", {"at": 300, "n_bytes": 70_000}, [file]) == ({"size": 256_000}, data[300:70_300])
    assert child.call("read", {"at": 255_990, "n_bytes": 70_000}, [file])[1] == data[-10:]


def test_an_error_of_ours_comes_as_it_was_and_the_child_goes_on(child):
    with pytest.raises(CorpusError, match=r"^It is damaged\.$"):
        child.call("refuse", {})
    assert child.call("twice", {"number": 1})[0] == {"twice": 2}


def test_any_other_exception_is_a_fault_with_its_place(child):
    with pytest.raises(RuntimeError, match=r"(?s)crashing\.py.*KeyError: 'a fault of ours'"):
        child.call("fault", {})


@pytest.mark.parametrize(("function", "how"), [("segfault", "SIGSEGV"), ("abort", "SIGABRT")])
def test_its_death_is_an_error(child, function, how):
    with pytest.raises(ChildDiedError, match=f"^{how}$"):
        child.call(function, {})
    assert not child.is_alive


def test_a_late_answer_ends_it(child):
    begun = time.monotonic()
    with pytest.raises(ChildLateError, match=r"^took over 0\.5 s$"):
        child.call("sleep", {}, seconds=0.5)
    assert not child.is_alive
    assert time.monotonic() - begun < 10


def test_its_memory_is_bounded():
    child = Child(MODULE, most_bytes=512 << 20)
    assert child.call("allocate", {"n_bytes": 64 << 20})[0] == {"sum": 8 << 20}
    with pytest.raises(RuntimeError, match=r"MemoryError|Unable to allocate"):
        child.call("allocate", {"n_bytes": 1 << 30})
    child.close()


def test_a_file_that_fails_here_ends_the_child_and_is_raised_here(child):
    class Failing(io.BytesIO):
        def read(self, size=-1):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        child.call("read", {"at": 0, "n_bytes": 1}, [(Failing(), 10)])
    assert not child.is_alive


def test_a_borrowed_child_is_used_again_unless_it_died():
    with borrowed(MODULE) as first:
        first.call("twice", {"number": 1})
        with borrowed(MODULE) as other:
            assert other is not first
    with borrowed(MODULE) as again, pytest.raises(ChildDiedError):
        again.call("abort", {})
    assert again in (first, other)
    with borrowed(MODULE) as last:
        assert last is not again
        assert last.call("twice", {"number": 2})[0] == {"twice": 4}


def test_threads_have_a_child_each():
    seen = []

    def ask(number):
        with borrowed(MODULE) as each:
            seen.append(each.call("twice", {"number": number})[0]["twice"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [0, 2, 4, 6, 8, 10]


def test_a_module_of_the_working_folder_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    made = Child(MODULE)
    assert made.call("twice", {"number": 3})[0] == {"twice": 6}
    made.close()


def test_it_ends_with_its_parent(tmp_path):
    script = (
        "import sys, time\n"
        "from advisor.untrusted.child import Child\n"
        f"child = Child({MODULE!r})\n"
        "child.call('twice', {'number': 1})\n"
        "print(child._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _is_running(pid):
        time.sleep(0.05)
    assert not _is_running(pid)


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_no_idle_child_is_asked_by_a_forked_process():
    with borrowed(MODULE):
        pass
    assert children._idle
    pid = os.fork()
    if pid == 0:
        os._exit(len(children._idle))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_generator_answers_in_parts(child):
    assert list(child.parts("count", {"number": 3})) == [({"number": n}, b"\0" * n) for n in range(3)]
    assert child.call("count", {"number": 3}) == ({"number": 2}, b"\0\0")
    with pytest.raises(CorpusError, match=r"^There are no more\.$"):
        child.call("count", {"number": 3, "refuse": True})
    assert list(child.parts("count", {"number": 0})) == []
    assert child.is_alive


def test_a_child_whose_parts_are_not_all_taken_is_ended(child):
    parts = child.parts("count", {"number": 3})
    next(parts)
    parts.close()
    assert not child.is_alive
