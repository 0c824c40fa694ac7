"""The measurement protocol of a compressibility, how it is read, and whether two of them can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import ProtocolMismatchError

if TYPE_CHECKING:
    from advisor.caution import Caution
    from advisor.corpus.tally import Column
    from advisor.json_fields import Node

# What two compressibilities must share. n_sequences moves only the error of H, and the tokenizer is checked apart.
_COMPARED = ("seq_len", "level", "encoding", "chunking", "statistic")


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a compressibility was measured; ``tokenizer`` is None where the corpus came as token ids."""

    tokenizer: str | None
    seq_len: int = 256
    n_sequences: int = 1000
    level: int = 9
    encoding: str = "int32-be"
    chunking: str = "document"
    statistic: str = "median"


DEFAULT_PROTOCOL = Protocol(tokenizer=DEFAULT_TOKENIZER)


class MeasuredCorpus(Interface):
    """What a recommendation needs of a corpus's profile: where it is from, H with its interval, and its size."""

    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def protocol(self) -> Protocol: ...  # noqa: D102
    @property
    def median(self) -> float: ...  # noqa: D102
    @property
    def ci95(self) -> tuple[float, float] | None: ...  # noqa: D102
    @property
    def estimated_tokens(self) -> float | None: ...  # noqa: D102
    @property
    def bytes_per_token(self) -> float | None: ...  # noqa: D102
    @property
    def non_ascii_fraction(self) -> float | None: ...  # noqa: D102
    @property
    def columns(self) -> tuple[Column, ...]: ...  # noqa: D102
    @property
    def cautions(self) -> tuple[Caution, ...]: ...  # noqa: D102


# What a recommendation's document has of a corpus, whoever measured it (see ``advisor.json_form``).
MEASURED_FORM = ("source", "protocol", "ci95", "estimated_tokens", "bytes_per_token", "non_ascii_fraction", "columns")


def read_protocol(node: Node) -> Protocol:
    """Return the protocol that a JSON object describes."""
    tokenizer = node["tokenizer"]
    return Protocol(
        tokenizer=None if tokenizer.value is None else tokenizer.text(),
        seq_len=node["seq_len"].whole(1),
        n_sequences=node["n_sequences"].whole(1),
        level=node["level"].whole(0),
        encoding=node["encoding"].text(),
        chunking=node["chunking"].text(),
        statistic=node["statistic"].text(),
    )


def difference(measured: Protocol, expected: Protocol) -> str | None:
    """Return what keeps two protocols from matching, in words, or None where they match.

    Coefficients without a tokenizer, of native token ids, are taken for any; the caller may still warn. Ids that nobody
    named the tokenizer of match no tokenizer.
    """
    for name in _COMPARED:
        ours, theirs = getattr(measured, name), getattr(expected, name)
        if name == "chunking" and ours == "concatenation":
            continue  # a corpus of short documents can be measured in no other way: its profile carries the caution
        if ours != theirs:
            return f"{name} is {ours} where the coefficients have {theirs}"
    if expected.tokenizer is None or measured.tokenizer == expected.tokenizer:
        return None
    if measured.tokenizer is None:
        return f"it came as token ids of an unnamed tokenizer where the coefficients have {expected.tokenizer}"
    return f"tokenizer is {measured.tokenizer} where the coefficients have {expected.tokenizer}"


def check_match(measured: Protocol, expected: Protocol, what: str) -> None:
    """Raise ProtocolMismatchError, saying how to measure again, unless ``measured`` matches ``expected``."""
    problem = difference(measured, expected)
    if problem is None:
        return
    again = f"measure it again with `advisor score {_options(expected)}`"
    if expected.tokenizer is not None and measured.tokenizer is None:
        again = f"say whose with --tokenizer NAME, and if not {expected.tokenizer}'s add --decode to measure their text"
    elif measured.tokenizer != expected.tokenizer:
        again += f", or if it came as token ids with `--tokenizer {measured.tokenizer} --decode`"
    raise ProtocolMismatchError(
        f"The corpus was measured in another way than {what}: {problem}; {again}, or use --law chinchilla, which needs "
        "no compressibility."
    )


def _options(protocol: Protocol) -> str:
    """Return the options of ``advisor score`` that ask for ``protocol``."""
    tokenizer = "" if protocol.tokenizer is None else f" --tokenizer {protocol.tokenizer}"
    return f"SOURCE --seq-len {protocol.seq_len}{tokenizer}"
