"""A Hugging Face hub on 127.0.0.1: the endpoints that ``datasets`` asks, over dictionaries of files; and its faults."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.corpus.local_server import Fault, Handler, running

COMMIT = hashlib.sha1(b"fake hub").hexdigest()
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Repo:
    """A dataset's files, and how the hub fails on it: ``api`` answers for all, ``files`` per path (GET and HEAD)."""

    files: dict[str, bytes] = field(default_factory=dict)
    api: tuple[int, dict[str, str]] | None = None
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    silent: str | None = None  # the API call that is never answered: info or tree
    moved_to: str | None = None
    faults: dict[str, Fault] = field(default_factory=dict)  # by the end of an address's path


@dataclass
class Hub:
    """The running server: its repositories by name, and every request it saw (method, path, Authorization)."""

    repos: dict[str, Repo]
    endpoint: str = ""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    fetched: dict[str, int] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: dict[str, list[str]], headers: Any, body: bytes) -> Answer:
        """Return status, headers and body for a request."""
        if match := re.fullmatch(r"/api/datasets/(\S+?)(?:/(revision|tree|paths-info)/([^/]+)(?:/(.*))?)?", path):
            return self._api(*match.groups(), query=query, body=body)
        if match := re.fullmatch(r"/datasets/(\S+?)/resolve/([^/]+)/(.+)", path):
            return self._file(method, *match.groups(), headers=headers)
        return 404, {}, b"{}"

    def _api(self, name: str, what: str | None, revision: str | None, folder: str | None, **asked: Any) -> Answer:
        repo = self.repos.get(name)
        if repo is None:
            return 401, {"X-Error-Message": "Invalid username or password."}, b"{}"
        if repo.silent == (what if what == "tree" else "info"):
            time.sleep(2)
        if repo.api is not None:
            return *repo.api, b"{}"
        if repo.moved_to is not None:
            tail = f"/{what}/{revision}" if what else ""
            return 307, {"Location": f"/api/datasets/{repo.moved_to}{tail}"}, b""
        if revision is not None and unquote(revision) not in ("main", "v1", COMMIT):
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        if what == "tree":
            return _json(_tree(repo, unquote(folder or ""), asked["query"].get("recursive") == ["True"]))
        if what == "paths-info":
            paths = parse_qs(asked["body"].decode()).get("paths") or json.loads(asked["body"])["paths"]
            return _json([_entry(path, repo.files[path]) for path in paths if path in repo.files])
        return _json({"_id": "1", "id": name, "sha": COMMIT, "siblings": [{"rfilename": path} for path in repo.files]})

    def _file(self, method: str, name: str, revision: str, path: str, headers: Any) -> Answer:
        repo, path = self.repos[name], unquote(path)
        for pattern, failure in repo.answers.items():
            if re.fullmatch(pattern, path):
                return *failure, b"{}"
        if path not in repo.files:
            return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b""
        data = repo.files[path]
        common = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha1(data).hexdigest()}"', "Accept-Ranges": "bytes"}
        if method == "GET":
            span = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("Range") or "")
            start, stop = (int(span[1]), int(span[2] or len(data) - 1) + 1) if span else (0, len(data))
            part = data[start:stop]
            self.fetched[f"{name}/{path}"] = self.fetched.get(f"{name}/{path}", 0) + len(part)
            if span:
                shown = {**common, "Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(data)}"}
                return 206, shown, part
        return 200, common, data


def _json(value: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _entry(path: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}


def _tree(repo: Repo, folder: str, recursive: bool) -> list[dict[str, Any]]:
    """Return the files under a folder; not recursive: its own files and folders."""
    prefix = folder + "/" if folder else ""
    inside = {path: data for path, data in repo.files.items() if path.startswith(prefix)}
    if recursive:
        return [_entry(path, data) for path, data in inside.items()]
    folders = {prefix + path[len(prefix) :].partition("/")[0] for path in inside if "/" in path[len(prefix) :]}
    files = [_entry(path, data) for path, data in inside.items() if "/" not in path[len(prefix) :]]
    return files + [{"type": "directory", "path": path, "oid": "0" * 40} for path in sorted(folders)]


class _Handler(Handler):
    hub: Hub

    def do_GET(self) -> None:  # noqa: N802 - a name of http.server
        length = int(self.headers.get("Content-Length") or 0)
        url = urlsplit(self.path)
        self.hub.requests.append((self.command, url.path, self.headers.get("Authorization")))
        for repo in self.hub.repos.values():
            for end, fault in repo.faults.items():
                if url.path.endswith(end):
                    return self.give(fault)
        status, headers, body = self.hub.answer(
            self.command, url.path, parse_qs(url.query), self.headers, self.rfile.read(length)
        )
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return None

    do_HEAD = do_POST = do_GET  # noqa: N815 - names of http.server


@contextmanager
def serve(repos: dict[str, Repo]) -> Iterator[Hub]:
    """Run a hub with these repositories on a free port, in a thread."""
    hub = Hub(repos=repos)
    with running(_Handler, hub=hub) as hub.endpoint:
        yield hub
