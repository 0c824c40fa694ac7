"""Where the shipped data files are, and writing a file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from advisor.errors import NOT_THERE, AdvisorError, CoefficientsError, UsageError, asked_wrongly

# The wheel has the files as advisor/data, a checkout and an editable install have them one level up.
_PACKAGE = Path(__file__).parent
_DATA_FOLDERS = (_PACKAGE / "data", _PACKAGE.parent / "data")


def shipped_file(name: str) -> Path:
    """Return the path of the data file ``name`` that came with the package."""
    for folder in _DATA_FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise CoefficientsError(
        f"The file {name} that ships with advisor is missing: install advisor again from where it came (in a checkout, "
        "`git checkout data` brings it back)."
    )


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path``, text in UTF-8: to a temporary name beside it, flushed to disk, then renamed.

    A link is followed; a device or a pipe, such as /dev/stdout, is written to as it is.
    """
    import tempfile  # here, because every start would pay for it

    if not path.name:
        raise UsageError("The name of the file to write is empty.")
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        _write_through(path, data)
        return
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        found = AdvisorError(f"Cannot write {path}: {error.strerror}; name a file in a folder you can write to.")
        raise (asked_wrongly(found) if isinstance(error, NOT_THERE) else found) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            # mkstemp makes a private file; a result is as readable as any file the user makes.
            os.fchmod(descriptor, 0o666 & ~_umask())
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, target)
    except OSError as error:
        raise AdvisorError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _write_through(path: Path, data: bytes) -> None:
    try:
        with path.open("wb") as stream:
            stream.write(data)
    except OSError as error:
        raise AdvisorError(f"Cannot write {path}: {error.strerror}.") from error


@contextmanager
def folder_made(folder: Path, what_to_do: str = "name another folder") -> Iterator[None]:
    """Have a folder, and those above it, for what is written there; if that fails, those made and still empty go again.

    Raises:
        AdvisorError: it cannot be made; ``what_to_do`` ends the sentence.
    """
    new = [each for each in (folder, *folder.parents) if not os.path.exists(each)]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            found = AdvisorError(f"{folder} cannot be made: {error.strerror}; {what_to_do}.")
            raise (asked_wrongly(found) if isinstance(error, (*NOT_THERE, FileExistsError)) else found) from error
        yield
    except BaseException:
        for each in new:
            with suppress(OSError):  # it is not empty, or was never made
                each.rmdir()
        raise


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to disk: a new or renamed file is only then sure to be found after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_writable(path: Path | None) -> None:
    """Raise AdvisorError, before any work is done, if no file can be written at ``path``."""
    if path is None:
        return
    try:
        folder = Path(os.path.realpath(path)).parent
        problem = None if folder.is_dir() else "there is no such folder"
        if path.is_dir():
            problem = "it is a folder"
        is_named_wrongly = problem is not None
        if problem is None and not os.access(folder, os.W_OK):
            problem = "the folder cannot be written to"
    except OSError as error:
        problem, is_named_wrongly = str(error.strerror), False
    if problem is not None:
        found = AdvisorError(f"Cannot write {str(path)[:200]}: {problem}.")
        raise asked_wrongly(found) if is_named_wrongly else found


def refuse_overwriting(out: Path | None, *sources: str | Path | None, option: str = "--out") -> None:
    """Raise UsageError if ``out`` is one of the files (or a file in one of the folders) that are read."""
    if out is None or not out.is_file():
        return
    target = out.resolve()
    for source in sources:
        reads = () if source is None else (Path(found).resolve() for found in _named(os.path.expanduser(source)))
        if any(read == target or (read.is_dir() and read in target.parents) for read in reads):
            raise UsageError(f"{option} {out} would overwrite what is read from {source}: name another file.")


def _named(source: str) -> list[str]:
    import glob

    return [source, *(glob.glob(source, recursive=True) if glob.has_magic(source) else ())]


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
