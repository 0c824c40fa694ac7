"""A column that is the corpus, where it lies: in a file that a child process parses, or in a table that is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from advisor.corpus.arrow.arrays import chosen_values, unpacked
from advisor.corpus.arrow.draws import ColumnDraws, Part, drawn
from advisor.errors import CorpusError
from advisor.untrusted.child import ChildDiedError, borrowed, start_early
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    import pyarrow as pa

    from advisor.corpus.corpus_file import CorpusFile

MOST_BYTES = 320 << 20  # of memory that a child process may take; its imports are some 80 MB of them
_CHILD = "advisor.corpus.arrow.child"
_BUFFER = 1 << 20  # bytes of a column read at a time
_REMOTE_BUFFER = 1 << 16  # the same of a remote file, whose first pages may be enough; ranges grow by themselves
_SLICE = 1024  # rows


class DrawnColumn(Protocol):
    """What is read of a column."""

    def slices(self) -> Iterator[pa.Array]:
        """Yield all of it, some rows at a time."""

    def draws(self, draws: ColumnDraws) -> Iterator[Part]:
        """Yield what ``advisor.corpus.arrow.draws.drawn`` does."""


@dataclass(frozen=True, kw_only=True)
class ParsedFile:
    """A parquet or arrow file, which a child process parses; ``request`` is what every call of one says."""

    file: CorpusFile
    format: str

    def ask(self, function: str, request: Mapping[str, Any], place: str = "") -> tuple[dict[str, Any], bytearray]:
        """Return what ``function`` of the child answers.

        Raises:
            CorpusError: the file is damaged, or its parsing ends the child.
        """
        answer: tuple[dict[str, Any], bytearray] = {}, bytearray()
        for answer in self.parts(function, request, place):  # noqa: B007 (there is one)
            pass
        return answer

    def parts(
        self, function: str, request: Mapping[str, Any], place: str = ""
    ) -> Iterator[tuple[dict[str, Any], bytearray]]:
        """Yield what ``function`` of the child answers, part by part; ``place`` is where in the file, "row group 3".

        Raises:
            CorpusError: the file is damaged, or its parsing ends the child.
        """
        named = f"{place[:1].upper()}{place[1:]} of {self.file.name}" if place else self.file.name
        buffer = _BUFFER if self.file.place.is_local else _REMOTE_BUFFER
        asked = {"format": self.format, "name": self.file.name, "place": named, "buffer": buffer, **request}
        with self._sentences(place), self.file.place.open() as file, borrowed(_CHILD, most_bytes=MOST_BYTES) as child:
            yield from child.parts(function, asked, [(file, self.file.n_bytes)])

    @contextmanager
    def _sentences(self, place: str) -> Iterator[None]:
        try:
            yield
        except ChildDiedError as death:
            how = str(death) if str(death).startswith("for ") else f"with {death}"
            raise CorpusError(
                f"{self.file.name} cannot be read: pyarrow ended {how}{' in ' * bool(place)}{place}, so the file is "
                "damaged or made to do that; write it again from its source."
            ) from death
        except OSError as error:
            raise CorpusError(f"{self.file.name} cannot be read: {error.strerror or error}.") from error


@dataclass(frozen=True, kw_only=True)
class FileColumn:
    """The chosen column of a row group or record batch; ``request`` says which, ``place`` in words."""

    file: ParsedFile
    request: Mapping[str, Any]
    place: str

    def slices(self) -> Iterator[pa.Array]:
        """Yield all of it, some rows at a time."""
        for _, blob in self.file.parts("slices", {**self.request, "most_bytes": None}, self.place):
            yield self._opened(blob)

    def draws(self, draws: ColumnDraws) -> Iterator[Part]:
        """Yield the places that draws fall on, and then their rows."""
        request = {**self.request, "draws": draws.as_json(), "most_bytes": draws.most_bytes}
        for told, blob in self.file.parts("draws", request, self.place):
            yield told, self._opened(blob)

    def _opened(self, blob: bytearray) -> pa.Array:
        with parsing(self.file.file.name, self.file.format, CorpusError):
            return unpacked(blob).column(0)


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column of a table of this process: ``load`` returns batches, which are validated a few rows at a time."""

    name: str
    load: Callable[[], Sequence[pa.RecordBatch]]
    columns: Sequence[tuple[str, Sequence[str]]]
    several: bool = False

    def slices(self) -> Iterator[pa.Array]:
        """Yield all of it, some rows at a time."""
        for batch in self.load():
            for start in range(0, batch.num_rows, _SLICE):
                with parsing(self.name, "an Arrow table", CorpusError):
                    values = chosen_values(batch.slice(start, _SLICE), self.columns, several=self.several)
                yield values

    def draws(self, draws: ColumnDraws) -> Iterator[Part]:
        """Yield the places that draws fall on, and then their rows."""
        return drawn(self.slices, draws)


def start_parsing() -> None:
    """Start a child process that will soon be asked of a file."""
    start_early(_CHILD, most_bytes=MOST_BYTES)
