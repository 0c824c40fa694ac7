"""The type of a caution: a code for programs and a sentence for people."""

from __future__ import annotations

from typing import NamedTuple


class Caution(NamedTuple):
    """A reason for care: ``code`` for programs, ``message`` for people."""

    code: str
    message: str
