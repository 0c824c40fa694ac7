"""From a request to a plan: sources measured, jobs laid out, rates tried, runs cut to the time there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.corpus.remote.address import redacted
from advisor.errors import UsageError, did_you_mean
from advisor.untrusted.reading import check_name
from calibration.campaign.grid import SEQ_LEN, Grid, Job
from calibration.campaign.plan_checks import problem_of
from calibration.campaign.plan_file import DATA_FOLDER, CalibrationPlan, check_same_data
from calibration.campaign.presets import find_grid, find_preset, grammars_of
from calibration.campaign.sources import CorpusSource, SourceSpec, prepare, tokens_read
from calibration.campaign.token_data import DIGEST_DOCUMENTS, keep_data
from calibration.lines.records import LEAST_SOURCES
from calibration.training.execution import FREE, PINNED, ExecutionChoice
from calibration.training.schedule import MIN_STEPS, PAPER, TEXT, TUNED

if TYPE_CHECKING:
    from advisor.compressibility.protocol import Protocol
    from advisor.corpus.sequences import Progress
    from calibration.campaign.presets import Preset
    from calibration.campaign.sources import PreparedSource
    from calibration.grammars.sets import NamedGrammar
    from calibration.lines.records import SourceRecord

# "text" is "tuned" where there are corpora.
RECIPES = {"tuned": TUNED, "text": TEXT, "paper": PAPER}


@dataclass(frozen=True, kw_only=True)
class CalibrationRequest:
    """What is to be calibrated: the grid, the sources, and how much time it may take; ``of`` makes one from names.

    Attributes:
        name: what the calibration, and its coefficients, are called.
        grid: sizes, token counts, seeds and recipe of the models that are trained on every source.
        specs: the sources: grammars and corpora.
        seed: of the grammars' documents and of what is drawn from corpora.
        laws_only: no coefficients can come of it: the grid is too small, or the sources are too few.
        vocab_size: widens the models' vocabulary, as the published one of 32001; None leaves each source its own.
        max_hours: hours by the clock; the largest runs are dropped until the plan fits. None drops none.
        lr_sweep: half and twice the peak learning rate of each width are tried first, on three sources.
        choice: the dtype and the compiling that were asked for; None leaves them to what is fastest.
        asked: what a rerun must ask for again, in plain words.
    """

    name: str
    grid: Grid
    specs: tuple[SourceSpec, ...]
    seed: int = 0
    laws_only: bool = False
    vocab_size: int | None = None
    max_hours: float | None = None
    lr_sweep: bool = False
    choice: ExecutionChoice = FREE
    asked: Mapping[str, Any] = field(default_factory=dict)

    def check_installable(self, name: str) -> None:
        """Raise UsageError where no coefficients can come of it that could be installed under this name."""
        if self.laws_only:
            raise UsageError(
                f"--install {name} keeps coefficients, and this calibration is too small for them: its grid is, or it "
                "has fewer than five sources."
            )

    @classmethod
    def of(
        cls,
        *,
        preset: str | None = None,
        sets: Sequence[str] = (),
        only: Sequence[str] = (),
        corpora: Sequence[CorpusSource] = (),
        grid: str | None = None,
        recipe: str = "tuned",
        vocab_size: int | None = None,
        lr_sweep: bool = False,
        max_hours: float | None = None,
        seed: int = 0,
        choice: ExecutionChoice = FREE,
    ) -> CalibrationRequest:
        """Return a checked request: a preset's grammars, or the sets named instead, and the corpora beside them.

        Without a preset the grid is the CPU's, of corpora the text's, and the only grammars are those of ``sets``;
        ``only`` picks some. Where there are corpora, all train by the recipe for text, unless its batches are too large
        for the grid's smallest D.

        Raises:
            UsageError: a name is not known, two sources share one, or no source is left.
        """
        found = None if preset is None else find_preset(preset)
        specs: tuple[SourceSpec, ...] = (*_grammars(found, sets, only, seed), *corpora)
        _check_names(specs)
        shape = found.grid if found is not None and grid is None else find_grid(grid or ("text" if corpora else "cpu"))
        chosen = PINNED if shape.pinned and choice == FREE else choice
        text_fits = min(shape.token_counts) >= MIN_STEPS * TEXT.batch_documents(0, SEQ_LEN) * SEQ_LEN
        of_text = recipe == "tuned" and corpora and text_fits
        return cls(
            name=preset or ("corpora" if corpora else "-".join(sets)),
            grid=replace(shape, recipe=RECIPES["text" if of_text else recipe]),
            specs=specs,
            seed=seed,
            laws_only=shape.laws_only or len(specs) < LEAST_SOURCES,
            vocab_size=vocab_size,
            max_hours=max_hours,
            lr_sweep=lr_sweep,
            choice=chosen,
            asked={
                "preset": preset,
                "grammars": list(sets),
                "only": list(only),
                "corpora": [f"{spec.name}={redacted(spec.source)}" for spec in corpora],
                "tokenizer": corpora[0].tokenizer if corpora else None,
                "score-tokenizer": corpora[0].score_tokenizer if corpora else None,
                "reading": corpora[0].reading if corpora else {},
                "grid": grid,
                "recipe": recipe,
                "vocabulary": vocab_size,
                "lr-sweep": lr_sweep,
                "dtype": chosen.dtype,
                "compile": chosen.compiled,
                "max-hours": max_hours,
                "grammar-seed": seed,
            },
        )


def _grammars(found: Preset | None, sets: Sequence[str], only: Sequence[str], seed: int) -> list[NamedGrammar]:
    """Return the grammars of ``sets``, else the preset's, and of these alone what ``only``, else the preset, picks."""
    chosen = tuple(sets) or (found.sets if found is not None else ())
    grammars = [one for name in chosen for one in grammars_of(name, seed=seed)]
    kept = only if found is None or sets or only else found.only
    unknown = [name for name in kept if name not in {one.name for one in grammars}]
    if unknown:
        known = [one.name for one in grammars]
        if not known:
            raise UsageError("--only picks grammars, and none are asked for: name a --preset or --grammars.")
        hint = did_you_mean(unknown[0], known) or f": they are {', '.join(known)}."
        raise UsageError(f"--only {unknown[0]} is not among the grammars{hint}")
    return [one for one in grammars if not kept or one.name in kept]


