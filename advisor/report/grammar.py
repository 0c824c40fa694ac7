"""How ``advisor grammar`` looks: between which H the grammars lie, a table of them, or one JSON document."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from advisor import json_form
from advisor.caution import Caution
from advisor.quantities import format_bytes, format_share
from advisor.report import terminal
from advisor.report.screen import FIRST_SCREEN, Wanted, print_rows, print_screen
from advisor.report.text import echo, emit, nats, plural, print_table

if TYPE_CHECKING:
    from calibration.grammars.profile import GrammarProfile
    from calibration.grammars.search import Search
    from calibration.grammars.survey import Survey

_MOST_ROWS = 14  # of a first screen's table


def show(survey: Survey, *, asked: Wanted = FIRST_SCREEN, as_json: bool) -> None:
    """Print the survey on stdout, entropies in nats per token; with JSON its cautions go to stderr."""
    found = cautions_of(survey)
    if as_json:
        for caution in found:
            terminal.note(f"Caution: {caution.message}")
    datasets = {dataset.folder.name: dataset for dataset in survey.datasets}
    document = {
        "seed": survey.seed,
        "grammars": [
            {**json_form.as_json(profile), "dataset": datasets.get(profile.source.name)} for profile in survey.profiles
        ],
        "correlation_compressibility_entropy_rate": survey.correlation(),
        "search": survey.search,
        "file": survey.file,
        "cautions": found,
    }

    def render() -> None:
        print_screen(
            _answer(survey),
            rows=lambda: _print_first(survey, _MOST_ROWS),
            everything=lambda: _print_everything(survey),
            cautions=found,
            asked=asked,
            more=("--cautions", "--full", "--json"),
            lines=3,
        )

    emit(document, render, as_json=as_json)


def cautions_of(survey: Survey) -> list[Caution]:
    """Return what is degenerate in the set."""
    found = []
    for profile in survey.profiles:
        name, sentences = profile.source.name, profile.degeneracies.sentences
        if sentences is not None:
            count = f"{sentences} distinct sentences" if sentences > 1 else "a single sentence"
            found.append(Caution(code="few-sentences", message=f"{name} has only {count}."))
        if profile.degeneracies.dead_nonterminals:
            dead, of = profile.degeneracies.dead_nonterminals, profile.source.shape.nonterminals
            message = f"No sentence of {name} uses {dead} of {of} nonterminals."
            found.append(Caution(code="dead-nonterminals", message=message))
        if not math.isfinite(profile.expected_length):
            message = f"{name} is critical: its sentences have no expected length."
            found.append(Caution(code="critical", message=message))
    return found


def _answer(survey: Survey) -> list[str]:
    """Return between which H and entropy rates the grammars lie, and what was written."""
    ordered = sorted(survey.profiles, key=lambda profile: profile.compressibility)
    rates = [profile.entropy_rate for profile in survey.profiles if math.isfinite(profile.entropy_rate)]
    first, last = ordered[0], ordered[-1]
    between = f"H {nats(first.compressibility)} ({first.source.name})"
    if len(ordered) > 1:
        between += f" to {nats(last.compressibility)} ({last.source.name})"
    ends = dict.fromkeys(map(nats, (min(rates), max(rates)))) if rates else {"unknown": None}
    grammars = plural(len(ordered), "grammar")
    said = f"{grammars} of {between}, with {' to '.join(ends)} nats of entropy a token."
    return [said, _rejected(survey.search)] if survey.search else [said]


def _print_first(survey: Survey, most: int | None) -> None:
    header = ("grammar", "shape", "rho", "tokens", "rate", "bound", "H", "shuffled", "gate")
    print_table(header, [_cells(profile) for profile in survey.profiles[:most]])
    if most is not None and len(survey.profiles) > most:
        echo(f"{len(survey.profiles) - most} more grammars: --full.", "dim")
    print_rows(_about(survey))


def _cells(profile: GrammarProfile) -> tuple[str, ...]:
    return (
        profile.source.name,
        str(profile.source.shape),
        f"{profile.rho:.2f}",
        f"{profile.expected_length:.1f}",
        nats(profile.entropy_rate),
        nats(profile.entropy_bound.mean),
        nats(profile.compressibility),
        nats(profile.shuffled_compressibility),
        ",".join(reason.code for reason in profile.gate) or "ok",
    )


def _about(survey: Survey) -> list[tuple[str, str]]:
    """Return what the columns are, what the gate says, and what was written."""
    first, correlation = survey.profiles[0], survey.correlation()
    with_it = "" if correlation is None else f"; its correlation with the entropy rate is {correlation:+.2f}"
    measured = f"{plural(first.n_documents, 'document')} of {first.seq_len} ids, seed {survey.seed}"
    rows = [
        ("H", f"median compressed/raw bytes of {measured}{with_it}"),
        ("Entropy", "nats/token; rate: of the endless stream, bound: of one document"),
    ]
    if any(profile.gate for profile in survey.profiles):
        rows.append(("Gate", "q: some sentences never end; rho: over 0.95; few: at most ten sentences"))
    return rows + [("Wrote", text) for text in _written(survey)]


def _written(survey: Survey) -> list[str]:
    files = [f"{survey.file}"] if survey.file else []
    return files + [
        f"{written.folder}: {plural(written.n_tokens, 'token')}, {plural(written.n_documents, 'document')}, "
        f"{plural(written.n_files, 'file')}, {format_bytes(written.n_bytes)}"
        for written in survey.datasets
    ]


def _print_everything(survey: Survey) -> None:
    """Print what is known of every grammar, in two tables."""
    _print_first(survey, None)
    echo()
    rows = [_further_cells(profile) for profile in survey.profiles]
    print_table(("grammar", "ids used", "ceiling of H", "H in the paper"), rows)


def _further_cells(profile: GrammarProfile) -> tuple[str, ...]:
    used = 1 - profile.degeneracies.unreachable_terminals / profile.source.grammar.n_terminals
    paper = profile.paper_compressibility
    return (profile.source.name, format_share(used), nats(profile.ceiling), "" if paper is None else f"{paper:.2f}")


def _rejected(search: Search) -> str:
    counts = Counter(reason.code for rejection in search.rejections for reason in rejection.reasons)
    causes = ", ".join(f"{code} {count}" for code, count in counts.most_common())
    return f"Rejected {len(search.rejections)} of {plural(search.n_draws, 'draw')}{f' ({causes})' if causes else ''}."
