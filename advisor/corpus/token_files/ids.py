"""Token ids that lie one after the other in a file, read in ranges; which id ends a document, which is too large."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.corpus_file import read_at
from advisor.corpus.formats import ID_TYPES
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import CorpusError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.corpus_file import Place
    from advisor.corpus.options import IdOptions
    from advisor.corpus.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class IdArray:
    """Ids of one type in a file.

    Attributes:
        place: the file.
        dtype: as numpy names it, byte order included.
        offset: bytes before the first id.
        n_ids: how many there are.
        n_vocabulary: ids at or above it are an error; None where that is not known.
        is_stated: the file, or its index, says the type; else it was told of its bytes, or by the user.
    """

    place: Place
    dtype: str
    offset: int
    n_ids: int
    n_vocabulary: int | None
    is_stated: bool

    def read(self, handle: IO[bytes], begin: int, end: int) -> npt.NDArray[np.int64]:
        """Return the ids from number ``begin`` up to ``end``.

        Raises:
            CorpusError: the file ends before them, or one of them is negative or too large.
        """
        values, limit, is_stated = self.unchecked(handle, begin, end), self.n_vocabulary, self.is_stated
        return checked_ids(values, limit, self.place.name, begin, self.dtype, is_stated=is_stated)

    def unchecked(self, handle: IO[bytes], begin: int, end: int) -> npt.NDArray[Any]:
        """Return the same in the type of the file, to look for one of them."""
        import numpy as np

        kind = np.dtype(self.dtype)
        data = read_at(handle, (end - begin) * kind.itemsize, self.offset + begin * kind.itemsize)
        if len(data) < (end - begin) * kind.itemsize:
            got = begin + len(data) // kind.itemsize
            raise CorpusError(f"{self.place.name} is truncated: it ends after {got:,} of {self.n_ids:,} ids.")
        return np.frombuffer(data, kind)


def checked_ids(
    values: npt.NDArray[Any], n_vocabulary: int | None, name: str, begin: int, dtype: str, *, is_stated: bool
) -> npt.NDArray[np.int64]:
    """Return ids as int64; ``begin`` is the number of the first of them in ``name``.

    Raises:
        CorpusError: one of them is negative or at least ``n_vocabulary``: read as another type, or another tokenizer's.
    """
    import numpy as np

    ids = values.astype(np.int64)
    if not len(ids):
        return ids
    limit = (1 << 31) if n_vocabulary is None else n_vocabulary
    if ids.min() >= 0 and ids.max() < limit:
        return ids
    at = int(np.flatnonzero((ids < 0) | (ids >= limit))[0])
    have = f"ids lie in 0 to {limit - 1:,}" if n_vocabulary is None else f"the vocabulary has {limit:,} ids"
    ways = [] if is_stated else ["what type they have with --dtype"]
    ways += ["whose they are with --tokenizer or --vocab-size"] if values[at] >= 0 or not is_stated else []
    raise CorpusError(
        f"{name}, read as {np.dtype(dtype).name}, has the id {int(values[at]):,} at place {begin + at:,}, and {have}: "
        f"{'say ' + ', or '.join(ways) if ways else 'these are no token ids, or labels of what is not learnt'}."
    )


def check_type(dtype: str | None) -> None:
    """Refuse a type of ids that is none of ID_TYPES.

    Raises:
        UsageError: it is not one of them.
    """
    if dtype is not None and dtype not in ID_TYPES:
        raise UsageError(f"--dtype must be one of {', '.join(ID_TYPES)}, not {dtype!r}.")


def end_of_text(options: IdOptions, usual: int | None = None) -> int | None:
    """Return the id that stands between documents: what is said, else the declared tokenizer's, else the usual."""
    if options.eos_id is not None:
        return options.eos_id
    return usual if options.tokenizer is None else _tokenizer(options.tokenizer).separator


def check_end(name: str, dtype: str, options: IdOptions) -> None:
    """Refuse an id between documents that is too large for the type of a file's ids.

    Raises:
        UsageError: it can never be met.
    """
    import numpy as np

    eos, highest = end_of_text(options), np.iinfo(dtype).max
    if eos is None or eos <= highest:
        return
    whose = "--eos-id" if options.eos_id is not None else f"The end of text of {options.tokenizer},"
    raise UsageError(
        f"{whose} {eos} cannot stand between documents of {name}: its ids are {np.dtype(dtype).name}, and the "
        f"largest of those is {highest:,}."
    )


def n_vocabulary(options: IdOptions) -> int | None:
    """Return how many ids there are: what is said, else the declared tokenizer's; None where neither is."""
    if options.vocab_size is not None:
        return options.vocab_size
    return None if options.tokenizer is None else _tokenizer(options.tokenizer).vocab_size


@functools.lru_cache(maxsize=4)
def _tokenizer(name: str) -> Tokenizer:
    return load_tokenizer(name)
