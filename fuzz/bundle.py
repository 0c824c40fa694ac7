"""Several files as the bytes of one input: a folder that can be mutated, saved and made again."""

from __future__ import annotations

import os
import struct
from pathlib import Path

_MAGIC = b"FILES\0"
_LENGTHS = struct.Struct("<II")
LINK, PIPE = b"LINK:", b"PIPE:"  # contents that stand for a link to what follows, and for a pipe
_MOST_FILES = 200

Files = dict[bytes, bytes]


def packed(files: Files) -> bytes:
    """Return one input of the files of a folder, by their names.

    >>> unpacked(packed({b"a/b.txt": b"text"}))
    {b'a/b.txt': b'text'}
    """
    parts = [_LENGTHS.pack(len(name), len(data)) + name + data for name, data in files.items()]
    return _MAGIC + b"".join(parts)


def is_packed(data: bytes) -> bool:
    """Return whether an input is of several files."""
    return data.startswith(_MAGIC)


def unpacked(data: bytes) -> Files:
    """Return the files of an input; what a mutation has cut off is left out."""
    files: Files = {}
    at = len(_MAGIC)
    while at + _LENGTHS.size <= len(data) and len(files) < _MOST_FILES:
        n_name, n_data = _LENGTHS.unpack_from(data, at)
        start = at + _LENGTHS.size
        files[data[start : start + n_name]] = data[start + n_name : start + n_name + n_data]
        at = start + n_name + n_data
    return files


def make_folder(data: bytes, folder: Path) -> None:
    """Make the files of an input below ``folder``; a name that no file can have, or that leads out of it, is not."""
    for name, content in unpacked(data).items():
        parts = name.split(b"/")
        if b".." in parts or name.startswith(b"/"):
            continue
        path = os.path.join(os.fsencode(folder), *parts)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _make(path, content)
        except (OSError, ValueError):  # the system has no such names
            continue


def _make(path: bytes, content: bytes) -> None:
    if content.startswith(LINK):
        os.symlink(content.removeprefix(LINK), path)
    elif content.startswith(PIPE):
        os.mkfifo(path)
    else:
        with open(path, "xb") as file:
            file.write(content)
