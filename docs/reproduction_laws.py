"""The laws of a calibration's folder as they were written down, accepted or refused: nothing is fitted again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.errors import AdvisorError, LawError
from advisor.json_fields import Node, read_json
from advisor.laws.law_file import law_from
from advisor.laws.scaling_law import ScalingLaw
from calibration.campaign.plan_file import read_plan
from calibration.lines.records import SourceRecord

LAWS_FILE = "laws.json"


@dataclass(frozen=True, kw_only=True)
class WrittenLaw:
    """A source of the calibration ``calibration``, its law with draws, and what was said against it.

    ``law`` is None where nothing was fitted. ``refused_for`` are the reasons of a refusal, none where the law is
    accepted; ``cautions`` the codes of the reasons to read it with care. ``residual_scale`` is that of ln L, None where
    it is not known.
    """

    calibration: str
    source: SourceRecord
    law: ScalingLaw | None
    n_runs: int
    residual_scale: float | None
    refused_for: tuple[str, ...]
    cautions: tuple[str, ...]
    verdict: str

    @property
    def h(self) -> float:
        """The compressibility of the source."""
        return self.source.compressibility

    @property
    def accepted(self) -> ScalingLaw | None:
        """The law where it was not refused, else None."""
        return None if self.verdict == "refused" else self.law


def read_written_laws(folder: Path) -> tuple[WrittenLaw, ...]:
    """Return the sources of a calibration's folder by their H, each with its law as it was written.

    Raises:
        AdvisorError: there is no plan, or a file is not what it should be; the message names the field.
    """
    plan = read_plan(folder)
    if plan is None:
        raise AdvisorError(f"{folder} holds no calibration: there is no plan.json.")
    laws = read_json(folder / LAWS_FILE, AdvisorError)["laws"]
    written = laws.members()  # of two sources with the same data one has a law
    found = [
        _unfitted(plan.name, source) if written[source.name] is None else _written(plan.name, source, laws[source.name])
        for source in plan.sources
        if source.name in written
    ]
    return tuple(sorted(found, key=lambda one: (one.h, one.source.name)))


def _unfitted(calibration: str, source: SourceRecord) -> WrittenLaw:
    return WrittenLaw(
        calibration=calibration,
        source=source,
        law=None,
        n_runs=0,
        residual_scale=None,
        refused_for=("none of its runs has steps enough to be fitted.",),
        cautions=(),
        verdict="refused",
    )


def _written(calibration: str, source: SourceRecord, node: Node) -> WrittenLaw:
    verdict = node["verdict"].text(("ok", "caution", "refused"))
    scale = node["diagnostics"].get("residual_scale")
    reasons = [
        (reason["level"].text(), reason["code"].text(), reason["message"].text())
        for reason in node["diagnostics"]["reasons"].items()
    ]
    return WrittenLaw(
        calibration=calibration,
        source=source,
        law=_law(node, source.name, refused=verdict == "refused"),
        n_runs=node["n_runs"].whole(0),
        residual_scale=None if scale is None else scale.number(0),
        refused_for=tuple(message for level, _, message in reasons if level == "refused"),
        cautions=tuple(code for level, code, _ in reasons if level == "caution"),
        verdict=verdict,
    )


def _law(node: Node, name: str, *, refused: bool) -> ScalingLaw | None:
    """Return the law of an entry; a refused one may hold numbers that no law has, and then there is none."""
    if node.get("E") is None:
        return None
    try:
        return law_from(Node(node.value, node.file, node.field, LawError), name=name, source=node.file)
    except LawError:
        if refused:
            return None
        raise
