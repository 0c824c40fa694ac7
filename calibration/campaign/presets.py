"""The grids that ``advisor calibrate --preset`` names: what each is for, what it trains and on which grammars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from advisor.errors import GrammarError, UsageError, did_you_mean
from calibration.campaign.grid import Grid, Size, iso_flop
from calibration.grammars.gate import gate
from calibration.grammars.grammar import GrammarShape, draw
from calibration.grammars.sets import SHAPES, NamedGrammar, named_set, shape_of
from calibration.grammars.tilting import tilt
from calibration.training.schedule import TEXT, TUNED

# The published sizes (Pandey 2024): widths and layers.
PUBLISHED = tuple(
    Size(width=d, n_layers=layers) for d, layers in ((64, 2), (128, 4), (256, 6), (512, 10), (1024, 20), (2048, 30))
)
PUBLISHED_TOKENS = (100_000, 1_000_000, 5_000_000, 20_000_000, 50_000_000, 100_000_000)

# What two cores can learn a law from: at widths of 8 to 64 and up to 3M tokens most of the paper's grammars are at
# their entropy at once (H to .37) or far from it to the end (from .51 on). These were found by training a few points of
# some thirty shapes: few terminals and long sentences make grammars of low H that are slow to learn.
# (nonterminals, terminals, max options, max length), and the seed: the first that the gate passes.
LADDER = {
    "L1": ((15, 20, 25, 4), 7),
    "L2": ((15, 30, 20, 5), 0),
    "L3": ((30, 40, 12, 4), 0),
    "L4": ((20, 50, 20, 5), 0),
    "L5": ((30, 128, 12, 10), 7),
    "L6": ((30, 256, 12, 10), 0),
    "L7": ((30, 400, 10, 8), 0),
    "L8": ((30, 512, 12, 10), 0),
}

# Laws within a minute of two cores ask for sources that are nearly learned in 500K tokens and not at once. The ladder's
# are not: of L6 and L8 at widths 8 to 32 and 100K to 400K tokens E collapses to zero, and L4's losses are still 2.27
# where its entropy is 1.22. Of the sets that exist these two shapes of short sentences do: one layer is enough for
# sentences of some four tokens and takes two thirds of the time of two (G2's losses are alike), at least 390 steps
# of one sequence each make 100K tokens the least D, and two seeds of the two least sizes tell noise from a law.
# Losses at widths 8, 16, 32 of seed 0, in nats per token, at 100K, 200K and 500K tokens:
#   G2 (entropy 1.103)   1.605 1.550 1.343   1.401 1.230 1.152   1.344 1.211 1.146
#   G4 (entropy  .956)   2.045 1.829 1.649   1.647 1.413 1.282   1.530 1.265 1.147
# Their laws have E = 1.100 and .956. With width 12 beside them they are 1.058 and .956, for a sixth more time; of all
# these without the second seed of width 16, or without width 24, both are accepted too, but E of G2, the weaker, is .7.
# (30, 150, 20, 6), (50, 200, 15, 6) and (40, 150, 20, 20) were tried beside them: their losses hardly fall at width 8.
SMOKE_GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=1) for d in (8, 16, 24, 32)),
    token_counts=(100_000, 200_000, 500_000),
    recipe=TUNED,
    n_seeds=(2, 2),
    n_validation=256,
    laws_only=True,
    pinned=True,
)
# Enough to see of many grammars which ones give a law.
QUICK_GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=2) for d in (8, 16, 32, 64)),
    token_counts=(100_000, 200_000, 500_000, 1_000_000),
    recipe=TUNED,
    n_seeds=(2,),
)
# For the two-way grammars, which differ more in how fast they are learned than one grid spans: some are at their
# entropy with models 16 wide and 500K tokens, others still lose half of their loss with every size and D at 64 and 1M.
# Three seeds where noise is most of what is left.
EARLY_GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=2) for d in (4, 6, 8, 12, 16)),
    token_counts=(100_000, 200_000, 350_000, 500_000),
    recipe=TUNED,
    n_seeds=(3, 3, 3, 3, 3),
)
LATE_GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=2) for d in (16, 24, 32, 48, 64, 96)),
    token_counts=(500_000, 1_000_000, 2_000_000, 4_000_000),
    recipe=TUNED,
    n_seeds=(2,),
)
CPU_GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=2) for d in (8, 14, 24, 40, 64)),
    token_counts=(100_000, 200_000, 500_000, 1_200_000, 3_000_000),
    recipe=TUNED,
    n_seeds=(2, 2),
)
# Two cores' night: the same grammars, widths to 128 and seven times the tokens; three seeds where they are cheap.
NIGHT_GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=2) for d in (8, 14, 24, 40, 64, 96, 128)),
    token_counts=(100_000, 200_000, 500_000, 1_200_000, 3_000_000, 8_000_000, 20_000_000),
    recipe=TUNED,
    n_seeds=(3, 3, 3, 2),
)
TEXT_GRID = Grid(
    sizes=CPU_GRID.sizes, token_counts=(200_000, 500_000, 1_200_000, 3_000_000, 8_000_000), recipe=TEXT, n_seeds=(2, 2)
)
# Text by 4,096 subword pieces: two layers at every width, so that all sizes are one kind of model. The two least are
# trained for longer, which is cheap and shows where more tokens no longer help.
_SUBWORD_SIZES = tuple(Size(width=d, n_layers=2) for d in (32, 64, 128, 256))
_SUBWORD_TOKENS = (800_000, 2_000_000, 5_000_000, 8_000_000)
SUBWORD_GRID = Grid(
    sizes=_SUBWORD_SIZES,
    token_counts=_SUBWORD_TOKENS,
    recipe=TEXT,
    points=(
        *((size, n) for size in _SUBWORD_SIZES[:2] for n in _SUBWORD_TOKENS),
        *((size, n) for size in _SUBWORD_SIZES[2:] for n in _SUBWORD_TOKENS[:3]),
    ),
)
# (FLOPs as 6 N D): its sizes. Three budgets, as many as vertices need to have an exponent (calibration/fit/isoflop.py);
# no D is below 200K tokens, where TEXT has too few steps, or over 20M, more than most of a corpus of 80 MB has.
_ISO_FLOP = iso_flop(
    {
        2.5e11: [Size(width=d, n_layers=2) for d in (16, 24, 32, 48, 64, 80, 96)],
        8e11: [Size(width=d, n_layers=2) for d in (24, 32, 48, 64, 96, 128, 160)],
        2.5e12: [*(Size(width=d, n_layers=2) for d in (32, 48, 64, 96, 128, 160)), Size(width=160, n_layers=4)],
    }
)
ISO_TOKENS_GRID = Grid(
    sizes=tuple(sorted({size for size, _ in _ISO_FLOP}, key=lambda size: (size.width, size.n_layers))),
    token_counts=tuple(sorted({n for _, n in _ISO_FLOP})),
    recipe=TEXT,
    points=_ISO_FLOP,
    laws_only=True,
)
GPU_GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=layers) for d, layers in ((64, 2), (128, 4), (192, 5), (256, 6), (512, 10))),
    token_counts=(1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000),
    recipe=TUNED,
    n_seeds=(3, 3),
    n_validation=1024,
)
# For nine minutes of one large GPU, of sources that share a vocabulary, such as corpora by bytes: their trunks of one
# size are one stack. By a roofline, and not measured: three corpora take an H100 one and a half minutes to seven.
GPU_9MIN_GRID = Grid(
    sizes=tuple(Size(width=d, n_layers=layers) for d, layers in ((64, 2), (96, 3), (128, 4), (192, 5), (256, 6))),
    token_counts=(300_000, 700_000, 1_600_000, 4_000_000, 10_000_000),
    recipe=TUNED,
    n_seeds=(3, 3, 3, 3, 3),
    n_validation=1024,
)
PAPER_GRID = Grid(sizes=PUBLISHED, token_counts=PUBLISHED_TOKENS, recipe=TUNED, n_validation=1024)


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A grid for a purpose. ``sets`` names the grammars, ``only`` some of them."""

    name: str
    purpose: str
    sets: tuple[str, ...]
    grid: Grid
    only: tuple[str, ...] = ()


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="smoke",
            purpose="everything once, in about a minute: two laws beside entropies that are known, no coefficients",
            sets=("iso-gzip",),
            only=("G2", "G4"),
            grid=SMOKE_GRID,
        ),
        Preset(
            name="cpu", purpose="coefficients from two cores in under half an hour", sets=("ladder",), grid=CPU_GRID
        ),
        Preset(
            name="night",
            purpose="coefficients from what two cores do in eight hours at most: wider models, seven times the tokens",
            sets=("ladder",),
            grid=NIGHT_GRID,
        ),
        Preset(name="gpu", purpose="the paper's grammars on one H200-class GPU", sets=("paper",), grid=GPU_GRID),
        Preset(name="paper", purpose="the published grid, six by six by six", sets=("paper",), grid=PAPER_GRID),
        Preset(
            name="iso-vocab", purpose="control: one vocabulary of 300, H varies", sets=("iso-vocab",), grid=QUICK_GRID
        ),
        Preset(name="iso-gzip", purpose="control: H of .29 to .38, shapes vary", sets=("iso-gzip",), grid=QUICK_GRID),
        Preset(name="two-way", purpose="H and entropy rate vary independently", sets=("two-way",), grid=QUICK_GRID),
    )
}
GRIDS = {
    "smoke": SMOKE_GRID,
    "quick": QUICK_GRID,
    "early": EARLY_GRID,
    "late": LATE_GRID,
    "cpu": CPU_GRID,
    "night": NIGHT_GRID,
    "text": TEXT_GRID,
    "subword": SUBWORD_GRID,
    "iso-tokens": ISO_TOKENS_GRID,
    "gpu": GPU_GRID,
    "gpu-9min": GPU_9MIN_GRID,
    "paper": PAPER_GRID,
}


