"""A reason against a law, or to read it with care."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from advisor.caution import Caution, Severity


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a law is refused, or is to be read with care: a code that stays and a sentence for people."""

    code: str
    level: Literal["refused", "caution"]
    message: str

    JSON = ("code", "level", "message", "severity")

    @property
    def severity(self) -> Severity:
        """Whether it changes what one should do, as a caution's: a refusal does."""
        return "warning" if self.level == "refused" else Caution(code=self.code, message=self.message).severity
