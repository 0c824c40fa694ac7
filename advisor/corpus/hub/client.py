"""How the hub is asked, and for how long: one request that finds the dataset, and bounds on every wait after it."""

from __future__ import annotations

import functools
import logging
import os
import time
from typing import TYPE_CHECKING, Any

from advisor.corpus.hub.answers import bound, check_shape
from advisor.corpus.hub.failures import FailedError, endpoint, wait_asked
from advisor.corpus.hub.watch import Watch
from advisor.errors import HubError

if TYPE_CHECKING:
    from advisor.corpus.hub.asked import Asked

# Seconds. A hub that is up answers within one; the hub's own client waits for ever where it names no limit.
ANSWER_LIMIT = 10.0
# The longest wait a rate limit may ask for before that is an error (the hub counts in windows of 300 s).
RATE_LIMIT_WAIT = 10
# huggingface_hub makes 6 tries of each read, over 23 s; datasets would repeat them 20 times, 5 to 60 s apart.
STREAM_TRIES, STREAM_PAUSE = 2, 1
MOST_FAILURES = 3  # of one address: a further one is told, and not tried again

watch = Watch()
_failures: dict[str, int] = {}


def find(asked: Asked) -> tuple[str, str | None]:
    """Return the present name and the commit of a dataset, from one request (two where the hub was not reached)."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, HTTPError

    api = huggingface_hub.HfApi(endpoint=endpoint(), token=asked.token)
    ask = functools.partial(api.dataset_info, asked.repo, revision=asked.revision, timeout=ANSWER_LIMIT, expand=["sha"])
    try:
        info = ask()
    except HTTPError as error:
        down = isinstance(error, HfHubHTTPError) and error.response.status_code >= 500
        if not down and type(error).__name__ != "ConnectError":
            raise
        time.sleep(1)
        info = ask()
    return info.id, info.sha


def reachable() -> bool:
    """Return whether the hub answers at all, or need not: HF_HUB_OFFLINE=1 leaves it to the cache."""
    import huggingface_hub
    from huggingface_hub.errors import HTTPError

    if huggingface_hub.constants.HF_HUB_OFFLINE:
        return True
    try:
        huggingface_hub.utils.get_session().head(endpoint(), timeout=ANSWER_LIMIT)
    except HTTPError:
        return False
    return True


def be_quiet_and_brief() -> None:
    """Switch off the progress bars, the logs and the longest waits of both libraries, for the whole process.

    The user's own HF_HUB_VERBOSITY, DATASETS_VERBOSITY and ..._DISABLE_PROGRESS_BARS=0 are respected.
    """
    import datasets
    import huggingface_hub

    if datasets.config.HF_DATASETS_DISABLE_PROGRESS_BARS is None:
        datasets.disable_progress_bars()
    if huggingface_hub.constants.HF_HUB_DISABLE_PROGRESS_BARS is None:
        huggingface_hub.utils.disable_progress_bars()
    for library, variable in ("datasets", "DATASETS_VERBOSITY"), ("huggingface_hub", "HF_HUB_VERBOSITY"):
        if not os.environ.get(variable):
            logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    # A download count is sent to a host that HF_ENDPOINT does not name; behind a firewall it costs 3 s.
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    for action in "READ", "OPEN":
        setattr(datasets.config, f"STREAMING_{action}_MAX_RETRIES", STREAM_TRIES)
        setattr(datasets.config, f"STREAMING_{action}_RETRY_INTERVAL", STREAM_PAUSE)
    datasets.config.STREAMING_READ_SERVER_UNAVAILABLE_RETRY_INTERVAL = STREAM_PAUSE
    datasets.config.STREAMING_READ_RATE_LIMIT_RETRY_INTERVAL = STREAM_PAUSE
    _limit_clients()


@functools.cache
def _limit_clients() -> None:
    """Let every client that huggingface_hub makes from now on give up in time (a new one follows a failure)."""
    import huggingface_hub

    first = huggingface_hub.utils.get_session()
    huggingface_hub.set_client_factory(functools.partial(_client, type(first), dict(first.event_hooks)))


def _client(kind: Any, hooks: dict[str, list[Any]]) -> Any:
    """Return a client as huggingface_hub makes it, that gives up on a silent server and on what asks for long waits."""
    client = kind(follow_redirects=True, timeout=None)
    client.headers["Accept-Encoding"] = "identity"  # what is small on the way and vast in memory is not asked for
    client.event_hooks = {
        "request": [*hooks["request"], _limit_answer, watch.asked],
        "response": [*hooks["response"], watch.answered, _refuse_packed, _refuse_long_wait, bound],
    }
    send = client.send

    def watched(*request: Any, **options: Any) -> Any:
        with watch.waiting():
            response = send(*request, **options)
        if not options.get("stream"):
            check_shape(response)
        return response

    client.send = watched
    return client


def _limit_answer(request: Any) -> None:
    """Give a request that may wait for ever a limit."""
    limits = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {
        kind: limits.get(kind) or ANSWER_LIMIT for kind in ("connect", "read", "write", "pool")
    }


def _refuse_packed(response: Any) -> None:
    """Raise where an answer is compressed on its way, which was not asked for: a few bytes may become gigabytes."""
    packed = response.headers.get("Content-Encoding", "identity").lower()
    if packed != "identity":
        raise HubError(
            f"{endpoint()} answers with Content-Encoding {packed[:20]}, which was not asked for: check HF_ENDPOINT and "
            "what stands between it and this machine."
        )


def _refuse_long_wait(response: Any) -> None:
    """Raise where the hub asks for a pause that its client would silently sleep through, and where it fails again."""
    status, address = response.status_code, str(response.request.url)
    if status != 429 and status < 500:
        _failures.pop(address, None)
        return
    _failures[address] = _failures.get(address, 0) + 1
    if (wait_asked(response) or 0) > RATE_LIMIT_WAIT or _failures[address] >= MOST_FAILURES:
        _failures.pop(address)
        raise FailedError(status, wait_asked(response))
