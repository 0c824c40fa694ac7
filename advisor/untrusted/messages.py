"""What goes between the two processes: an object of JSON and some bytes, each with its length. Nothing is unpickled."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    Bytes = bytes | bytearray | memoryview

_LENGTHS = struct.Struct("<QQ")


def send(link: socket.socket, header: Mapping[str, Any], blob: Bytes = b"") -> None:
    """Send a message.

    Raises:
        OSError: the other process is gone.
    """
    text = json.dumps(header).encode()
    link.sendall(_LENGTHS.pack(len(text), len(blob)) + text)
    if len(blob):
        link.sendall(blob)


def receive(link: socket.socket) -> tuple[dict[str, Any], bytearray]:
    """Return the next message.

    Raises:
        EOFError: the other process is gone.
        TimeoutError: it did not come in the link's time.
    """
    n_text, n_blob = _LENGTHS.unpack(_exactly(link, _LENGTHS.size))
    header: dict[str, Any] = json.loads(bytes(_exactly(link, n_text)))
    return header, _exactly(link, n_blob)


def _exactly(link: socket.socket, n_bytes: int) -> bytearray:
    data = bytearray(n_bytes)
    view, at = memoryview(data), 0
    while at < n_bytes:
        try:
            n_read = link.recv_into(view[at:])
        except ConnectionError as error:
            raise EOFError from error
        if not n_read:
            raise EOFError
        at += n_read
    return data
