"""The gap that a pilot shows: ln N* of a corpus less that of a reference at equal budgets, and how sure it is.

Each budget gives a gap y_k, with variance
    var_k = noise^2 (s_k^2 + s_ref,k^2) + SCATTER_OF_A_BUDGET^2
where s is what a run's noise does to an optimum (``advisor.pilot.profile``). Gaps are brought to one scale by r(C),
how much of the settled gap a budget shows, and their mean, weighted by 1/var, is the pilot's. How fast the gap grows
with the budget is not known well: budgets disagree only where no likely growth makes their gaps alike. What a wrong
pair of exponents does to a lopsided profile is common to the budgets and is added at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from advisor.errors import RunsError
from advisor.laws.data_rule import grown_sd, shown
from advisor.laws.measured_shift import SCATTER_OF_A_BUDGET, Measured
from advisor.pilot.least import LEAST_FLOPS
from advisor.pilot.loss_levels import odd_runs, said_of
from advisor.pilot.profile import LEAST_SIZES, ProfileOptimum, optimum_of
from advisor.pilot.runs import PilotRun, Role, budgets_of
from advisor.quantities import format_flops, format_quantity, plural

# Of ln loss between a run and the smooth profile. The six corpora's runs of 4.57e18 to 4.84e19 FLOPs have .0009 (rms,
# sizes within four times of the optimum; tests/pilot/test_on_the_sweep.py); a pilot is trained with less care.
NOISE = 0.002
_WEIGHT_OF_NOISE = 8  # runs that the expected noise counts for beside the pilot's own residuals
# beta - alpha of a corpus less that of web text: 0 on four web corpora, -.07 on maths and -.10 on code (their laws).
_SD_OF_SKEW = 0.09
_FAR_APART = 3.0  # standard deviations between gaps of two budgets beyond which their scatter is believed instead


@dataclass(frozen=True, kw_only=True)
class BudgetGap:
    """One budget: the optima of both corpora, of N, and ln of their ratio with its standard deviation.

    ``n_params_reference`` is the base law's optimum where the pilot has no reference.
    """

    flops: float
    n_params: float
    n_params_reference: float
    log_n: float
    sd: float

    JSON = ("flops", "n_params", "n_params_reference", "ln_n_params=log_n", "ln_n_params_sd=sd")

    @property
    def settled(self) -> float:
        """The gap brought to SETTLED, 1e19 FLOPs, as r(C) has it: so budgets are compared."""
        return self.log_n / shown(self.flops)


@dataclass(frozen=True, kw_only=True)
class PilotGap:
    """What a pilot's runs say: the gap at ``flops``, from each of ``budgets``; ``noise`` is of ln loss."""

    log_n: float
    sd: float
    flops: float
    noise: float
    paired: bool
    budgets: tuple[BudgetGap, ...]
    disagreement: float  # of the settled gaps: the root of chi squared over its degrees of freedom, 0 with one budget

    def measured(self, *, compressibility: float | None, bytes_per_token: float | None) -> Measured:
        """Return it as the data rule takes it; H and bytes per token are the reference's."""
        return Measured(
            log_n=self.log_n,
            sd=self.sd,
            flops=self.flops,
            reference_compressibility=compressibility,
            reference_bytes_per_token=bytes_per_token,
            paired=self.paired,
        )


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """The optima of one budget; ``reference`` is None where there are no runs of one."""

    flops: float
    corpus: ProfileOptimum
    reference: ProfileOptimum | None
    base: float  # ln N* of the base law
    skew: float  # what a unit of beta - alpha moves the optimum by

    @property
    def log_n(self) -> float:
        return self.corpus.log_n - (self.base if self.reference is None else self.reference.log_n)

    def variance(self, noise: float) -> float:
        others = 0.0 if self.reference is None else self.reference.sd_per_noise
        return (noise * math.hypot(self.corpus.sd_per_noise, others)) ** 2 + SCATTER_OF_A_BUDGET**2

    @property
    def optima(self) -> list[ProfileOptimum]:
        return [self.corpus] if self.reference is None else [self.corpus, self.reference]


def gap_of(runs: Sequence[PilotRun], *, base: Callable[[float], float], noise: float | None = None) -> PilotGap:
    """Return what the runs of a pilot say; all must have a loss.

    Args:
        runs: of the corpus alone, or of both at the same budgets.
        base: ln N* of the base law at a budget, for a corpus without a reference.
        noise: standard deviation of ln loss; None takes it from what is left over, with NOISE as the expectation.

    Raises:
        RunsError: a budget has too few sizes, no optimum among its sizes, or no runs of one of the corpora.
    """
    pairs = _pairs(runs, base)
    noise = _noise([optimum for pair in pairs for optimum in pair.optima]) if noise is None else noise
    return _pooled(pairs, noise)


