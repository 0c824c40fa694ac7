"""Profiles written by ``advisor score --json``, read back as far as a recommendation needs them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.caution import Caution
from advisor.compressibility.protocol import Protocol, read_protocol
from advisor.corpus.tally import Column, LeftOut
from advisor.errors import CorpusError, UsageError, did_you_mean
from advisor.json_fields import Node, read_json
from advisor.quantities import plural

if TYPE_CHECKING:
    from advisor.compressibility.measure import Compressibility
    from advisor.compressibility.score import Profile
    from advisor.compressibility.whole.corpus_totals import CorpusTotals, ShardProfile

# A corpus of under a token, or of more bytes than there are in the world, was measured by nobody.
TOKENS, BYTES_PER_TOKEN = (1e-3, 1e21), (1e-3, 1e6)


@dataclass(frozen=True, kw_only=True)
class ProfileRecord:
    """One corpus of a profile file: H with its 95 % interval, and the corpus's estimated size in tokens."""

    source: str
    protocol: Protocol
    median: float
    ci95: tuple[float, float] | None
    estimated_tokens: float | None
    bytes_per_token: float | None
    non_ascii_fraction: float | None = None  # older versions did not measure it, nor say the columns
    columns: tuple[Column, ...] = ()
    cautions: tuple[Caution, ...] = ()


def read_profile(path: Path, corpus: str | None = None) -> ProfileRecord:
    """Return the profile in ``path``; ``corpus`` names the source where the file holds several.

    Raises:
        CorpusError: the file cannot be read or is no profile.
        UsageError: there are several corpora and ``corpus`` names none of them.
    """
    records = read_records(path)
    names = ", ".join(record.source for record in records) or "none"
    if corpus is None and len(records) != 1:
        raise UsageError(f"{path} holds {plural(len(records), 'corpus')}: name one with --corpus ({names}).")
    found = [record for record in records if corpus in (None, record.source)]
    if corpus is not None and not found:
        hint = did_you_mean(corpus, [record.source for record in records]) or f": it holds {names}."
        raise UsageError(f"{path} has no corpus called {corpus!r}{hint}")
    if len(found) != 1:
        raise UsageError(f"{path} has {plural(len(found), 'corpus')} called {corpus!r}: it holds {names}.")
    return found[0]


def read_records(path: Path) -> list[ProfileRecord]:
    """Return the corpora of a profile file, as far as a recommendation needs them.

    Raises:
        CorpusError: the file cannot be read or is no profile.
    """
    return [_record(node) for node in _document(path)["corpora"].items()]


def _document(path: Path) -> Node:
    return read_json(path, CorpusError).having("corpora", "profile: `advisor score SOURCE --json` prints one")


def _record(node: Node) -> ProfileRecord:
    measured, bytes_per_token, tokens = node["compressibility"], node["bytes_per_token"], node["estimated_tokens"]
    interval, non_ascii = measured.get("ci95"), node.get("non_ascii_fraction")
    return ProfileRecord(
        source=node["source"].text(),
        protocol=read_protocol(node["protocol"]),
        median=measured["median"].number(0, 1, open_ends=True),
        ci95=None if interval is None else interval.pair(0),
        estimated_tokens=None if tokens.value is None else tokens.number(*TOKENS),
        bytes_per_token=None if bytes_per_token.value is None else bytes_per_token.number(*BYTES_PER_TOKEN),
        non_ascii_fraction=None if non_ascii is None else non_ascii.number(0, 1),
        columns=tuple(_column(each) for each in (node["columns"].items() if node.get("columns") else ())),
        cautions=tuple(
            Caution(code=each["code"].text(), message=each["message"].text())
            for each in (node["cautions"].items() if node.get("cautions") else ())
        ),
    )


def read_profiles(path: Path) -> list[Profile]:
    """Return every profile of a file written by ``advisor score --json``, whole.

    Raises:
        CorpusError: the file cannot be read or is no profile.
    """
    profiles = [_profile(node) for node in _document(path)["corpora"].items()]
    if not profiles:
        raise CorpusError(f"{path} holds no corpora.")
    return profiles


