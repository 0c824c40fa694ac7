"""What docs/reproduction.md is computed from: the committed laws, rows and coefficients. Nothing is fitted again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from reproduction_laws import LAWS_FILE, WrittenLaw, read_written_laws
from reproduction_statistics import Quantity, log_n_at

from advisor.calibrations.coefficients import Coefficients, load_coefficients
from advisor.laws.scaling_law import ScalingLaw
from calibration.campaign.ledger import Ledger
from calibration.campaign.plan_file import LEDGER_FILE, PLAN_FILE, read_plan
from calibration.fit.objective import Array
from calibration.grammars.sets import SHAPES
from calibration.lines.records import Row

ROOT = Path(__file__).parent.parent
FEWEST_FOR_A_LINE = 3
GRAMMARS = "grammars"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A calibration's folder: its sources with their laws, and its rows."""

    name: str
    laws: tuple[WrittenLaw, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Material:
    """``trained`` are the calibrations at tuned rates, ``published_recipe`` those at the paper's; both by name."""

    coefficients: Coefficients
    trained: tuple[Trained, ...]
    published_recipe: tuple[Trained, ...]

    @property
    def laws(self) -> tuple[WrittenLaw, ...]:
        """Every source that was trained at tuned rates, grammars first, by H; a data set may be in several ledgers."""
        found = (law for each in self.trained for law in each.laws)
        return tuple(sorted(found, key=lambda one: (one.source.kind != "grammar", one.h, one.source.name)))

    @property
    def groups(self) -> dict[str, tuple[WrittenLaw, ...]]:
        """All sources whose laws may be compared, by the name of their group.

        They are the grammars, and the corpora of one vocabulary: tokens of another vocabulary are other tokens, and a
        text in two of them is no pair of data sets.
        """
        found: dict[str, list[WrittenLaw]] = {GRAMMARS: []}
        for one in sorted(self.laws, key=lambda one: one.source.vocab_size):
            corpora = f"corpora in a vocabulary of {one.source.vocab_size:,}"
            found.setdefault(GRAMMARS if one.source.kind == "grammar" else corpora, []).append(one)
        return {name: tuple(sorted(sources, key=lambda one: one.h)) for name, sources in found.items()}

    def accepted(self, group: str) -> tuple[WrittenLaw, ...]:
        """Return the sources of a group whose law is accepted, each data set once, by H."""
        return _each_once(one for one in self.groups.get(group, ()) if one.accepted is not None)

    def every_accepted(self) -> tuple[WrittenLaw, ...]:
        """Return the sources of all groups whose law is accepted, each data set once, grammars first."""
        return tuple(one for group in self.groups for one in self.accepted(group))

    def of_set(self, name: str) -> tuple[WrittenLaw, ...]:
        """Return the trained grammars of a named set, by their shape: the sets share one (A3 is V3).

        Of one data set in several ledgers it is an accepted law, where there is one.
        """
        taken = [one for one in self.laws if set_shape(one) in SHAPES[name].values()]
        return _each_once(sorted(taken, key=lambda one: one.accepted is None))


@dataclass(frozen=True, kw_only=True)
class LineSet:
    """Sources through which lines in H are drawn; ``flops`` is the largest budget that all of their runs reach."""

    name: str
    sources: tuple[WrittenLaw, ...]

    @property
    def laws(self) -> tuple[ScalingLaw, ...]:
        """Their laws."""
        return tuple(one.accepted for one in self.sources if one.accepted is not None)

    @property
    def flops(self) -> float:
        """The budget at which their N* is compared, FLOPs."""
        return common_flops(self.laws)

    @property
    def h(self) -> Array:
        """Their H."""
        return np.array([one.h for one in self.sources])

    def values(self, quantity: Quantity) -> Array:
        """Return a quantity of each law."""
        return np.array([quantity(law) for law in self.laws])

    def log_n(self) -> Array:
        """Return ln N* of each law at ``flops``."""
        return self.values(log_n_at(self.flops))


def common_flops(laws: Sequence[ScalingLaw]) -> float:
    """Return the least of the largest budgets that the laws were fitted on."""
    return min(law.ranges.flops[1] for law in laws if law.ranges.flops is not None)


def set_shape(one: WrittenLaw) -> tuple[int, ...] | None:
    """Return (nonterminals, terminals, max options, max length) of a grammar, None for a corpus."""
    shape = one.source.definition.get("shape")
    names = ("nonterminals", "terminals", "max_options", "max_length")
    return None if shape is None else tuple(int(shape[name]) for name in names)


def line_sets(material: Material) -> tuple[LineSet, ...]:
    """Return the sets of accepted sources to draw lines through.

    They are those of each calibration that has coefficients, every accepted source of a group if that is another set,
    and the accepted grammars of the iso-vocab set; sets of fewer than three have no line.
    """
    found: list[tuple[str, tuple[WrittenLaw, ...]]] = []
    for calibration in material.coefficients.calibrations:
        with_law = {(one.name, one.compressibility, one.shuffled) for one in calibration.sources if one.law is not None}
        found.append((calibration.name, _accepted_of(material, with_law)))
    for group in material.groups:
        found.append((f"all {group}", material.accepted(group)))
    found.append(("iso-vocab", tuple(one for one in material.of_set("iso-vocab") if one.accepted is not None)))
    sets: dict[tuple[str, ...], LineSet] = {}
    for name, sources in found:
        if len(sources) >= FEWEST_FOR_A_LINE and len({one.h for one in sources}) >= FEWEST_FOR_A_LINE:
            sets.setdefault(tuple(one.source.data for one in sources), LineSet(name=name, sources=sources))
    return tuple(sets.values())


def _accepted_of(material: Material, named: set[tuple[str, float, float | None]]) -> tuple[WrittenLaw, ...]:
    every = material.every_accepted()
    return tuple(one for one in every if (one.source.name, one.h, one.source.shuffled) in named)


def read_material(folder: Path = ROOT / "data" / "calibrations", coefficients: Path | None = None) -> Material:
    """Return what the folders of calibrations and the coefficients file hold."""
    folders = sorted(path.parent for path in folder.glob(f"*/{PLAN_FILE}") if (path.parent / LAWS_FILE).exists())
    tuned: list[Trained] = []
    published: list[Trained] = []
    for each in folders:
        plan = read_plan(each)
        assert plan is not None
        trained = Trained(name=each.name, laws=read_written_laws(each), rows=Ledger(each / LEDGER_FILE).rows())
        (published if plan.request.get("recipe") == "paper" else tuned).append(trained)
    shipped = load_coefficients(coefficients)
    # What was made of a table of other people's runs has no ledger here: this page is about what was trained here.
    own = tuple(one for one in shipped.calibrations if "table_sha256" not in one.provenance)
    return Material(
        coefficients=replace(shipped, calibrations=own), trained=tuple(tuned), published_recipe=tuple(published)
    )


def _each_once(sources: Iterable[WrittenLaw]) -> tuple[WrittenLaw, ...]:
    """Return the first source of each data set, by H."""
    found: dict[str, WrittenLaw] = {}
    for one in sources:
        found.setdefault(one.source.data, one)
    return tuple(sorted(found.values(), key=lambda one: (one.h, one.source.name)))


def names_of(sources: Iterable[WrittenLaw]) -> str:
    """Return the names of sources."""
    return ", ".join(one.source.name for one in sources)
