"""What the tally is told of a chosen column: its type, its padding, and how much text stands elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.corpus.choice import FAR_MORE, shares_of_text, why_not
from advisor.corpus.columns import rows_of_ids
from advisor.corpus.values.messages import unread_share, written_messages
from advisor.corpus.values.padding import RUN, commonest
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from advisor.corpus.columns import Field
    from advisor.corpus.tally import Tally
    from advisor.corpus.values.padding import Padding

_UNREAD = 0.05  # of the text of messages: what is not read is said from here on
ELSEWHERE = 0.1  # of the text of a table, where nobody chose the column
_MOST = 0.5  # where somebody did; also of ids, which one id seldom is

Shares = dict[str, float]


def note_column(
    chosen: Field,
    fields: Mapping[str, Field],
    tally: Tally,
    *,
    format: str,
    name: str,
    wanted: str | None,
    shares: Shares | None = None,
) -> None:
    """Tell the tally that ``chosen`` of these ``fields`` is read of the file ``name``, and what should be known of it.

    ``wanted`` is the column that the user named, if any. ``shares`` of the table's text, by column, are those that the
    file states; else they are counted in the first rows.

    Raises:
        CorpusError: nobody chose the column, and most of the text is in another.
    """
    tally.read(format, chosen.name, chosen.type, name, chosen.beside)
    seen = _seen(chosen, fields)
    if seen is None:
        return
    if chosen.kind == "ids":
        _note_ids(chosen, seen, tally)
        return
    if chosen.kind == "messages":
        _note_messages(chosen, seen, tally)
    counted = _text_shares(fields, top_column_of(chosen)) if shares is None else shares
    if wanted is None:
        _refuse_the_smaller_part(chosen, fields, counted, name)
    _note_elsewhere(chosen, counted, tally, ELSEWHERE if wanted is None else _MOST)


def top_column_of(field: Field) -> str:
    """Return the name of the column that a field is, or is inside of."""
    return (field.path or (field.name,))[0]


def _seen(chosen: Field, fields: Mapping[str, Field]) -> Field | None:
    """Return the chosen field with its values; None where no rows were looked at."""
    waiting = list(fields.values())
    while waiting:
        field = waiting.pop()
        if field.path == chosen.path and field.name == chosen.name:
            return field
        waiting += field.inner
    return None


def _note_ids(chosen: Field, seen: Field, tally: Tally) -> None:
    if chosen.padding is not None:
        note_padding(f"column {chosen.name}", chosen.padding, tally)
        return
    token, share = commonest(rows_of_ids(seen))
    if share > _MOST:
        note_once(
            tally,
            "one_id",
            f"Id {token} in column {chosen.name} is ",
            f"{percent(share)} of the ids in the first rows, and not only at their ends: if it is padding, or the "
            "column a mask, H is far too low.",
        )


def note_padding(where: str, padding: Padding, tally: Tally) -> None:
    """Say what is left out of rows of ids, of a column or of a file; once of a corpus of many files."""
    note_once(
        tally,
        "padding",
        f"Id {padding.id} fills the {'beginnings' if padding.on_left else 'ends'} of the rows of ",
        f"{where}, {percent(padding.share)} of the ids in the rows looked at: it is left out as padding.",
    )


def note_runs(name: str, token: int, share: float, tally: Tally) -> None:
    """Say what is left out of a file that is one row of ids; once of a corpus of many."""
    note_once(
        tally,
        "padding",
        f"Id {token} fills long runs ",
        f"of {name}, {percent(share)} of the ids looked at: those of {RUN} and more are left out as padding, and "
        "documents end there.",
    )


def _note_messages(chosen: Field, seen: Field, tally: Tally) -> None:
    chats = [written_messages(value) if isinstance(value, str) else value for value in seen.values]
    share, field = unread_share(chats)
    if share > _UNREAD:
        note_once(
            tally,
            "text_elsewhere",
            f"Of the messages in column {chosen.name} ",
            f"{percent(share)} of the text is not read in the first rows: most of it is in their field {field!r}.",
        )


def _refuse_the_smaller_part(chosen: Field, fields: Mapping[str, Field], shares: Shares, name: str) -> None:
    """Raise where another column has far more of the text than the one that would be read."""
    own, most = (
        shares.get(top_column_of(chosen), 0.0),
        max(shares, key=lambda each: shares[each], default=top_column_of(chosen)),
    )
    if most != top_column_of(chosen) and shares[most] > FAR_MORE * own:
        nested, inside = (", which is nested,", ".FIELD") if fields[most].inner else (",", "")
        raise CorpusError(
            f"{name} has {percent(shares[most])} of its text in the column {most!r}{nested} and {percent(own)} in "
            f"{chosen.name!r}: choose with --column {most}{inside} or --column {chosen.name}."
        )


def _note_elsewhere(chosen: Field, shares: Shares, tally: Tally, allowed: float) -> None:
    """Say where the other text is, if it is more than is allowed."""
    others = {name: share for name, share in shares.items() if name != top_column_of(chosen)}
    if sum(others.values()) <= allowed:
        return
    most = max(others, key=lambda name: others[name])
    note_once(
        tally,
        "text_elsewhere",
        f"Column {chosen.name} is ",
        f"{percent(shares.get(top_column_of(chosen), 0.0))} of the text in this table, and only it is read: column "
        f"{most} has {percent(others[most])}.",
    )


def _text_shares(fields: Mapping[str, Field], chosen: str) -> Shares:
    """Return the share of the text in the first rows by column: of all but ids, labels and what else is no corpus."""
    return shares_of_text(field for field in fields.values() if field.name == chosen or holds_text(field))


def holds_text(field: Field) -> bool:
    """Return whether a column has text that a corpus could have: of its own, or inside it."""
    if field.kind is None:
        return any(map(holds_text, field.inner))
    return field.kind != "ids" and why_not(field) is None


def note_once(tally: Tally, code: str, subject: str, rest: str) -> None:
    """Caution once of a subject: the shares of a corpus's many files differ, and the first file's stand for all."""
    if not any(each.code == code and each.message.startswith(subject) for each in tally.cautions):
        tally.caution(code, subject + rest)


def percent(share: float) -> str:
    """Return a share in whole per cent."""
    return f"{100 * share:.0f} %"
