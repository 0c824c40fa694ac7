"""``plan_pilot``: the small runs that would narrow an answer most for a share of its budget, and whether they pay."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.caution import Caution
from advisor.errors import UsageError
from advisor.laws.data_rule import Shift, shift_at
from advisor.laws.published import chinchilla
from advisor.laws.text import Text
from advisor.pilot.design import Expectation, Question, best, runs_of
from advisor.pilot.gap import NOISE
from advisor.pilot.least import DEFAULT_SHARE, least_flops
from advisor.pilot.runs import PilotRun
from advisor.plan.plan import Plan, make_plan
from advisor.quantities import format_flops, format_interval, format_quantity, format_share, plural
from advisor.results.result import Result, Shown

if TYPE_CHECKING:
    from advisor.plan.hardware import Hardware

_OTHER_SHARES = (0.5, 4.0)  # times the share asked for


@dataclass(frozen=True, kw_only=True)
class PilotCorpus:
    """A corpus of a pilot: its name in the table, and what is known of it."""

    name: str
    text: Text

    JSON = (
        *("name", "compressibility=text.compressibility", "compressibility_sd=text.sd"),
        *("bytes_per_token=text.bytes_per_token", "non_ascii_fraction=text.non_ascii", "-text"),
    )


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """A run of a pilot and how to train it; ``run`` has the shape's own N where a shape was found."""

    run: PilotRun
    plan: Plan

    JSON = (
        *("role=run.role", "corpus=run.corpus", "flops=run.flops", "n_params=run.n_params", "n_tokens=run.n_tokens"),
        *("shape=plan.shape", "batch_tokens", "peak_learning_rate", "gpu_hours", "cost", "-run", "-plan"),
    )

    @property
    def batch_tokens(self) -> float | None:
        """Tokens a step by Step Law, whose runs were of these sizes; None without a shape."""
        return self.plan.hyperparameters[-1].batch_tokens if self.plan.hyperparameters else None

    @property
    def peak_learning_rate(self) -> float | None:
        """Likewise."""
        return self.plan.hyperparameters[-1].learning_rate if self.plan.hyperparameters else None

    @property
    def gpu_hours(self) -> float | None:
        """Of the shape's exact FLOPs; None without a GPU."""
        return None if self.plan.cluster is None else self.plan.cluster.gpu_hours

    @property
    def cost(self) -> float | None:
        """Its cost; None without a price."""
        return None if self.plan.cluster is None else self.plan.cluster.cost


@dataclass(frozen=True, kw_only=True, repr=False)
class Pilot(Result):
    """A pilot for a run of ``flops``.

    ``now`` is the data rule's shift and ``interval80`` that of N* without a pilot, ``chosen`` what the pilot is
    expected to leave, ``alternative`` the best of the other kind (unpaired, or paired) for the same FLOPs, ``others``
    the best for half and for four times the share: None where no design is so small.
    """

    flops: float
    share: float
    noise: float
    corpus: PilotCorpus
    reference: PilotCorpus
    n_params: float
    interval80: tuple[float, float] | None
    now: Shift
    wasted: float
    chosen: Expectation
    alternative: Expectation | None
    others: tuple[tuple[float, Expectation | None], ...]
    runs: tuple[PlannedRun, ...]
    cautions: tuple[Caution, ...]

    JSON = (
        *("flops", "share_of_budget=share", "noise_of_ln_loss=noise", "corpus", "reference", "n_params"),
        *("interval80.n_params=interval80", "now.ln_n_params_shift=now.log_n", "now.ln_n_params_shift_sd=now.sd"),
        *("now.wasted_fraction=wasted", "expected=chosen", "alternative", "-others", "other_shares", "gpu_hours"),
        *("cost", "runs", "cautions"),
    )

    ROWS = "runs"

    @property
    def in_brief(self) -> str:
        """How many runs it has, for which budget, and what they would leave."""
        return (
            f"{plural(len(self.runs), 'run')} for {format_share(self.chosen.share)} of "
            f"{format_flops(self.flops)} FLOPs on "
            f"{self.corpus.name}: {'worth' if self.chosen.worth_it else 'not worth'} it"
        )

    def shown(self) -> Shown:
        """Return the runs."""
        rows = [
            (
                f"{one.run.corpus}, {one.run.role}",
                format_flops(one.run.flops),
                format_quantity(one.run.n_params),
                format_quantity(one.run.n_tokens),
            )
            for one in self.runs
        ]
        notes = (f"80 % of N now {format_interval(self.interval80)}, after {format_interval(self.chosen.n_params)}.",)
        return Shown(("run", "FLOPs", "N", "D"), rows, (*notes, *(each.message for each in self.cautions)))

    @property
    def other_shares(self) -> list[dict[str, float | Expectation | None]]:
        """``others`` as the document has them."""
        return [{"share_of_budget": share, "expected": found} for share, found in self.others]

    @property
    def gpu_hours(self) -> float | None:
        """Of all runs."""
        return _sum(run.gpu_hours for run in self.runs)

    @property
    def cost(self) -> float | None:
        """Of all runs."""
        return _sum(run.cost for run in self.runs)


