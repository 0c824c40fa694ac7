"""A web server of files, and limits of a machine on the same desk, for what is read over a network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.corpus.web_server import Web, serve_web


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a test: the limits are those of a machine on the same desk."""
    from advisor.corpus.remote import waiting, web

    for module in (waiting, web):
        monkeypatch.setattr(module, "CALL_LIMIT", 1.2)
        monkeypatch.setattr(module, "ANSWER_LIMIT", 0.5)
    monkeypatch.setattr(waiting, "_PAUSE", 0.01)


@pytest.fixture
def server() -> Iterator[Web]:
    with serve_web({}) as found:
        yield found
