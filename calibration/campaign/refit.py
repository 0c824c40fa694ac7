"""The laws and coefficients that the ledgers of one folder, or of several, give: nothing is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.calibrations import transfer
from advisor.compressibility.protocol import difference
from advisor.errors import AdvisorError, UsageError
from advisor.quantities import plural
from advisor.results.result import Result, Shown
from calibration.campaign.ledger import Ledger, LedgerLine, check_lines, merged, rows_digest
from calibration.campaign.lock import locked_folder
from calibration.campaign.pipeline import Opened, Trained, in_words, keys_of_job
from calibration.campaign.plan_file import DATA_FOLDER, LEDGER_FILE, PLAN_FILE, CalibrationPlan, is_signed, read_plan
from calibration.campaign.token_data import is_unsigned
from calibration.fit.reason import Reason
from calibration.lines.document import About, Calibrated, calibrated, write_calibrated
from calibration.lines.records import LEAST_SOURCES, Row, SourceRecord
from calibration.lines.source_laws import SourceLaw, accepted, fit_sources, silent
from calibration.lines.summary import LineFigures, SourceFigures, line_figures, source_figures

if TYPE_CHECKING:
    from advisor.corpus.sequences import Progress

# Since this day rows say theirs; what does not was trained before its end.
ROWS_ARE_DATED = "2026-11-21"


@dataclass(frozen=True, kw_only=True, repr=False)
class CalibrationOutcome(Result):
    """What a calibration, or ledgers that are fitted again, came to.

    Attributes:
        result: the laws, the lines through them, and the coefficients or why there are none; None where works are left.
        files: what was written.
        laws_only: the grid is too small for coefficients, or there are too few sources: none were to be expected.
        trained: what training left undone.
        opened: the plan and how it is trained on this machine; None where nothing was to be trained.
        transfers: how the line in H through one folder's laws does on another's.
        notes: what a reader should know of the ledgers: rows that are not signed.
        planned: nothing was to be trained, now: this is the plan, with all that is missing of it left to train.
    """

    result: Calibrated | None = None
    files: tuple[Path, ...] = ()
    laws_only: bool
    trained: Trained = field(default_factory=Trained)
    opened: Opened | None = None
    transfers: tuple[transfer.Transfer, ...] = ()
    notes: tuple[str, ...] = ()
    planned: bool = False

    ROWS = "sources"

    @property
    def in_brief(self) -> str:
        """How many sources have a law, and whether there are coefficients; or how much is left to train."""
        if self.result is None:
            return f"{plural(len(self.trained.left), 'trunk')} left to train"
        n_laws = sum(source.verdict != "refused" for source in self.sources)
        found = "laws alone" if self.result.document is None else "coefficients"
        have = "has" if n_laws == 1 else "have"
        return f"{self.result.about.name}: {n_laws} of {plural(len(self.sources), 'source')} {have} a law, {found}"

    def shown(self) -> Shown:
        """Return a source in each row, with its law's exponent of N* and its verdict; of a plan with its H alone."""
        if self.result is None and self.opened is not None:
            plan = self.opened.plan
            planned = [(source.name, f"{source.compressibility:.3f}") for source in plan.sources]
            return Shown(("source", "H"), planned, plan.notes)
        rows = [
            (
                source.name,
                f"{source.compressibility:.3f}",
                "" if source.law is None else f"{source.law['exponent_a']:.2f}",
                source.verdict,
            )
            for source in self.sources
        ]
        return Shown(("source", "H", "a", ""), rows, self.notes)

    def document(self) -> Mapping[str, Any]:
        """Return the document of ``advisor calibrate --json``: of the result, or of what is left to train."""
        failures = dict(self.trained.failures)
        if self.result is None:
            assert self.opened is not None
            if self.planned:
                return self.opened.document(self.trained.left)
            return {**self.opened.document(self.trained.left), "not_trained": failures}
        found, document = self.result.regression, self.result.document
        return {
            "name": self.result.about.name,
            "sources": self.sources,
            "lines": self.lines,
            "epsilon": None if document is None else document["calibrations"][0]["epsilon_estimate"],
            "predictors": None if found is None else found.predictors,
            "transfers": self.transfers,
            "refusal": self.result.refusal,
            "not_trained": failures,
            "files": self.files,
            "notes": self.notes,
        }

    @property
    def sources(self) -> tuple[SourceFigures, ...]:
        """What a table of laws shows of each source."""
        return () if self.result is None else source_figures(self.result.laws)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Those against the laws of the sources, or to read them with care."""
        return () if self.result is None else tuple(reason for law in self.result.laws for reason in law.reasons)

    @property
    def lines(self) -> tuple[LineFigures, ...]:
        """What a table of lines in H shows of each; none where no line was fitted."""
        found = None if self.result is None else self.result.regression
        return () if found is None else line_figures(found)


def check_h_ref(h_ref: float | None) -> None:
    """Raise UsageError, before anything is trained or fitted, unless H of web text lies inside (0, 1)."""
    if h_ref is not None and not 0 < h_ref < 1:
        raise UsageError(f"h_ref must be above 0 and below 1, not {h_ref:g}.")


def refit(
    folders: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    h_ref: float | None = None,
    progress: Progress = silent,
) -> CalibrationOutcome:
    """Return what the ledgers in ``folders`` come to together, written into ``out`` and called by its name.

    Without ``out`` the only folder has its own laws and coefficients written again. ``h_ref`` is H of web text, and
    ``progress`` is called with the source that is being fitted, how many are done, and of how many.

    Raises:
        UsageError: several folders and no ``out``, or as ``read_folders``.
        AdvisorError: as ``read_folders``, ``out`` is in use, or a file cannot be written.
    """
    check_h_ref(h_ref)
    read, written = [Path(folder) for folder in folders], None if out is None else Path(out)
    if not read:
        raise UsageError("Nothing to fit again: name a folder.")
    if len(read) > 1 and written is None:
        raise UsageError("--refit of several folders needs --out, the folder for what they give together.")
    target = written or read[0]
    plans, sources, _ = read_folders(read)  # what cannot be fitted is said before a folder is made
    with locked_folder(target):
        name = None if written is None else written.resolve().name
        result = fit(read, h_ref=h_ref, name=name, progress=progress)
        return CalibrationOutcome(
            result=result,
            files=write_calibrated(result, target),
            laws_only=len(sources) < LEAST_SOURCES or (len(plans) == 1 and plans[0].laws_only),
            transfers=transfers(read, result.laws),
            notes=unsigned(read),
        )


def read_folders(
    folders: Sequence[Path],
) -> tuple[tuple[CalibrationPlan, ...], tuple[SourceRecord, ...], tuple[Row, ...]]:
    """Return the plans of folders, and the sources and rows of all of them; the same data under two names are one.

    Raises:
        UsageError: there is no such folder, two of them call different data by one name, or measured H otherwise.
        AdvisorError: a folder holds no calibration, a file cannot be read, or two ledgers contradict each other.
    """
    plans = []
    for folder in folders:
        plan = read_plan(folder)
        if plan is None:
            raise _no_calibration(folder)
        plans.append(plan)
    sources: dict[str, SourceRecord] = {}
    of_data: dict[tuple[str, int], SourceRecord] = {}
    for plan, folder in zip(plans, folders, strict=True):
        first = plans[0].protocol if plan.protocol.tokenizer else replace(plans[0].protocol, tokenizer=None)
        if (problem := difference(plan.protocol, first)) is not None:  # grammars have ids of their own
            what = problem.split(" where ")[0]
            raise UsageError(f"H was measured otherwise in {folder} than in {folders[0]} ({what}): fit them apart.")
        for source in plan.sources:
            if sources.setdefault(source.name, source).data != source.data:
                raise UsageError(f"{source.name} is other data in {folder} than in {folders[0]}: fit them apart.")
            of_data.setdefault((source.data, source.vocab_size), source)
    rows = merged([_lines(folder, plan) for folder, plan in zip(folders, plans, strict=True)])
    if not rows:
        raise AdvisorError(f"There is no row in the ledger of {', '.join(map(str, folders))}: nothing can be fitted.")
    return tuple(plans), tuple(of_data.values()), rows


def _no_calibration(folder: Path) -> AdvisorError:
    if not folder.exists():
        return UsageError(f"There is no folder {folder}: name one of a calibration.")
    if not folder.is_dir():
        return UsageError(f"{folder} is a file: name the folder of a calibration.")
    return AdvisorError(f"{folder} holds no calibration: there is no plan.json.")


def _lines(folder: Path, plan: CalibrationPlan) -> tuple[LedgerLine, ...]:
    lines = Ledger(folder / LEDGER_FILE).lines()
    check_lines(lines, plan.sources)
    return lines


def unsigned(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return what is to be said of plans, token arrays, and rows in ledgers, of folders that have no digest."""
    old = [folder / PLAN_FILE for folder in folders if not is_signed(folder)]
    lines = {folder / LEDGER_FILE: Ledger(folder / LEDGER_FILE).lines() for folder in folders}
    found = {path: (sum(not line.is_signed for line in each), len(each)) for path, each in lines.items()}
    return (
        *(f"{path} is unsigned, as older versions wrote it: an H that was changed would not be found." for path in old),
        *(note for folder in folders for note in _of_arrays(folder)),
        *_of_rows(found),
    )


