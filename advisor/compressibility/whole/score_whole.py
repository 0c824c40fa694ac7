"""score_whole(): the profile of a corpus of which everything is read and nothing is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.compressibility.whole.counted import corpus_totals, counted_profile, shard_rows
from advisor.compressibility.whole.finished import cache_folder, opened_run
from advisor.compressibility.whole.processes import measured_by
from advisor.compressibility.whole.run import WholeRun
from advisor.corpus.options import CorpusOptions
from advisor.corpus.parts import cut_source
from advisor.corpus.sampling import Sampling
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import CorpusError, UsageError
from advisor.quantities import check_text
from advisor.untrusted.processes import n_cores

if TYPE_CHECKING:
    from pathlib import Path

    from advisor.compressibility.score import Profile
    from advisor.compressibility.whole.processes import ShardEngine
    from advisor.corpus.sequences import Progress

_MOST_WORKERS = 1024


def score_whole(
    source: str,
    *,
    options: CorpusOptions | None = None,
    sampling: Sampling | None = None,
    workers: int | None = None,
    scratch: Path | None = None,
    progress: Progress | None = None,
    engine: ShardEngine | None = None,
) -> Profile:
    """Return the profile of a corpus, measured on every sequence of it; ``totals`` has what else was counted.

    ``sampling`` says how it is tokenised and cut, and how many sequences are also shuffled and looked at; H is that of
    all. ``workers`` are processes of this machine, by default one a core, unless another ``engine`` measures the
    shards. ``scratch`` is the folder where finished shards are kept until all are: by default one in the user's cache.
    The same call after one that was killed goes on from there.

    Raises:
        CorpusError: the corpus cannot be read, or holds less than one sequence (HubError: the hub does not give it).
        TokenizerError: the tokenizer cannot be found or read.
        UsageError: the options do not fit the source.
        AdvisorError: the folder cannot be written to, or a worker was ended.
    """
    check_text(source, "source")
    options, sampling = options or CorpusOptions(), sampling or Sampling()
    n_workers = _n_workers(workers)
    run = WholeRun(
        cut=cut_source(source, options, seq_len=sampling.seq_len),
        named=source,
        options=options,
        sampling=sampling,
        tokenizer=load_tokenizer(sampling.tokenizer),
        engine=engine or measured_by(n_workers),
        progress=progress or (lambda what, done, total: None),
    )
    folder = (scratch or cache_folder()) / run.name
    with opened_run(folder, most=sampling.n_sequences, seed=sampling.seed) as finished:
        run.measure(run.shards(folder), finished)
        try:
            total = run.total(finished)
        except CorpusError:
            finished.clear()
            raise
        if not run.is_short(total):
            totals = corpus_totals(run, total, total, finished, shard_rows(run, finished, finished, {}))
            return counted_profile(run, total, total, finished.kept, totals)
        with opened_run(folder / "joined", most=sampling.n_sequences, seed=sampling.seed) as joined:
            run.measure(run.joined_shards(finished), joined)
            measured, over = run.joined_total(joined)
            totals = corpus_totals(run, total, measured, finished, shard_rows(run, finished, joined, over))
            return counted_profile(run, total, measured, joined.kept, totals)


def _n_workers(workers: int | None) -> int:
    if workers is not None and not 1 <= workers <= _MOST_WORKERS:
        raise UsageError(f"--workers must be between 1 and {_MOST_WORKERS}, not {workers}.")
    return workers or n_cores()
