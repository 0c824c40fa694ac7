"""What the hub's API may answer: of bounded size, and of the shape that huggingface_hub takes for granted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from advisor.corpus.hub.failures import endpoint, no_hub
from advisor.errors import HubError

MOST_BYTES = 16 << 20  # the names of 200,000 files; a page of a listing has 1,000
_MOST_VALUES = 2_000_000  # each is some 100 bytes of Python objects
_API = "/api/datasets/"
_LISTS = re.compile(r"/(tree|paths-info)/")
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})")
_NAME = re.compile(r"[\w.-]{1,96}(/[\w.-]{1,96})?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def bound(response: Any) -> None:
    """Let the reading of an answer end where it is larger than what was asked for: that of the API, or of a range."""
    most = _most_bytes(response.request)
    if most is None:
        return
    said = response.headers.get("Content-Length", "")
    if said.isdecimal() and len(said) < 19 and int(said) > most and response.status_code < 400:
        raise _too_large(response.request, most)
    read = response.iter_raw

    def bounded(*sizes: Any, **options: Any) -> Iterator[bytes]:
        left = most
        for piece in read(*sizes, **options):
            left -= len(piece)
            if left < 0:
                raise _too_large(response.request, most)
            yield piece

    response.iter_raw = bounded


def _most_bytes(request: Any) -> int | None:
    """Return how many bytes may answer a request; None for a file, which is written as it comes."""
    if "/api/" in request.url.path:
        return MOST_BYTES
    span = _RANGE.fullmatch(request.headers.get("Range", ""))
    return None if span is None else max(int(span[2]) - int(span[1]) + 1, MOST_BYTES)


def _too_large(request: Any, most: int) -> HubError:
    path = request.url.path[:200]
    return HubError(
        f"{endpoint()} answers {path} with over {most >> 20} MB, which no hub does: check HF_ENDPOINT, or download the "
        "dataset and name its folder."
    )


def check_shape(response: Any) -> None:
    """Raise where an answer of the API about a dataset is not what a hub answers.

    Raises:
        HubError: it is no JSON, or another JSON than that of a dataset or of a list of its files.
    """
    path = response.request.url.path
    if "/api/" not in path or response.status_code != 200:
        return
    if sum(map(response.content.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise no_hub(path, f"over {_MOST_VALUES:,} values")
    try:
        value = json.loads(response.content)
    except (ValueError, RecursionError):  # ValueError: no JSON, no Unicode, or a number of thousands of digits
        raise no_hub(path, "no JSON") from None
    if _API not in path:  # what the client asks of itself
        wrong = None if isinstance(value, dict) else f"JSON that is {_kind(value)}"
    else:
        wrong = _wrong_list(value) if _LISTS.search(path) else _wrong_dataset(value)
    if wrong is not None:
        raise no_hub(path, wrong)


def _wrong_dataset(value: Any) -> str | None:
    """Return what an answer about a dataset is instead; None where it is one."""
    if not isinstance(value, dict):
        return f"JSON that is {_kind(value)}"
    if not (isinstance(value.get("id"), str) and _NAME.fullmatch(value["id"])):
        return "JSON without the name of a dataset"
    commit, files = value.get("sha"), value.get("siblings")
    if commit is not None and not (isinstance(commit, str) and _COMMIT.fullmatch(commit)):
        return "JSON with a sha that is no commit"
    if files is not None and not _has_texts(files, "rfilename"):
        return "JSON with siblings that are no files"
    return None


def _wrong_list(value: Any) -> str | None:
    """Return what an answer about files is instead; None where it is a list of them."""
    if not isinstance(value, list):
        return f"JSON that is {_kind(value)}"
    return None if _has_texts(value, "path", "type", "oid") else "JSON that is no list of files"


def _has_texts(entries: Any, *names: str) -> bool:
    """Whether entries are a list of objects that each have texts of these names, and sizes that are numbers."""
    return isinstance(entries, list) and all(
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) for name in names)
        and (entry.get("type") != "file" or isinstance(entry.get("size"), int))
        for entry in entries
    )


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")
