"""The losses of the published recipe beside those of tuned runs of the same documents and size."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reproduction_material import Material, Trained
from reproduction_rules import percent
from reproduction_tables import aligned, or_none

from calibration.lines.records import Row


def recipe_table(material: Material) -> str:
    """Return losses of the published recipe beside those of tuned runs of the same data, size and nearly the same D."""
    if not material.published_recipe:
        return "Not trained: no calibration here has the published recipe."
    return "\n\n".join(_recipe(each, material) for each in material.published_recipe)


def _recipe(published: Trained, material: Material) -> str:
    tuned = [row for each in material.trained for row in each.rows]
    bounds = {one.source.name: one.source.entropy_bound for one in published.laws}
    found = [_beside(runs, tuned, bounds) for runs in _grouped(published.rows)]
    learned = [one.learned for one in found if one.learned is not None]
    worse = [one.loss - one.tuned for one in found if one.tuned is not None]
    parts = [f"`{published.name}`, {len(found)} points, nats per token, the mean over seeds."]
    if learned:
        parts.append(
            "`learned` is the share of the way from ln V (knowing nothing) to the entropy bound; over all of them it "
            f"is {percent(min(learned))} to {percent(max(learned))}."
        )
    if worse:
        parts.append(f"Their losses are {min(worse):.2f} to {max(worse):.2f} above those at tuned rates.")
    said = textwrap.fill(" ".join([*parts, "The most tokens of each size:"]), 120, break_on_hyphens=False)
    header = ("source", "N", "D", "steps", "published", "tuned", "ln V", "bound", "learned")
    longest = {(one.source, one.n): one.d for one in sorted(found, key=lambda one: one.d)}
    rows = [one.cells for one in found if longest[one.source, one.n] == one.d]
    return f"{said}\n\n{aligned(header, rows)}"


@dataclass(frozen=True, kw_only=True)
class _Point:
    """A point of the published recipe beside the tuned one; None where there is none, or no entropy is known."""

    source: str
    n: int
    d: int
    steps: int
    loss: float
    tuned: float | None
    knows_nothing: float
    bound: float | None

    @property
    def learned(self) -> float | None:
        return None if self.bound is None else (self.knows_nothing - self.loss) / (self.knows_nothing - self.bound)

    @property
    def cells(self) -> tuple[str, ...]:
        losses = (or_none(one, ".3f") for one in (self.loss, self.tuned, self.knows_nothing, self.bound))
        learned = "-" if self.learned is None else percent(self.learned)
        return (self.source, f"{self.n:,}", f"{self.d:,}", str(self.steps), *losses, learned)


def _grouped(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the runs of each source, size and D."""
    found: dict[tuple[str, int, int], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.source, row.n_non_embedding, row.n_tokens, row.seed)):
        found.setdefault((row.source, row.n_non_embedding, row.n_tokens), []).append(row)
    yield from found.values()


def _beside(runs: Sequence[Row], tuned: Sequence[Row], bounds: Mapping[str, float | None]) -> _Point:
    first, beside = runs[0], [row for row in tuned if _alike(runs[0], row)]
    return _Point(
        source=first.source,
        n=first.n_non_embedding,
        d=first.n_tokens,
        steps=first.n_steps,
        loss=_mean(runs),
        tuned=_mean(beside) if beside else None,
        knows_nothing=math.log(first.vocab_size),
        bound=bounds.get(first.source),
    )


def _alike(one: Row, other: Row) -> bool:
    """Return whether two runs are of one data set, one shape and nearly one D: batches round it differently."""
    shapes = ((row.data, row.width, row.n_layers) for row in (one, other))
    return len(set(shapes)) == 1 and abs(other.n_tokens / one.n_tokens - 1) < 0.1


def _mean(rows: Sequence[Row]) -> float:
    return sum(row.loss for row in rows) / len(rows)
