"""New runs against a law: how far each loss is from the one predicted, in standard deviations, and a verdict.

    sd^2(ln L) = sd^2 over the law's draws + residual scale^2 + (kappa ln+(C/C_max))^2

The first is what the fit does not know, the second how single runs scatter, the third the drift beyond the largest
fitted budget (``calibration.fit.beyond.cuts``), an error that is common to the runs of one budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advisor.errors import LawError, RunsError
from advisor.json_fields import read_json
from advisor.laws.drift import Drift, at_least, e_folds_beyond
from advisor.laws.law_file import read_law
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import format_flops, plural
from calibration.fit.analysis import Analysis, Settings
from calibration.fit.beyond.cuts import predicted_log_loss
from calibration.fit.objective import Array
from calibration.fit.reason import Reason
from calibration.fit.repeated import single_epoch
from calibration.fit.run_checks import usable
from calibration.fit.runs import Runs, RunTable
from calibration.fit.table.counted import check_count_of_law

# Half widths of the central intervals of a normal error, in standard deviations.
SIGMAS_80, SIGMAS_95 = 1.2815515655446004, 1.959963984540054
# A law whose intervals are right leaves as many runs outside the 95 % interval this often. It is so for errors that
# are independent as for one error common to all runs, of which the 80 % interval misses all in a fifth of the cases.
_UNLIKELY = 0.05
_OF_UNITS = {"odd-units", "odd-loss"}  # cautions that say that N, D or the losses may be in another unit
_SEEN = 1.005  # a factor beyond the largest fitted budget that is not 1 in the digits it is said with


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """A run beside what the law predicts, losses in nats/token; ``sd`` is that of ln L, ``sigmas`` the residual's."""

    n_params: float
    n_tokens: float
    flops: float
    e_folds_beyond: float
    loss: float
    predicted: float
    sd: float

    JSON = (
        *("n_params", "n_tokens", "flops", "e_folds_beyond", "loss_nats_per_token=loss"),
        *("predicted_loss_nats_per_token=predicted", "sd_of_ln_loss=sd", "sigmas"),
    )

    @property
    def residual(self) -> float:
        """Ln of the loss over the predicted one."""
        return math.log(self.loss / self.predicted)

    @property
    def sigmas(self) -> float:
        """The residual in standard deviations; below 0 where the loss is lower than predicted."""
        return self.residual / self.sd


@dataclass(frozen=True, kw_only=True)
class RunComparison:
    """New runs beside a law's predictions. ``scatter`` is the law's residual scale, None where it is not known.

    ``n_left_out`` runs have no loss, or repeat data, for which the law does not hold. ``cautions`` are what the units
    of their table give reason for.
    """

    law: str
    largest: float | None
    drift: Drift
    scatter: float | None
    n_draws: int
    n_left_out: int
    runs: tuple[NewRun, ...]
    cautions: tuple[Reason, ...] = ()

    JSON = (
        *("law", "largest_fitted_flops=largest", "drift", "residual_scale=scatter", "-n_draws", "n_left_out"),
        *("coverage80", "coverage95", "mean_residual", "mean_sigmas", "verdict", "in_words", "runs", "-cautions"),
    )

    @property
    def coverage80(self) -> float:
        """The share of the losses inside their 80 % interval."""
        return self._inside(SIGMAS_80) / len(self.runs)

    @property
    def coverage95(self) -> float:
        """The share of the losses inside their 95 % interval."""
        return self._inside(SIGMAS_95) / len(self.runs)

    @property
    def mean_residual(self) -> float:
        """The mean of ln of loss over prediction."""
        return sum(run.residual for run in self.runs) / len(self.runs)

    @property
    def mean_sigmas(self) -> float:
        """The mean residual in standard deviations."""
        return sum(run.sigmas for run in self.runs) / len(self.runs)

    @property
    def verdict(self) -> str:
        """Return "agrees", or "disagrees" where too many losses are outside their 95 % interval."""
        few = _at_most(self._inside(SIGMAS_95), len(self.runs), 0.95) <= _UNLIKELY + 1e-9
        return "disagrees" if few else "agrees"

    @property
    def in_words(self) -> tuple[str, ...]:
        """The verdict first, then the direction, how far beyond the fitted budgets, and what was not known."""
        found = (_verdict(self), _direction(self), _far(self), _unknown(self), _left_out(self))
        others = [each for each in self.cautions if each.code not in _OF_UNITS]
        return (*(sentence for sentence in found if sentence), *(_sentence(each.message) for each in others))

    def _inside(self, sigmas: float) -> int:
        return sum(abs(run.sigmas) <= sigmas for run in self.runs)


RunComparisons = dict[str, RunComparison]  # by group


def compare(law: ScalingLaw, runs: Runs, scatter: float | None) -> RunComparison:
    """Return ``runs`` beside what ``law`` predicts; ``scatter`` is the residual scale of the runs it was fitted to.

    Raises:
        RunsError: No run can be compared.
    """
    good = runs.where(usable(runs))
    good = good.where(single_epoch(good))
    if not len(good):
        raise RunsError(f"No run of {runs.name} can be compared with a law: all repeat data or have no loss.")
    predicted, sd = predictions(law, good, scatter or 0.0)
    columns = (good.n_params, good.n_tokens, good.flops, good.loss, predicted, sd)
    return RunComparison(
        law=law.name,
        largest=None if law.ranges.flops is None else law.ranges.flops[1],
        drift=at_least(law.drift),
        scatter=scatter,
        n_draws=len(law.draws),
        n_left_out=len(runs) - len(good),
        cautions=runs.cautions,
        runs=tuple(_new_run(law, *map(float, row)) for row in zip(*columns, strict=True)),
    )