def plan_pilot(
    flops: float,
    corpus: PilotCorpus,
    *,
    reference: PilotCorpus | None = None,
    share: float = DEFAULT_SHARE,
    noise: float = NOISE,
    hardware: Hardware | None = None,
    n_gpus: int | None = None,
    vocab_size: int | None = None,
    context: int | None = None,
) -> Pilot:
    """Return the pilot that would narrow the interval of N* at ``flops`` most, for ``share`` of them.

    Args:
        flops: the budget of the run that the pilot is for.
        corpus: what that run trains on.
        reference: what it is compared with; None stands for web text.
        share: of ``flops``, above 0 to 1.
        noise: standard deviation of ln loss from run to run.
        hardware: turns FLOPs into hours and money.
        n_gpus: how many of it there are.
        vocab_size: of the models' shapes; None takes the plan's default.
        context: in tokens a sequence, likewise.

    Raises:
        UsageError: a value is out of its domain, or no pilot is so small.
    """
    if not 0 < share <= 1:
        raise UsageError(f"--share must be above 0 and at most 1 (or 100 %), not {share:g}.")
    if not 0 < noise < 1:
        raise UsageError(f"--noise is the standard deviation of ln loss, such as 0.002, not {noise:g}.")
    reference = reference or PilotCorpus(name="web", text=Text())
    if reference.name == corpus.name:
        raise UsageError(f"The corpus and the reference are both called {corpus.name}: a pilot compares two.")
    question = Question(base=chinchilla(), text=corpus.text, reference=reference.text, flops=flops, noise=noise)
    chosen, alternative = _both(question, share)
    now = shift_at(corpus.text, flops)
    runs = tuple(
        _planned(run, hardware=hardware, n_gpus=n_gpus, vocab_size=vocab_size, context=context)
        for run in runs_of(question, chosen.design, (corpus.name, reference.name))
    )
    return Pilot(
        flops=flops,
        share=share,
        noise=noise,
        corpus=corpus,
        reference=reference,
        n_params=question.law("corpus", flops).frontier(flops).n_params,
        interval80=question.n_params_interval80(corpus.text),
        now=now,
        wasted=question.wasted(now),
        chosen=chosen,
        alternative=alternative,
        others=tuple((each, _either(question, each)) for factor in _OTHER_SHARES if (each := factor * share) <= 1),
        runs=runs,
        cautions=tuple(_about(runs)),
    )


def _both(question: Question, share: float) -> tuple[Expectation, Expectation | None]:
    """Return what the better of the paired and the unpaired design leaves, and what the other does."""
    found = [best(question, share * question.flops, paired=paired) for paired in (True, False)]
    ordered = sorted((each for each in found if each is not None), key=lambda each: each.shift_sd)
    if not ordered:
        least = least_flops(paired=True)
        of_budget = least / question.flops
        digits = 10 ** (1 - math.floor(math.log10(100 * of_budget)))
        ask = (
            f"{math.ceil(100 * of_budget * digits) / digits:g} % of this budget; see --share"  # so much is enough
            if of_budget <= 1
            else f"and the whole budget is {format_flops(question.flops)}: a run so small has no pilot"
        )
        raise UsageError(
            f"A pilot of {format_flops(share * question.flops)} FLOPs is too small to show half of a gap between "
            f"corpora: five sizes at two budgets on two corpora take {format_flops(least)}, {ask}."
        )
    return ordered[0], ordered[1] if len(ordered) > 1 else None


def _either(question: Question, share: float) -> Expectation | None:
    """Return what the best design for a share leaves; None where none is so small or so large."""
    found = [best(question, share * question.flops, paired=paired) for paired in (True, False)]
    return min((each for each in found if each is not None), key=lambda each: each.shift_sd, default=None)


def _planned(
    run: PilotRun, *, hardware: Hardware | None, n_gpus: int | None, vocab_size: int | None, context: int | None
) -> PlannedRun:
    """Return a run with its plan: N is that of the shape, and D what the budget leaves for it."""
    options = {"vocab_size": vocab_size, "context": context, "hardware": hardware, "n_gpus": n_gpus}
    plan = make_plan(count="total", n_params=run.n_params, n_tokens=run.n_tokens, **options)  # type: ignore[arg-type]
    n_params = float(round(run.n_params)) if plan.shape is None else float(plan.shape.n_params)
    n_tokens = float(round(run.flops / 6 / n_params))
    plan = make_plan(count="total", n_params=n_params, n_tokens=n_tokens, **options)  # type: ignore[arg-type]
    return PlannedRun(run=replace(run, n_params=n_params, n_tokens=n_tokens, loss=None), plan=plan)


def _about(runs: tuple[PlannedRun, ...]) -> Iterator[Caution]:
    missing = sum(run.plan.shape is None for run in runs)
    if missing:
        have = "has" if missing == 1 else "have"
        yield Caution(
            code="no_shape",
            message=f"{missing} of the {plural(len(runs), 'size')} {have} no usual shape with a vocabulary of "
            f"{runs[0].plan.vocab_size:,}: see --vocab-size.",
        )


def _sum(values: Iterator[float | None]) -> float | None:
    found = list(values)
    return None if any(value is None for value in found) else sum(value for value in found if value is not None)
