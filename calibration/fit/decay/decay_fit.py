"""R_D* and R_N* over a given law, and what speaks against using them.

As the law keeps its E, A, B, alpha and beta, repeated runs of one or two sizes are enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from advisor.errors import RunsError
from advisor.json_form import as_json
from advisor.laws.law_file import write_law
from advisor.laws.scaling_law import Count, Decay, ScalingLaw
from advisor.quantities import format_interval, plural
from advisor.results.result import Result, Shown
from calibration.fit.decay.held import HeldRN
from calibration.fit.reason import Reason
from calibration.fit.repeated import Constant
from calibration.fit.runs import Runs
from calibration.fit.table.reading import NO_TABLE, TableReading

_MISSES, _MISSES_WIDELY = 0.03, 0.10  # residual scale, as a share of the loss
_OTHER_LEVEL = 0.02  # in ln L, from where the runs are said to be of other data than the law
_UNCERTAIN = 4.0  # the upper end of R_D* over the lower
_BLIND_EPOCHS = 40.0  # at 44 the loss was seen to rise 2.5 to 5 times as much as the form predicts


@dataclass(frozen=True, kw_only=True, repr=False)
class DecayFit(Result):
    """R_D* and R_N* of repeated runs over a law that is given, which keeps its E, A, B, alpha and beta.

    ``level`` is what the losses of the runs are over the law's, one factor for all (they may be of other data or
    tokens), with its 95 % interval. ``decay`` has the constants to use, with the R_N* of ``held`` where these runs do
    not identify it. The intervals are over resampled runs and, where it has draws, over the law's own uncertainty.
    """

    law: ScalingLaw
    r_d: Constant
    r_n: Constant
    held: HeldRN | None
    decay: Decay | None
    level: float
    level_ci95: tuple[float, float]
    n_runs: int
    n_repeated_runs: int
    n_sizes: int
    max_epochs: float
    residual_scale: float
    reasons: tuple[Reason, ...]
    reading: TableReading | None = None

    JSON = (
        *("law=law.name", "source=law.source", "count", "R_D=r_d", "R_N=r_n"),
        *("decay.R_D=decay.r_d", "decay.R_N=decay.r_n", "decay.source=decay.source"),
        *("loss_over_law.value=level", "loss_over_law.ci95=level_ci95", "n_runs", "n_repeated_runs", "n_sizes"),
        *("max_epochs", "residual_scale", "verdict", "reasons", "-held", "-reading"),
    )

    @property
    def in_brief(self) -> str:
        """How fast repeated tokens lose their worth by these runs, and whether to believe it."""
        value = "unknown" if self.r_d.value is None else f"{self.r_d.value:.3g} epochs"
        return f"R_D* {value} over {self.law.name}, from {self.n_runs} runs: {self.verdict}"

    def shown(self) -> Shown:
        """Return both constants, with what is said against them."""
        rows = [
            (
                name,
                *(
                    ("", "")
                    if each.value is None
                    else (f"{each.value:.3g}", format_interval(each.ci95, "{:.3g}".format))
                ),
            )
            for name, each in (("R_D*", self.r_d), ("R_N*", self.r_n))
        ]
        return Shown(("", "value", "95 %"), rows, [each.message for each in self.reasons])

    def document(self) -> Mapping[str, Any]:
        """Return the document of ``advisor fit --repeat-over --json``: that of a fit, without any law."""
        table = NO_TABLE if self.reading is None else self.reading.document
        return {**table, "laws": {}, "regression": None, "no_regression": None, "repetition": self}

    def frame_rows(self) -> Iterator[Mapping[str, Any]]:
        """Yield a row for each of the two constants."""
        for name, each in (("R_D", self.r_d), ("R_N", self.r_n)):
            yield {"constant": name, **as_json(each)}

    def write(self, out: Path | None) -> None:
        """Write the law with these constants, a law file, where ``out`` names one.

        Raises:
            RunsError: They are refused.
        """
        repeated = self.law_with_decay
        if out is not None:
            write_law(repeated, out, {"repetition": as_json(self)})

    @property
    def count(self) -> Count:
        """Which parameters N counts."""
        return self.law.count

    @property
    def verdict(self) -> Literal["ok", "caution", "refused"]:
        """Whether the constants are to be used."""
        if self.decay is None:
            return "refused"
        return "caution" if self.reasons else "ok"

    @property
    def law_with_decay(self) -> ScalingLaw:
        """The law with these constants in place of Muennighoff's.

        Raises:
            RunsError: They are refused.
        """
        if self.decay is None:
            raise RunsError("R_D* is refused for the reasons above, and nothing of it was written.")
        return replace(self.law, decay=self.decay)


def judged(found: DecayFit, runs: Runs, source: str) -> DecayFit:
    """Return the fit with what speaks against it and, where nothing forbids that, with the constants to use."""
    reasons = tuple(reason for reason in _against(found, runs) if reason is not None)
    if any(reason.level == "refused" for reason in reasons) or found.r_d.value is None:
        return replace(found, reasons=reasons)
    own = f"advisor fit --repeat-over {found.law.name}: {source}"
    if found.held is not None:
        own = f"{own}; R_N* from {found.held.source}"
    r_n = found.r_n.value if found.held is None else found.held.value
    assert r_n is not None  # it is held where it has no value
    return replace(found, reasons=reasons, decay=Decay(found.r_d.value, r_n, own))


def _against(found: DecayFit, runs: Runs) -> list[Reason | None]:
    """Return what speaks against using the constants, None where nothing does."""
    return [
        *runs.cautions,
        _unidentified(found),
        None if found.held is None else found.held.reason,
        _missed(found),
        _wide(found),
        _other_level(found),
        _overfitted(found, runs),
        _blind(runs),
    ]


def _unidentified(found: DecayFit) -> Reason | None:
    if found.r_d.value is not None:
        return None
    return Reason(code="repetition-unidentified", level="refused", message=f"R_D*: {found.r_d.why_not}.")


def _missed(found: DecayFit) -> Reason | None:
    scale = found.residual_scale
    if scale <= _MISSES:
        return None
    level: Literal["refused", "caution"] = "refused" if scale > _MISSES_WIDELY else "caution"
    message = (
        f"the losses scatter by {100 * scale:.2g} % about the law {found.law.name} with repetition (sound fits: under "
        f"{100 * _MISSES:g} %, refused above {100 * _MISSES_WIDELY:g} %): it is not the law of these runs."
    )
    return Reason(code="large-residuals", level=level, message=message)


def _wide(found: DecayFit) -> Reason | None:
    if found.r_d.ci95 is None or found.r_d.ci95[1] <= _UNCERTAIN * found.r_d.ci95[0]:
        return None
    times = found.r_d.ci95[1] / found.r_d.ci95[0]
    message = (
        f"the 95 % interval of R_D* spans a factor of {times:.2g} ({_UNCERTAIN:g} is the most that is called sure)."
    )
    return Reason(code="wide-r-d", level="caution", message=message)


def _other_level(found: DecayFit) -> Reason | None:
    low, high = found.level_ci95
    if low <= 1 <= high or abs(math.log(found.level)) <= _OTHER_LEVEL:
        return None
    message = (
        f"the losses are {found.level:.3g} times those of {found.law.name} ({low:.3g} to {high:.3g}): other data or "
        "tokens. One factor for all runs takes this up; R_D* and R_N* rest on the law's shape, which may be another."
    )
    return Reason(code="other-level", level="caution", message=message)


def _overfitted(found: DecayFit, runs: Runs) -> Reason | None:
    """Look for runs of one size and data whose loss rises with more epochs: what the form cannot do."""
    unique, epochs = np.asarray(runs.unique_tokens), runs.n_tokens / np.asarray(runs.unique_tokens)
    rising = []
    for size, data in {(n, u) for n, u in zip(runs.n_params, unique, strict=True)}:
        same = np.flatnonzero((runs.n_params == size) & (unique == data))
        same = same[np.argsort(epochs[same])]
        before = np.minimum.accumulate(np.log(runs.loss[same]))
        worse = np.log(runs.loss[same]) > before + 3 * max(found.residual_scale, 1e-4)
        rising += list(epochs[same][worse])
    if not rising:
        return None
    one = len(rising) == 1
    message = (
        f"{plural(len(rising), 'run')} {'has' if one else 'have'} a higher loss than the same model had after fewer "
        f"epochs (the first after {min(rising):.3g}): {'it overfits' if one else 'they overfit'}, which this form does "
        f"not know; leave {'it' if one else 'them'} out to see the decay before that."
    )
    return Reason(code="overfitting-seen", level="caution", message=message)


def _blind(runs: Runs) -> Reason | None:
    n = int((runs.n_tokens > _BLIND_EPOCHS * np.asarray(runs.unique_tokens) * (1 + 1e-9)).sum())
    if not n:
        return None
    read = "reads its" if n == 1 else "read their"
    message = (
        f"{n} of {plural(len(runs), 'run')} {read} data over {_BLIND_EPOCHS:g} times, where the form is seen to fail."
    )
    return Reason(code="over-40-epochs", level="caution", message=message)
