"""H, the compressibility of token sequences: the one definition that scoring and calibration share.

H of one sequence is len(gzip(bytes)) / len(bytes), each token id packed as a 4-byte big-endian signed integer, gzip at
level 9; a corpus's H is the median over its sampled sequences (Pandey 2024, arXiv:2405.16684, section 3 and its code:
256 tokens a sequence, 1000 sequences). Smaller is more compressible. gzip's header and trailer are 18 of the bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from advisor.compressibility.protocol import Protocol
    from advisor.corpus.documents import Key

GZIP_WBITS = 31  # zlib writes the gzip header and trailer: the same bytes as gzip.GzipFile
_BINS, _BINS_TOP = 40, 0.8
N_BOOTSTRAP = 2000
FEW_CLUSTERS = 10
ENDS = (0.025, 0.975)  # quantiles of a 95 % interval
_STRETCH = 8  # neighbouring sequences that are resampled together in a corpus of one or few documents


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Counts of sequences in bins of H of equal width over [low, high]; the last one also has what is above."""

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Compressibility:
    """H over the sequences of a sample. ``ci95`` is a bootstrap over documents; None where there are too few."""

    median: float
    mean: float
    sd: float
    ci95: tuple[float, float] | None
    shuffled_median: float  # the same tokens in random order within each sequence: what is left without order
    ceiling: float  # ids drawn uniformly from the vocabulary: no corpus is above it
    histogram: Histogram


def sequence_ratios(ids: npt.NDArray[np.integer], *, level: int = 9) -> npt.NDArray[np.float64]:
    """Return H of each row of ``ids``, an integer array of shape (n_sequences, seq_len).

    >>> import numpy as np
    >>> float(sequence_ratios(np.zeros((1, 256), dtype=np.int32)).round(4)[0])
    0.0283
    """
    import numpy as np

    packed = np.ascontiguousarray(ids, dtype=">i4")
    n_bytes = packed.shape[1] * 4
    sizes = [len(zlib.compress(row.tobytes(), level, wbits=GZIP_WBITS)) for row in packed]
    ratios: npt.NDArray[np.float64] = np.array(sizes, dtype=np.float64) / n_bytes
    return ratios


def ceiling(vocab_size: int, seq_len: int, *, n_sequences: int = 200) -> float:
    """Return the median H of ids drawn uniformly from a vocabulary (simulated with a fixed seed, within .001)."""
    import numpy as np

    ids = np.random.default_rng(0).integers(0, vocab_size, (n_sequences, seq_len), dtype=np.int64)
    return float(np.median(sequence_ratios(ids)))


def shuffled(ids: npt.NDArray[np.integer], *, seed: int) -> npt.NDArray[np.integer]:
    """Return the same ids with the tokens of each sequence in random order."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return rng.permuted(ids, axis=1)


def measure(
    ids: npt.NDArray[np.integer], keys: Sequence[Key], *, vocab_size: int, protocol: Protocol, seed: int
) -> Compressibility:
    """Return H over sequences ``ids`` (n_sequences, seq_len); ``keys`` says which document each is from."""
    import numpy as np

    ratios = sequence_ratios(ids, level=protocol.level)
    counts, _ = np.histogram(ratios.clip(max=_BINS_TOP), bins=_BINS, range=(0.0, _BINS_TOP))
    return Compressibility(
        median=float(np.median(ratios)),
        mean=float(ratios.mean()),
        sd=float(ratios.std(ddof=1)) if len(ratios) > 1 else 0.0,
        ci95=median_interval(ratios, clusters(keys), seed=seed),
        shuffled_median=float(np.median(sequence_ratios(shuffled(ids, seed=seed), level=protocol.level))),
        ceiling=ceiling(vocab_size, ids.shape[1]),
        histogram=Histogram(low=0.0, high=_BINS_TOP, counts=tuple(int(count) for count in counts)),
    )


def clusters(keys: Sequence[Key]) -> list[tuple[object, ...]]:
    """Return what each sequence is resampled with: its document; where those are few, its piece, or its stretch."""
    if len({key[:2] for key in keys}) >= FEW_CLUSTERS:
        return [key[:2] for key in keys]
    if len(set(keys)) >= FEW_CLUSTERS:
        return list(keys)
    return [(*key, number // _STRETCH) for number, key in enumerate(keys)]


def median_interval(
    ratios: npt.NDArray[np.float64], members: Sequence[object], *, seed: int
) -> tuple[float, float] | None:
    """Return the 95 % interval of the median: percentiles of a bootstrap over clusters; None with fewer than ten.

    ``members`` says of each sequence which cluster it is of.

    Sequences of one document are alike (intraclass correlation about .5), so documents are resampled, not sequences.
    """
    import numpy as np

    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(members))}
    if len(numbers) < FEW_CLUSTERS:
        return None
    member = np.array([numbers[cluster] for cluster in members])
    order = np.argsort(ratios, kind="stable")
    rng = np.random.default_rng(seed)
    medians = np.empty(N_BOOTSTRAP)
    for i in range(N_BOOTSTRAP):
        counts = np.bincount(rng.integers(0, len(numbers), len(numbers)), minlength=len(numbers))
        cumulative = np.cumsum(counts[member[order]])
        medians[i] = ratios[order[np.searchsorted(cumulative, cumulative[-1] / 2)]]
    low, high = np.quantile(medians, ENDS)
    # Of ratios that are nearly all the same the median, a mean of two, may lie beyond every resample's, which is one.
    median = float(np.median(ratios))
    return min(float(low), median), max(float(high), median)
