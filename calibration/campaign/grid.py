"""What a calibration trains: sizes, token counts and seeds of each source, and what that costs.

A *job* is one trunk: one source, one size, one seed and the token counts that its branches end at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from calibration.lines.records import MOST_LAYERS, MOST_SEED, MOST_TOKENS, MOST_WIDTH, file_name
from calibration.training.schedule import Recipe, Schedule, make_schedule

if TYPE_CHECKING:
    from advisor.json_fields import Node
    from advisor.plan.shape import Architecture

SEQ_LEN = 256
# The published models have heads of 64 (Pandey 2024); narrower ones have one head.
HEAD_WIDTH = 64


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size of a model without its vocabulary."""

    width: int
    n_layers: int

    @property
    def n_heads(self) -> int:
        """Heads of 64, at least one."""
        return max(1, self.width // HEAD_WIDTH)

    def shape(self, vocab_size: int) -> Architecture:
        """Return the model of this size for a vocabulary."""
        from calibration.training.shape import model_shape

        return model_shape(
            width=self.width, n_layers=self.n_layers, n_heads=self.n_heads, vocab_size=vocab_size, seq_len=SEQ_LEN
        )


@dataclass(frozen=True, kw_only=True)
class Job:
    """One trunk: its token counts rise; ``rate`` is the peak learning rate."""

    source: str
    size: Size
    seed: int
    token_counts: tuple[int, ...]
    rate: float

    @property
    def name(self) -> str:
        """A name that is a file's too."""
        return f"{self.source}-{self.size.width}x{self.size.n_layers}-{self.seed}"

    def plan(self, recipe: Recipe) -> Schedule:
        """Return the trunk and its branches."""
        return make_schedule(replace(recipe, rate=self.rate), self.token_counts, seq_len=SEQ_LEN)

    def flops(self, recipe: Recipe, vocab_size: int) -> float:
        """Return the FLOPs of training: the tokens of the trunk and its branches, times the shape's exact count."""
        return float(self.plan(recipe).n_tokens_trained * self.size.shape(vocab_size).flops_per_token)


def read_job(node: Node) -> Job:
    """Return the job that a plan's JSON describes.

    Raises:
        AdvisorError: a field is missing or is not what it should be.
    """
    if not list(node["token_counts"].items()):
        raise node["token_counts"].fail("must not be empty")
    return Job(
        source=file_name(node["source"]),
        size=Size(
            width=node["size"]["width"].whole(2, MOST_WIDTH),
            n_layers=node["size"]["n_layers"].whole(1, MOST_LAYERS),
        ),
        seed=node["seed"].whole(0, MOST_SEED),
        token_counts=tuple(each.whole(1, MOST_TOKENS) for each in node["token_counts"].items()),
        rate=node["rate"].number(0, 1, open_ends=True),
    )


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Sizes and token counts that every source is trained at; ``n_seeds`` are those of the sizes, smallest first.

    A size without a number has one seed. ``n_validation`` documents are held out. A grid with ``laws_only`` is too
    small for coefficients, one that is ``pinned`` is trained in float32 and not compiled unless that is asked for.
    With ``points`` these (size, token count) alone are trained, and not every size at every token count.
    """

    sizes: tuple[Size, ...]
    token_counts: tuple[int, ...]
    recipe: Recipe
    n_seeds: tuple[int, ...] = ()
    n_validation: int = 512
    laws_only: bool = False
    pinned: bool = False
    points: tuple[tuple[Size, int], ...] = ()

    def seeds(self) -> Iterable[tuple[Size, int]]:
        """Yield every (size, seed)."""
        for place, size in enumerate(self.sizes):
            n_seeds = self.n_seeds[place] if place < len(self.n_seeds) else 1
            yield from ((size, seed) for seed in range(n_seeds))

    def jobs(self, source: str, *, n_unique: int | None, rates: Mapping[int, float] | None = None) -> tuple[Job, ...]:
        """Return the jobs of a source that has ``n_unique`` training tokens (None: any number).

        Token counts beyond them are left out, as an epoch is not repeated. ``rates`` replaces the recipe's peak rate
        by width.
        """
        counts = tuple(n for n in sorted(self.token_counts) if n_unique is None or n <= n_unique)
        return tuple(
            Job(
                source=source,
                size=size,
                seed=seed,
                token_counts=trained,
                rate=(rates or {}).get(size.width, self.recipe.peak_rate(size.width)),
            )
            for size, seed in self.seeds()
            if (trained := tuple(n for n in counts if not self.points or (size, n) in self.points))
        )


def iso_flop(budgets: Mapping[float, Sequence[Size]]) -> tuple[tuple[Size, int], ...]:
    """Return the points at which each size of each budget is trained: D = C/(6 N), N without the embedding.

    So a budget has the same points whatever the vocabulary.

    >>> iso_flop({5e11: [Size(width=64, n_layers=2)]})
    ((Size(width=64, n_layers=2), 1013294),)
    """
    # N without the embedding is the same with any vocabulary.
    return tuple(
        (size, round(flops / (6 * size.shape(2).n_non_embedding))) for flops, sizes in budgets.items() for size in sizes
    )


def without(jobs: Sequence[Job], name: str, n_tokens: int) -> tuple[Job, ...]:
    """Return the jobs without one token count of the job ``name``; a job that has none left goes."""
    kept = []
    for job in jobs:
        counts = tuple(n for n in job.token_counts if job.name != name or n != n_tokens)
        if counts:
            kept.append(replace(job, token_counts=counts))
    return tuple(kept)
