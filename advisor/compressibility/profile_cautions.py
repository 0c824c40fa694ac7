"""What a reader of a profile should know: what its sample and its numbers show, beside what its readers met."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from advisor.caution import Caution
from advisor.corpus.tally import UNOPENED
from advisor.quantities import format_bytes, format_quantity, format_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from advisor.compressibility.score import Profile
    from advisor.compressibility.whole.corpus_totals import CorpusTotals, ShardProfile
    from advisor.corpus.sequences import Sample
    from advisor.corpus.tally import LeftOut

DRAWN = " that were drawn"  # behind the reason for which documents were left out, where only draws are known
_FEW_SEQUENCES = 200
_MOST = 0.5  # of the ids, what no token is of a text; of the sequences, what one document seldom is
_MANY_DOCUMENTS = 10
_NAMED = 3  # shards in a sentence
_MUCH = 0.10  # of the bytes or the draws, left out
_NOISE = 0.98  # of the H of ids drawn at random; web text has .78


def about_profile(profile: Profile, sample: Sample, told: Sequence[Caution]) -> Iterator[Caution]:
    """Yield what to be careful about in a profile, behind what its readers ``told`` already."""
    yield from told
    yield from _about_ids(sample, told)
    yield from _about_sources(sample)
    yield from _about_numbers(profile, sample.unread_fraction)
    if profile.totals is not None:
        yield from _about_totals(profile.totals)


def _about_totals(totals: CorpusTotals) -> Iterator[Caution]:
    """Yield which shards are unlike the others, and how much of the corpus is there twice."""
    if totals.unlike:
        named = [f"{each.name} ({_of_shard(each)})" for each in totals.unlike[:_NAMED]]
        more = f" and {len(totals.unlike) - _NAMED:,} more" if len(totals.unlike) > _NAMED else ""
        message = (
            f"Unlike the other {len(totals.shards) - len(totals.unlike):,} shards: {', '.join(named)}{more}. They may "
            "hold other text, or have been written in another way."
        )
        yield Caution(code="unlike_shards", message=message)
    if n_copies := totals.n_documents - totals.n_unique_documents:
        share = 1 - totals.n_unique_tokens / totals.n_tokens
        message = (
            f"{n_copies:,} of {totals.n_documents:,} documents have the content of an earlier one, "
            f"{format_share(share)} of the tokens: {format_quantity(totals.n_unique_tokens)} tokens are unique."
        )
        yield Caution(code="copied_documents", message=message)


def _of_shard(shard: ShardProfile) -> str:
    h, rate = shard.compressibility, shard.bytes_per_token
    parts = [f"H {h:.3f}" if h is not None else "", f"{rate:.2f} bytes per token" if rate else ""]
    return ", ".join(part for part in parts if part)


def _about_ids(sample: Sample, told: Sequence[Caution]) -> Iterator[Caution]:
    """Yield that one id is most of a corpus of ids, unless its reader has said so of its first rows."""
    import numpy as np

    if sample.tokenized or {"one_id", "padding"} & {each.code for each in told}:
        return
    ids, counts = np.unique(sample.ids, return_counts=True)
    share = float(counts.max() / counts.sum())
    if share > _MOST:
        message = (
            f"Id {ids[counts.argmax()]} is {format_share(share)} of the ids: if it is padding, or these are no token "
            "ids, H is far too low and there are too many tokens."
        )
        yield Caution(code="one_id", message=message)


def _about_sources(sample: Sample) -> Iterator[Caution]:
    """Yield that most sequences are of one of many documents: H is then its."""
    documents = Counter(key[:2] for key in sample.keys)
    (name, place), n = documents.most_common(1)[0]
    if len(documents) > 1 and sample.n_documents >= _MANY_DOCUMENTS and n > _MOST * len(sample.keys):
        where = f"{name}, at {place:,}" if place else name
        message = f"{format_share(n / len(sample.keys))} of the sample are of one document ({where}): H is mostly its."
        yield Caution(code="one_document", message=message)


def _about_numbers(profile: Profile, unread: float | None) -> Iterator[Caution]:
    found = []
    if profile.protocol.chunking == "concatenation":
        found.append(
            (
                "documents_joined",
                f"Most documents are shorter than {profile.protocol.seq_len} tokens: they were joined end to end, "
                "while the protocol cuts each by itself. H may differ from that of long documents of the same kind.",
            )
        )
    few = _FEW_SEQUENCES if profile.totals else min(_FEW_SEQUENCES, profile.protocol.n_sequences)
    if profile.n_sequences < few:
        noun = "sequence" if profile.n_sequences == 1 else "sequences"
        found.append(
            (
                "few_sequences",
                f"Only {profile.n_sequences} {noun} of {profile.protocol.seq_len} tokens "
                f"{'could be sampled' if profile.totals is None else 'are in it'}: H is uncertain.",
            )
        )
    highest = profile.compressibility.ceiling
    if profile.median > _NOISE * highest:
        found.append(
            (
                "like_noise",
                f"H {profile.median:.3f} is that of ids drawn at random ({highest:.3f}): these are no text, or ids of "
                "another type.",
            )
        )
    if profile.ci95 is None and profile.totals is None:
        found.append(("no_interval", "The corpus is too small for an interval of H."))
    if profile.n_documents_skipped:
        is_drawn = any(each.reason.endswith(DRAWN) for each in profile.missed)
        draws = f" {format_share(unread)} of the draws fell on what is left out." if unread and is_drawn else ""
        is_much = _share_missed(profile, unread) >= _MUCH or any(each.reason == UNOPENED for each in profile.missed)
        code = "much_skipped" if is_much else "skipped"
        found.append((code, left_out_words(profile.missed, bytes_in_all(profile, profile.missed)).strip() + draws))
    yield from (Caution(code=code, message=message) for code, message in found)


def _share_missed(profile: Profile, unread: float | None) -> float:
    """Return the share of the corpus that was left out and not on purpose, of bytes or of draws: the larger one."""
    n_bytes = sum(each.n_bytes or 0 for each in profile.missed)
    whole = bytes_in_all(profile, profile.missed)
    return max(n_bytes / whole if whole else 0.0, unread or 0.0)


def bytes_in_all(profile: Profile, left_out: Iterable[LeftOut]) -> float | None:
    """Return the bytes of a corpus with what was left out of it; None where they are not known.

    The bytes of files that were opened include what could not be read in them. Where they are compressed they do not,
    as that is counted as it is decompressed: beside it the text counts.
    """
    if profile.n_bytes is None:
        return None
    beside = within = 0
    for each in left_out:
        beside += 0 if each.within else (each.n_bytes or 0)
        within += (each.n_bytes or 0) if each.within else 0
    n_text = (profile.estimated_tokens or 0.0) * (profile.bytes_per_token or 0.0)
    return beside + max(profile.n_bytes, n_text + within if within else 0.0)


def left_out_words(missed: Sequence[LeftOut], n_bytes: float | None = None) -> str:
    """Return what was left out in words, with shares of ``n_bytes``, of all, where that is known."""
    reasons = []
    for each in missed:
        size = ""
        if each.n_bytes:
            share = f", {format_share(each.n_bytes / n_bytes)} of the bytes" if n_bytes else ""
            size = f": {format_bytes(each.n_bytes)}{share}"
        reasons.append(f"{each.n:,} ({each.reason}{size})")
    return f" Left out: {', '.join(reasons)}." if reasons else ""
