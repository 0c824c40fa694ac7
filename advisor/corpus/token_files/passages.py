"""Documents of token ids: pieces of a long one, and the passage at a draw without reading all of it."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from advisor.corpus.documents import (
    PIECE_CHARS,
    Document,
    Passage,
    cell_length,
    is_long,
    passage,
    window_size,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.token_files.ids import IdArray


def piece_length(seq_len: int) -> int:
    """Return how many ids a piece of a long document has: whole sequences, so that pieces are cut as all of it is."""
    return max(PIECE_CHARS // seq_len, 1) * seq_len


def pieces_of_ids(
    name: str, begin: int, ids: npt.NDArray[np.int64], seq_len: int, first: int = 0
) -> Iterator[Document]:
    """Yield a document of ids, named by where it begins, in pieces where it is long; ``first`` numbers the first.

    Each is a copy: a view of a few ids would hold the block that they were read in for as long as they are held.
    """
    length = piece_length(seq_len)
    for number, start in enumerate(range(0, len(ids), length), first):
        piece = ids[start : start + length].copy()
        yield Document(key=(name, begin, number), content=piece, raw_bytes=len(piece))


def documents_in_blocks(
    blocks: Iterable[npt.NDArray[np.int64]], eos: int | None, name: str, seq_len: int, first: int = 0
) -> Iterator[Document]:
    """Yield the documents between the ``eos`` of ids that come in blocks, holding one piece of one at a time.

    ``first`` is the number of the first id in ``name``.
    """
    import numpy as np

    length = piece_length(seq_len)
    held = np.empty(0, np.int64)
    place, begin, number = first, first, 0  # of held[0]; where its document begins; pieces of that which were yielded
    for block in blocks:
        held = np.concatenate((held, block))
        ends = np.flatnonzero(held == eos) if eos is not None else np.empty(0, np.int64)
        begins = np.append(0, ends + 1)
        has_ids = ends > begins[:-1]  # many are empty where an end of text is the padding too
        for low, end in zip(begins[:-1][has_ids].tolist(), ends[has_ids].tolist(), strict=True):
            if low:
                begin, number = place + low, 0
            yield from pieces_of_ids(name, begin, held[low:end], seq_len, number)
        low = int(begins[-1])
        if low:
            begin, number = place + low, 0
        whole = (len(held) - low) // length * length
        yield from pieces_of_ids(name, begin, held[low : low + whole], seq_len, number)
        number += whole // length
        held, place = held[low + whole :], place + low + whole
    yield from pieces_of_ids(name, begin, held, seq_len, number)


def passage_in(
    ids: IdArray,
    handle: IO[bytes],
    span: tuple[int, int],
    position: float,
    following: tuple[npt.NDArray[np.int64], ...],
    seq_len: int,
) -> Passage:
    """Return the passage at ``position`` of the document that lies from ``span[0]`` to ``span[1]`` of a file's ids."""
    import numpy as np

    (begin, end), name = span, ids.place.name
    like = np.broadcast_to(np.int64(0), end - begin)  # as long as the document, in no memory
    if not is_long(like, seq_len):
        document = Document(key=(name, begin, 0), content=ids.read(handle, begin, end), raw_bytes=end - begin)
        return passage(document, (position - begin) / (end - begin), following, seq_len)
    length = cell_length(like, seq_len)
    start = int(position - begin) // length * length
    return Passage(
        key=(name, begin, start // piece_length(seq_len)),
        content=ids.read(handle, begin + start, min(begin + start + window_size(like, seq_len), end)),
        cell=min(length, end - begin - start),
        start=start,
        position=(position - begin - start) / length,
        following=(),
        raw_per_size=1.0,
        document_bytes=end - begin,
    )
