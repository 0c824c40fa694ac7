"""What the failures of the hub mean, in one sentence each.

``datasets`` and ``huggingface_hub`` report failures in misleading ways (HTTP 500 as a missing file, a gated dataset as
one that does not exist) and hide the cause behind ``raise ... from None``. The cause is still in ``__context__``, so
``explained`` reads the whole chain and decides by the most telling exception in it.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from advisor.corpus.remote.address import scrubbed
from advisor.corpus.remote.waiting import TooSlowError
from advisor.errors import AdvisorError, HubError, install_command

if TYPE_CHECKING:
    from advisor.corpus.hub.asked import Asked


MOST_MEMORY = 1536 << 20  # bytes that reading a dataset may take, beside the libraries


class FailedError(Exception):
    """The hub answered HTTP 429 or 5xx for good, or asks for a pause of ``wait`` seconds."""

    def __init__(self, status: int, wait: int | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.wait = status, wait


@contextmanager
def explained(asked: Asked) -> Iterator[None]:
    """Turn whatever ``datasets``, ``huggingface_hub`` and the readers below them raise into one sentence, a HubError.

    A panic of a library in Rust is no Exception, but is one of theirs all the same.
    """
    from huggingface_hub.errors import RemoteEntryNotFoundError

    outside = sys.exception()
    try:
        yield
    except (AdvisorError, TooSlowError, GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        chain = list(_causes(error, outside))
        if told := _first(chain, AdvisorError):
            raise told from None
        # datasets goes on inside its handler of "there is no such optional file": that says nothing.
        missing = [cause for cause in chain if isinstance(cause, RemoteEntryNotFoundError)]
        silent = {id(each) for cause in missing for each in (cause, cause.__cause__)}
        telling = [cause for cause in chain if id(cause) not in silent]
        raise HubError(without_tokens(_sentence(telling or chain, asked), asked)) from error


def without_tokens(text: str, asked: Asked) -> str:
    """Return a text in which no token stands, nor a signed query."""
    from huggingface_hub import get_token

    for token in {asked.token, get_token()} - {None, ""}:
        text = text.replace(str(token), "(token)")
    return scrubbed(text)


def _causes(error: BaseException | None, outside: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it, including what ``from None`` hides, up to what was already being handled."""
    while error is not None and error is not outside:
        yield error
        error = error.__cause__ or error.__context__


def _sentence(chain: list[BaseException], asked: Asked) -> str:
    """Return what went wrong, from the most telling exception of the chain: offline, access, HTTP, network, content."""
    import datasets
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HTTPError

    hub, repo = endpoint(), asked.repo
    text = " ".join(str(error) for error in chain)
    unreached = _first(chain, HTTPError, ConnectionError, TimeoutError)
    if datasets.config.HF_HUB_OFFLINE and (unreached or "Couldn't find cache" in text):
        return (
            f"HF_HUB_OFFLINE is set and {repo} is not in the cache as it was asked for: "
            "unset it, or read the dataset once with --no-streaming while online."
        )
    if _first(chain, GatedRepoError) or "is a gated dataset" in text:
        return (
            f"{repo} is gated: ask for access at {hub}/datasets/{repo}, "
            f"then give a token from {hub}/settings/tokens with --token or HF_TOKEN."
        )
    if failed := _first(chain, FailedError):
        return _failure(failed.status, failed.wait, asked)
    if answer := _first(chain, HfHubHTTPError):
        return _http_sentence(answer, asked)
    if "scripts are no longer supported" in text:
        return (
            f"{repo} is a loading script, and dataset code is never run: "
            "try the copy in parquet that the hub may hold, with --revision refs/convert/parquet."
        )
    if unreached:
        return (
            f"cannot reach {hub} for {repo} ({str(unreached) or type(unreached).__name__}): "
            "check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to read what is in the cache."
        )
    return _content_sentence(chain, asked)


def _first(chain: list[BaseException], *kinds: type[BaseException]) -> Any:
    """Return the first exception of these kinds, or None."""
    return next((error for error in chain if isinstance(error, kinds)), None)


