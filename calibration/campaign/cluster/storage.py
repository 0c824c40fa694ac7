"""What the nodes of a cluster share: a folder that all of them see, or an address that fsspec knows, such as s3://.

An operation that fails is tried again for minutes: a storage may fail for a while. Files are put under a name of their
own and renamed, so that none is there by half, whoever is killed.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any, TypeVar

from advisor.corpus.remote.address import STORES, redacted, scheme_of
from advisor.corpus.remote.waiting import ANSWER_LIMIT, within
from advisor.errors import AdvisorError, MissingExtraError, UsageError, first_line

T = TypeVar("T")
# One operation, such as a checkpoint that is sent, and the time that a storage may fail until it is given up.
CALL_SECONDS, PATIENCE_SECONDS = 900.0, 120.0
_PAUSES = (0.5, 1.0, 2.0, 4.0)
# What another try cannot mend.
_FINAL = (NotADirectoryError, PermissionError, IsADirectoryError)


class StorageError(AdvisorError):
    """The storage that a cluster's nodes share cannot be read or written."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A shared storage: an address, or the path of a folder. ``patience`` are the seconds that it may fail for."""

    address: str
    patience: float = PATIENCE_SECONDS

    @property
    def folder(self) -> Path | None:
        """The folder that it is, where every node sees one; None of an address."""
        scheme, _, path = self.address.rpartition("://")
        return Path(path) if scheme in ("", "file", "local") else None

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return redacted(self.address)

    def check(self) -> None:
        """Refuse an address that no file system is of.

        Raises:
            UsageError: fsspec does not know it, or a folder's path is relative.
            MissingExtraError: the package that reads it is not installed.
        """
        if self.folder is not None and not self.folder.is_absolute():
            raise UsageError(f"--storage {self.address} is a relative path: name it from / on, as every node sees it.")
        _ = self._files

    def put(self, local: Path, name: str) -> None:
        """Store a file under a name, whole or not at all.

        Raises:
            StorageError: it cannot be stored.
        """
        place = self._place(name)
        temporary = self._place(f"{name}.{socket.gethostname()}-{os.getpid()}.part")

        def put() -> None:
            files = self._files
            if scheme_of(self.address) not in STORES:  # those have no folders
                files.makedirs(place.rpartition("/")[0], exist_ok=True)
            files.put_file(str(local), temporary)
            files.mv(temporary, place)

        try:
            self._tried(f"{name} cannot be stored", put)
        except FileNotFoundError as error:
            raise StorageError(
                f"There is no storage {self.shown} to put {name} in: make it, or name another."
            ) from error

    def get(self, name: str, local: Path) -> bool:
        """Fetch a file, and return whether there is one of this name.

        Raises:
            StorageError: it cannot be fetched.
        """
        try:
            self._tried(f"{name} cannot be fetched", lambda: self._files.get_file(self._place(name), str(local)))
        except FileNotFoundError:
            local.unlink(missing_ok=True)
            return False
        return True

    def content(self, name: str) -> bytes | None:
        """Return what a small file holds, None where there is none.

        Raises:
            StorageError: it cannot be read.
        """
        try:
            return bytes(self._tried(f"{name} cannot be read", lambda: self._files.cat_file(self._place(name))))
        except FileNotFoundError:
            return None

    def remove(self, names: Iterable[str]) -> None:
        """Remove files that are there.

        Raises:
            StorageError: one cannot be removed.
        """
        for name in names:
            try:
                self._tried(f"{name} cannot be removed", partial(self._files.rm_file, self._place(name)))
            except FileNotFoundError:
                continue

    def names(self, folder: str) -> list[str]:
        """Return the names of the files of a folder, with the folder's.

        Raises:
            StorageError: it cannot be listed.
        """
        try:
            found = self._tried(
                f"{folder} cannot be listed", lambda: self._files.ls(self._place(folder), detail=False, refresh=True)
            )
        except FileNotFoundError:
            return []
        return sorted(f"{folder}/{path.rpartition('/')[2]}" for path in found)

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        return _opened(self.address, self.shown)

    @property
    def _files(self) -> Any:
        return self._opened[0]

    def _place(self, name: str) -> str:
        return f"{self._opened[1].rstrip('/')}/{name}"

    def _tried(self, what: str, call: Callable[[], T]) -> T:
        stop = time.monotonic() + self.patience
        pauses = chain(_PAUSES, repeat(_PAUSES[-1]))
        while True:
            try:
                return within(CALL_SECONDS, call)
            except Exception as error:
                if isinstance(error, FileNotFoundError | AdvisorError):
                    raise
                if isinstance(error, _FINAL) or time.monotonic() > stop:
                    raise StorageError(f"In the storage {self.shown} {what}: {_reason(error)}.") from error
                time.sleep(next(pauses))


def _opened(address: str, shown: str) -> tuple[Any, str]:
    """Return fsspec's file system of an address, and the path in it."""
    import fsspec

    scheme = scheme_of(address) or ""
    options: dict[str, Any] = {}
    if scheme in STORES:
        options["use_listings_cache"] = False
        if STORES[scheme][0] == "s3fs":
            # One try of its own: ours go on for longer.
            retries = {"max_attempts": 1}
            options["config_kwargs"] = {
                "connect_timeout": ANSWER_LIMIT,
                "read_timeout": ANSWER_LIMIT,
                "retries": retries,
            }
    try:
        files, path = fsspec.core.url_to_fs(address, **options)
    except ImportError as error:
        if scheme in STORES:
            raise MissingExtraError(*STORES[scheme], f"Storage at {scheme}:// addresses") from error
        raise UsageError(f"The storage {shown} needs a package that is not installed: {first_line(error)}.") from error
    except ValueError as error:
        raise UsageError(f"The storage {shown} cannot be used: {first_line(error)}.") from error
    return files, path


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {first_line(error)}"
