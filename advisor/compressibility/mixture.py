"""A mixture of corpora as one corpus: one H with its interval, at given shares of the tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.caution import Caution
from advisor.compressibility.measure import ENDS, FEW_CLUSTERS, N_BOOTSTRAP, clusters, sequence_ratios
from advisor.compressibility.protocol import Protocol
from advisor.errors import CorpusError, UsageError
from advisor.quantities import check_positive, plural

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from advisor.compressibility.score import Profile
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.sampling import Sampling
    from advisor.corpus.sequences import Progress, Sample
    from advisor.corpus.tally import Column

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """A mixture of corpora.

    Attributes:
        source: the mixture in words.
        sources: its corpora.
        weights: the share of the tokens that each has; they sum to 1.
        protocol: how H was measured.
        median: H.
        ci95: of H; None where a corpus has too few documents or stretches.
        estimated_tokens: what can be drawn at these weights before a corpus is used up; None where a size is not known.
        bytes_per_token: the mean over tokens; None where a corpus holds token ids.
        non_ascii_fraction: share of the bytes that are not ASCII; None where a corpus holds token ids.
        columns: which columns of which files were read, of all corpora.
        cautions: what a reader of H should know.
    """

    source: str
    sources: tuple[str, ...]
    weights: tuple[float, ...]
    protocol: Protocol
    median: float
    ci95: tuple[float, float] | None
    estimated_tokens: float | None
    bytes_per_token: float | None
    non_ascii_fraction: float | None
    columns: tuple[Column, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def parts(self) -> tuple[dict[str, str | float], ...]:
        """Each source with its share."""
        pairs = zip(self.sources, self.weights, strict=True)
        return tuple({"source": source, "weight": weight} for source, weight in pairs)


def check_weights(weights: Sequence[float], n_sources: int) -> tuple[float, ...]:
    """Return the weights scaled to sum to 1; there must be one above 0 for each of two sources or more."""
    if n_sources < 2:
        raise UsageError("--weights mixes two corpora or more: name them as SOURCES.")
    if len(weights) != n_sources:
        raise UsageError(
            f"--weights has {plural(len(weights), 'number')} for {plural(n_sources, 'corpus')}: give one "
            "for each, in order."
        )
    for weight in weights:
        check_positive(weight, "Each of --weights")
    return tuple(weight / sum(weights) for weight in weights)


def score_mixture(
    sources: Sequence[str],
    weights: Sequence[float],
    *,
    options: CorpusOptions | None = None,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
) -> tuple[tuple[Profile, ...], Mixture]:
    """Return the profile of each corpus and that of their mixture; of each as many sequences are drawn.

    The arguments are those of ``score``, and so are the errors, beside those of ``mix``.
    """
    from advisor.compressibility.score import score_and_sample

    check_weights(weights, len(sources))
    parts = [score_and_sample(source, options=options, sampling=sampling, progress=progress) for source in sources]
    return tuple(profile for profile, _ in parts), mix(parts, weights, seed=sampling.seed if sampling else 0)


def mix(parts: Sequence[tuple[Profile, Sample]], weights: Sequence[float], *, seed: int = 0) -> Mixture:
    """Return the mixture of corpora that were scored with ``score_and_sample`` under one protocol.

    H is the median over the sequences of all samples, each sequence of corpus i with the weight w_i / n_i: what the
    median of sequences drawn from the corpora in proportion to their weights tends to, without the noise of the draw.
    Documents are resampled within each corpus for the 95 % interval, as the shares are given and not sampled.

    Raises:
        UsageError: there is not one weight above 0 for each corpus.
        CorpusError: some corpora hold text and others token ids.
    """
    import numpy as np

    shares = check_weights(weights, len(parts))
    profiles = [profile for profile, _ in parts]
    if len({profile.protocol.tokenizer for profile in profiles}) > 1:
        raise CorpusError("Some of the corpora hold text and others token ids: they cannot be mixed.")
    ratios = [sequence_ratios(sample.ids, level=profile.protocol.level) for profile, sample in parts]
    joined = any(profile.protocol.chunking == "concatenation" for profile in profiles)
    protocol = profiles[0].protocol
    sizes = [profile.estimated_tokens for profile in profiles]
    rates = [profile.bytes_per_token for profile in profiles]
    known = [rate for rate in rates if rate is not None]
    n_bytes = [rate * share for rate, share in zip(known, shares, strict=True)] if None not in rates else None
    names = [f"{share:.3g} {profile.source}" for share, profile in zip(shares, profiles, strict=True)]
    sequences = _Sequences(ratios)
    return Mixture(
        source=f"mixture of {', '.join(names)}",
        sources=tuple(profile.source for profile in profiles),
        weights=shares,
        protocol=replace(protocol, chunking="concatenation") if joined else protocol,
        median=sequences.median(
            [np.full(len(row), share / len(row)) for row, share in zip(ratios, shares, strict=True)]
        ),
        ci95=_interval(sequences, [clusters(sample.keys) for _, sample in parts], shares, seed),
        estimated_tokens=None
        if None in sizes
        else min(size / share for size, share in zip(sizes, shares, strict=True) if size is not None),
        bytes_per_token=None if n_bytes is None else sum(n_bytes),
        non_ascii_fraction=_non_ascii(profiles, n_bytes),
        columns=tuple(column for profile in profiles for column in profile.columns),
        cautions=tuple(_about_sum(sum(weights))),
    )


def _non_ascii(profiles: Sequence[Profile], n_bytes: Sequence[float] | None) -> float | None:
    """Return the share of the mixture's bytes that are not ASCII; ``n_bytes`` are those of each corpus for a token."""
    found = [profile.non_ascii_fraction for profile in profiles]
    if n_bytes is None or None in found:
        return None
    each = zip(found, n_bytes, strict=True)
    return sum(share * size for share, size in each if share is not None) / sum(n_bytes)


