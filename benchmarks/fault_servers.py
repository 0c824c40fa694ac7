"""What a hub and a web server that do what none should cost: how long until something is said, and what.

    python benchmarks/fault_servers.py [NAME ...]

Each case starts a server on 127.0.0.1 and runs ``advisor score`` against it, with a token that must not be said.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.corpus import local_server as faults  # noqa: E402
from tests.corpus.fake_hub import Repo, serve  # noqa: E402
from tests.corpus.web_server import Served, serve_web  # noqa: E402

TOKEN = "hf_not_to_be_said"
LINES = b'{"text": "some words of a document, and more of them"}\n' * 4000
Result = tuple[str, int, str, str, float]  # case, tries, what was lost, what was said, seconds

_PART = f"HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-{len(LINES) - 1}/{len(LINES)}"
_BOTH: dict[str, faults.Fault] = {
    "refuses (HTTP 429, a day)": faults.answer("HTTP/1.1 429 Slow\nRetry-After: 86400\nContent-Length: 0"),
    "fails (HTTP 500)": faults.answer("HTTP/1.1 500 Error\nContent-Length: 0"),
    "redirects in circles": faults.circle,
    "drips": faults.drip(_PART + f"\nContent-Length: {len(LINES)}"),
    "drips headers": faults.drip_headers,
    "truncates": faults.answer(_PART + f"\nContent-Length: {len(LINES)}", LINES[:1000]),
    "lies about length": faults.answer(_PART + "\nContent-Length: 10", LINES),
    "sends 4 GB": faults.flood("HTTP/1.1 200 OK\nContent-Length: 4294967296"),
    "sends headers without end": faults.header_bomb,
    "sends a gzip bomb": faults.answer("HTTP/1.1 200 OK\nContent-Encoding: gzip", faults.gzip_bomb(1 << 30)),
}
_WEB = {
    **_BOTH,
    "drips": faults.drip(),
    "truncates": faults.answer(f"HTTP/1.1 200 OK\nContent-Length: {len(LINES)}", LINES[:1000]),
    "lies about length": faults.answer("HTTP/1.1 200 OK\nContent-Length: 10", LINES),
}


def _hub(name: str, end: str, fault: faults.Fault) -> Result:
    with serve({"org/name": Repo(files={"train.jsonl": LINES}, faults={end: fault})}) as hub:
        return _scored(name, "org/name", hub.endpoint)


def _web(name: str, fault: faults.Fault) -> Result:
    with serve_web({"/a.jsonl": Served(fault=fault)}) as web:
        return _scored(name, f"{web.address}/a.jsonl", web.address)


def _tls(name: str) -> Result:
    with faults.silent_port() as port:
        return _scored(name, "org/name", f"https://127.0.0.1:{port}")


def _scored(name: str, source: str, endpoint: str) -> Result:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "advisor", "score", source, "--tokenizer", "bytes", "--quiet"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "HF_ENDPOINT": endpoint, "HF_HOME": home, "HF_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    said = done.stderr.strip().replace(endpoint, "<host>")
    one_sentence = done.returncode == 1 and said.count("\n") == 0 and said.startswith("Error: ")
    lost = "the token" if TOKEN in done.stdout + done.stderr else "nothing" if one_sentence else "the sentence"
    return name, 1, lost, said, time.monotonic() - begun


CASES: list[Callable[[], Result]] = [
    *(partial(_hub, f"the hub {name}", "/api/datasets/org/name", fault) for name, fault in _BOTH.items()),
    *(partial(_hub, f"a file of the hub: {name}", "/train.jsonl", fault) for name, fault in _BOTH.items()),
    partial(_tls, "the hub: a TLS handshake without end"),
    *(partial(_web, f"a web server {name}", fault) for name, fault in _WEB.items()),
]


def main() -> None:
    """Print a row for each case, or for those whose names hold one of the arguments."""
    print("| case | tries | lost | s | said |\n|---|---|---|---|---|")
    for case in CASES:
        if sys.argv[1:] and not any(word in case.args[0] for word in sys.argv[1:]):  # type: ignore[attr-defined]
            continue
        name, tries, lost, said, seconds = case()
        print(f"| {name} | {tries} | {lost} | {seconds:.0f} | {said} |", flush=True)


if __name__ == "__main__":
    main()
