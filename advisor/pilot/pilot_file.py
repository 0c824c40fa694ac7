"""Pilot files: what ``advisor fit pilot.csv --pilot --out FILE`` writes and ``advisor recommend --pilot FILE`` reads.

{"schema_version": 1, "kind": "pilot", "ln_n_params", "ln_n_params_sd", "flops", "paired", ...,
 "corpus": {"name", "compressibility", "bytes_per_token", "non_ascii_fraction"}, "reference": the same or null,
 "source", "sha256"}
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.caution import Caution
from advisor.errors import CoefficientsError
from advisor.json_fields import Node, read_json
from advisor.laws.data_rule import SETTLED, Shift, shift_at
from advisor.laws.measured_shift import Measured
from advisor.laws.published import chinchilla
from advisor.laws.text import Text
from advisor.pilot.gap import PilotGap, gap_of
from advisor.pilot.least import LEAST_FLOPS
from advisor.pilot.loss_levels import about_losses, levels
from advisor.pilot.pilot import PilotCorpus
from advisor.pilot.run_table import PilotTable
from advisor.pilot.runs import Role
from advisor.quantities import format_flops, format_quantity
from advisor.results.result import Result, Shown

_SAME_H = 0.03  # further apart, H is of another corpus
_MOST_SDS = 3.0  # beyond the rule's prediction
_MOST_NOISE = 0.006  # three times what is expected


@dataclass(frozen=True, kw_only=True, repr=False)
class PilotResult(Result):
    """What a filled pilot says.

    ``predicted`` is the gap by the data rule alone, at the pilot's budget; ``left_out`` has the budgets of the table
    that show less than half of a gap. ``loss_levels`` are the losses of each role over the base law's, by their median,
    and ``about_losses`` what is to be known of them.
    """

    gap: PilotGap
    corpus: PilotCorpus
    reference: PilotCorpus | None
    predicted: float
    predicted_sd: float
    source: str
    sha256: str
    loss_levels: Mapping[Role, float]
    left_out: tuple[float, ...] = ()
    about_losses: tuple[Caution, ...] = ()

    kind = "pilot"
    JSON = (
        *("kind", "ln_n_params=gap.log_n", "ln_n_params_sd=gap.sd", "flops=gap.flops", "paired=gap.paired"),
        *("noise_of_ln_loss=gap.noise", "disagreement=gap.disagreement", "predicted_ln_n_params=predicted"),
        *("predicted_ln_n_params_sd=predicted_sd", "budgets=gap.budgets", "corpus", "reference", "source", "sha256"),
        *("loss_over_base_law=loss_levels", "left_out_flops=left_out", "cautions", "-gap", "-about_losses"),
    )

    ROWS = "budgets"

    @property
    def in_brief(self) -> str:
        """How far apart the optima of the two corpora are."""
        against = "web text" if self.reference is None else self.reference.name
        times, at = f"{math.exp(self.gap.log_n):.2f}", format_flops(self.gap.flops)
        return f"{self.corpus.name} wants {times} times the parameters of {against} at {at} FLOPs"

    def shown(self) -> Shown:
        """Return the budgets with their optima, and what is to be known of them."""
        rows = [
            (
                format_flops(each.flops),
                format_quantity(each.n_params),
                format_quantity(each.n_params_reference),
                f"{each.log_n:+.3f}",
                f"{each.sd:.3f}",
            )
            for each in self.gap.budgets
        ]
        header = ("FLOPs", "N*", "N* beside", "ln N* apart", "sd")
        return Shown(header, rows, [each.message for each in self.cautions])

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What a reader must know of it."""
        return tuple(_about(self))


def result_of(table: PilotTable) -> PilotResult:
    """Return what a filled table says.

    Raises:
        RunsError: a budget has too few sizes, or no optimum among them.
    """
    base = chinchilla()
    gap = gap_of(table.runs, base=lambda flops: math.log(base.frontier(flops).n_params))
    own = shift_at(table.corpus.text, gap.flops)
    other = None if table.reference is None else shift_at(table.reference.text, gap.flops)
    return PilotResult(
        gap=gap,
        corpus=table.corpus,
        reference=table.reference,
        predicted=own.corpus - (0.0 if other is None else other.corpus),
        predicted_sd=math.hypot(own.sd, _sd(other)),
        source=table.path.name,
        sha256=table.sha256,
        left_out=tuple(sorted({run.flops for run in table.runs if run.flops < LEAST_FLOPS})),
        loss_levels=levels(table.runs),
        about_losses=about_losses(table.runs),
    )


