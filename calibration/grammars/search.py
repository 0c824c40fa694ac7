"""Gated grammars of a wanted compressibility, and a set where compressibility and entropy rate vary independently."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from advisor.compressibility.measure import ceiling
from advisor.errors import GrammarError
from calibration.grammars.entropy import entropy_rate
from calibration.grammars.gate import GateReason, gate
from calibration.grammars.grammar import GrammarShape, draw
from calibration.grammars.profile import N_DOCUMENTS, measure
from calibration.grammars.sampling import SEQ_LEN
from calibration.grammars.sets import SHAPES, NamedGrammar, shape_of
from calibration.grammars.tilting import TightGrammar, tilt

# Compressibility rises along this path; between two shapes each number is interpolated geometrically.
PATH = (*SHAPES["paper"].values(), (200, 32000, 200, 60))
TOLERANCE = 0.004
BISECTIONS = 8
CURVE_GRAMMARS = 3
CURVE_DOCUMENTS = 100
MAX_DRAWS = 400

# The two-way set: every H with every entropy rate (bits/token), out of this many random shapes.
TWO_WAY_H = (0.25, 0.35, 0.45, 0.55)
TWO_WAY_BITS = (0.4, 0.8, 1.6)
TWO_WAY_DRAWS = 800
TWO_WAY_DOCUMENTS = 50
# (nonterminals, terminals, max options, max length), each drawn log-uniformly between these.
TWO_WAY_RANGE = ((3, 20, 2, 2), (150, 2000, 100, 40))
TWO_WAY_MAX_SYMBOLS = 60_000


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A draw that the gate rejected, and why."""

    shape: GrammarShape
    seed: int
    reasons: tuple[GateReason, ...]


@dataclass(frozen=True, kw_only=True)
class Search:
    """Grammars that were searched for, the gate's rejections on the way, and the number of draws."""

    grammars: tuple[NamedGrammar, ...]
    rejections: tuple[Rejection, ...]
    n_draws: int

    JSON = ("-grammars", "n_draws", "rejections")


class _Draws:
    """Draws grammars, gates them, and remembers what was rejected."""

    def __init__(self) -> None:
        self.rejections: list[Rejection] = []
        self.n = 0

    def __call__(self, shape: GrammarShape, seed: int) -> TightGrammar | None:
        """Return the grammar of this shape and seed, or None if the gate rejects it."""
        self.n += 1
        try:
            grammar = tilt(draw(shape, seed=seed))
            reasons = gate(grammar)
        except GrammarError:
            reasons = (GateReason("endless", "no derivation ends"),)
        if reasons:
            self.rejections.append(Rejection(shape=shape, seed=seed, reasons=reasons))
            return None
        return grammar


def target_set(targets: Sequence[float], *, seed: int, progress: Callable[[str], None] | None = None) -> Search:
    """Return one gated grammar for each target H (median compressed/raw bytes at 256 tokens), within .004 of it.

    The position on PATH where grammars have this H on average is found by bisection, then seeds are scanned until one
    grammar has it; it is confirmed on fresh documents.

    Raises:
        GrammarError: a target that no grammar on the path has.
    """
    draws = _Draws()
    curve = _curve(draws, seed)
    found = []
    for target in targets:
        _check(target, curve)
        found.append(_scan(target, _bisect(target, curve), draws, seed))
        if progress:
            progress(f"{found[-1].name}: shape {found[-1].shape}, seed {found[-1].seed}")
    return Search(grammars=tuple(found), rejections=tuple(draws.rejections), n_draws=draws.n)


def path_shape(position: float) -> GrammarShape:
    """Return the shape at a position on PATH, from 0 (its first shape) to len(PATH) - 1."""
    step = min(int(position), len(PATH) - 2)
    share = position - step
    return shape_of([round(a ** (1 - share) * b**share) for a, b in zip(PATH[step], PATH[step + 1], strict=True)])


def _curve(draws: _Draws, seed: int) -> Callable[[float], float]:
    """Return the mean H of a few gated grammars as a function of the position; each position is measured once."""

    @cache
    def mean_h(position: float) -> float:
        shape, values = path_shape(position), list[float]()
        for draw_seed in range(seed, seed + MAX_DRAWS):
            grammar = draws(shape, draw_seed)
            if grammar is not None:
                values.append(measure(grammar, n_documents=CURVE_DOCUMENTS, seed=draw_seed))
            if len(values) == CURVE_GRAMMARS:
                break
        return float(np.mean(values)) if values else 0.0  # nothing passes at the simple end

    return mean_h


