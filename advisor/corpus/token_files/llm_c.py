"""The header of llm.c's .bin, as modded-nanogpt and others write it too: 256 int32 before the ids.

The first three are a magic number, a version and the number of ids (llm.c, dev/data/data_common.py). Each document
begins with the end-of-text id of its tokenizer (dev/data/fineweb.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import read_at
from advisor.corpus.token_files.stored import opened
from advisor.errors import CorpusError
from advisor.quantities import plural

if TYPE_CHECKING:
    from advisor.corpus.corpus_file import Place

N_BYTES = 1024
# (magic, version) -> (type of the ids, end-of-text id): GPT-2's and Llama 3's tokenizers.
_HEADERS = {(20240520, 1): ("uint16", 50256), (20240520, 7): ("uint32", 128000), (20240801, 7): ("uint32", 128000)}
MAGICS = tuple(magic for magic, _ in _HEADERS)
_OTHERS = {
    20240326: "a model",
    20240327: "a test state",
    20240328: "a tokenizer",
    20240522: "an evaluation set",
}


@dataclass(frozen=True, kw_only=True)
class LlmCHeader:
    """What the header says: the type of the ids, how many there are, and which stands before each document."""

    dtype: str
    n_ids: int
    end_of_text: int


def read_llm_c_header(place: Place) -> LlmCHeader | None:
    """Return what the header of a file says, or None if it has none.

    Raises:
        CorpusError: it is another file of llm.c, of an unknown version, or its ids are not all there.
    """
    import numpy as np

    with opened(place) as handle:
        head = read_at(handle, N_BYTES, 0)
    if len(head) < N_BYTES:
        return None
    magic, version, n_ids = np.frombuffer(head, "<i4")[:3].tolist()
    if magic in _OTHERS:
        raise CorpusError(f"{place.name} is {_OTHERS[magic]} of llm.c (magic number {magic}), not token ids.")
    if magic not in MAGICS:
        return None
    if (magic, version) not in _HEADERS:
        raise CorpusError(f"{place.name} has llm.c's magic number {magic} and version {version}, which is not known.")
    dtype, end = _HEADERS[magic, version]
    expected = N_BYTES + n_ids * np.dtype(dtype).itemsize
    if place.n_bytes != expected:
        raise CorpusError(
            f"{place.name} has {plural(place.n_bytes, 'byte')}, and the {n_ids:,} ids of type {dtype} that its header "
            f"says it has take {expected:,}: it is truncated or damaged."
        )
    return LlmCHeader(dtype=dtype, n_ids=n_ids, end_of_text=end)
