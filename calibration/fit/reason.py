"""A reason against a law, or to read it with care."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a law is refused, or is to be read with care: a code that stays and a sentence for people."""

    code: str
    level: Literal["refused", "caution"]
    message: str