def find_preset(name: str) -> Preset:
    """Return the preset of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in PRESETS:
        raise UsageError(f"There is no preset {name!r}{did_you_mean(name, PRESETS) or _one_of(PRESETS)}")
    return PRESETS[name]


def find_grid(name: str) -> Grid:
    """Return the grid of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in GRIDS:
        raise UsageError(f"There is no grid {name!r}{did_you_mean(name, GRIDS) or _one_of(GRIDS)}")
    return GRIDS[name]


def grammars_of(name: str, *, seed: int) -> tuple[NamedGrammar, ...]:
    """Return the grammars of a set: the paper's, its controls, ``two-way`` or ``ladder``.

    Raises:
        UsageError: there is no such set.
    """
    from calibration.grammars.search import two_way_set

    if name in SHAPES:
        return named_set(name, seed=seed)
    if name == "two-way":
        return two_way_set(seed=seed).grammars
    if name == "ladder":
        return tuple(_gated(key, shape_of(numbers), first + seed) for key, (numbers, first) in LADDER.items())
    sets = (*SHAPES, "two-way", "ladder")
    raise UsageError(f"There is no grammar set {name!r}{did_you_mean(name, sets) or _one_of(sets)}")


def _one_of(names: Iterable[str]) -> str:
    return f": choose one of {', '.join(names)}."


def _gated(name: str, shape: GrammarShape, seed: int) -> NamedGrammar:
    """Return the first grammar of this shape, from ``seed`` on, that the gate passes."""
    while True:
        grammar = draw(shape, seed=seed)
        try:
            passes = not gate(tilt(grammar))
        except GrammarError:  # none of its derivations ends
            passes = False
        if passes:
            return NamedGrammar(name=name, shape=shape, seed=seed, grammar=grammar)
        seed += 1
