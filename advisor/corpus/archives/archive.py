"""An archive read in order: each of its text files is a document, or each of its samples."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.corpus.archives.members import (
    LARGEST_RECORD,
    Member,
    holds_samples,
    is_readable,
    record_of,
    why_left_out,
)
from advisor.corpus.archives.tar import TornArchiveError, tar_members
from advisor.corpus.archives.zip import zip_members
from advisor.corpus.choice import choose_column
from advisor.corpus.column_notes import note_padding
from advisor.corpus.columns import ABSENT, content_of, fields_of_records, value_in
from advisor.corpus.compressed.zip_file import open_zip
from advisor.corpus.documents import EMPTY, Document
from advisor.corpus.readers.notebooks import is_notebook, notebook_stream
from advisor.corpus.readers.text import pieces_of_stream, why_no_text
from advisor.corpus.streams import decoded
from advisor.corpus.token_files.ids import checked_ids, end_of_text, n_vocabulary
from advisor.corpus.token_files.stored import open_stored
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.corpus.columns import Field
    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Content
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_HEAD = 100  # members whose names say what an archive holds
_FIRST = 20  # samples looked at to choose a column


@dataclass(kw_only=True)
class Archive:
    """A tar or zip file, read in order."""

    file: CorpusFile
    options: CorpusOptions
    seq_len: int
    tally: Tally
    size: int | None = None
    n_documents: int | None = None

    @property
    def name(self) -> str:
        """The path or address of the archive."""
        return self.file.name

    def documents(self) -> Iterator[Document]:
        """Yield each text file's text, in pieces where it is long, or what each sample has in the column."""
        with self._open() as members:
            if self._holds_samples():
                yield from self._of_samples(members)
                return
            n_read = 0
            for member in members:
                reason = why_left_out(member, self.options.everything)
                if reason:
                    self.tally.skip(reason, n_bytes=member.n_bytes, name=f"{self.name}/{member.name}")
                    continue
                n_read += 1
                yield from self._of_text(member)
            if not n_read and self.file.named:
                raise CorpusError(f"{self.name} holds no file of text that is read: unpack it, and name what is in it.")

    @contextmanager
    def _open(self) -> Iterator[Iterator[Member]]:
        if self.file.format == "zip":
            with open_zip(self.file.place) as archive:
                yield zip_members(archive, self.file.place)
            return
        with open_stored(self.file) as stream:
            yield tar_members(stream, self.name, self._skip)

    def _skip(self, reason: str, name: str, n_bytes: int) -> None:
        self.tally.skip(reason, n_bytes=n_bytes, name=f"{self.name}/{name}")

    def _holds_samples(self) -> bool:
        with self._open() as members:
            return holds_samples(list(itertools.islice(members, _HEAD)))

    def _of_text(self, member: Member) -> Iterator[Document]:
        name = f"{self.name}/{member.name}"
        self.tally.read(self.file.format, None, "text files", self.name)
        try:
            with member.open() as raw:
                stream = decoded(raw, name, self.options.encoding)
                stream = notebook_stream(stream, name) if is_notebook(name) else stream
                for piece, (text, n_bytes) in enumerate(pieces_of_stream(stream, name)):
                    yield Document(key=(name, 0, piece), content=text, raw_bytes=n_bytes)
        except TornArchiveError:
            raise
        except CorpusError as error:  # it is not text
            reason = f"{why_no_text(error, self.options.encoding)} in archives"
            self.tally.skip(reason, n_bytes=member.n_bytes, name=name)

    def _of_samples(self, members: Iterator[Member]) -> Iterator[Document]:
        samples = self._samples(members)
        head = list(itertools.islice(samples, _FIRST))
        field = self._choose([record for _, record in head])
        for number, (key, record) in enumerate(itertools.chain(head, samples)):
            content = self._content(record, field, key)
            if content is not None and not len(content):
                self.tally.skip(EMPTY)
            elif content is not None:
                n_bytes = len(content.encode("utf-8", "replace")) if isinstance(content, str) else len(content)
                yield Document(key=(self.name, number, 0), content=content, raw_bytes=n_bytes)

    def _samples(self, members: Iterator[Member]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each sample's key and record; one ends where the key changes, or a part comes again."""
        key, seen, sample = "", set[str](), dict[str, bytes]()
        for member in members:
            if seen and (member.key != key or member.part in seen):
                yield key, record_of(sample, f"Sample {key} of {self.name}")
                seen, sample = set(), {}
            key = member.key
            seen.add(member.part)
            if not is_readable(member.part):
                self.tally.skip(f".{member.part} parts of samples", n_bytes=member.n_bytes)
            elif member.n_bytes > LARGEST_RECORD:
                self.tally.skip("parts of samples over 64 MB", n_bytes=member.n_bytes, name=member.name)
            else:
                with member.open() as stream:
                    sample[member.part] = stream.read()
        if seen:
            yield key, record_of(sample, f"Sample {key} of {self.name}")

    def _choose(self, records: list[dict[str, Any]]) -> Field:
        """Return the column: without --column the text of a sample, beside which its JSON describes it."""
        column = self.options.column
        fields = fields_of_records(records)
        if column is None:
            arrays = [name for name in fields if name.endswith("npy") and fields[name].kind == "ids"]
            texts = [name for name in ("txt", "text") if name in fields and fields[name].kind == "text"]
            column = texts[0] if texts else arrays[0] if len(arrays) == 1 else None
        field = choose_column(fields, column, self.name, several=True)
        self.tally.read(self.file.format, field.name, field.type, self.name, field.beside)
        if field.padding is not None:
            note_padding(f"column {field.name}", field.padding, self.tally)
        return field

    def _content(self, record: dict[str, Any], field: Field, key: str) -> Content | None:
        place = f"Sample {key} of {self.name}"
        value = value_in(record, field)
        content = None if value is ABSENT else content_of(value, field)
        if content is None:
            if not self.options.skip_bad:
                raise CorpusError(f"{place} has no usable {field.name!r}; --skip-bad leaves it out.")
            self.tally.skip("bad samples")
            return None
        if isinstance(content, str):
            return content
        ids = checked_ids(content, n_vocabulary(self.options.ids), place, 0, "int64", is_stated=False)
        eos = end_of_text(self.options.ids)
        return ids[:-1] if eos is not None and len(ids) and ids[-1] == eos else ids


def archive_reader(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> Archive:
    """Return the reader of a tar, which may be compressed, or of a zip file."""
    return Archive(file=file, options=options, seq_len=seq_len, tally=tally)
