"""How much text the records that are read have in each column: the first rows, which a column is chosen by, may differ.

A column that only later rows have, or that is empty in the first ones, is counted here as records are read, and said or
refused at the end as it would have been in the first rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.corpus.choice import FAR_MORE
from advisor.corpus.column_notes import ELSEWHERE, holds_text, note_once, percent, top_column_of
from advisor.corpus.values.messages import n_chars_of
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from advisor.corpus.columns import Field
    from advisor.corpus.tally import Tally


class TextSeen:
    """Counts the text of the records of a file of which the column ``chosen`` is read.

    Of the columns, ``fields``, those that are ids, labels or links in the first rows are passed over.
    """

    def __init__(self, chosen: Field, fields: Mapping[str, Field], *, wanted: str | None) -> None:
        self._own = frozenset(top_column_of(each) for each in (chosen.inner if chosen.form == "several" else (chosen,)))
        self._name = chosen.name
        self._passed = {
            name for name, field in fields.items() if any(map(_has_text, field.values)) and not holds_text(field)
        }
        # Who names a column leaves others out, and beside ids the text is often there that they are of.
        self._is_counted = wanted is None and chosen.kind in ("text", "messages")

    def see(self, record: Mapping[str, Any], tally: Tally) -> None:
        """Count the text of a record."""
        if not self._is_counted:
            return
        for name, value in record.items():
            if name in self._own:
                tally.text_seen(self._name).add(None, len(value) if isinstance(value, str) else n_chars_of(value))
            elif name not in self._passed and value and (n_chars := n_chars_of(value)):
                tally.text_seen(self._name).add(name, n_chars, value if isinstance(value, str) else None)


def _has_text(value: Any) -> bool:
    return bool(value) and bool(n_chars_of(value))


def check_text_seen(tally: Tally, source: str) -> None:
    """Caution of text in other columns than that which is read, by all records that were looked at.

    Raises:
        CorpusError: another column has far more.
    """
    for chosen, texts in tally.texts_seen.items():
        own, others = texts.n_chars.get(None, 0), texts.others()
        whole = own + sum(others.values())
        if not others or whole - own <= ELSEWHERE * whole:
            continue
        most = max(others, key=lambda name: others[name])
        if others[most] > FAR_MORE * own:
            raise CorpusError(
                f"{source} has {percent(others[most] / whole)} of its text in the column {most!r}, which its first "
                f"rows do not show, and {percent(own / whole)} in {chosen!r}: choose with --column {most} or --column "
                f"{chosen}."
            )
        note_once(
            tally,
            "text_elsewhere",
            f"Column {chosen} is ",
            f"{percent(own / whole)} of the text in the records that were read, and only it is measured: column {most} "
            f"has {percent(others[most] / whole)}.",
        )
