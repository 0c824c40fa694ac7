"""Token ids written as text: a line of whole numbers is a document."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.corpus.column_notes import note_padding
from advisor.corpus.documents import EMPTY, Document
from advisor.corpus.readers.tables import InOrder
from advisor.corpus.readers.text_lines import lines
from advisor.corpus.values.padding import find_padding, without_padding
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.readers.text_lines import TextLine

_LOOKED_AT = 64  # lines, or pieces of long ones, looked at for padding
_MOST_LOOKED_AT = 1 << 20  # ids
_LONG_LINE = 1 << 20  # bytes: a longer line is read in pieces
_OTHER = re.compile(rb"[^\d\s,\[\]]")
_BRACKETS = bytes.maketrans(b",[]", b"   ")


@dataclass(kw_only=True)
class IdLines(InOrder):
    """Lines of token ids, apart by spaces or commas, with or without brackets around them."""

    def documents(self) -> Iterator[Document]:
        """Yield the ids of each line, without padding; a long line's in pieces."""
        self.tally.read("ids", None, "token ids as text, one document a line", self.name)
        documents, first = self._lines(), []
        n_ids = 0
        for document in documents:
            first.append(document)
            n_ids += len(document.content)
            if len(first) == _LOOKED_AT or n_ids > _MOST_LOOKED_AT:
                break
        padding = find_padding(each.content for each in first if not isinstance(each.content, str))
        if padding is not None:
            note_padding(self.name, padding, self.tally)
        for document in itertools.chain(first, documents):
            ids = document.content if isinstance(document.content, str) else without_padding(document.content, padding)
            if len(ids):
                yield replace(document, content=ids)
            else:
                self.tally.skip(EMPTY, n_bytes=document.raw_bytes)

    def _lines(self) -> Iterator[Document]:
        with self._stream() as stream:
            for line in lines(stream, _LONG_LINE):
                yield from self._pieces(line)

    def _pieces(self, line: TextLine) -> Iterator[Document]:
        n_bytes = n_ids = 0
        for piece, data in enumerate(_whole_numbers(line.chunks) if line.is_long else line.chunks):
            n_bytes += len(data)
            ids = self._ids(data, line.number)
            if ids is not None and len(ids):
                n_ids += len(ids)
                yield Document(key=(self.name, line.offset, piece), content=ids, raw_bytes=len(data))
            elif ids is None:
                return
        if not n_ids and n_bytes > 1:
            self.tally.skip(EMPTY, n_bytes=n_bytes)

    def _ids(self, data: bytes, number: int) -> npt.NDArray[np.int64] | None:
        """Return the ids; None where something else is among them, which --skip-bad leaves out."""
        import numpy as np

        found = _OTHER.search(data)
        try:
            if not found:
                return np.array(list(map(int, data.translate(_BRACKETS).split())), dtype=np.int64)
            problem = f"holds {data[found.start() :][:20].rstrip()!r} among token ids"
        except (OverflowError, ValueError):
            problem = "holds a number that no token id can be"
        if not self.options.skip_bad:
            raise CorpusError(f"{self.name}:{number} {problem}; --skip-bad leaves such lines out.")
        self.tally.skip("bad lines", n_bytes=len(data))
        return None


def _whole_numbers(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a long line, cut behind a number, or inside one that is longer than any."""
    pending = b""
    for chunk in chunks:
        data = pending + chunk
        cut = max(data.rfind(b" "), data.rfind(b","), data.rfind(b"\n")) + 1 or len(data) * (len(data) > _LONG_LINE)
        if cut:
            yield data[:cut]
        pending = data[cut:]
    if pending:
        yield pending
