"""Functions of this package called on nodes of a cluster, where the package may be missing, or be another version.

Ray is given one function by value, which needs nothing there but Python, and bytes for its arguments: so a node without
the package says so itself. Nothing else is sent there: neither a working directory nor code of this package.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from advisor.errors import AdvisorError

HERE = "calibration.campaign.cluster.on_node"


class NodeAnswer(NamedTuple):
    """What a node answered: its name, and what was returned, or one sentence of why there is nothing."""

    host: str
    value: Any = None
    problem: str | None = None


@cache
def code_digest() -> str:
    """Return the SHA-256 of the source of this package: two that differ might train differently without a word."""
    hashed = hashlib.sha256()
    for root in (Path(str(files(name))) for name in ("advisor", "calibration")):
        for path in sorted(root.rglob("*.py")):
            hashed.update(path.relative_to(root.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()


def packed(name: str, *arguments: Any) -> tuple[str, str, bytes, str]:
    """Return the arguments of ``carried()`` that call a function of ``on_node`` with these arguments."""
    return HERE, name, pickle.dumps(arguments), code_digest()


def carried() -> Callable[..., tuple[str, str, Any]]:
    """Return the function that Ray carries: it imports the module that it is told, there, and says what comes of it.

    It must stand inside another: a function of a module would itself be imported there.
    """

    def call(module: str, name: str, given: bytes, digest: str, *handles: Any) -> tuple[str, str, Any]:
        import importlib
        import pickle
        import socket

        host = socket.gethostname()
        try:
            there = importlib.import_module("calibration.campaign.cluster.calls")
            found = there.code_digest()
            function = getattr(importlib.import_module(module), name) if found == digest else None
        except ImportError as error:
            return host, "missing", str(error)
        if function is None:
            return host, "other", None
        try:
            return host, "done", function(*pickle.loads(given), *handles)
        except there.AdvisorError as error:
            return host, "error", str(error)

    return call


def unpacked(answer: tuple[str, str, Any]) -> NodeAnswer:
    """Return what a call of ``carried()`` came to."""
    host, kind, said = answer
    if kind == "done":
        return NodeAnswer(host, said)
    if kind == "error":
        return NodeAnswer(host, problem=said)
    problem = (
        f"The node {host} of the cluster cannot import this package ({said})"
        if kind == "missing"
        else f"The node {host} of the cluster has another version of this package than the command"
    )
    return NodeAnswer(host, problem=f"{problem}: install the same one, with the extra calibrate, on every node.")


def value_of(answer: tuple[str, str, Any]) -> Any:
    """Return the value that a call returned.

    Raises:
        AdvisorError: there is none; the message says why.
    """
    found = unpacked(answer)
    if found.problem is not None:
        raise AdvisorError(found.problem)
    return found.value
