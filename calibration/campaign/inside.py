"""What a calibration's folder has: nothing in it leads out of it, so that what is written there stays there."""

from __future__ import annotations

import os
from pathlib import Path

from advisor.errors import AdvisorError

# What calibrations write, and the folders of which they write any file.
_FILES = (".lock", "plan.json", "runs.jsonl", "laws.json", "fitted_coefficients.json")
_FOLDERS = ("data", "checkpoints", "figures")


def check_inside(folder: Path) -> None:
    """Refuse a folder in which a link stands where something is written, and leads out of it.

    The folder itself may be a link: that is the user's word for where it is.

    Raises:
        AdvisorError: there is one, or it cannot be looked at.
    """
    try:
        found = next((path for path in _written(folder) if _leads_out(path, folder)), None)
    except OSError as error:
        raise AdvisorError(f"{error.filename or folder} cannot be looked at: {error.strerror}.") from error
    if found is not None:
        raise AdvisorError(
            f"{found} is a link that leads out of {folder}, to {os.path.realpath(found)}: nothing is written through "
            "it; put what it leads to in its place, or remove it."
        )


def _written(folder: Path) -> list[Path]:
    inner = [path for name in _FOLDERS if (folder / name).is_dir() for path in (folder / name).iterdir()]
    return [*(folder / name for name in (*_FILES, *_FOLDERS)), *inner]


def _leads_out(path: Path, folder: Path) -> bool:
    return path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
