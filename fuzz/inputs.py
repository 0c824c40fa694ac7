"""The inputs of a target, by number: the same seed and number give the same bytes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from fuzz.mutations import changed
from fuzz.targets import Target

_OF_GROWN = 8  # one input of so many is drawn whole from the target's strategy
_BATCH = 25  # inputs that are drawn at once: a start of hypothesis costs as much as many of them


@dataclass(kw_only=True)
class Inputs:
    """The examples as they are, then changed ones, and among them some that a strategy draws whole."""

    name: str
    target: Target
    seed: int
    _seeds: list[bytes] = field(default_factory=list)
    _grown: list[bytes] = field(default_factory=list)
    _batch: int = -1

    def __post_init__(self) -> None:
        self._seeds = self.target.seeds()

    def at(self, number: int) -> bytes:
        """Return the input of this number."""
        if number < len(self._seeds):
            return self._seeds[number]
        rng = random.Random(f"{self.seed} {self.name} {number}")
        if number % _OF_GROWN == 0 and (drawn := self._drawn(number // _OF_GROWN)) is not None:
            return drawn
        return changed(rng.choice(self._seeds), self._seeds, rng)

    def _drawn(self, number: int) -> bytes | None:
        """Return the input of this number among those that are drawn; None where a strategy drew fewer."""
        from fuzz.strategies import STRATEGIES, drawn

        batch, place = divmod(number, _BATCH)
        if batch != self._batch:
            digest = random.Random(f"{self.seed} {self.name} {batch}").getrandbits(32)
            self._grown, self._batch = drawn(STRATEGIES[self.target.grown], digest, _BATCH), batch
        return self._grown[place] if place < len(self._grown) else None