def _check(target: float, curve: Callable[[float], float]) -> None:
    """Raise GrammarError for a target that lies below, above or beyond what the path has."""
    last = path_shape(len(PATH) - 1)
    bound = ceiling(last.terminals + 1, SEQ_LEN)
    if target >= bound:
        raise GrammarError(
            f"No grammar has H = {target:g}: the ceiling, uniform random ids up to {last.terminals}, has {bound:.3f}; "
            "ask for .10 to .70."
        )
    if target > (highest := curve(len(PATH) - 1)) + TOLERANCE:
        raise GrammarError(f"No grammar on the path has H = {target:g}: its richest, {last}, has {highest:.3f}.")
    if target < (lowest := ceiling(1, SEQ_LEN)):
        raise GrammarError(f"No grammar has H = {target:g}: a single repeated id has {lowest:.3f}; ask for .10 to .70.")


def _bisect(target: float, curve: Callable[[float], float]) -> float:
    """Return a position where grammars have about the target H on average."""
    low, high = 0.0, float(len(PATH) - 1)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if curve(middle) < target else (low, middle)
    return high


def _scan(target: float, position: float, draws: _Draws, seed: int) -> NamedGrammar:
    """Return the first grammar of this shape that has the target H, also on fresh documents."""
    shape = path_shape(position)
    for draw_seed in range(seed, seed + MAX_DRAWS):
        grammar = draws(shape, draw_seed)
        if (
            grammar is not None
            and abs(measure(grammar, n_documents=CURVE_DOCUMENTS, seed=draw_seed) - target) <= TOLERANCE
            # On documents that the scan has not seen: the grammar with the luckiest sample is not the one wanted.
            and abs(measure(grammar, n_documents=N_DOCUMENTS, seed=draw_seed + 1) - target) <= TOLERANCE
        ):
            return NamedGrammar(name=f"H{target:g}", shape=shape, seed=draw_seed, grammar=draw(shape, seed=draw_seed))
    raise GrammarError(f"No grammar with H = {target:g} among {MAX_DRAWS} draws of shape {shape}: take another seed.")


def two_way_set(*, seed: int, progress: Callable[[str], None] | None = None) -> Search:
    """Return twelve gated grammars, one near each pair of TWO_WAY_H and TWO_WAY_BITS.

    The paper's set confounds the two (corr(H, entropy rate) = -.5), so it cannot say which of them moves a law. Shapes
    are drawn log-uniformly, and the draw nearest to each pair is kept.
    """
    draws = _Draws()
    rng = np.random.default_rng([seed, TWO_WAY_DRAWS])
    seen: list[tuple[float, float, GrammarShape, int]] = []
    for candidate in range(TWO_WAY_DRAWS):
        shape = _random_shape(rng)
        grammar = draws(shape, seed + candidate)
        if grammar is not None:
            bits = entropy_rate(grammar) / math.log(2)
            seen.append((measure(grammar, n_documents=TWO_WAY_DOCUMENTS, seed=seed), bits, shape, seed + candidate))
        if progress and (candidate + 1) % 200 == 0:
            progress(f"{candidate + 1} of {TWO_WAY_DRAWS} grammars measured")
    pairs = [(h, bits) for h in TWO_WAY_H for bits in TWO_WAY_BITS]
    found = tuple(_nearest(h, bits, seen) for h, bits in pairs)
    return Search(grammars=found, rejections=tuple(draws.rejections), n_draws=draws.n)


def _random_shape(rng: np.random.Generator) -> GrammarShape:
    low, high = np.log(TWO_WAY_RANGE)
    while True:
        shape = shape_of(np.exp(rng.uniform(low, high)).round().astype(int).tolist())
        if shape.nonterminals * shape.max_options * shape.max_length <= TWO_WAY_MAX_SYMBOLS:
            return shape


def _nearest(h: float, bits: float, seen: list[tuple[float, float, GrammarShape, int]]) -> NamedGrammar:
    def distance(row: tuple[float, float, GrammarShape, int]) -> float:
        # .005 of H counts as much as 5 % of the rate.
        return ((row[0] - h) / 0.005) ** 2 + (math.log(row[1] / bits) / 0.05) ** 2

    _, _, shape, draw_seed = min(seen, key=distance)
    name = f"H{round(100 * h)}R{round(10 * bits):02d}"
    return NamedGrammar(name=name, shape=shape, seed=draw_seed, grammar=draw(shape, seed=draw_seed))
