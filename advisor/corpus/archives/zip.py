"""The members of a zip file, in order."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from advisor.corpus.archives.members import Member
from advisor.corpus.compressed.zip_file import open_member
from advisor.errors import CorpusError

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

    from advisor.corpus.corpus_file import Place

_MOST = 1100  # times that deflate can shrink: a zip that says more has members that lie over one another
_BOMB = 1 << 30  # bytes in all below which that is not looked at


def zip_members(archive: zipfile.ZipFile, place: Place) -> Iterator[Member]:
    """Yield the files in a zip file.

    Raises:
        CorpusError: it is encrypted, or says that it holds more than can be.
    """
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    total = sum(info.file_size for info in infos)
    if total > max(_MOST * place.n_bytes, _BOMB):
        raise CorpusError(
            f"{place.name} says that its {place.n_bytes:,} bytes hold {total:,}, more than can be: it is not read."
        )
    if any(info.flag_bits & 1 for info in infos):
        raise CorpusError(f"{place.name} is encrypted: unpack it with its password, and name the folder.")
    for info in infos:
        opener = functools.partial(open_member, archive, info)
        yield Member(name=info.filename, n_bytes=info.file_size, open=opener)
