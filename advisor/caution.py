"""A caution: what a reader of a result must know before acting on it, as data with a code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Caution:
    """A reason for care: ``code`` for programs, ``message`` for people."""

    code: str
    message: str
