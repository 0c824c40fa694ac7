"""Where the shipped data files are, and writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from advisor.errors import AdvisorError, CoefficientsError

# The wheel has the files as advisor/data, a checkout and an editable install have them one level up.
_PACKAGE = Path(__file__).parent
_DATA_FOLDERS = (_PACKAGE / "data", _PACKAGE.parent / "data")


def shipped_file(name: str) -> Path:
    """Return the path of the data file ``name`` that came with the package."""
    for folder in _DATA_FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise CoefficientsError(f"The file {name} that ships with advisor is missing: install data-scaling-advisor again.")


def write_atomically(path: Path, text: str) -> None:
    """Write ``text`` to ``path``: to a temporary name beside it, flushed to disk, then renamed."""
    import tempfile  # here, because every start would pay for it

    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise AdvisorError(
            f"Cannot write {path}: {error.strerror}; name a file in a folder you can write to."
        ) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # mkstemp makes a private file; a result is as readable as any file the user makes.
            os.fchmod(descriptor, 0o666 & ~_umask())
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        raise AdvisorError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
