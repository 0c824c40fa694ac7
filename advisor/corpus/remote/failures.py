"""What the failures of remote sources mean, in one sentence each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from advisor.corpus.remote.address import STORES, file_name, scheme_of, scrubbed
from advisor.corpus.remote.waiting import ANSWER_LIMIT, TooSlowError
from advisor.errors import RemoteError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_ACCESS = {
    "s3": "credentials are looked for in AWS_ACCESS_KEY_ID, AWS_PROFILE, ~/.aws and the role of the machine",
    "gs": "credentials are looked for in GOOGLE_APPLICATION_CREDENTIALS, those that gcloud auth application-default "
    "login leaves, and the account of the machine",
    "az": "credentials are looked for in AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or "
    "AZURE_STORAGE_SAS_TOKEN, and in AZURE_STORAGE_CONNECTION_STRING",
    "web": "a signed address may have expired, and one that needs a log-in can be downloaded first",
}
# Types of exceptions that clients of the stores raise, by name: importing them all would need all packages.
_NO_CREDENTIALS = {
    *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound"),
    *("TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "DefaultCredentialsError"),
    *("RefreshError", "ClientAuthenticationError", "CredentialUnavailableError"),
}
_NOT_REACHED = {
    *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError", "HTTPClientError"),
    *("ClientConnectorError", "ServerDisconnectedError", "ServiceRequestError", "TransportError", "ConnectTimeout"),
    *("ReadTimeout", "ConnectionError", "ChunkedEncodingError", "ProtocolError", "IncompleteRead", "ProxyError"),
    *("ClientConnectorDNSError", "ResponseStreamingError", "ServiceResponseError", "TimeoutError", "FSTimeoutError"),
}


class RefusedError(Exception):
    """An answer that is an error: its HTTP status, and the seconds to wait where it names them."""

    def __init__(self, status: int, wait: float | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.wait = status, wait


def failure(error: Exception, address: str, what: str = "read") -> RemoteError:
    """Return the error of one sentence for what went wrong when ``address`` was read or listed."""
    chain = list(_causes(error))
    names = {kind.__name__ for each in chain for kind in type(each).__mro__}
    name = file_name(address)
    if isinstance(error, TooSlowError):
        return RemoteError(
            f"{name} could not be {what} within {error.seconds:g} s: the server is silent or too slow; try again, or "
            + ("download it." if what == "read" else "name a narrower folder or glob.")
        )
    if "SSLError" in names or "SSLCertVerificationError" in names:
        return RemoteError(
            f"{name} cannot be {what}: the server's certificate is not accepted ({_words(chain)}); check the address, "
            "the machine's clock and REQUESTS_CA_BUNDLE or AWS_CA_BUNDLE."
        )
    if names & _NO_CREDENTIALS:
        return RemoteError(f"{name} cannot be {what}: {_words(chain)}; {_access(address)}.")
    if status := _status(chain):
        return RemoteError(refusal(address, status, chain, what))
    if broken := _broken_answer(chain):
        return RemoteError(f"{name} cannot be {what}: {broken}.")
    if names & _NOT_REACHED:
        return RemoteError(f"{name} cannot be {what}: {_no_connection(chain)}; check the address and the network.")
    return RemoteError(f"{name} cannot be {what} ({type(error).__name__}: {_words(chain)}); {_access(address)}.")


def refusal(address: str, status: int, chain: list[BaseException], what: str) -> str:
    """Return the sentence for an HTTP status that is an error."""
    name = file_name(address)
    wait = next((each.wait for each in chain if isinstance(each, RefusedError)), None)
    said = "" if isinstance(chain[0], RefusedError) else f": {_words(chain)}"
    if status == 404:
        return f"There is no {name} (HTTP 404{said}): check its spelling, and the bucket's or host's."
    if status in (400, 401, 403):
        return f"{name} may not be {what} (HTTP {status}{said}); {_access(address)}."
    if status == 429:
        pause = f"{wait:.0f} s" if wait else "some minutes"
        return f"{name} cannot be {what}: the server refuses more requests for now (HTTP 429); wait {pause}."
    if status == 416:
        return f"{name} has changed since it was listed (HTTP 416): start again when nobody writes to it."
    if status >= 500:
        return f"{name} cannot be {what}: the server failed (HTTP {status}{said}); try again later."
    return f"{name} cannot be {what}: the server answered HTTP {status}{said}."


def _broken_answer(chain: list[BaseException]) -> str | None:
    """Return what is wrong with an answer that began, and what to do; None where none did."""
    text = " ".join(str(each) for each in chain)
    if re.search(r"got more than \d+ headers", text):
        return "its server answers with over 100 headers, which no client reads; check the address, or download it"
    if re.search(r"got more than \d+ bytes|Content-Length contained multiple", text):
        return "its server answers with headers that are wrong; check the address, or download it"
    if (cut := re.search(r"IncompleteRead\((\d+) bytes read, (-?\d+) more expected\)", text)) is None:
        return None
    if cut[2].startswith("-"):
        return "its server sends more than the Content-Length that it says; download it and name the file"
    return f"the connection ended after {int(cut[1]):,} bytes, {int(cut[2]):,} early; try again, or download it"


def _no_connection(chain: list[BaseException]) -> str:
    text = " ".join(f"{type(each).__name__} {each}" for each in chain)
    if "NameResolution" in text or "gaierror" in text or "DNS" in text:
        return "its host is not found"
    if "refused" in text or "Connect call failed" in text:
        return "its host refuses the connection"
    if "imeout" in text or "timed out" in text:
        return f"no answer within {ANSWER_LIMIT:.0f} s"
    return f"the connection failed ({_words(chain)})"


def _access(address: str) -> str:
    scheme = scheme_of(address) or ""
    return _ACCESS[STORES[scheme][1] if scheme in STORES else "web"]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _words(chain: list[BaseException]) -> str:
    """Return the first words of the first exception that has any, without what gives access."""
    return next((scrubbed(first_line(each)) for each in chain if str(each).strip()), type(chain[0]).__name__)


def _status(chain: list[BaseException]) -> int | None:
    """Return the HTTP status in a chain of exceptions, as the clients of the stores carry it."""
    for error in chain:
        answer: Any = getattr(error, "response", None)
        found = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, dict) else None
        for value in (found, *(getattr(error, name, None) for name in ("status", "status_code", "code"))):
            if isinstance(value, int) and 400 <= value < 600:
                return value
    for error in chain:
        if isinstance(error, FileNotFoundError):
            return 404
        if isinstance(error, PermissionError):
            return 403
    return None
