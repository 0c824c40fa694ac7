"""score(): the profile of a corpus."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from advisor.caution import Caution, warnings_first
from advisor.compressibility.measure import ENDS, Compressibility, measure
from advisor.compressibility.no_text import about_text
from advisor.compressibility.profile_cautions import DRAWN, about_profile, left_out_words
from advisor.compressibility.protocol import MeasuredCorpus, Protocol
from advisor.corpus.decoded import innermost
from advisor.corpus.files.selection import check_mostly_read
from advisor.corpus.options import CorpusOptions, IdOptions
from advisor.corpus.readers.heads import FileHeads
from advisor.corpus.readers.shards import HubShards
from advisor.corpus.readers.text_seen import check_text_seen
from advisor.corpus.sampling import Sampling, draw_sample
from advisor.corpus.sequences import NATIVE_SEPARATOR, TooSmallError
from advisor.corpus.source import Corpus, open_corpus
from advisor.corpus.token_files.ids import end_of_text
from advisor.corpus.token_files.readers import TOKEN_FORMATS
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER, load_tokenizer
from advisor.corpus.values.identifiers import MOST_IDS
from advisor.errors import CorpusError
from advisor.quantities import check_text, format_interval, format_quantity, format_share, plural
from advisor.results.result import Result, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from advisor.compressibility.whole.corpus_totals import CorpusTotals
    from advisor.corpus.sequences import Progress, Sample
    from advisor.corpus.tally import Column, LeftOut
    from advisor.corpus.tokenizer import Tokenizer
    from advisor.explanation import Page


@dataclass(frozen=True, kw_only=True, repr=False)
class Profile(Result):
    """What was measured of a corpus.

    Attributes:
        source: the corpus, as it was named.
        protocol: how H was measured.
        compressibility: H with its interval, and what stands beside it.
        vocab_size: of the tokenizer; of ids whose tokenizer and vocabulary nobody named, one more than the largest that
            was drawn.
        n_sequences: how many were drawn.
        n_documents: in the corpus, an estimate unless ``n_documents_exact``; None where it is not known.
        n_documents_exact: they were counted.
        n_documents_seen: documents that a sequence was drawn from.
        columns: which columns of which files were read, and what they hold.
        n_bytes: of the files that were read, as they are stored; None where that is not known.
        left_out: documents and files that were left out, with their bytes.
        bytes_per_token: bytes of text in UTF-8 over tokens; None for a corpus of token ids.
        non_ascii_fraction: share of those bytes that are not ASCII; None for a corpus of token ids.
        estimated_tokens: in the corpus; None where a hub dataset does not say how many rows it has.
        estimated_tokens_ci95: None where the tokens were counted, or are not known.
        zlib_version: of the library that compressed.
        cautions: what a reader of H should know.
        totals: what else was counted where the corpus was measured whole; null where a sample of it was.
    """

    source: str
    protocol: Protocol
    compressibility: Compressibility
    vocab_size: int
    n_sequences: int
    n_documents: int | None
    n_documents_exact: bool
    n_documents_seen: int
    columns: tuple[Column, ...]
    n_bytes: int | None
    left_out: tuple[LeftOut, ...]
    bytes_per_token: float | None
    non_ascii_fraction: float | None
    estimated_tokens: float | None
    estimated_tokens_ci95: tuple[float, float] | None
    zlib_version: str
    cautions: tuple[Caution, ...] = ()
    totals: CorpusTotals | None = None

    JSON = (
        *("source", "protocol", "compressibility", "vocab_size", "n_sequences", "n_documents", "n_documents_exact"),
        *("n_documents_seen", "n_documents_skipped", "skipped", "columns", "n_bytes", "left_out", "bytes_per_token"),
        *("non_ascii_fraction", "estimated_tokens", "estimated_tokens_ci95", "zlib_version", "cautions"),
        "totals",
    )

    ROWS = "corpora"

    @property
    def in_brief(self) -> str:
        """The corpus, its H and its size."""
        size = "" if self.estimated_tokens is None else f", about {format_quantity(self.estimated_tokens)} tokens"
        return f"{self.source}: H = {self.median:.3f}{size}"

    def shown(self) -> Shown:
        """Return H, the size and the rate with their intervals, and what to mind."""
        rate = self.bytes_per_token
        rows = [
            ("H", f"{self.median:.3f}", format_interval(self.ci95, "{:.3f}".format)),
            (
                "Tokens",
                "" if self.estimated_tokens is None else format_quantity(self.estimated_tokens),
                format_interval(self.estimated_tokens_ci95),
            ),
            ("Bytes per token", "" if rate is None else f"{rate:.2f}", ""),
            ("Documents", "" if self.n_documents is None else f"{self.n_documents:,}", ""),
        ]
        mind = [each.message for each in warnings_first(self.cautions) if each.severity == "warning"]
        return Shown(("", "", "95 % interval"), rows, mind)

    def document(self) -> Mapping[str, Any]:
        """Return the document of a file of profiles that has this one alone."""
        return {"corpora": [super().document()]}

    @property
    def missed(self) -> tuple[LeftOut, ...]:
        """What was left out that may be of the corpus."""
        return tuple(each for each in self.left_out if not each.deliberate)

    @property
    def skipped(self) -> dict[str, int]:
        """How many documents and files of it for which reason."""
        return {each.reason: each.n for each in self.missed}

    @property
    def n_documents_skipped(self) -> int:
        """How many documents and files of it."""
        return sum(each.n for each in self.missed)

    @property
    def median(self) -> float:
        """H, the number that laws take."""
        return self.compressibility.median

    @property
    def ci95(self) -> tuple[float, float] | None:
        """The 95 % interval of H."""
        return self.compressibility.ci95


def score(
    source: str,
    *,
    options: CorpusOptions | None = None,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
) -> Profile:
    """Return the profile of a corpus: a file, folder, glob, ``-`` for standard input, or a hub dataset ``org/name``.

    ``options`` say how it is read, ``sampling`` what is drawn of it.

    Raises:
        CorpusError: it cannot be read, or holds less than one sequence (HubError: the hub does not give it).
        TokenizerError: the tokenizer cannot be found or read.
        UsageError: the options do not fit the source.
    """
    check_text(source, "source")
    return score_and_sample(source, options=options, sampling=sampling, progress=progress)[0]


def score_and_sample(
    source: str,
    *,
    options: CorpusOptions | None = None,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
) -> tuple[Profile, Sample]:
    """Return the profile of a corpus as ``score`` does, and the sequences it was measured on."""
    sampling = sampling or Sampling()
    report = progress or (lambda what, done, total: None)
    options = options or CorpusOptions()
    corpus = open_corpus(source, options, seq_len=sampling.seq_len)
    tokenizer = load_tokenizer(sampling.tokenizer)
    try:
        end = end_of_text(options.ids, NATIVE_SEPARATOR) or NATIVE_SEPARATOR
        sample = draw_sample(corpus.readers, sampling, tokenizer=tokenizer, progress=report, ids_separator=end)
    except TooSmallError as error:
        check_text_seen(corpus.tally, source)
        raise CorpusError(f"{error}{left_out_words(corpus.tally.missed)}") from error
    check_read(corpus, sample, skip_bad=options.skip_bad)
    ends = int(sample.ids.min()), int(sample.ids.max())
    vocab_size = tokenizer.vocab_size if sample.tokenized else vocabulary(*ends, options, source)
    about_options(corpus, sample, options.ids)
    protocol = protocol_of(sample, sampling, options, tokenizer)
    found = measure(sample.ids, sample.keys, vocab_size=vocab_size, protocol=protocol, seed=sampling.seed)
    profile = _scaled_to_hub(corpus, profile_of(corpus, sample, protocol, vocab_size, found))
    return with_cautions(profile, corpus, sample, tokenizer), sample


def protocol_of(sample: Sample, sampling: Sampling, options: CorpusOptions, tokenizer: Tokenizer) -> Protocol:
    """Return how H of a sample is measured; of ids the tokenizer is the one that is said to be theirs."""
    return Protocol(
        tokenizer=tokenizer.name if sample.tokenized else options.ids.tokenizer,
        seq_len=sampling.seq_len,
        n_sequences=sampling.n_sequences,
        chunking="concatenation" if sample.joined else "document",
    )


def about_options(corpus: Corpus, sample: Sample, ids: IdOptions) -> None:
    """Say which options on token ids had no effect: on text, or on ids in files that say their type themselves."""
    if ids.decode:
        return
    given = {"--dtype": ids.dtype, "--vocab-size": ids.vocab_size, "--eos-id": ids.eos_id}
    names = [name for name, value in given.items() if value is not None]
    what = "text"
    if not sample.tokenized:
        may_be_bare = any(each.format in (*TOKEN_FORMATS, "tar", "zip") for each in corpus.tally.columns)
        names, what = (["--dtype"] if "--dtype" in names and not may_be_bare else []), "ids that are no flat array"
    if names:
        listed = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
        corpus.tally.caution("unused_option", f"{listed} had no effect: {corpus.source} holds {what}.")


def check_read(corpus: Corpus, sample: Sample, *, skip_bad: bool) -> None:
    """Raise where most of what was to be read, or was drawn, could not be; ``skip_bad`` allows that."""
    check_text_seen(corpus.tally, corpus.source)
    if skip_bad:
        return
    before = {each.reason for each in corpus.missed}
    missed = [each for each in corpus.tally.missed if each.reason not in before]
    n_lost = sum(each.n_bytes or 0 for each in missed)
    # What is left out of compressed files is counted as it is decompressed, and so is the text.
    n_text = sample.estimated_tokens * (sample.bytes_per_token or 0.0)
    check_mostly_read(max(corpus.tally.n_bytes - n_lost, n_text), corpus.source, missed)
    unread = sample.unread_fraction or 0.0
    if missed and unread > 0.5:
        what = f"{format_share(unread)} of the bytes of {corpus.source} that were drawn"
        raise CorpusError(f"{what} cannot be read.{left_out_words(missed)}")


def vocabulary(low: int, high: int, options: CorpusOptions, source: str) -> int:
    """Return the vocabulary of a corpus of ids: as given, the named tokenizer's, or as large as the ids need.

    ``low`` and ``high`` are the least and the largest of its ids.

    Raises:
        CorpusError: an id lies outside of it, or is none of any vocabulary, and nobody chose the column.
    """
    ids = options.ids
    if low < 0 or high >= 1 << 31:
        raise CorpusError(f"{source} holds ids from {low} to {high}: token ids lie in 0 to {(1 << 31) - 1}.")
    if ids.vocab_size is None and ids.tokenizer is None:
        if high >= MOST_IDS and options.column is None:
            raise CorpusError(
                f"{source} holds the id {high:,}, and no tokenizer has a million tokens: these are no token ids, or of "
                f"another type; --vocab-size {high + 1} measures them all the same."
            )
        return high + 1
    whose = "--vocab-size" if ids.tokenizer is None or ids.vocab_size is not None else f"the tokenizer {ids.tokenizer}"
    size = ids.vocab_size or load_tokenizer(ids.tokenizer or DEFAULT_TOKENIZER).vocab_size
    if high >= size:
        raise CorpusError(f"{source} holds the id {high}, and {whose} has {size:,}: name another, or another --dtype.")
    return size


def profile_of(
    corpus: Corpus, sample: Sample, protocol: Protocol, vocab_size: int, compressibility: Compressibility
) -> Profile:
    """Return the profile of a sample, without the cautions."""
    return Profile(
        source=corpus.source,
        protocol=protocol,
        compressibility=compressibility,
        vocab_size=vocab_size,
        n_sequences=len(sample.ids),
        n_documents=sample.n_documents,
        n_documents_exact=sample.n_documents_exact,
        n_documents_seen=len({key[:2] for key in sample.keys}),
        columns=corpus.tally.columns,
        n_bytes=corpus.tally.n_bytes or None,
        left_out=_as_drawn(corpus, sample),
        bytes_per_token=sample.bytes_per_token,
        non_ascii_fraction=sample.non_ascii_fraction,
        estimated_tokens=sample.estimated_tokens,
        estimated_tokens_ci95=sample.estimated_tokens_ci95,
        zlib_version=zlib.ZLIB_RUNTIME_VERSION,
    )


def with_cautions(profile: Profile, corpus: Corpus, sample: Sample, tokenizer: Tokenizer) -> Profile:
    """Return the profile with what a reader of H should know."""
    cautions = (*about_profile(profile, sample, corpus.tally.cautions), *about_text(sample, tokenizer))
    return replace(profile, cautions=cautions)


def _scaled_to_hub(corpus: Corpus, profile: Profile) -> Profile:
    """Return the profile of a dataset of whose shards some rows were read, its totals scaled to all rows if known."""
    reader = innermost(corpus.readers[0])
    if isinstance(reader, FileHeads):
        return replace(
            profile, n_documents=None, n_documents_exact=False, estimated_tokens=None, estimated_tokens_ci95=None
        )
    if not isinstance(reader, HubShards) or reader.read_all:
        return profile
    if reader.n_rows is None:
        return replace(
            profile, n_documents=None, n_documents_exact=False, estimated_tokens=None, estimated_tokens_ci95=None
        )
    scale = reader.n_rows / reader.n_rows_read
    tokens, interval = profile.estimated_tokens, profile.estimated_tokens_ci95
    return replace(
        profile,
        n_documents=reader.n_rows,
        n_documents_exact=True,
        estimated_tokens=tokens * scale if tokens is not None else None,
        estimated_tokens_ci95=(interval[0] * scale, interval[1] * scale) if interval else None,
    )


def _as_drawn(corpus: Corpus, sample: Sample) -> tuple[LeftOut, ...]:
    """Return what was left out; of documents only those that were drawn are known, and no share of all bytes."""
    before = {each.reason for each in corpus.missed}
    left_out = tuple(
        replace(each, within=not each.deliberate and each.reason not in before) for each in corpus.tally.left_out
    )
    if not sample.unread_fraction:  # all was read, or all that was drawn
        return left_out
    files = before | {each.reason for each in left_out if each.largest or each.deliberate}
    return tuple(
        each if each.reason in files else replace(each, reason=f"{each.reason}{DRAWN}", n_bytes=None)
        for each in left_out
    )


def explain_profile(page: Page, profile: MeasuredCorpus) -> None:
    """Explain what is known of a corpus: measured, not computed."""
    p, source = profile.protocol, f"measured on {profile.source}"

    def add(name: str, what: str, value: float | None, key: str | None = None, **more: float) -> None:
        page.take(name, "measured", what, value=value, key=key, **more)

    sample = f"{plural(p.n_sequences, 'sequence')} of {p.seq_len} tokens, gzip level {p.level}"
    add("H", f"the median compressed/raw size, {source}: {sample}", profile.median, "compressibility")
    ends = " and ".join(f"{end:g}".lstrip("0") for end in ENDS)
    what = f"95 % interval of H: bootstrap over documents (shares: over sources too), quantiles {ends}, {source}"
    for i, (end, value) in enumerate(zip(("low", "high"), profile.ci95 or (), strict=False)):
        add(f"H_{end}", what, value, f"profile.ci95[{i}]", level=ENDS[1] - ENDS[0])
    size, rate = profile.estimated_tokens, profile.bytes_per_token
    add("corpus_tokens", f"bytes over bytes per token, {source}", size, "profile.estimated_tokens")
    add("bytes_per_token", f"mean over the sample, {source}", rate, "profile.bytes_per_token")
    found = getattr(profile, "compressibility", None)
    if found is not None:
        add("n_documents", f"counted, {source}", getattr(profile, "n_documents", None))
        add("n_sequences", f"drawn, {source}", getattr(profile, "n_sequences", None))
        add("H_sd", f"standard deviation over sequences, {source}", found.sd)
        add("H_shuffled", f"median of the same tokens in random order, {source}", found.shuffled_median)
        add("H_ceiling", "median of ids drawn uniformly from the vocabulary, same protocol", found.ceiling)