def _about_sum(total: float) -> Iterator[Caution]:
    """Yield that weights which look like shares do not sum to 1: they are scaled, as any others are."""
    if 0.9 <= total <= 1.1 and abs(total - 1) > 1e-6:
        yield Caution(
            code="weights_scaled",
            message=f"--weights sum to {total:.4g} and not to 1: they are scaled to shares that do.",
        )


class _Sequences:
    """H of the sequences of several samples in ascending order, for medians under many weights."""

    def __init__(self, ratios: Sequence[Floats]) -> None:
        import numpy as np

        values = np.concatenate(ratios)
        self.order = np.argsort(values, kind="stable")
        self.values = values[self.order]

    def median(self, weights: Sequence[Floats]) -> float:
        """Return where half of the weight lies below; midway between two values where exactly half does."""
        import numpy as np

        cumulative = np.cumsum(np.concatenate(weights)[self.order])
        half = cumulative[-1] / 2
        low, high = np.searchsorted(cumulative, (half * (1 - 1e-9), half * (1 + 1e-9)))
        return float(self.values[low] + self.values[high]) / 2


def _interval(
    sequences: _Sequences, members: Sequence[Sequence[object]], shares: Sequence[float], seed: int
) -> tuple[float, float] | None:
    """Return the 95 % interval of the weighted median; None where a corpus has fewer than ten documents or stretches.

    A corpus's documents are drawn with replacement; its sequences then share its weight equally.
    """
    import numpy as np

    numbers = [np.unique([repr(each) for each in part], return_inverse=True)[1] for part in members]
    counts = [int(part.max()) + 1 for part in numbers]
    if min(counts) < FEW_CLUSTERS:
        return None
    rng = np.random.default_rng(seed)
    medians = np.empty(N_BOOTSTRAP)
    for i in range(N_BOOTSTRAP):
        times = [np.bincount(rng.integers(0, n, n), minlength=n)[part] for part, n in zip(numbers, counts, strict=True)]
        medians[i] = sequences.median([t * (share / t.sum()) for t, share in zip(times, shares, strict=True)])
    low, high = np.quantile(medians, ENDS)
    return float(low), float(high)
