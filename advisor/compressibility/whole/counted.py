"""What the shards of a corpus add up to, as its profile."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.compressibility.measure import compressibility_of
from advisor.compressibility.score import about_options, check_read, profile_of, protocol_of, vocabulary, with_cautions
from advisor.compressibility.size_counts import SizeCounts
from advisor.compressibility.whole.corpus_totals import QUANTILES, CorpusTotals, HQuantile, ShardProfile, are_unlike
from advisor.compressibility.whole.digests import count_distinct
from advisor.compressibility.whole.shard import ShardCounts
from advisor.corpus.sequences import Sample
from advisor.corpus.source import Corpus
from advisor.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from advisor.compressibility.score import Profile
    from advisor.compressibility.whole.finished import FinishedShards
    from advisor.compressibility.whole.kept import KeptSequences
    from advisor.compressibility.whole.run import WholeRun


def counted_profile(
    run: WholeRun, total: ShardCounts, measured: ShardCounts, kept: KeptSequences, totals: CorpusTotals
) -> Profile:
    """Return the profile: ``measured`` has the sequences as they are cut, ``total`` all else."""
    sizes = SizeCounts(counts=measured.sizes, n_raw=4 * run.sampling.seq_len)
    sample = _sample(run, total, kept)
    corpus = Corpus(source=run.cut.source, readers=(), tally=total.tally, missed=run.cut.missed)
    check_read(corpus, sample, skip_bad=run.options.skip_bad)
    assert measured.ids is not None
    vocab_size = run.tokenizer.vocab_size
    if not sample.tokenized:
        vocab_size = vocabulary(*measured.ids, run.options, run.named)
    about_options(corpus, sample, run.options.ids)
    protocol = protocol_of(sample, run.sampling, run.options, run.tokenizer)
    protocol = replace(protocol, n_sequences=sizes.n)
    found = compressibility_of(
        sizes, sample.ids, ci95=None, vocab_size=vocab_size, protocol=protocol, seed=run.sampling.seed
    )
    profile = replace(
        profile_of(corpus, sample, protocol, vocab_size, found),
        n_sequences=sizes.n,
        n_documents_seen=measured.n_documents_measured,
        totals=totals,
    )
    return with_cautions(profile, corpus, sample, run.tokenizer)


def _sample(run: WholeRun, total: ShardCounts, kept: KeptSequences) -> Sample:
    """Return the sequences that were kept, with what was counted of all."""
    ids, keys = kept.in_order()
    is_text = True in total.kinds
    return Sample(
        ids=ids,
        keys=keys,
        tokenized=is_text,
        joined=run.is_short(total),
        exhaustive=True,
        n_documents=total.n_documents,
        n_documents_exact=True,
        estimated_tokens=float(total.n_tokens),
        estimated_tokens_ci95=None,
        bytes_per_token=total.n_text_bytes / total.n_tokens if is_text else None,
        non_ascii_fraction=total.n_non_ascii / total.n_text_bytes if is_text else None,
    )


def corpus_totals(
    run: WholeRun, total: ShardCounts, measured: ShardCounts, finished: FinishedShards, rows: Sequence[ShardProfile]
) -> CorpusTotals:
    """Return what all documents add up to."""
    run.progress("counting distinct documents", 1, 1)
    distinct = count_distinct(finished.digests(), finished.folder)
    values = SizeCounts(counts=measured.sizes, n_raw=4 * run.sampling.seq_len).quantiles(*QUANTILES)
    return CorpusTotals(
        n_tokens=total.n_tokens,
        n_text_bytes=total.n_text_bytes if True in total.kinds else None,
        n_documents=total.n_documents,
        n_unique_documents=distinct.n_documents,
        n_unique_tokens=distinct.n_tokens,
        quantiles=tuple(HQuantile(share=q, compressibility=h) for q, h in zip(QUANTILES, values, strict=True)),
        shards=tuple(replace(row, unlike=odd) for row, odd in zip(rows, are_unlike(rows), strict=True)),
    )


def shard_rows(
    run: WholeRun, finished: Iterable[ShardCounts], measured: Iterable[ShardCounts], over: Mapping[int, ShardCounts]
) -> list[ShardProfile]:
    """Return a row for each file; the parts of one file stand behind each other and share its name."""
    found = []
    parts = zip(run.cut.parts, finished, measured, strict=True)
    for name, group in itertools.groupby(parts, key=lambda each: each[0].shard):
        n_stored, total, cut = 0, ShardCounts(number=-1), ShardCounts(number=-1)
        for part, counts, of_cut in group:
            n_stored += part.n_bytes
            total.add(counts)
            cut.add(of_cut)
            if counts.number in over:
                cut.add(over[counts.number])
        sizes = SizeCounts(counts=cut.sizes, n_raw=4 * run.sampling.seq_len)
        found.append(
            ShardProfile(
                name=printable(name),
                n_documents=total.n_documents,
                n_tokens=total.n_tokens,
                n_text_bytes=None if False in total.kinds else total.n_text_bytes,
                n_stored_bytes=n_stored,
                n_sequences=sizes.n,
                compressibility=sizes.quantiles(0.5)[0] if sizes.n else None,
            )
        )
    return found
