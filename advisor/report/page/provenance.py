"""Where a page comes from: version, date, command line, files and published sources."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from advisor.errors import UsageError, printable
from advisor.report.page.blocks import PageSection

_LATEST = 253402300799  # the last second of the year 9999


def version() -> str:
    """Return the version of advisor that is installed, or that it is not."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("data-scaling-advisor")
    except PackageNotFoundError:
        return "not installed"


def date() -> str:
    """Return the time of now in UTC, or that of SOURCE_DATE_EPOCH, with which the same inputs make the same bytes.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no number of seconds.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if not given.isascii() or not given.isdigit() or int(given[:20]) > _LATEST:
        raise UsageError(f"SOURCE_DATE_EPOCH must be a number of seconds since 1970, not {given[:40]!r}: unset it.")
    return f"{datetime.fromtimestamp(int(given), UTC):%Y-%m-%d %H:%M} UTC"


def provenance(
    sections: Iterable[PageSection], *, command: str, files: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return the lines that say where a page comes from."""
    cited = dict.fromkeys(source for section in sections for source in section.sources)
    rows = [
        ("Made by", f"advisor {version()}, {date()}"),
        ("Command", command),
        *(("File", f"{path}: {what}") for path, what in files),
        *(("Law", f"{law}: {source}") for law, source in cited),
    ]
    return tuple((label, printable(text)) for label, text in rows if text)
