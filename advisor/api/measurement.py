"""``score`` and ``score_mixture`` with the words of the command as keywords."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Unpack

from advisor.api.corpora import corpus_options, sampling_of
from advisor.api.keywords import Number, Path, ReadingKeywords, Whole, check_flag, takes
from advisor.api.requests import numbers, whole_number
from advisor.errors import UsageError
from advisor.quantities import check_text

if TYPE_CHECKING:
    from advisor.compressibility.mixture import Mixture
    from advisor.compressibility.score import Profile
    from advisor.compressibility.whole.processes import ShardEngine
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.sampling import Sampling
    from advisor.corpus.sequences import Progress


class ScoreKeywords(ReadingKeywords, total=False):
    """The options of ``advisor score``."""

    vocab_size: Whole | None


@takes(ScoreKeywords)
def score(
    source: Path,
    *,
    all: bool = False,
    workers: Whole | None = None,
    scratch: Path | None = None,
    engine: str | None = None,
    address: str | None = None,
    options: CorpusOptions | None = None,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
    **reading: Unpack[ScoreKeywords],
) -> Profile:
    """Return the profile of a corpus: how compressible it is, H, with its interval, its size and its bytes per token.

    ``source`` is a file, a folder, a glob, ``-`` for standard input, an address or a dataset ``org/name`` of the hub.
    How it is read and sampled is said by the keywords, which are the command's options, or by ``options`` and
    ``sampling``. ``progress`` is called with what is done, how much of it, and how much there is.

    With ``all`` nothing is drawn: every sequence is measured, by ``workers`` processes (one a core), and ``totals`` of
    the profile has what was counted. Finished shards wait in the folder ``scratch`` (one in the user's cache); the same
    call after one that was ended goes on from them. With ``engine`` "ray" the nodes of the Ray cluster at ``address``
    measure, by default that of RAY_ADDRESS or this machine's.

    >>> import sysconfig
    >>> profile = score(f"{sysconfig.get_path('stdlib')}/json", sequences=100)
    >>> 0.3 < profile.median < 0.5, profile.columns[0].type
    (True, 'text')

    Raises:
        TypeError: a keyword that there is not.
        UsageError: a value that cannot be, or that does not fit the source.
        CorpusError: it cannot be read, or holds less than one sequence (HubError: the hub does not give it).
        TokenizerError: the tokenizer cannot be found or read.
    """
    from advisor.compressibility.score import score as measured
    from advisor.compressibility.whole.engines import chosen_engine

    check_text(source, "source")
    check_flag(all, "--all")
    if all and reading.get("sequences") is not None:
        raise UsageError("--sequences says how many are drawn, and --all measures every one: leave one of them out.")
    if all:
        n_workers = None if workers is None else whole_number("workers", workers)
        with chosen_engine(engine, address, n_workers, _cluster) as measures:
            how = {"workers": n_workers, "engine": measures, "progress": progress}
            return _whole(str(source), scratch, options, sampling, reading, how)
    of_all = {"workers": workers, "scratch": scratch, "engine": engine, "address": address}
    for name, value in of_all.items():
        if value is not None:
            raise UsageError(f"--{name} says how --all works, and is given without it.")
    ways = _ways(options, sampling, reading)
    return measured(str(source), options=ways[0], sampling=ways[1], progress=progress)


def _cluster(address: str | None, most: int | None) -> AbstractContextManager[ShardEngine]:
    from calibration.campaign.cluster.shards import measuring

    return measuring(address, most=most)


def _whole(
    source: str,
    scratch: Path | None,
    options: CorpusOptions | None,
    sampling: Sampling | None,
    reading: Mapping[str, Any],
    how: Mapping[str, Any],
) -> Profile:
    """Return the profile of all of a corpus; ``how`` are further words of ``score_whole``."""
    from advisor.compressibility.whole.score_whole import score_whole

    if scratch is not None:
        check_text(scratch, "--scratch")
    ways = _ways(options, sampling, reading)
    return score_whole(
        source,
        options=ways[0],
        sampling=ways[1],
        scratch=None if scratch is None else pathlib.Path(scratch),
        **how,
    )


@takes(ScoreKeywords)
def score_mixture(
    sources: Sequence[Path],
    weights: str | Sequence[Number],
    *,
    options: CorpusOptions | None = None,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
    **reading: Unpack[ScoreKeywords],
) -> tuple[tuple[Profile, ...], Mixture]:
    """Return the profile of each corpus and that of their mixture, in which each has its share of the tokens.

    The other arguments and the errors are those of ``score``; ``weights`` has a number above 0 for each source.
    """
    from advisor.compressibility.mixture import score_mixture as mixed

    ways = _ways(options, sampling, reading)
    shares = numbers("weights", weights)
    return mixed([str(each) for each in sources], shares, options=ways[0], sampling=ways[1], progress=progress)


def _ways(
    options: CorpusOptions | None, sampling: Sampling | None, reading: Mapping[str, Any]
) -> tuple[CorpusOptions | None, Sampling | None]:
    """Return how a corpus is read and sampled: as the two objects say, or the keywords."""
    given = [name for name, value in reading.items() if value is not None]
    if given and (options is not None or sampling is not None):
        other = "options" if options is not None else "sampling"
        raise UsageError(f"{given[0]} and {other} both say how a corpus is read: give keywords or objects, not both.")
    return (corpus_options(reading), sampling_of(reading)) if given else (options, sampling)