def _of_arrays(folder: Path) -> Iterator[str]:
    plan = read_plan(folder)
    data = folder / DATA_FOLDER
    if plan is not None and (names := [one.name for one in plan.sources if is_unsigned(data, one.name)]):
        yield (
            f"{data}: the token arrays of {', '.join(names)} {_are(len(names))} unsigned, as older versions wrote "
            "them: a token that was changed would not be found."
        )


def _of_rows(found: Mapping[Path, tuple[int, int]]) -> Iterator[str]:
    yield from (
        f"{n:,} of {plural(n_all, 'row')} of {path} {_are(n)} unsigned, as older versions wrote them: a loss that was "
        "changed would not be found."
        for path, (n, n_all) in found.items()
        if n
    )


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def fit(
    folders: Sequence[Path],
    *,
    name: str | None = None,
    h_ref: float | None = None,
    progress: Progress = silent,
) -> Calibrated:
    """Return the laws and coefficients that the ledgers in ``folders`` give; nothing is trained.

    Points that a plan has and no ledger are said among the reasons to read a source's law with care.

    Raises:
        AdvisorError: as ``read_folders``.
    """
    plans, sources, rows = read_folders(folders)
    about = About(
        name=name or plans[0].name,
        protocol=next((plan.protocol for plan in plans if plan.protocol.tokenizer is not None), plans[0].protocol),
        command=in_words(plans[0].request),
        date=_date(rows),
        ledger_sha256=rows_digest(rows),
    )
    if h_ref is not None:
        about = replace(about, h_ref=h_ref, h_ref_source="given with --h-ref")
    laws = fit_sources(sources, rows, progress=progress)
    return calibrated([_with_names(_with_missing(law, plans, rows), plans) for law in laws], about)


