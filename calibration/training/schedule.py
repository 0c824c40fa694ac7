"""When a training run takes which batch and which learning rate: arithmetic alone, the same on every machine.

Token counts D of one model share a *trunk* at the peak rate; for each D a *branch* leaves it and cools down to D. Small
D need small batches, for the steps, and large D do not, so the batch grows along the trunk: ``RAMP``. Whether that
costs anything was measured on grammar A5, d = 32, two layers: validation loss in nats per token, mean of seeds 0 and 1
or (*) seed 0,

    tokens a batch                  peak rate   .1M    .3M     1M     3M
    256                             .0113      2.910  1.978  1.311  1.004
    512                             .0113      2.996  2.044  1.257   .928
    2048                            .0113      3.613  2.358  1.166   .821
    256, 512 to 1M, then 2048       .0113      2.910  1.993  1.334  1.051
    256, doubled with D from .2M    .0113      2.910  1.994  1.361  1.077
    512                             .0057 (*)  3.165  2.047  1.125   .838
    2048                            .0057      4.506  2.785  1.310   .857
    256, 512 to 1M, then 2048       .0057      2.995  1.856  1.074   .831

by ``python benchmarks/bench_batch_ramp.py`` (torch 2.13, one thread; seeds differ by up to .15): at the lower rate the
ramp is ahead of a constant 512 at every D and of every constant batch at .3M and 1M. So batch and rate belong to one
choice. With this ramp, the loss at several peak rates (seed 0; ``python benchmarks/bench_rates.py``):

    grammar   d     D      1/8 of    1/4     1/2      1 of 8e-3 (64/d)^.5
    A3       16    .1M     2.348    1.597   1.282   1.232
    A3       16     1M     1.100    1.089   1.090   1.105
    A5       16    .1M     4.619    3.832   3.479   3.384
    A5       16     1M     2.710    2.360   2.270   2.237
    A4       32    .1M     2.302    1.621   1.365   1.279
    A4       32     1M      .855     .848    .847    .847
    A6       32     1M     5.617    5.442   5.364   5.293
    A5       64    .1M     3.591    2.869   2.550   2.523
    A5       64     1M      .847     .766    .691    .728

The best rate falls faster than 1/sqrt(d), as 1/d; that is ``learning_rate``.

On text, byte by byte, that rate is too high for batches this small. The loss in nats per byte on Python sources (d =
64, seed 0; ``python benchmarks/bench_text_rates.py SOURCE``) with the ramp above and with ``TEXT``'s larger batches:

    batches     peak rate     .2M     1M      3M
    RAMP        .256/d       2.606   2.393   2.231
    RAMP        .128/d       2.410   1.987   1.749
    RAMP        .064/d       2.442   1.928   1.704
    TEXT        .256/d       2.533   2.067   1.779
    TEXT        .128/d       2.498   1.911   1.687
    TEXT        .064/d       2.540   1.896   1.676
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from advisor.errors import UsageError
from advisor.quantities import plural

# Fewer steps than this leave the loss at the optimiser's mercy and not at the data's: such points are flagged.
MIN_STEPS = 390
# The best peak rate on grammars, times the width.
WIDTH_RATE = 0.256
# Of the data of a branch, the share whose training loss is the cross-check of the validation loss.
LAST_SHARE = 0.05
# Steps of one model: more are years, and a schedule is walked step by step.
MOST_STEPS = 10**7


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is trained: batches, the shape of the schedule and the peak rate.

    ``batches`` are (from this token of the trunk on, tokens a batch), rising; one entry makes them constant. A batch is
    at least one document. ``cooldown`` is the share of D in which the rate falls, as 1 - sqrt(x) or as
    (1 + cos(pi x)) / 2 if ``cosine``; at 1 nothing is shared and each D is trained alone. ``rate`` None asks
    ``learning_rate`` for the width's, ``width_rate`` over the width.
    """

    batches: tuple[tuple[int, int], ...]
    cooldown: float = 0.2
    cosine: bool = False
    rate: float | None = None
    max_warmup: int = 20
    width_rate: float = WIDTH_RATE

    def batch_documents(self, n_documents: int, seq_len: int) -> int:
        """Return the documents of the batch that begins after ``n_documents``."""
        sizes = [size for start, size in self.batches if start <= n_documents * seq_len]
        return max(1, sizes[-1] // seq_len)

    def most_steps(self, n_tokens: int, seq_len: int) -> int:
        """Return at least as many steps as ``n_tokens`` take, from the batches alone: nothing is walked.

        >>> TUNED.most_steps(1_000_000, 256)
        2347
        """
        ends = [*(start for start, _ in self.batches[1:]), n_tokens]
        n_steps = 0
        for (start, size), end in zip(self.batches, ends, strict=True):
            span = max(0, min(end, n_tokens) - start)
            n_steps += -(-span // (max(1, size // seq_len) * seq_len)) + (span > 0)
        return n_steps

    def peak_rate(self, width: int) -> float:
        """Return the peak learning rate of a model of this width."""
        return learning_rate(width, self.width_rate) if self.rate is None else self.rate


# (from this token of the trunk on, tokens a batch): at least MIN_STEPS steps for every D from 100K tokens on. The last
# two are measured up to 3M tokens; 8192 continues them.
RAMP = ((0, 256), (200_000, 512), (1_000_000, 2048), (10_000_000, 8192))
TUNED = Recipe(batches=RAMP)
# Text, byte by byte, wants larger batches at half the rate: the third table above. From 200K tokens on.
TEXT = Recipe(batches=((0, 512), (1_000_000, 2048), (3_000_000, 4096)), max_warmup=100, width_rate=WIDTH_RATE / 2)
# As published (Pandey 2024, arXiv:2405.16684): for reproduction, as most of its points are too short to learn anything.
PAPER = Recipe(batches=((0, 32 * 256),), cooldown=1.0, cosine=True, rate=5e-5, max_warmup=0)


def learning_rate(width: int, width_rate: float = WIDTH_RATE) -> float:
    """Return the best peak rate for Adam at this width with ``RAMP``: .256/d, at most 2e-2.

    Measured for d = 16 to 64 on grammars, 1/d as in Yang et al. 2022 (arXiv:2203.03466) beyond; a rate off by 2 costs
    up to 7 % of the loss.

    >>> learning_rate(8), learning_rate(16), learning_rate(64), learning_rate(512)
    (0.02, 0.016, 0.004, 0.0005)
    """
    return min(2e-2, width_rate / width)


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One token count of a trunk: where its cooldown leaves the trunk and where it ends, in documents.

    It ends with the last whole batch inside D, so ``n_tokens`` falls short of D by less than a batch.
    """

    start: int
    stop: int
    n_steps: int
    n_tokens: int

    @property
    def few_steps(self) -> bool:
        """Whether there are too few steps for the loss to say anything about the data."""
        return self.n_steps < MIN_STEPS

    def in_last_share(self, n_documents: int) -> bool:
        """Return whether a batch that ends after ``n_documents`` reaches into the last 5 % of the branch's data."""
        return n_documents > (1 - LAST_SHARE) * self.stop


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The branches of one trunk in order of their tokens, and the steps of warmup that they share."""

    recipe: Recipe
    seq_len: int
    branches: tuple[Branch, ...]
    n_warmup: int

    @property
    def n_documents(self) -> int:
        """Documents that the trunk and its branches read; none is read twice by the same model."""
        return self.branches[-1].stop

    @property
    def n_tokens_trained(self) -> int:
        """Tokens of all steps: the trunk to its last branch, and every branch."""
        trunk = self.branches[-1].start
        return self.seq_len * (trunk + sum(branch.stop - branch.start for branch in self.branches))

    def batch(self, n_documents: int) -> int:
        """Return the documents of the batch that begins after ``n_documents``."""
        return self.recipe.batch_documents(n_documents, self.seq_len)

    def rate(self, n_steps: int, n_documents: int, branch: Branch | None = None) -> float:
        """Return the share of the peak rate for the step after ``n_steps`` steps and ``n_documents`` documents.

        On the trunk, where ``branch`` is None, it is the warmup's (s+1)/n_warmup and then 1; a branch multiplies that
        by 1 - sqrt(x) or (1 + cos(pi x)) / 2, x the share of the branch that is behind.
        """
        warmup = min(1.0, (n_steps + 1) / self.n_warmup) if self.n_warmup else 1.0
        if branch is None:
            return warmup
        x = (n_documents - branch.start) / (branch.stop - branch.start)
        return warmup * ((1 + math.cos(math.pi * x)) / 2 if self.recipe.cosine else 1 - math.sqrt(x))


def make_schedule(recipe: Recipe, token_counts: Sequence[int], *, seq_len: int) -> Schedule:
    """Return the trunk that ``recipe`` gives for these token counts.

    The warmup is min(max_warmup, S/5) steps, S the steps of the smallest D, so it ends before any cooldown begins.

    Raises:
        UsageError: there is no token count, one is given twice, or one is shorter than its first batch.
    """
    _check(token_counts)
    branches = tuple(_branch(recipe, n_tokens, seq_len) for n_tokens in sorted(token_counts))
    n_warmup = min(recipe.max_warmup, branches[0].n_steps // 5)
    return Schedule(recipe=recipe, seq_len=seq_len, branches=branches, n_warmup=n_warmup)


def _check(token_counts: Sequence[int]) -> None:
    if not token_counts or len(set(token_counts)) < len(token_counts):
        raise UsageError(f"The token counts {list(token_counts)} cannot be trained: give each once, and at least one.")


@lru_cache(maxsize=1 << 14)  # it is walked, and jobs of one size share it: a plan has thousands
def _branch(recipe: Recipe, n_tokens: int, seq_len: int) -> Branch:
    bounds = list(_boundaries(recipe, n_tokens // seq_len, seq_len))
    stop = bounds[-1]
    if not stop:
        first = recipe.batch_documents(0, seq_len) * seq_len
        raise UsageError(
            f"{plural(n_tokens, 'token')} cannot be trained on: the first batch alone has {first:,}; ask for more."
        )
    start = max(bound for bound in bounds[:-1] if bound <= (1 - recipe.cooldown) * stop)
    return Branch(start=start, stop=stop, n_steps=len(bounds) - 1, n_tokens=stop * seq_len)


def _boundaries(recipe: Recipe, n_documents: int, seq_len: int) -> Iterator[int]:
    """Yield where the batches of the trunk begin and end, in documents, within ``n_documents``."""
    bound = 0
    while bound <= n_documents:
        yield bound
        bound += recipe.batch_documents(bound, seq_len)
