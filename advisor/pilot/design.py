"""The pilot that narrows an answer most for its FLOPs: how many budgets and sizes, how far apart, with or without a
reference.

Every candidate is judged by what the data rule would say after it: its runs get the losses that the base law expects,
and ``advisor.pilot.gap`` reads them as it will read the real ones.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from advisor.laws.data_rule import Shift, data_law, shift_at
from advisor.laws.drift import widened
from advisor.laws.measured_shift import Measured
from advisor.laws.scaling_law import ScalingLaw, central_interval
from advisor.laws.text import Text
from advisor.pilot.gap import NOISE, gap_of
from advisor.pilot.least import BUDGETS, LEAST_FLOPS, RATIO, SIZES
from advisor.pilot.runs import ROLES, PilotRun, Role, grid

_HALF_WIDTHS = (math.log(3), math.log(4))  # of the sizes around the expected optimum, in ln N


@dataclass(frozen=True, kw_only=True)
class Design:
    """Sizes around the expected optimum at each budget, the same for both corpora; ``paired`` is with a reference."""

    paired: bool
    budgets: tuple[float, ...]
    n_sizes: int
    half_width: float

    JSON = ("paired", "budgets_flops=budgets", "n_sizes", "size_range_factor=factor", "n_runs", "flops", "-half_width")

    @property
    def factor(self) -> float:
        """How far the sizes reach to either side of the expected optimum."""
        return math.exp(self.half_width)

    @property
    def n_runs(self) -> int:
        """All runs."""
        return (2 if self.paired else 1) * len(self.budgets) * self.n_sizes

    @property
    def flops(self) -> float:
        """What they cost, 6 N D."""
        return (2 if self.paired else 1) * self.n_sizes * sum(self.budgets)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the pilot is to narrow: N* of ``text`` at ``flops`` over ``base``; ``reference`` is what it is compared to.

    ``noise`` is the standard deviation of ln loss from run to run.
    """

    base: ScalingLaw
    text: Text
    reference: Text
    flops: float
    noise: float = NOISE

    def law(self, role: Role, flops: float) -> ScalingLaw:
        """Return the law that is expected of a corpus at a budget."""
        return data_law(replace(self.base, draws=()), self.text if role == "corpus" else self.reference, flops)

    def after(self, measured: Measured) -> Text:
        """Return what would be known of the corpus."""
        return self.text._replace(measured=measured)

    def n_params_interval80(self, text: Text) -> tuple[float, float] | None:
        """Return the 80 % interval of N* with what is known of the corpus; None where the base has no draws."""
        law = data_law(widened(self.base, self.flops), text, self.flops)
        found = law.drawn_frontiers(self.flops) if law.draws else None
        return None if found is None else central_interval([n for n, _, _ in found])

    def wasted(self, shift: Shift) -> float:
        """Return the share of the FLOPs that is lost on average by following the rule's answer.

        An error e in ln N* raises the excess loss by alpha beta e^2/2 of itself, and the excess on the frontier falls
        as C^-(alpha beta/(alpha + beta)): (alpha + beta) e^2/2 of the FLOPs.
        """
        return (self.base.alpha + self.base.beta) / 2 * shift.sd**2


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What a design is expected to leave: the shift it would have seen, and the interval of N* with it."""

    design: Design
    gap_flops: float
    gap_sd: float
    shift_sd: float
    n_params: tuple[float, float] | None
    wasted: float
    saved: float
    target_flops: float

    JSON = (
        *(
            "*design",
            "share_of_budget=share",
            "gap_flops",
            "ln_n_params_gap_sd=gap_sd",
            "ln_n_params_shift_sd=shift_sd",
        ),
        *(
            "interval80.n_params=n_params",
            "wasted_fraction=wasted",
            "saved_fraction=saved",
            "worth_it",
            "-target_flops",
        ),
    )

    @property
    def share(self) -> float:
        """The FLOPs of the pilot over those of the run that it is for."""
        return self.design.flops / self.target_flops

    @property
    def worth_it(self) -> bool:
        """Whether it is expected to save more FLOPs of the run than it takes."""
        return self.saved > self.share


def designs(flops: float, target: float, *, paired: bool) -> Iterator[Design]:
    """Yield the pilots that cost ``flops``, with no budget above ``target`` and none that shows too little."""
    for n_budgets, n_sizes, half_width in itertools.product(BUDGETS, SIZES, _HALF_WIDTHS):
        shares = [RATIO**-i for i in reversed(range(n_budgets))]
        largest = flops / ((2 if paired else 1) * n_sizes * sum(shares))
        if largest <= target and largest * shares[0] >= LEAST_FLOPS:
            budgets = tuple(largest * share for share in shares)
            yield Design(paired=paired, budgets=budgets, n_sizes=n_sizes, half_width=half_width)


def expected(question: Question, design: Design) -> Expectation:
    """Return what a design is expected to leave of the interval."""
    gap = gap_of(
        runs_of(question, design),
        base=lambda flops: math.log(question.base.frontier(flops).n_params),
        noise=question.noise,
    )
    reference = question.reference
    measured = gap.measured(compressibility=reference.compressibility, bytes_per_token=reference.bytes_per_token)
    predicted = shift_at(question.text, gap.flops).corpus
    if design.paired:
        predicted -= shift_at(reference, gap.flops).corpus
    text = question.after(replace(measured, log_n=predicted))
    now, after = shift_at(question.text, question.flops), shift_at(text, question.flops)
    return Expectation(
        design=design,
        gap_flops=gap.flops,
        gap_sd=gap.sd,
        shift_sd=after.sd,
        n_params=question.n_params_interval80(text),
        wasted=question.wasted(after),
        saved=question.wasted(now) - question.wasted(after),
        target_flops=question.flops,
    )


def best(question: Question, flops: float, *, paired: bool) -> Expectation | None:
    """Return the design for ``flops`` that leaves the least; None where no budget would show half of a gap."""
    bare = replace(question, base=replace(question.base, draws=()))
    found = [expected(bare, each) for each in designs(flops, question.flops, paired=paired)]
    if not found:
        return None
    return expected(question, min(found, key=lambda each: each.shift_sd).design)


def runs_of(question: Question, design: Design, names: tuple[str, str] = ROLES) -> list[PilotRun]:
    """Return the runs of a design: each corpus's sizes around the optimum that is expected of it.

    Each has the loss that its law expects of it.
    """
    roles: tuple[Role, ...] = ROLES if design.paired else ROLES[:1]
    found = []
    for (role, name), flops in itertools.product(zip(roles, names, strict=False), design.budgets):
        law = question.law(role, flops)
        for n in grid(math.log(law.frontier(flops).n_params), design.half_width, design.n_sizes):
            d = flops / 6 / n
            loss = law.loss(n, d)
            found.append(PilotRun(role=role, corpus=name, flops=flops, n_params=n, n_tokens=d, loss=loss))
    return found
