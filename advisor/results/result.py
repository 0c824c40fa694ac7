"""What every result of the library can do beside its fields: repr(), str(), a notebook's table, JSON, a data frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

from advisor.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas

_LONGEST = 160  # characters of a line about a result: names of corpora may be any length


class Shown(NamedTuple):
    """A small table of strings, and lines to stand below it."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


class Result(ABC):
    """A result: a frozen dataclass (``repr=False``) that says what it is in brief, and what its table has.

    ``ROWS`` is the key of its document under which the rows of ``to_frame`` stand.
    """

    ROWS = ""

    @property
    @abstractmethod
    def in_brief(self) -> str:
        """The result in a few words, for ``repr``."""

    @abstractmethod
    def shown(self) -> Shown:
        """Return the table that a notebook shows."""

    def document(self) -> Mapping[str, Any]:
        """Return what ``to_dict`` gives a JSON form and a schema version; results may lie in it."""
        from advisor import json_form

        found: dict[str, Any] = json_form.as_json(self)
        return found

    def frame_rows(self) -> Iterable[Mapping[str, Any]]:
        """Return the rows of ``to_frame``, which may be nested."""
        found: list[dict[str, Any]] = self.to_dict()[self.ROWS]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the document that the command prints with --json, as Python's own types."""
        from advisor import json_form
        from advisor.json_fields import SCHEMA_VERSION

        return {"schema_version": SCHEMA_VERSION, **json_form.as_json(self.document())}

    def to_frame(self) -> pandas.DataFrame:
        """Return the rows as a pandas data frame; what is nested has dotted names, intervals .low and .high.

        Raises:
            AdvisorError: pandas is not installed.
        """
        from advisor.results.frame import frame_of

        return frame_of(self.frame_rows())

    def __repr__(self) -> str:
        brief = printable(self.in_brief)
        brief = brief if len(brief) <= _LONGEST else f"{brief[: _LONGEST - 1]}…"
        return f"<{type(self).__name__} {brief}>"

    def __str__(self) -> str:
        """Return the first screen that the command prints."""
        from advisor.api.first_screen import first_screen  # up, for this alone: see tests/test_arrows.py

        return first_screen(self)

    def _repr_html_(self) -> str:
        from advisor.results.html import html_table

        return html_table(self.in_brief, self.shown())