def _profile(node: Node) -> Profile:
    from advisor.compressibility.score import Profile

    record = _record(node)
    tokens_interval, documents = node.get("estimated_tokens_ci95"), node.get("n_documents")
    n_bytes = node.get("n_bytes")
    return Profile(
        source=record.source,
        protocol=record.protocol,
        compressibility=_compressibility(node["compressibility"]),
        vocab_size=node["vocab_size"].whole(1),
        n_sequences=node["n_sequences"].whole(1),
        n_documents=None if documents is None else documents.whole(0),
        n_documents_exact=bool(node["n_documents_exact"].value),
        n_documents_seen=node["n_documents_seen"].whole(0),
        columns=record.columns,
        n_bytes=None if n_bytes is None else n_bytes.whole(0),
        left_out=_left_out(node),
        bytes_per_token=record.bytes_per_token,
        non_ascii_fraction=record.non_ascii_fraction,
        estimated_tokens=record.estimated_tokens,
        estimated_tokens_ci95=None if tokens_interval is None else tokens_interval.pair(0),
        zlib_version=node["zlib_version"].text(),
        cautions=record.cautions,
        totals=None if (totals := node.get("totals")) is None else _totals(totals),
    )


def _totals(node: Node) -> CorpusTotals:
    from advisor.compressibility.whole.corpus_totals import CorpusTotals, HQuantile

    n_bytes = node.get("n_text_bytes")
    return CorpusTotals(
        n_tokens=node["n_tokens"].whole(1),
        n_text_bytes=None if n_bytes is None else n_bytes.whole(0),
        n_documents=node["n_documents"].whole(1),
        n_unique_documents=node["n_unique_documents"].whole(1),
        n_unique_tokens=node["n_unique_tokens"].whole(0),
        quantiles=tuple(
            HQuantile(share=each["share"].number(0, 1), compressibility=each["compressibility"].number(0))
            for each in node["quantiles"].items()
        ),
        shards=tuple(map(_shard, node["shards"].items())),
    )


def _shard(node: Node) -> ShardProfile:
    from advisor.compressibility.whole.corpus_totals import ShardProfile

    n_bytes, h = node.get("n_text_bytes"), node.get("compressibility")
    return ShardProfile(
        name=node["name"].text(),
        n_documents=node["n_documents"].whole(0),
        n_tokens=node["n_tokens"].whole(0),
        n_text_bytes=None if n_bytes is None else n_bytes.whole(0),
        n_stored_bytes=node["n_stored_bytes"].whole(0),
        n_sequences=node["n_sequences"].whole(0),
        compressibility=None if h is None else h.number(0),
        unlike=bool(node["unlike"].value),
    )


def _column(node: Node) -> Column:
    name = node.get("column")
    return Column(
        format=node["format"].text(),
        column=None if name is None else name.text(),
        type=node["type"].text(),
        n_files=node["n_files"].whole(0),
        of=node["of"].whole(0),
        beside=tuple(each.text() for each in node["beside"].items()) if node.get("beside") else (),
    )


def _left_out(node: Node) -> tuple[LeftOut, ...]:
    """Return what was left out; files of older versions say for which reason and not how many bytes."""
    if node.get("left_out") is None:
        skipped = node["skipped"]
        return tuple(LeftOut(reason=each, n=skipped[each].whole(0), n_bytes=None) for each in skipped.members())
    found = []
    for each in node["left_out"].items():
        n_bytes, within = each.get("n_bytes"), each.get("within")
        names = tuple(name.text() for name in each["largest"].items())
        found.append(
            LeftOut(
                reason=each["reason"].text(),
                n=each["n"].whole(0),
                n_bytes=None if n_bytes is None else n_bytes.whole(0),
                largest=names,
                deliberate=bool(each["deliberate"].value),
                within=not names if within is None else bool(within.value),  # once only files had names
            )
        )
    return tuple(found)


def _compressibility(node: Node) -> Compressibility:
    from advisor.compressibility.measure import Compressibility
    from advisor.compressibility.size_counts import Histogram

    interval, histogram = node.get("ci95"), node["histogram"]
    return Compressibility(
        median=node["median"].number(0),
        mean=node["mean"].number(0),
        sd=node["sd"].number(0),
        ci95=None if interval is None else interval.pair(0),
        shuffled_median=node["shuffled_median"].number(0),
        ceiling=node["ceiling"].number(0),
        histogram=Histogram(
            low=histogram["low"].number(0),
            high=histogram["high"].number(0),
            counts=tuple(count.whole(0) for count in histogram["counts"].items()),
        ),
    )