def _pairs(runs: Sequence[PilotRun], base: Callable[[float], float]) -> list[_Pair]:
    own, others = budgets_of(runs, "corpus"), budgets_of(runs, "reference")
    if others and (alone := sorted(own.keys() ^ others.keys())):
        raise RunsError(
            f"The budget of {format_flops(alone[0])} FLOPs has runs of one of the two corpora alone: a pilot compares "
            "both at the same budgets."
        )
    pairs = [
        _Pair(
            flops=flops,
            corpus=_optimum(each, flops, "corpus"),
            reference=_optimum(others[flops], flops, "reference") if others else None,
            base=base(flops),
            skew=_skew_of(each),
        )
        for flops, each in own.items()
        if flops >= LEAST_FLOPS
    ]
    if not pairs:
        raise RunsError(
            f"No budget of the pilot shows half of the gap between corpora: that takes {format_flops(LEAST_FLOPS)} "
            f"FLOPs, and its largest has {format_flops(max(own, default=0.0))}."
        )
    return pairs


def _optimum(runs: Sequence[PilotRun], flops: float, role: Role) -> ProfileOptimum:
    where = f"the {role} at {format_flops(flops)} FLOPs"
    if len({run.n_params for run in runs}) < LEAST_SIZES:
        raise RunsError(f"A pilot needs {LEAST_SIZES} sizes at a budget, and {where} has {plural(len(runs), 'run')}.")
    found = optimum_of(
        [run.n_params for run in runs], [run.n_tokens for run in runs], [run.loss or 0.0 for run in runs]
    )
    if found is None or not found.inside:
        sizes = [run.n_params for run in runs]
        best = min(runs, key=lambda run: run.loss or 0.0).n_params
        odd = odd_runs(runs)
        advice = (
            f"{said_of(odd[0])} is not like the others; is it in another unit, or of a run that failed?"
            if odd
            else "train sizes on both sides of it."
        )
        raise RunsError(
            f"The losses of {where} have no lowest point among its sizes, {format_quantity(min(sizes))} to "
            f"{format_quantity(max(sizes))}; the least is at {format_quantity(best)}: {advice}"
        )
    return found


def _skew_of(runs: Sequence[PilotRun]) -> float:
    """Return what a unit of beta - alpha moves the optimum of these sizes by: m4/(6 m2), moments of ln N.

    The cubic term of a profile is (beta - alpha) times its quadratic one: least squares take it for a slope.
    """
    logs = [math.log(run.n_params) for run in runs]
    middle = sum(logs) / len(logs)
    second, fourth = (sum((x - middle) ** power for x in logs) for power in (2, 4))
    return fourth / second / 6


def _noise(optima: Iterable[ProfileOptimum]) -> float:
    """Return the noise of ln loss: residuals pooled over all profiles, with NOISE as if seen in some runs."""
    found = list(optima)
    squares = _WEIGHT_OF_NOISE * NOISE**2 + sum(each.squares for each in found)
    return math.sqrt(squares / (_WEIGHT_OF_NOISE + sum(each.n_free for each in found)))


def _pooled(pairs: Sequence[_Pair], noise: float) -> PilotGap:
    """Return the mean gap at the mean budget, both weighted by how exact each budget is."""
    weights = [shown(pair.flops) ** 2 / pair.variance(noise) for pair in pairs]
    total = sum(weights)
    flops = math.exp(sum(w * math.log(pair.flops) for w, pair in zip(weights, pairs, strict=True)) / total)
    level = sum(w * pair.log_n / shown(pair.flops) for w, pair in zip(weights, pairs, strict=True)) / total
    apart = _apart(pairs, weights, level)
    skew = _SD_OF_SKEW * sum(w * pair.skew for w, pair in zip(weights, pairs, strict=True)) / total
    spread = shown(flops) / math.sqrt(total) * (apart if apart > _FAR_APART else 1.0)
    return PilotGap(
        log_n=shown(flops) * level,
        sd=math.hypot(spread, skew),
        flops=flops,
        noise=noise,
        paired=pairs[0].reference is not None,
        budgets=tuple(_budget(pair, noise) for pair in pairs),
        disagreement=apart,
    )


def _apart(pairs: Sequence[_Pair], weights: Sequence[float], level: float) -> float:
    """Return the root of chi squared of the settled gaps about ``level`` over its degrees of freedom, at least 0.

    With a growth that is d standard deviations from r's a settled gap is level (1 + d g), g = grown_sd(C)/r(C): the d
    of least chi squared is taken, d^2 counted in.
    """
    if len(pairs) == 1:
        return 0.0
    off = [pair.log_n / shown(pair.flops) - level for pair in pairs]
    grown = [level * grown_sd(pair.flops) / shown(pair.flops) for pair in pairs]
    middle = sum(w * g for w, g in zip(weights, grown, strict=True)) / sum(weights)
    by_growth = sum(w * (g - middle) * e for w, g, e in zip(weights, grown, off, strict=True))
    steep = 1 + sum(w * (g - middle) ** 2 for w, g in zip(weights, grown, strict=True))
    chi = sum(w * e * e for w, e in zip(weights, off, strict=True)) - by_growth**2 / steep
    return math.sqrt(max(chi, 0.0) / (len(pairs) - 1))


def _budget(pair: _Pair, noise: float) -> BudgetGap:
    return BudgetGap(
        flops=pair.flops,
        n_params=math.exp(pair.corpus.log_n),
        n_params_reference=math.exp(pair.corpus.log_n - pair.log_n),
        log_n=pair.log_n,
        sd=math.sqrt(pair.variance(noise)),
    )