def _http_sentence(error: Any, asked: Asked) -> str:
    """Return the sentence for an answer of the hub that is an error."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import RevisionNotFoundError

    hub, repo, status = endpoint(), asked.repo, error.response.status_code
    if isinstance(error, RevisionNotFoundError):
        return (
            f"{repo} has no revision {asked.revision!r}: its branches and tags are at {hub}/datasets/{repo}/tree/main."
        )
    if status == 401 and (asked.token or get_token()):
        return f"{hub} does not accept the token for {repo}: give a valid one with --token or HF_TOKEN."
    if status in (401, 404):
        return (
            f"there is no dataset {repo} on {hub} (and no such path here), or it is private: "
            "check the spelling, or give a token that may read it with --token or HF_TOKEN."
        )
    if status == 403:
        return f"the token may not read {repo} (HTTP 403): give one with read access to it with --token or HF_TOKEN."
    if status == 429 or status >= 500:
        return _failure(status, wait_asked(error.response), asked)
    return f"{hub} answered HTTP {status} for {repo} ({_line(error)}): check HF_ENDPOINT and the name."


def _content_sentence(chain: list[BaseException], asked: Asked) -> str:
    """Return the sentence for what is wrong with the dataset's own files, or with the choice of them."""
    import datasets

    error = chain[0]
    while isinstance(error, datasets.exceptions.DatasetGenerationError) and error.__cause__ is not None:
        error = error.__cause__
    if _of_an_answer(error):
        return str(no_hub("/api", f"what cannot be used, {_line(error)}"))
    repo, text = asked.repo, str(error)
    if isinstance(error, MemoryError):
        return (
            f"{repo} cannot be read: it asks for more than {MOST_MEMORY / 1e9:.1f} GB of memory at once, so it is "
            f"damaged or has vast rows; see {endpoint()}/datasets/{repo}, and name other files with --data-files."
        )
    files = f"{endpoint()}/datasets/{repo}/tree/{asked.revision or 'main'}"
    if asked.data_files and isinstance(error, FileNotFoundError):
        below = "" if any("*" in path for path in asked.data_files) else "; what is below a folder is written FOLDER/**"
        return f"{repo} has no data files that match {', '.join(asked.data_files)}: its files are at {files}{below}."
    if isinstance(error, FileNotFoundError):
        return f"{repo} has no data files of a known format: name them with --data-files; its files are at {files}."
    if isinstance(error, StopIteration) or "BatchSize must be greater than 0" in text:
        return f"{repo} holds an empty data file, which cannot be read: name the others with --data-files, see {files}."
    configs = re.search(r"(?:[Aa]vailable.*|in the cache): \[?([^\]\n]+)", text)
    if configs and "onfig" in text:
        wish = f"there is no config {asked.name!r}" if asked.name else "it has several configs"
        return f"{repo}: {wish}; choose one with --name: {configs.group(1).replace(chr(39), '')}."
    if isinstance(error, ImportError) or "Compression type" in text:
        command = install_command("PACKAGE")
        return f"{repo} needs a package that is not installed ({_line(error)}): {command} (of zst files: zstandard)."
    if "corresponds to no data" in text:
        return f"{repo}: the split {asked.split or 'train'} has no rows: choose another with --split or --name."
    if "nstruction" in text or "slice" in text:
        return (
            f"{repo}: the split {asked.split} cannot be taken ({_line(error)}): write it as train[:1000] or train[:5%]."
        )
    if isinstance(error, datasets.table.CastError):
        return f"{repo}: its files differ in their columns: name those that agree with --data-files, see {files}."
    return (
        f"{repo} cannot be read ({_line(error)}): see its files at {files}, and name the good ones with --data-files."
    )


def no_hub(path: str, found: str) -> HubError:
    """Return the error for an answer that a hub does not give, at this path of its API."""
    return HubError(
        f"what is at {endpoint()} does not answer as a hub does ({path[:200]} gives {found}): check HF_ENDPOINT and "
        "what stands between it and this machine."
    )


def _of_an_answer(error: BaseException) -> bool:
    """Whether an error is one of huggingface_hub taking an answer apart: it looks at no part of it before."""
    if not isinstance(error, (AttributeError, TypeError, KeyError, ValueError)) or _of_the_hub(type(error)):
        return False
    frame, modules = error.__traceback__, []
    while frame is not None:
        modules.append(str(frame.tb_frame.f_globals.get("__name__")))
        frame = frame.tb_next
    return any(_takes_apart(module) for module in modules[-3:])


def _takes_apart(module: str) -> bool:
    return module.startswith("huggingface_hub.") and "hf_file_system" not in module  # that one reads the files


def _of_the_hub(kind: type[BaseException]) -> bool:
    return kind.__module__.startswith("huggingface_hub")


def _line(error: BaseException) -> str:
    """Return an exception's type and the first line of its text."""
    text = str(error).strip().partition("\n")[0].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def wait_asked(response: Any) -> int | None:
    """Return the seconds until a limit ends: ``RateLimit: "api";r=0;t=55``, ``Retry-After: 55`` or that of a date."""
    limit = re.search(r"r\s*=\s*0\s*;\s*t\s*=\s*(\d+)", response.headers.get("RateLimit", ""))
    after = limit.group(1) if limit else response.headers.get("Retry-After", "").strip()
    if re.fullmatch("[0-9]{1,9}", after):
        return int(after)
    try:
        return max(int(parsedate_to_datetime(after).timestamp() - time.time()), 0)
    except (TypeError, ValueError, OverflowError):
        return None


def _failure(status: int, wait: int | None, asked: Asked) -> str:
    """Return the sentence for HTTP 429 and 5xx."""
    if status == 429:
        pause = f"wait {wait} s" if wait else "wait some minutes"
        return f"{endpoint()} refuses more requests for now (HTTP 429): {pause}, or give a token (--token or HF_TOKEN)."
    pause = f"try again in {wait} s" if wait and wait <= 86400 else "try again later"
    return f"{endpoint()} failed on {asked.repo} (HTTP {status}): the fault is on its side, so {pause}."


def endpoint() -> str:
    """Return the address of the hub, as HF_ENDPOINT gives it."""
    import huggingface_hub

    return str(huggingface_hub.constants.ENDPOINT)


def too_slow(asked: Asked, seconds: float, words: str) -> str:
    """Return the sentence for a hub that does not come to an end; ``words`` say what is waited for."""
    from advisor.corpus.hub.reading import late_advice

    return f"{asked.repo} gave no row within {seconds:g} s ({words}): {late_advice()}."
