"""Which files a remote source means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.corpus.remote.address import STORES, WEB, redacted, scheme_of
from advisor.corpus.remote.stores import RemoteFiles, list_store
from advisor.corpus.remote.web import web_place
from advisor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.corpus.corpus_file import Place


def list_remote(source: str) -> RemoteFiles:
    """Return the files at a remote address, sorted by address, with their sizes; their contents are not fetched.

    Raises:
        MissingExtraError: the package that reads it is not installed.
        RemoteError: nothing is there, it may not be read, or the server does not answer in time.
        UsageError: the address is of a kind that is not read.
    """
    scheme = scheme_of(source) or ""
    if scheme in STORES:
        return list_store(source)
    if scheme not in WEB:
        raise UsageError(
            f"{redacted(source)} has an address of a kind that is not read: https://, s3://, gs://, az:// and hf:// "
            "are, and a file of this machine is named by its path."
        )
    place = _web_file(source)
    return RemoteFiles(places=(place,), below=place.name.rpartition("/")[0], is_file=True)


def places_beside(place: Place) -> Sequence[Place]:
    """Return the files in the folder of a remote file; none on a web server, which does not list them."""
    if scheme_of(place.name) not in STORES:
        return ()
    folder = place.name.rpartition("/")[0] + "/"
    return [each for each in list_store(folder).places if "/" not in each.name.removeprefix(folder)]


def _web_file(source: str) -> Place:
    path = source.partition("?")[0]
    if "*" in path or path.endswith("/"):
        raise UsageError(
            f"{redacted(source)} is a glob or a folder, and a web server does not list its files: name one file."
        )
    return web_place(source)