def predictions(law: ScalingLaw, runs: Runs, scatter: float) -> tuple[Array, Array]:
    """Return the predicted loss of each run, nats/token, and the standard deviation of its ln."""
    log_loss = np.log([law.loss(n, d) for n, d in zip(runs.n_params, runs.n_tokens, strict=True)])
    known = predicted_log_loss(np.array(law.draws), runs).std(0) if law.draws else np.zeros(len(runs))
    far = np.array([e_folds_beyond(law, flops) for flops in runs.flops])
    drift = at_least(law.drift).loss * far
    return np.exp(log_loss), np.sqrt(known**2 + scatter**2 + drift**2)


def compare_with_fit(new: Mapping[str, Runs], analysis: Analysis) -> RunComparisons:
    """Return new runs beside the laws that were just fitted, each group with its own; refused laws have none."""
    laws = {name: each for name, each in analysis.groups.items() if name in new and name not in analysis.refused}
    return {
        name: compare(each.law, new[name], each.fit.scale)
        for name, each in laws.items()
        if each.law is not None and each.fit is not None
    }


def check_groups(new: Mapping[str, Runs], fitted: Mapping[str, Runs]) -> None:
    """Raise RunsError for a group of new runs for which no law is fitted."""
    if missing := [name for name in new if name not in fitted]:
        raise RunsError(f"--predict has runs of {missing[0]}, and the laws are those of {', '.join(fitted)}.")


def compare_with_law(new: Mapping[str, Runs], law_file: Path) -> RunComparisons:
    """Return new runs, in their groups, beside the law in a file.

    Raises:
        LawError: The file holds no law, or a refused one.
    """
    law = read_law(law_file)
    diagnostics = read_json(law_file, LawError).get("diagnostics")
    scatter = None if diagnostics is None else diagnostics.get("residual_scale")
    scale = None if scatter is None else scatter.number(0, 10)
    return {name: compare(law, runs, scale) for name, runs in new.items()}


def beside_law(law_file: Path, new: RunTable, *, named: Mapping[str, str]) -> Analysis:
    """Return what a law in a file says of new runs, which is not fitted again: an analysis without laws of its own.

    ``named`` has the names of columns that the user gave.

    Raises:
        LawError: The file holds no law, or a refused one.
        UsageError: N of the new runs is counted without embeddings, and the law counts them.
    """
    check_count_of_law(new.reading, named, read_law(law_file).count)
    found = compare_with_law(new.groups, law_file)
    return Analysis(groups={}, settings=Settings(), reading=new.reading, predictions=found)


def _new_run(
    law: ScalingLaw, n_params: float, n_tokens: float, flops: float, loss: float, predicted: float, sd: float
) -> NewRun:
    return NewRun(
        n_params=n_params,
        n_tokens=n_tokens,
        flops=flops,
        e_folds_beyond=e_folds_beyond(law, flops),
        loss=loss,
        predicted=predicted,
        sd=max(sd, 1e-12),
    )


def _at_most(k: int, n: int, p: float) -> float:
    """Return the probability of at most ``k`` successes in ``n`` trials of probability ``p``."""

    def log_ways(i: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)

    return sum(math.exp(log_ways(i) + i * math.log(p) + (n - i) * math.log1p(-p)) for i in range(k + 1))


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]


def _verdict(c: RunComparison) -> str:
    n, inside80, inside95 = len(c.runs), c._inside(SIGMAS_80), c._inside(SIGMAS_95)
    whose = "is inside its" if inside80 == 1 else "are inside their"
    counts = f"{inside80} of {plural(n, 'loss')} {whose} 80 % interval and {inside95} inside the 95 % one"
    doubts = " ".join(_sentence(each.message) for each in c.cautions if each.code in _OF_UNITS)
    if c.verdict == "agrees":
        return f"The new runs agree with the law: {counts}. {doubts}".rstrip()
    few = f"The new runs disagree with the law: {counts}, fewer than chance allows"
    return f"{few}; see to their units first. {doubts}" if doubts else f"{few}; fit again with them."


def _direction(c: RunComparison) -> str:
    way = "lower" if c.mean_residual < 0 else "higher"
    off = f"{100 * abs(math.expm1(c.mean_residual)):.2g} % {way} than predicted ({c.mean_sigmas:+.1f} sigmas)"
    return f"On average losses come out {off}."


def _far(c: RunComparison) -> str:
    beyond = [run.e_folds_beyond for run in c.runs if run.e_folds_beyond > math.log(_SEEN)]
    if c.largest is None:
        return "The law does not say which budgets it was fitted to, so nothing is widened beyond them."
    if not beyond:
        return ""
    factor = (
        f"by up to a factor of {math.exp(max(beyond)):.3g}" if len(beyond) > 1 else f"by {math.exp(beyond[0]):.3g}x"
    )
    are = "is" if len(beyond) == 1 else "are"
    where = f"{len(beyond)} {are} beyond the largest fitted budget, {format_flops(c.largest)} FLOPs"
    common = ": the drift there is common to them, so they count as fewer than they are" if len(beyond) > 1 else ""
    return f"{where}, {factor}{common}."


def _unknown(c: RunComparison) -> str:
    missing = [] if c.n_draws else ["what the fit does not know"]
    missing += [] if c.scatter is not None else ["how single runs scatter"]
    return f"The law says nothing of {' and '.join(missing)}: the intervals are too narrow." if missing else ""


def _left_out(c: RunComparison) -> str:
    return f"{c.n_left_out} more repeat data or have no loss, and are left out." if c.n_left_out else ""
