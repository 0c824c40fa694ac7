"""H, the compressibility of token sequences: the one definition that scoring and calibration share.

H of one sequence is len(gzip(bytes)) / len(bytes), each token id packed as a 4-byte big-endian signed integer, gzip at
level 9; a corpus's H is the median over its sampled sequences (Pandey 2024, arXiv:2405.16684, section 3 and its code:
256 tokens a sequence, 1000 sequences). Smaller is more compressible. gzip's header and trailer are 18 of the bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.compressibility.size_counts import Histogram, SizeCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from advisor.compressibility.protocol import Protocol
    from advisor.corpus.documents import Key

GZIP_WBITS = 31  # zlib writes the gzip header and trailer: the same bytes as gzip.GzipFile
N_BOOTSTRAP = 2000
FEW_CLUSTERS = 10
ENDS = (0.025, 0.975)  # quantiles of a 95 % interval
_STRETCH = 8  # neighbouring sequences that are resampled together in a corpus of one or few documents


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

    ratios: npt.NDArray[np.float64] = np.array(sequence_sizes(ids, level=level), dtype=np.float64) / raw_bytes(ids)
    return ratios


def sequence_sizes(ids: npt.NDArray[np.integer], *, level: int = 9) -> list[int]:
    """Return the bytes that each row of ``ids`` compresses to, of ``raw_bytes(ids)`` before."""
    import numpy as np

    packed = memoryview(np.ascontiguousarray(ids, dtype=">i4").tobytes())
    n_bytes = raw_bytes(ids)
    return [
        len(zlib.compress(packed[at : at + n_bytes], level, wbits=GZIP_WBITS)) for at in range(0, len(packed), n_bytes)
    ]


def raw_bytes(ids: npt.NDArray[np.integer]) -> int:
    """Return the bytes of a row of ``ids``, each packed into four."""
    return 4 * int(ids.shape[1])


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

    sizes = sequence_sizes(ids, level=protocol.level)
    ratios = np.array(sizes, dtype=np.float64) / raw_bytes(ids)
    return compressibility_of(
        SizeCounts.of(sizes, raw_bytes(ids)),
        ids,
        ci95=median_interval(ratios, clusters(keys), seed=seed),
        vocab_size=vocab_size,
        protocol=protocol,
        seed=seed,
    )


def compressibility_of(
    sizes: SizeCounts,
    ids: npt.NDArray[np.integer],
    *,
    ci95: tuple[float, float] | None,
    vocab_size: int,
    protocol: Protocol,
    seed: int,
) -> Compressibility:
    """Return H of the sequences that have these sizes; ``ids`` are those that are also measured shuffled."""
    import numpy as np

    return Compressibility(
        median=sizes.quantiles(0.5)[0],
        mean=sizes.mean,
        sd=sizes.sd,
        ci95=ci95,
        shuffled_median=float(np.median(sequence_ratios(shuffled(ids, seed=seed), level=protocol.level))),
        ceiling=ceiling(vocab_size, ids.shape[1]),
        histogram=sizes.histogram(),
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
