"""Profiles written by ``advisor score --json``, read back as far as a recommendation needs them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.errors import CorpusError, UsageError
from advisor.json_fields import Node, read_json
from advisor.protocol import Protocol, read_protocol


@dataclass(frozen=True, kw_only=True)
class ProfileRecord:
    """One corpus of a profile file: H with its 95 % interval, and the corpus's estimated size in tokens."""

    source: str
    protocol: Protocol
    median: float
    ci95: tuple[float, float] | None
    estimated_tokens: float
    bytes_per_token: float | None


def read_profile(path: Path, corpus: str | None = None) -> ProfileRecord:
    """Return the profile in ``path``; ``corpus`` names the source where the file holds several.

    Raises:
        CorpusError: the file cannot be read or is no profile.
        UsageError: there are several corpora and ``corpus`` names none of them.
    """
    records = [_record(node) for node in read_json(path, CorpusError)["corpora"].items()]
    names = ", ".join(record.source for record in records) or "none"
    if corpus is None and len(records) != 1:
        raise UsageError(f"{path} holds {len(records)} corpora: name one with --corpus ({names}).")
    found = [record for record in records if corpus in (None, record.source)]
    if len(found) != 1:
        raise UsageError(f"{path} has {len(found)} corpora called {corpus!r}: it holds {names}.")
    return found[0]


def _record(node: Node) -> ProfileRecord:
    measured, bytes_per_token = node["compressibility"], node["bytes_per_token"]
    interval = measured.get("ci95")
    return ProfileRecord(
        source=node["source"].text(),
        protocol=read_protocol(node["protocol"]),
        median=measured["median"].number(0, 1, open_ends=True),
        ci95=None if interval is None else interval.pair(0),
        estimated_tokens=node["estimated_tokens"].number(0, open_ends=True),
        bytes_per_token=None if bytes_per_token.value is None else bytes_per_token.number(0, open_ends=True),
    )
