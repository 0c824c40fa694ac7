"""The reader of a token file, by its format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.corpus.token_files.arrays import flat_reader, megatron_reader, npy_reader, npz_reader
from advisor.corpus.token_files.litdata import litdata_reader
from advisor.corpus.token_files.mds import mds_reader

if TYPE_CHECKING:
    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Reader
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_READERS = {
    "bin": flat_reader,
    "megatron": megatron_reader,
    "npy": npy_reader,
    "npz": npz_reader,
    "mds": mds_reader,
    "litdata": litdata_reader,
}
TOKEN_FORMATS = tuple(_READERS)


def token_reader(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> Reader:
    """Return the reader of a file whose format is one of TOKEN_FORMATS.

    Raises:
        CorpusError: it is damaged, or not of that format.
        UsageError: the --dtype is none of ids.
    """
    return _READERS[file.format](file, options, seq_len, tally)