def _with_missing(law: SourceLaw, plans: Sequence[CalibrationPlan], rows: Sequence[Row]) -> SourceLaw:
    """Return the law with a reason for care where planned points of its source were not trained, or others were."""
    planned = {key for plan in plans for job in plan.jobs_of(law.source.name) for key in keys_of_job(plan, job)}
    own = {row.key for row in law.rows}
    if n_other := len(own - planned):
        runs = plural(len(own), "run")
        message = f"{n_other} of its {runs} {_are(n_other)} of no job of the plan: look whether of this calibration."
        law = _with_caution(law, "unplanned-runs", message)
    n_missing = len(planned - {row.key for row in rows})
    if not n_missing:
        return law
    runs = plural(len(planned), "planned run")
    message = f"{n_missing} of its {runs} {_are(n_missing)} not in the ledger: the law is of the others alone."
    return _with_caution(law, "missing-runs", message)


def _with_names(law: SourceLaw, plans: Sequence[CalibrationPlan]) -> SourceLaw:
    """Return the law with one more reason for care where another plan calls its data by another name."""
    source = law.source
    others = [
        f"{one.name} of {plan.name}"
        for plan in plans
        for one in plan.sources
        if one.name != source.name and (one.data, one.vocab_size) == (source.data, source.vocab_size)
    ]
    if not others:
        return law
    message = f"its data are also those of {', '.join(dict.fromkeys(others))}: one law is fitted to the runs of both."
    return _with_caution(law, "two-names", message)


def _with_caution(law: SourceLaw, code: str, message: str) -> SourceLaw:
    diagnostics = law.group.diagnostics
    reasons = (*diagnostics.reasons, Reason(code=code, message=message, level="caution"))
    return replace(law, group=replace(law.group, diagnostics=replace(diagnostics, reasons=reasons)))


def transfers(folders: Sequence[Path], laws: Sequence[SourceLaw]) -> tuple[transfer.Transfer, ...]:
    """Return how the line in H through one folder's accepted laws does on another's, for all pairs that have a line.

    Raises:
        AdvisorError: a plan cannot be read.
    """
    known = {(law.source.data, law.source.vocab_size): law for law in accepted(laws)}
    of_plan = {}
    for plan in map(read_plan, folders):
        if plan is not None:
            found = (known.get((source.data, source.vocab_size)) for source in plan.sources)
            of_plan[plan.name] = [_known_law(law) for law in found if law is not None]
    return transfer.transfers(of_plan)


def _known_law(law: SourceLaw) -> transfer.KnownLaw:
    assert law.group.law is not None
    return transfer.KnownLaw(name=law.source.name, h=law.source.compressibility, law=law.group.law)


def _date(rows: Sequence[Row]) -> str:
    """Return the day of the last row, so that a refit gives the same file, in ISO form.

    Of rows that do not say theirs, as older versions wrote them, it is the last on which they can have been trained.
    """
    return max(str(row.hardware.get("date", ROWS_ARE_DATED)) for row in rows)
