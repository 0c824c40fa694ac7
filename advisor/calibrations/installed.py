"""Calibrations that a user has installed: where they are, how one gets there, and which calibration is used.

They lie one a file in ``calibrations/`` of the user's data folder: $ADVISOR_DATA_DIR where that is set, else
``data-scaling-advisor`` in $XDG_DATA_HOME, ~/.local/share, ~/Library/Application Support (macOS) or %LOCALAPPDATA%.

The rule: ``--calibration NAME`` finds shipped and installed ones alike. The default law uses none, so that an
installation changes no answer that it was not asked about. A law of a calibration that is asked for without a name
takes the shipped default; only where no calibration ships at all and exactly one is installed is it that one. A
``--coefficients FILE`` stands alone: nothing installed counts.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

from advisor.calibrations.coefficients import Calibration, Coefficients, load_coefficients, write_coefficients
from advisor.data_files import folder_made
from advisor.errors import AdvisorError, CoefficientsError, UsageError
from advisor.json_fields import SCHEMA_VERSION, json_text, read_json
from advisor.laws.published import PUBLISHED_NAMES
from advisor.untrusted.reading import MOST_JSON_BYTES, bounded_bytes

_FOLDER = "data-scaling-advisor"
_MOST = 100  # each takes some 10 ms of every start
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"  # compiled where a name is checked, not at every start


def data_folder() -> Path:
    """Return the user's data folder, which need not exist."""
    if own := os.environ.get("ADVISOR_DATA_DIR"):
        return Path(own).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = os.environ.get("XDG_DATA_HOME") or "~/Library/Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / _FOLDER


def available(path: Path | None = None) -> Coefficients:
    """Return the shipped calibrations and the installed ones, or those of the file ``path`` alone.

    An installed file that cannot be used is among ``problems`` and breaks nothing else.

    Raises:
        CoefficientsError: the file ``path``, or the shipped one, cannot be used.
    """
    found = load_coefficients(path)
    if path is not None:
        return found
    shipped = [one.name for one in found.calibrations]
    calibrations: list[Calibration] = []
    problems: dict[str, str] = {}
    files = _files()
    if len(files) > _MOST:
        problems["..."] = (
            f"{data_folder() / 'calibrations'} holds {len(files):,} files, and the first {_MOST} by name are read: "
            "remove what you do not use."
        )
    for file in files[:_MOST]:
        try:
            if file.stem in shipped:
                raise CoefficientsError(f"{file} has the name of a calibration that ships: rename the file.")
            calibrations.append(_only(load_coefficients(file, regular=True), file.stem))
        except AdvisorError as error:
            problems[file.stem] = str(error)
    installed = tuple(one.name for one in calibrations)
    alone = not shipped and not problems and len(installed) == 1
    return replace(
        found,
        default=installed[0] if alone else found.default,
        calibrations=(*found.calibrations, *calibrations),
        installed=installed,
        problems=problems,
    )


def install(name: str, path: Path, *, force: bool = False) -> Path:
    """Install a calibration of the coefficients file ``path`` as ``name``, and return the file that it is now in.

    A file with one calibration gives that one, whatever its name; of several it is the one called ``name``. Installing
    the same calibration again changes nothing; ``force`` replaces another one of that name.

    Raises:
        UsageError: the name cannot be used, or another calibration has it and ``force`` is not given.
        CoefficientsError: the file cannot be used, or has no such calibration.
        AdvisorError: the data folder cannot be written to.
    """
    check_name(name)
    document = _document(name, path)
    target = data_folder() / "calibrations" / f"{name}.json"
    if target.exists() and not force and not _holds(target, json_text(document)):
        raise UsageError(
            f"Another calibration {name} is installed ({target}): give another name, or --force to replace it."
        )
    with folder_made(target.parent, "set ADVISOR_DATA_DIR to a folder you can write to"):
        write_coefficients(document, target)
    return target


def check_name(name: str) -> None:
    """Raise UsageError if no calibration can be installed under this name."""
    if not re.fullmatch(_NAME, name):
        raise UsageError(f"A calibration's name is letters, digits, '.', '_' and '-', at most 64, not {name[:80]!r}.")
    if name in PUBLISHED_NAMES:
        raise UsageError(f"{name} is a published law: install your calibration under another name.")
    if name in [one.name for one in load_coefficients().calibrations]:
        raise UsageError(f"The calibration {name} ships with advisor: install yours under another name.")


def _files() -> list[Path]:
    """Return the installed files, by name; a data folder that cannot be read holds none."""
    try:
        with os.scandir(data_folder() / "calibrations") as entries:
            names = sorted(entry.path for entry in entries)
    except OSError:
        return []
    return [Path(name) for name in names if name.endswith(".json") and not Path(name).name.startswith(".")]


def _only(found: Coefficients, name: str) -> Calibration:
    if [one.name for one in found.calibrations] != [name]:
        raise CoefficientsError(f"{found.path} must hold one calibration, called {name}: install it again.")
    return found.calibrations[0]


def _document(name: str, path: Path) -> dict[str, object]:
    """Return the document to install, with the calibration under its new name."""
    names = [one.name for one in load_coefficients(path).calibrations]
    if not names or (len(names) > 1 and name not in names):
        known = ", ".join(names) or "none"
        raise CoefficientsError(f"{path} has no calibration {name!r} to install: it has {known}.")
    index = names.index(name) if name in names else 0
    chosen = read_json(path, CoefficientsError).value["calibrations"][index]
    return {"schema_version": SCHEMA_VERSION, "default": name, "calibrations": [{**chosen, "name": name}]}


def _holds(target: Path, text: str) -> bool:
    try:
        return bounded_bytes(target, MOST_JSON_BYTES, CoefficientsError, regular=True) == text.encode()
    except CoefficientsError:
        return False