def _check_names(specs: Sequence[SourceSpec]) -> None:
    names = [spec.name for spec in specs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"Two sources are called {twice[0]}: give a corpus its name with --corpus NAME=SOURCE.")
    for spec in specs:
        check_name(spec.name, "A source", UsageError)
    if not specs:
        raise UsageError("Nothing is left to train on: name a --preset, a set of --grammars or a --corpus.")


def make_plan(
    request: CalibrationRequest, folder: Path | None, *, progress: Progress, there: CalibrationPlan | None = None
) -> CalibrationPlan:
    """Return the plan for a request, every job at its recipe's rate.

    The tokens of corpora go to ``folder``/data; grammars are sampled there when they are trained on. Without a folder
    nothing is written. ``there`` is the plan that this one is to extend: its documents stay held out, and of a corpus
    that it names as much is read as for it, so that the data are the same.

    Raises:
        UsageError: nothing is left to train, or a source of ``there`` has this name and other data.
        AdvisorError: a source cannot be read or is too small.
    """
    planned: dict[str, SourceRecord] = {}
    if there is not None:
        planned = {source.name: source for source in there.sources}
        request = replace(request, grid=replace(request.grid, n_validation=there.n_validation))
    prepared, records = [], []
    for done, spec in enumerate(request.specs):
        progress(f"measuring {spec.name}", done, len(request.specs))
        source = _prepared(request, spec, planned.get(spec.name), progress)
        record = _widened(source.record, request.vocab_size)
        check_same_data(record, planned.get(record.name))
        if folder is not None and record.kind == "corpus":
            keep_data(source.data, folder / DATA_FOLDER, record.name)
        prepared.append(source)
        records.append(record)
    protocol, notes = _protocol(prepared)
    jobs, short = _jobs(request, records)
    if not jobs:
        raise UsageError("Nothing is left to train. " + " ".join(short))
    plan = CalibrationPlan(
        name=request.name,
        request=dict(request.asked),
        protocol=protocol,
        recipe=request.grid.recipe,
        n_validation=request.grid.n_validation,
        laws_only=request.laws_only,
        sources=tuple(records),
        jobs=jobs,
        notes=(*(note for source in prepared for note in source.notes), *notes, *short),
    )
    if (problem := problem_of(plan)) is not None:
        raise UsageError(f"This cannot be planned: {problem}.")
    return plan


def _prepared(
    request: CalibrationRequest, spec: SourceSpec, planned: SourceRecord | None, progress: Progress
) -> PreparedSource:
    n_tokens = DIGEST_DOCUMENTS * SEQ_LEN
    if isinstance(spec, CorpusSource):
        n_tokens = max(n_tokens, *request.grid.token_counts) if planned is None else tokens_read(planned)
    return prepare(
        spec,
        n_tokens=n_tokens,
        n_validation=request.grid.n_validation,
        seed=request.seed,
        progress=progress,
    )


def _widened(record: SourceRecord, vocab_size: int | None) -> SourceRecord:
    if vocab_size is None:
        return record
    if vocab_size < record.vocab_size:
        raise UsageError(f"--vocab-size {vocab_size} is too small: {record.name} has {record.vocab_size} ids.")
    return replace(record, vocab_size=vocab_size)


def _protocol(prepared: Sequence[PreparedSource]) -> tuple[Protocol, tuple[str, ...]]:
    """Return the protocol of a calibration: that of its corpora, where there are any."""
    corpora = [source for source in prepared if source.record.kind == "corpus"]
    found = {source.protocol for source in corpora} or {prepared[0].protocol}
    first = sorted(found, key=lambda each: (each.chunking != "document", each.tokenizer or ""))[0]
    joined = [source.record.name for source in corpora if source.protocol.chunking != first.chunking]
    if {each.tokenizer for each in found} != {first.tokenizer}:
        raise UsageError("The corpora hold text and token ids: calibrate on one kind at a time.")
    notes: tuple[str, ...] = ()
    if joined:
        notes = (f"{', '.join(joined)}: documents are short, so H was measured on joined ones, unlike the others'.",)
    return first, notes


def _jobs(request: CalibrationRequest, records: Sequence[SourceRecord]) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    jobs: list[Job] = []
    short: list[str] = []
    for record in records:
        found = request.grid.jobs(record.name, n_unique=record.n_unique_tokens)
        jobs += found
        kept = {n for job in found for n in job.token_counts}
        left_out = [n for n in request.grid.token_counts if n not in kept]
        if left_out:
            short.append(
                f"{record.name} has {record.n_unique_tokens:,} unique training tokens, so its runs of "
                f"{', '.join(f'{n:,}' for n in left_out)} tokens are left out: no epoch is repeated."
            )
    return tuple(jobs), tuple(short)
