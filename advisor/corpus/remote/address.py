"""Addresses of remote sources: which there are, and how one is written without what gives access."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

WEB = ("https", "http")
# Scheme -> the package that reads it, and the extra of setup.cfg that installs it.
STORES = {
    **dict.fromkeys(("s3", "s3a"), ("s3fs", "s3")),
    **dict.fromkeys(("gs", "gcs"), ("gcsfs", "gs")),
    **dict.fromkeys(("az", "abfs", "abfss"), ("adlfs", "az")),
}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# Parameters of a query that say which file is meant; any other may be a signature, a token or a key.
_PLAIN = frozenset({"alt", "download", "file", "filename", "format", "id", "name", "path", "ref", "rev", "version"})


def scheme_of(source: str) -> str | None:
    """Return the scheme of an address, in lower case; None for a path or a hub name."""
    match = _SCHEME.match(source)
    return match[1].lower() if match else None


def is_remote(source: str) -> bool:
    """Return whether a source has an address (``scheme://``) that is not one of the hub.

    >>> is_remote("s3://bucket/a.jsonl"), is_remote("hf://datasets/org/name"), is_remote("data/a.jsonl")
    (True, False, False)
    """
    return scheme_of(source) not in (None, "hf")


def redacted(source: str) -> str:
    """Return a source as it may be shown: of an address, no user, password, signature or token.

    >>> redacted("https://me:secret@host/a.jsonl?X-Amz-Signature=1f&file=b#c")
    'https://host/a.jsonl?file=b'
    """
    scheme = scheme_of(source)
    if scheme is None or scheme == "hf":
        return source
    if scheme not in WEB:  # abfs://container@account.host/path: a user is only what has a password
        return re.sub(r"://[^/@]*:[^/@]*@", "://", source)
    try:
        parts = urlsplit(source)
    except ValueError:  # brackets without an address of IPv6 in them
        return re.sub(r"://[^/@]*@", "://", source.partition("?")[0])
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name.lower() in _PLAIN])
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def file_name(address: str) -> str:
    """Return the address of a file for messages and keys: ``redacted``, and of a web server's without a query."""
    shown = redacted(address)
    return shown.partition("?")[0] if scheme_of(address) in WEB else shown


def scrubbed(text: str) -> str:
    """Return a text, whose addresses are ``redacted`` and lack the query.

    >>> scrubbed("GET https://me:secret@host/a?sig=1f failed (url: /a?sig=1f)")
    'GET https://host/a failed (url: /a)'
    """
    return re.sub(r"(?<=[\w/.])\?[^\s'\")]*=[^\s'\")]*", "", re.sub(r"://[^/\s@]*:[^/\s@]*@", "://", text))
