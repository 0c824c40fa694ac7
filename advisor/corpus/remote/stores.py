"""Files of object stores (s3://, gs://, az://), listed and read through fsspec.

Credentials are those that the store's own client finds; where it finds none, a bucket of S3 is asked as anybody may.
Google's client does so by itself.
"""

from __future__ import annotations

import functools
import importlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from advisor.corpus.corpus_file import Place
from advisor.corpus.remote.address import STORES, redacted, scheme_of
from advisor.corpus.remote.failures import failure
from advisor.corpus.remote.ranges import RangeCache, opener
from advisor.corpus.remote.waiting import ANSWER_LIMIT, CALL_LIMIT, within
from advisor.errors import MissingExtraError, RemoteError, UsageError, asked_wrongly
from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = "*?["


@dataclass(frozen=True, kw_only=True)
class RemoteFiles:
    """The files of a remote source: ``is_file`` where it names one; they lie below ``below``, a folder's address."""

    places: tuple[Place, ...]
    below: str
    is_file: bool


def list_store(source: str) -> RemoteFiles:
    """Return the files that an address of a store means: an object, all below a prefix, or those that match a glob.

    Raises:
        MissingExtraError: the package that reads the store is not installed.
        RemoteError: nothing is there, or it may not be listed.
        UsageError: the address has a password, or no bucket.
    """
    scheme, _, path = source.partition("://")
    source = f"{scheme.lower()}://{path}"
    if redacted(source) != source:
        raise UsageError(f"{redacted(source)} was given with a password: leave it out, and set it in the environment.")
    with _explained(source):
        try:
            found = within(CALL_LIMIT, lambda: _list(_opened(source)))
        except Exception as error:
            if type(error).__name__ != "NoCredentialsError":
                raise
            found = within(CALL_LIMIT, lambda: _list(_opened(source, anon=True)))
    return found


@contextmanager
def _explained(source: str) -> Iterator[None]:
    try:
        yield
    except (MissingExtraError, RemoteError, UsageError):
        raise
    except Exception as error:  # of whatever kind: every failure of a client's is told by one sentence
        raise failure(error, source, "listed") from error


@dataclass(frozen=True, kw_only=True)
class _Store:
    source: str
    path: str  # bucket/key, as fsspec writes it
    files: Any  # fsspec's file system


def _opened(source: str, **access: bool) -> _Store:
    scheme = scheme_of(source) or ""
    package, extra = STORES[scheme]
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise MissingExtraError(package, extra, f"Reading {scheme}:// addresses") from error
    import fsspec

    options: dict[str, Any] = {"use_listings_cache": False, **access}
    if package == "s3fs":
        options["config_kwargs"] = {
            "connect_timeout": ANSWER_LIMIT,
            "read_timeout": ANSWER_LIMIT,
            "retries": {"max_attempts": 2},
        }
    files, path = fsspec.core.url_to_fs(source, **options)
    if not path.strip("/"):
        raise UsageError(f"{source} names no bucket: write {scheme}://BUCKET/PATH.")
    return _Store(source=source, path=path, files=files)


def _list(store: _Store) -> RemoteFiles:
    info = None if "*" in store.path or store.source.endswith("/") else _info(store)
    if info is not None and info["type"] == "file":
        return RemoteFiles(places=_places(store, {store.path: info}), below=store.path.rpartition("/")[0], is_file=True)
    is_glob = info is None and any(sign in store.path for sign in _MAGIC)
    look = store.files.glob if is_glob else store.files.find
    places = _places(store, look(store.path, detail=True))
    if not places:
        said = f"There is no file and no folder {store.source}: check its spelling, and the bucket's."
        raise asked_wrongly(RemoteError(f"No file matches {store.source}." if is_glob else said))
    fixed = store.source.split("*")[0].rpartition("/")[0] if is_glob else store.source.rstrip("/")
    return RemoteFiles(places=places, below=fixed, is_file=False)


def _info(store: _Store) -> dict[str, Any] | None:
    try:
        return cast("dict[str, Any]", store.files.info(store.path))
    except FileNotFoundError:
        return None


def _places(store: _Store, found: dict[str, dict[str, Any]]) -> tuple[Place, ...]:
    ranges = RangeCache(fetch=functools.partial(_fetch, store.files, store.source))
    scheme, files = scheme_of(store.source), []
    for path, info in sorted(found.items()):
        if info["type"] == "file" and not path.endswith("/"):
            n_bytes = int(info["size"] or 0)
            files.append(Place(name=f"{scheme}://{path}", n_bytes=n_bytes, opener=opener(ranges, path, n_bytes)))
    return tuple(files)


def _fetch(files: Any, source: str, path: str, start: int, end: int) -> bytes:
    address = f"{scheme_of(source)}://{path}"
    try:
        data = within(CALL_LIMIT, lambda: files.cat_file(path, start=start, end=end))
    except Exception as error:  # as above
        raise failure(error, address) from error
    if len(data) != end - start:
        raise RemoteError(
            f"{address} gave {plural(len(data), 'byte')} for {end - start} at {start}: it has changed since "
            "it was listed."
        )
    return cast("bytes", data)
