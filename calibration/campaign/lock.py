"""The folder of a calibration, which one command at a time may work in, together with its worker processes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import reduction
from pathlib import Path
from typing import Any

from advisor.data_files import folder_made
from advisor.errors import AdvisorError
from calibration.campaign.inside import check_inside

LOCK_NAME = ".lock"


class Lock:
    """A lock on a folder, held for as long as a process that has it lives or until each has closed it.

    Give it to a worker as an argument of ``multiprocessing.get_context("spawn").Process``: the worker then holds it
    too, and the folder stays locked until the last one ends, even if the process that took the lock is killed.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def close(self) -> None:
        """Let go of it in this process."""
        os.close(self.descriptor)

    def __getstate__(self) -> Any:
        return reduction.DupFd(self.descriptor)  # known while a process is being started, and only then

    def __setstate__(self, duplicate: Any) -> None:
        self.descriptor = duplicate.detach()


@contextmanager
def locked_folder(folder: Path) -> Iterator[Lock]:
    """Hold a folder as ``lock`` does, made if there is none; what fails before there is a plan leaves no trace of it.

    Raises:
        AdvisorError: as ``lock``, or the folder cannot be made.
    """
    is_new, was_locked = not folder.exists(), (folder / LOCK_NAME).exists()
    with folder_made(folder), lock(folder) as held:
        try:
            yield held
        except BaseException:
            if is_new:
                _remove_lock_of_nothing(folder)
            elif not was_locked and not (folder / "plan.json").exists():
                (folder / LOCK_NAME).unlink(missing_ok=True)
            raise


def _remove_lock_of_nothing(folder: Path) -> None:
    for path in folder.iterdir():
        with suppress(OSError):  # a file, or a folder that holds one
            path.rmdir()
    if [path.name for path in folder.iterdir()] == [LOCK_NAME]:
        (folder / LOCK_NAME).unlink()


@contextmanager
def lock(folder: Path) -> Iterator[Lock]:
    """Hold a folder for this process, and for the workers that are given the lock.

    Raises:
        AdvisorError: another process has it, no file can be written there, or a link in it leads elsewhere.
    """
    check_inside(folder)
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise AdvisorError(
            f"Cannot work in {folder}: {error.strerror}; name a folder that you can write to."
        ) from error
    held = Lock(descriptor)
    try:
        _take(folder, descriptor)
        yield held
    finally:
        held.close()  # not LOCK_UN, which would take it from the workers too


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left in a locked folder: files that were never renamed to what they were to be."""
    for path in (*folder.glob(".*.part"), *folder.glob("*/.*.part")):
        with suppress(OSError):  # what cannot be removed is in nobody's way
            path.unlink()


def _take(folder: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AdvisorError(
            f"{folder} is in use by {_holder(descriptor)}: wait for it or name another folder."
        ) from error
    except OSError as error:
        raise AdvisorError(f"Cannot lock {folder}: {error.strerror}; name a folder on a local disk.") from error
    with suppress(OSError):  # a full disk: the lock holds, and only the holder's number is not known
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())


def _holder(descriptor: int) -> str:
    """Return who holds the lock, in words."""
    try:
        pid = int(os.pread(descriptor, 20, 0))
        os.kill(pid, 0)
    except ProcessLookupError:
        return f"a worker of another process (pid {pid}, which has ended)"
    except PermissionError:
        pass
    except ValueError:
        return "another process"
    return f"another process (pid {pid})"
