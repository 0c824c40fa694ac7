"""The plan of a calibration: written once into its folder, and read by every command that goes on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.compressibility.protocol import Protocol, read_protocol
from advisor.data_files import write_atomically
from advisor.errors import AdvisorError, UsageError
from advisor.json_fields import SCHEMA_VERSION, document_of, json_text, json_value, read_json
from advisor.json_form import as_json
from advisor.untrusted.reading import MOST_JSON_BYTES, bounded_bytes
from calibration.campaign.grid import Job, read_job
from calibration.campaign.ledger import DIGEST, content_digest
from calibration.campaign.plan_checks import problem_of
from calibration.lines.records import (
    LEAST_SOURCES,
    SourceRecord,
    file_name,
    flag,
    read_recipe,
    read_source,
)
from calibration.training.schedule import Recipe

if TYPE_CHECKING:
    pass

PLAN_FILE = "plan.json"
LEDGER_FILE = "runs.jsonl"
DATA_FOLDER = "data"
CHECKPOINT_FOLDER = "checkpoints"
MOST_VALIDATION = 1 << 20  # documents held out
_DAMAGED = "take it from a copy, or remove it and give the command that made it again, which goes on with the ledger."


@dataclass(frozen=True, kw_only=True)
class CalibrationPlan:
    """What a calibration trains, decided before any of it: ``request`` is what was asked for, to compare a rerun with.

    ``cuts`` says in words what was left out to save time, ``notes`` what else a reader should know, and ``probe`` what
    the speed was measured to be. With ``laws_only`` no coefficients can come of it.
    """

    name: str
    request: Mapping[str, Any]
    protocol: Protocol
    recipe: Recipe
    n_validation: int
    laws_only: bool
    sources: tuple[SourceRecord, ...]
    jobs: tuple[Job, ...]
    cuts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    probe: Mapping[str, Any] | None = None

    def source(self, name: str) -> SourceRecord:
        """Return the source of a job."""
        return next(source for source in self.sources if source.name == name)

    def jobs_of(self, name: str) -> tuple[Job, ...]:
        """Return the jobs of a source."""
        return tuple(job for job in self.jobs if job.source == name)

    def n_tokens(self, name: str) -> int:
        """Return the training tokens that the jobs of a source need."""
        return max((job.token_counts[-1] for job in self.jobs_of(name)), default=0)

    @property
    def n_runs(self) -> int:
        """Points: one for each job and token count."""
        return sum(len(job.token_counts) for job in self.jobs)

    def flops(self, job: Job) -> float:
        """Return the FLOPs of training a job."""
        return job.flops(self.recipe, self.source(job.source).vocab_size)


def write_plan(plan: CalibrationPlan, folder: Path) -> None:
    """Write the plan into the folder, whole or not at all.

    Raises:
        AdvisorError: it cannot be written.
    """
    document = {"schema_version": SCHEMA_VERSION, **as_json(plan)}
    write_atomically(folder / PLAN_FILE, json_text({**document, DIGEST: content_digest(document)}))


def is_signed(folder: Path) -> bool:
    """Return whether the plan of a folder has a digest, which reading it checks."""
    return DIGEST in read_json(folder / PLAN_FILE, AdvisorError, regular=True).members()


def read_plan(folder: Path) -> CalibrationPlan | None:
    """Return the plan of a folder, None where there is none.

    Raises:
        AdvisorError: the file is not a plan, or its numbers do not fit together; the message names the field.
    """
    path = folder / PLAN_FILE
    if not path.exists():
        return None
    data = bounded_bytes(path, MOST_JSON_BYTES, AdvisorError, regular=True)
    try:
        value = json_value(data, path, AdvisorError)
    except AdvisorError as error:
        raise AdvisorError(f"{str(error).rstrip('.')}: {_DAMAGED}") from error
    if not isinstance(value, dict) or "schema_version" not in value:
        raise AdvisorError(f"{path} is no plan of a calibration: {_DAMAGED}")
    document = document_of(value, path, AdvisorError)
    digest = document.members().pop(DIGEST, None)
    if digest is not None and digest != content_digest(document.members()):
        raise AdvisorError(
            f"{path} was altered after it was written, its digest is of another plan: take it from a copy, or, if you "
            f"altered it and mean it, remove its {DIGEST!r}."
        )
    plan = CalibrationPlan(
        name=file_name(document["name"]),
        request=document["request"].members(),
        protocol=read_protocol(document["protocol"]),
        recipe=read_recipe(document["recipe"]),
        n_validation=document["n_validation"].whole(1, MOST_VALIDATION),
        laws_only=flag(document["laws_only"]),
        sources=tuple(read_source(node) for node in document["sources"].items()),
        jobs=tuple(read_job(node) for node in document["jobs"].items()),
        cuts=tuple(node.text() for node in document["cuts"].items()),
        notes=tuple(node.text() for node in document["notes"].items()),
        probe=None if document.get("probe") is None else document["probe"].members(),
    )
    if (problem := problem_of(plan)) is not None:
        raise AdvisorError(f"{path}: {problem}: take the plan from a copy, or plan again in another folder.")
    return plan


def rates_of(plan: CalibrationPlan) -> dict[int, float]:
    """Return the peak rate of each width that a plan has."""
    return {job.size.width: job.rate for job in plan.jobs}


def extended(old: CalibrationPlan, new: CalibrationPlan) -> CalibrationPlan:
    """Return a plan that trains both plans' jobs in one folder; it is to be timed again.

    Raises:
        UsageError: they train differently, or a source of one name is other data.
    """
    _check_same(old, new)
    sources = _widest(old.sources, new.sources)
    return replace(
        old,
        sources=sources,
        jobs=_joined(old.jobs, new.jobs),
        laws_only=len(sources) < LEAST_SOURCES or (old.laws_only and new.laws_only),
        cuts=tuple(dict.fromkeys((*old.cuts, *new.cuts))),
        notes=tuple(dict.fromkeys((*old.notes, *new.notes))),
        probe=None,  # timed for other works than these
    )


def _check_same(old: CalibrationPlan, new: CalibrationPlan) -> None:
    """Raise UsageError if two plans cannot be one."""
    for what, before, now in (
        ("recipe", old.recipe, new.recipe),
        ("number of held-out documents", old.n_validation, new.n_validation),
        ("protocol of H", old.protocol, new.protocol),
    ):
        if before != now:
            raise UsageError(
                f"The calibration in this folder cannot be extended by one with another {what}"
                + (f" ({before} and {now})" if isinstance(before, int) else "")
                + ": name another folder with --out, and fit both with --refit."
            )
    known = {source.name: source for source in old.sources}
    for source in new.sources:
        check_same_data(source, known.get(source.name))


def check_same_data(source: SourceRecord, planned: SourceRecord | None) -> None:
    """Refuse a source whose name is that of other data in the folder's plan.

    Raises:
        UsageError: it is, or their vocabularies differ.
    """
    if planned is not None and (source.data, source.vocab_size) != (planned.data, planned.vocab_size):
        raise UsageError(
            f"{source.name} has other data or another vocabulary than the {source.name} of the calibration in this "
            "folder: give it another name, or name another folder."
        )


def _widest(old: Sequence[SourceRecord], new: Sequence[SourceRecord]) -> tuple[SourceRecord, ...]:
    found = {source.name: source for source in old}
    for source in new:
        before = found.setdefault(source.name, source)
        if (source.n_unique_tokens or 0) > (before.n_unique_tokens or 0):
            found[source.name] = source
    return tuple(found.values())


def _joined(old: Sequence[Job], new: Sequence[Job]) -> tuple[Job, ...]:
    jobs: dict[str, Job] = {}
    for job in (*old, *new):
        before = jobs.get(job.name)
        counts = job.token_counts if before is None else tuple(sorted({*before.token_counts, *job.token_counts}))
        jobs[job.name] = replace(before or job, token_counts=counts)  # at the rate that its rows have
    return tuple(jobs.values())
