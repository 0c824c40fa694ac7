"""The csv module's bound on a field, which is one number for the whole process."""

from __future__ import annotations

import contextlib
import csv
import threading
from collections.abc import Iterator


class _Limit:
    lock = threading.Lock()
    before = 0
    n_readers = 0


@contextlib.contextmanager
def long_fields(most: int) -> Iterator[None]:
    """Have the csv module read fields of up to ``most`` characters at least.

    What it was set to before holds again when the last of the readers, in whatever thread, is done.
    """
    with _Limit.lock:
        if not _Limit.n_readers:
            _Limit.before = csv.field_size_limit()
        csv.field_size_limit(max(csv.field_size_limit(), most))
        _Limit.n_readers += 1
    try:
        yield
    finally:
        with _Limit.lock:
            _Limit.n_readers -= 1
            if not _Limit.n_readers:
                csv.field_size_limit(_Limit.before)