def _sd(shift: Shift | None) -> float:
    return 0.0 if shift is None else shift.sd


def _about(result: PilotResult) -> Iterator[Caution]:
    gap = result.gap
    yield from result.about_losses
    if result.left_out:
        yield Caution(
            code="small_budgets",
            message=f"Budgets below {format_flops(LEAST_FLOPS)} FLOPs show less than half of a gap between corpora: "
            f"{len(result.left_out)} of the pilot's are left out.",
        )
    if gap.disagreement > 2:
        settled = " and ".join(f"{each.settled:+.3f}" for each in gap.budgets)
        yield Caution(
            code="budgets_disagree",
            message=f"Brought to {format_flops(SETTLED)} FLOPs, the gaps of the pilot's budgets are {settled}: "
            f"{gap.disagreement:.1f} times as far apart as their errors and what is not known of how a gap grows; look "
            "at the runs before the answer.",
        )
    if gap.noise > _MOST_NOISE:
        yield Caution(
            code="noisy_pilot",
            message=f"Losses scatter by {100 * gap.noise:.1f} % about a smooth profile, and .1 to .5 % is usual: look "
            "for runs that went wrong.",
        )
    far = abs(gap.log_n - result.predicted) / math.hypot(gap.sd, result.predicted_sd)
    if gap.paired and far > _MOST_SDS:
        yield Caution(
            code="pilot_surprises",
            message=f"The gap is {far:.1f} standard deviations from what the data rule expects: either this corpus is "
            "unlike those that the rule was found on, or the two corpora were not trained alike.",
        )


@dataclass(frozen=True, kw_only=True)
class PilotRecord:
    """A pilot file, as far as a recommendation needs it; H and bytes per token are those of its corpus."""

    measured: Measured
    corpus: str
    compressibility: float | None
    bytes_per_token: float | None
    non_ascii: float | None
    source: str
    sha256: str


def read_pilot_file(path: Path) -> PilotRecord:
    """Return the pilot of a file.

    Raises:
        CoefficientsError: the file cannot be read or is not a pilot's.
    """
    document = read_json(path, CoefficientsError)
    kind = document.get("kind")
    if kind is None or kind.value != "pilot":
        raise CoefficientsError(f"{path} is not a pilot file; `advisor fit pilot.csv --pilot --out FILE` writes one.")
    reference, corpus = document.get("reference"), document["corpus"]
    return PilotRecord(
        measured=Measured(
            log_n=document["ln_n_params"].number(-10, 10),
            sd=document["ln_n_params_sd"].number(0, 10, open_ends=True),
            flops=document["flops"].number(1e15, 1e30),
            reference_compressibility=None if reference is None else _h(reference),
            reference_bytes_per_token=None if reference is None else _t(reference),
            paired=reference is not None,
        ),
        corpus=corpus["name"].text(),
        compressibility=_h(corpus),
        bytes_per_token=_t(corpus),
        non_ascii=_non_ascii(corpus),
        source=document["source"].text(),
        sha256=document["sha256"].text(),
    )


def _h(node: Node) -> float | None:
    found = node.get("compressibility")
    return None if found is None else found.number(0, 1, open_ends=True)


def _t(node: Node) -> float | None:
    found = node.get("bytes_per_token")
    return None if found is None else found.number(0, open_ends=True)


def _non_ascii(node: Node) -> float | None:
    found = node.get("non_ascii_fraction")
    return None if found is None else found.number(0, 1)


def with_pilot(text: Text, record: PilotRecord) -> Text:
    """Return what is known of a corpus with what a pilot on it says; the pilot's where that is unknown."""
    return text._replace(
        compressibility=record.compressibility if text.compressibility is None else text.compressibility,
        bytes_per_token=record.bytes_per_token if text.bytes_per_token is None else text.bytes_per_token,
        non_ascii=record.non_ascii if text.non_ascii is None else text.non_ascii,
        measured=record.measured,
    )


def about_pilot(text: Text, record: PilotRecord) -> Iterator[Caution]:
    """Yield that a pilot was of another corpus than the one that is asked about."""
    own, theirs = text.compressibility, record.compressibility
    if own is not None and theirs is not None and abs(own - theirs) > _SAME_H:
        yield Caution(
            code="pilot_of_another_corpus",
            message=f"The pilot was on {record.corpus} with H = {theirs:.3f}, and this corpus has {own:.3f}: what it "
            "measured may not hold here.",
        )
