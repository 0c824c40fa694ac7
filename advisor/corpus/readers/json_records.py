"""Which values of a .json file are its records: the items of its lists, its objects, or the list that one holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.corpus.readers.json_values import JsonItem, JsonText, TooLongError
from advisor.corpus.values.messages import are_messages
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPEAKERS = ("role", "from", "speaker", "author")  # of a message: a list of messages is a document, and no list of them
_ITEMS_WEIGHED = 50
_NAMES_SHOWN = 20
_AS_LINES = "to_json(..., orient='records', lines=True)"
_OWN = ""  # the object itself is the record


class JsonRecords:
    """The records of JSON text; ``column`` becomes the one within a record where a dotted name chose the list."""

    def __init__(self, text: JsonText, column: str | None) -> None:
        self.text, self.name, self.column = text, text.name, column
        self._list: str | None = None  # the field of the objects at the top that has their records, by the first one
        self._is_named = False  # by --column
        self._columns: list[str] | None = None  # where the records are lists: a table as pandas writes it split

    def __iter__(self) -> Iterator[JsonItem]:
        """Yield each record: an object, a string, or anything else that stands where one should.

        Raises:
            CorpusError: the text is not JSON, is torn, or what its records are cannot be said.
        """
        n_values = 0
        while char := self.text.peek():
            if char == "[":
                yield from self._items()
            elif char == "{":
                yield from self._object()
                if self._list == _OWN:
                    yield from self.text.held("{")
            elif n_values:
                raise self.text.error(f"there is {char!r} after a whole value")
            else:
                value = next(self.text.item()).value
                raise CorpusError(
                    f"{self.name} holds no records but {type(value).__name__}; --format text reads it as text."
                )
            n_values += 1

    def _items(self) -> Iterator[JsonItem]:
        for item in self.text.items():
            if not isinstance(item.value, list):
                yield item
            elif self._columns is not None:
                row = dict(zip(self._columns, item.value, strict=False))
                yield item._replace(value=row)
            else:
                raise CorpusError(
                    f"{self.name} is a list of lists, without names for what they hold: "
                    'write each as an object, {"text": ...} or {"ids": [...]}.'
                )

    def _object(self) -> Iterator[JsonItem]:
        mark, begin = self.text.mark(), self.text.offset
        try:
            fields, is_long = self.text.value(), False
        except TooLongError:
            fields, is_long = self._first_fields(), True
        n_bytes = self.text.offset - begin
        if self._list is None and not is_long and _is_by_columns(fields):
            self._list = _OWN
            if not self.text.peek():  # the only object: others may be records that hold lists
                yield from _rows(fields, begin, n_bytes)
                return
        if self._list is None:
            self._list = self._list_of(fields, is_long=is_long)
        if self._list == _OWN and not is_long:
            yield JsonItem(value=fields, offset=begin, n_bytes=n_bytes)
            return
        self.text.reset(mark)
        yield from self.text.item() if self._list == _OWN else self._items_of(self._list)

    def _first_fields(self) -> dict[str, Any]:
        """Return the fields of an object that end in what is held; of the list after them, its first item."""
        text, fields = self.text, {}
        mark = text.mark()
        text.expect("{")
        while text.peek(comma=True) == '"':
            try:
                key = text.value(within=True)
                text.expect(":")
                char, at = text.peek(), text.mark()
                fields[key] = text.value(within=True)
            except TooLongError:
                break
        else:
            return fields
        text.reset(at)
        fields[key] = text.buffer[text.at :] if char == '"' else self._first_item() if char == "[" else None
        text.reset(mark)
        return fields

    def _first_item(self) -> list[Any]:
        self.text.expect("[")
        try:
            return [self.text.value(within=True)]
        except TooLongError:
            return []

    def _list_of(self, fields: dict[str, Any], *, is_long: bool) -> str:
        """Return the name of the list of records in an object; _OWN where it is a record itself.

        Of one that ``is_long`` these are the first fields, and the one that is named may be among the others.
        """
        self._refuse_pandas(fields)
        if _is_split(fields):
            self._columns = fields["columns"]
            return "data"
        lists = [key for key, value in fields.items() if _is_list_of_records(value)]
        head, _, rest = (self.column or "").partition(".")
        is_behind = is_long and bool(lists) and head not in fields and head not in fields[lists[-1]][0]
        if rest and (head in lists or is_behind):
            self.column, self._is_named = rest, True
            return head
        if not lists or self.column in fields or head in fields:
            return _OWN
        if len(lists) > 1:
            raise CorpusError(
                f"{self.name} holds several lists of records, {_shown(lists)}: choose one with --column, "
                f"such as --column {_longest_text({name: fields[name] for name in lists})}."
            )
        return self._list_or_own(fields, lists[0])

    def _list_or_own(self, fields: dict[str, Any], name: str) -> str:
        """Choose by where the text is: a corpus beside its metadata, or a record with annotations."""
        inside = _n_characters(fields[name][:_ITEMS_WEIGHED])
        beside = sum(_n_characters(value) for key, value in fields.items() if key != name)
        if inside > 2 * beside or self.column is not None:
            return name
        if beside > 2 * inside:
            return _OWN
        raise CorpusError(
            f"{self.name} is an object with text and a list of records, {name!r}: say which is the corpus with "
            f"--column, such as --column {name}.text."
        )

    def _refuse_pandas(self, fields: dict[str, Any]) -> None:
        values = list(fields.values())
        if not values or not all(isinstance(value, dict) and value for value in values):
            return
        is_by_column = all(key.isdecimal() and value.keys() == values[0].keys() for value in values for key in value)
        if is_by_column or all(key.isdecimal() for key in fields):
            raise CorpusError(
                f"{self.name} is a table as pandas writes it by {'column' if is_by_column else 'index'}: "
                f"write it with {_AS_LINES}."
            )

    def _items_of(self, name: str) -> Iterator[JsonItem]:
        """Yield the items of the list ``name`` of the object that begins here, and pass it."""
        text, begin, found = self.text, self.text.offset, False
        text.expect("{")
        while (char := text.peek(comma=True)) == '"':
            key = text.value()
            text.expect(":")
            if key == name and text.peek() == "[":
                found = True
                yield from self._items()
                continue
            if self._is_named and text.peek() == "[":
                for _ in text.items():
                    pass
                continue
            try:
                value = text.value()
            except TooLongError as error:
                raise self._two_lists(name, key) from error
            if _is_list_of_records(value) and not self._is_named:
                raise self._two_lists(name, key)
        if not found:
            why = "--column names" if self._is_named else "the first has"
            raise CorpusError(f"The object at byte {begin} of {self.name} has no list {name!r}, which {why}.")
        if char != "}":
            raise text.error(f"there is {char!r} where '}}' should be" if char else "it ends too early")
        text.expect("}")

    def _two_lists(self, name: str, other: str) -> CorpusError:
        return CorpusError(
            f"{self.name} holds {other!r} beside the list of records {name!r}: choose one with --column, "
            f"such as --column {name}.text."
        )


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(repr(name[:40]) for name in names[:_NAMES_SHOWN]) + more


def _longest_text(lists: dict[str, list[dict[str, Any]]]) -> str:
    """Return the dotted name of the field with the longest texts in the first records of some lists."""
    n_characters = dict[str, int]()
    for name, records in lists.items():
        for record in records[:_ITEMS_WEIGHED]:
            for key, value in record.items():
                place = f"{name}.{key}"
                n_characters[place] = max(n_characters.get(place, 0), len(value) if isinstance(value, str) else 0)
    return max(n_characters, key=lambda place: n_characters[place], default=f"{next(iter(lists))}.text")


def _is_list_of_records(value: Any) -> bool:
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return False
    return not (are_messages(value) and any(name in value[0] for name in _SPEAKERS))


def _is_split(fields: dict[str, Any]) -> bool:
    columns, rows = fields.get("columns"), fields.get("data")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        return False
    return isinstance(rows, list) and bool(rows) and all(isinstance(row, list) for row in rows)


def _is_by_columns(fields: dict[str, Any]) -> bool:
    """Return whether an object is a table by columns: lists of one length, of which one at least holds texts or lists.

    Lists of numbers alone are the ids of a document, and its mask.
    """
    columns = list(fields.values())
    if not columns or _is_split(fields) or not all(isinstance(column, list) for column in columns):
        return False
    is_of_rows = any(all(isinstance(item, kind) for item in column) for kind in (str, list) for column in columns)
    return is_of_rows and len(columns[0]) > 1 and len({len(column) for column in columns}) == 1


def _rows(fields: dict[str, list[Any]], begin: int, n_bytes: int) -> Iterator[JsonItem]:
    """Yield the rows of a table by columns; each takes its share of the bytes."""
    rows = [dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)]
    for number, row in enumerate(rows):
        at = number * n_bytes // len(rows)
        yield JsonItem(value=row, offset=begin + at, n_bytes=(number + 1) * n_bytes // len(rows) - at)


def _n_characters(value: Any) -> int:
    """Return how many characters the strings in a value have."""
    n_characters, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            n_characters += len(each)
        elif isinstance(each, dict | list):
            waiting += each.values() if isinstance(each, dict) else each
    return n_characters
