"""How ``advisor grammar`` looks: a table for people, or one JSON document."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from advisor import json_form
from advisor.caution import Caution
from advisor.report import terminal
from advisor.report.text import emit

if TYPE_CHECKING:
    from calibration.grammars.profile import GrammarProfile
    from calibration.grammars.search import Search
    from calibration.grammars.survey import Survey

# From this many columns on, the table also has the ceiling.
WIDE = 92


def show(survey: Survey, *, as_json: bool) -> None:
    """Print the survey on stdout, entropies in nats per token, and its cautions on stderr."""
    found = cautions(survey)
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
    emit(document, lambda: _render(survey), as_json=as_json)


def cautions(survey: Survey) -> list[Caution]:
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


def _render(survey: Survey) -> None:
    """Print the survey as a table on standard output, and below it what the columns mean."""
    from rich.table import Table

    console = terminal.console()
    wide = console.width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 1 + wide, 0, 0), header_style="bold")
    for header in ("\ngrammar", "\nshape"):
        table.add_column(header, no_wrap=True)
    numbers = ("\nrho", "sent.\ntokens", "ids\nused", "rate\nnats", "bound\nnats", "\nH", "H\nshuf.")
    for header in (*numbers, *(["H\nceiling"] if wide else []), "H\npaper"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("\ngate", no_wrap=True)
    for profile in survey.profiles:
        table.add_row(*_cells(profile, wide=wide))
    console.print(table)
    for line in _notes(survey):
        console.print(line, soft_wrap=True)


def _cells(profile: GrammarProfile, *, wide: bool) -> list[str]:
    source, lacks, paper = profile.source, profile.degeneracies, profile.paper_compressibility
    used = 1 - lacks.unreachable_terminals / source.grammar.n_terminals
    return [
        source.name,
        str(source.shape),
        f"{profile.rho:.2f}",
        f"{profile.expected_length:.1f}",
        f"{used:.0%}",
        f"{profile.entropy_rate:.3f}",
        f"{profile.entropy_bound.mean:.3f}",
        f"{profile.compressibility:.3f}",
        f"{profile.shuffled_compressibility:.3f}",
        *([f"{profile.ceiling:.3f}"] if wide else []),
        f"{paper:.2f}" if paper is not None else "-",
        ",".join(reason.code for reason in profile.gate) or "ok",
    ]


def _notes(survey: Survey) -> list[str]:
    """Return the lines below the table: units, what the gate says, how the set was found, what was written."""
    first = survey.profiles[0]
    lines = [
        f"H: median compressed/raw bytes of {first.n_documents} documents of {first.seq_len} ids; seed {survey.seed}.",
        "Entropy, nats/token: rate of the endless stream; bound of one document, for E.",
    ]
    correlation = survey.correlation()
    if correlation is not None:
        lines.append(f"corr(H, entropy rate) = {correlation:+.2f} over these {len(survey.profiles)} grammars.")
    if any(profile.gate for profile in survey.profiles):
        lines.append("Gate: q = some derivations never end; rho > .95; few = at most ten sentences.")
    if survey.search:
        lines.append(_rejected(survey.search))
    if survey.file:
        lines.append(f"Wrote {survey.file}.")
    lines += [
        f"Wrote {written.folder}: {written.n_tokens:,} tokens, {written.n_documents:,} documents, "
        f"{written.n_files} files, {written.n_bytes / 1e6:.1f} MB."
        for written in survey.datasets
    ]
    return lines


def _rejected(search: Search) -> str:
    counts = Counter(reason.code for rejection in search.rejections for reason in rejection.reasons)
    causes = ", ".join(f"{code} {count}" for code, count in counts.most_common())
    return f"Rejected {len(search.rejections)} of {search.n_draws} draws{f' ({causes})' if causes else ''}."
