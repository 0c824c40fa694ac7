"""What the hub's API answers: too much of it, or what no hub answers, is one sentence about HF_ENDPOINT, at once."""

import time
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import huggingface_hub.constants
import huggingface_hub.utils
import pytest

from advisor.corpus.hub import answers
from advisor.corpus.hub.failures import endpoint
from advisor.errors import HubError
from tests.corpus import local_server as faults
from tests.corpus.fake_hub import COMMIT, Repo, serve

INFO, TREE = "/api/datasets/org/name", f"/api/datasets/org/name/tree/{COMMIT}"
FILE = b'{"type": "file", "path": "a", "size": 1, "oid": "b"}'


def answered(url: str, content: bytes = b"", headers: Any = (), **asked: str) -> Any:
    request = SimpleNamespace(url=SimpleNamespace(path=urlsplit(url).path), headers=asked)
    pieces = (content[at : at + 65536] for at in range(0, len(content), 65536))
    return SimpleNamespace(
        request=request, content=content, status_code=200, headers=dict(headers), iter_raw=lambda: pieces
    )


@pytest.mark.parametrize(
    ("path", "content", "found"),
    [
        (INFO, b"3", "JSON that is a number"),
        ("/api/agent-harnesses", b"3", "JSON that is a number"),
        (INFO, b"[]", "JSON that is a list"),
        (INFO, b"null", "JSON that is null"),
        (INFO, b"{}", "JSON without the name of a dataset"),
        (INFO, b'{"id": 3}', "JSON without the name of a dataset"),
        (INFO, b'{"id": "../../x"}', "JSON without the name of a dataset"),
        (INFO, b'{"id": "x", "sha": "../../x"}', "JSON with a sha that is no commit"),
        (INFO, b'{"id": "x", "siblings": [{"rfilename": 3}]}', "JSON with siblings that are no files"),
        (INFO, b"<html>Log in</html>", "no JSON"),
        (INFO, b"\xff\xfe", "no JSON"),
        (INFO, b"[" * 100_000, "no JSON"),
        (INFO, b'{"id": ' + b"9" * 5000, "no JSON"),
        (TREE, b"{}", "JSON that is an object"),
        (TREE, b"[3]", "JSON that is no list of files"),
        (TREE, b'[{"type": "file", "path": "a", "oid": "b"}]', "JSON that is no list of files"),
        (TREE, b"[" + b"{}," * 1_500_000 + b"{}]", "over 2,000,000 values"),
    ],
)
def test_what_no_hub_answers_is_told(path: str, content: bytes, found: str) -> None:
    with pytest.raises(HubError) as error:
        answers.check_shape(answered(path, content))
    assert str(error.value) == (
        f"what is at {endpoint()} does not answer as a hub does ({path} gives {found}): check HF_ENDPOINT and what "
        "stands between it and this machine."
    )


def test_what_a_hub_answers_is_taken() -> None:
    answers.check_shape(answered(INFO, b'{"id": "org/name", "sha": "%s"}' % COMMIT.encode()))
    answers.check_shape(answered(INFO, b'{"id": "squad", "sha": null, "siblings": [{"rfilename": "a"}]}'))
    answers.check_shape(answered(TREE, b"[" + FILE + b', {"type": "directory", "path": "d", "oid": "c"}]'))
    answers.check_shape(answered("/datasets/org/name/resolve/main/a.txt", b"text"))


def test_a_range_may_be_as_large_as_it_was_asked_for_and_an_answer_of_the_api_may_not() -> None:
    large = bytes(answers.MOST_BYTES + 1)
    whole = answered("/datasets/org/name/resolve/main/a", large, Range=f"bytes=0-{answers.MOST_BYTES}")
    answers.bound(whole)
    assert b"".join(whole.iter_raw()) == large
    for path, asked in ((INFO, {}), ("/datasets/org/name/resolve/main/a", {"Range": "bytes=0-9"})):
        found = answered(path, large, **asked)
        answers.bound(found)
        with pytest.raises(HubError, match="with over 16 MB, which no hub does: check HF_ENDPOINT"):
            b"".join(found.iter_raw())
        with pytest.raises(HubError, match="with over 16 MB"):
            answers.bound(answered(path, headers={"Content-Length": str(1 << 31)}, **asked))


def test_an_endless_answer_ends_the_asking_at_once() -> None:
    from advisor.corpus.hub.client import _client

    fault = faults.flood("HTTP/1.1 200 OK\nContent-Type: application/json")
    with serve({"org/name": Repo(faults={INFO: fault})}) as hub:
        hooks: dict[str, list[Any]] = {"request": [], "response": []}
        client = _client(type(huggingface_hub.utils.get_session()), hooks)
        begun = time.process_time()
        with pytest.raises(HubError, match=f"{INFO} with over 16 MB"):
            client.get(f"{hub.endpoint}{INFO}")
        assert time.process_time() - begun < 5
