"""How ``advisor grammar`` looks: a table for people, or one JSON document."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from advisor.json_fields import SCHEMA_VERSION, json_text

if TYPE_CHECKING:
    from calibration.grammars.profile import GrammarProfile
    from calibration.grammars.search import Search
    from calibration.grammars.survey import Survey

# From this many columns on, the table also has the ceiling.
WIDE = 92


def to_json(survey: Survey) -> str:
    """Return the survey as one JSON document; entropies are in nats per token."""
    datasets = {dataset.folder.name: dataset for dataset in survey.datasets}
    rows = []
    for profile in survey.profiles:
        dataset = datasets.get(profile.source.name)
        written = asdict(dataset) | {"folder": str(dataset.folder)} if dataset else None
        rows.append(_row(profile) | {"dataset": written})
    document = {
        "schema_version": SCHEMA_VERSION,
        "seed": survey.seed,
        "grammars": rows,
        "correlation_compressibility_entropy_rate": survey.correlation(),
        "search": _search(survey.search) if survey.search else None,
        "file": str(survey.file) if survey.file else None,
        "cautions": cautions(survey),
    }
    return json_text(document)


def _row(profile: GrammarProfile) -> dict[str, Any]:
    return {
        "name": profile.source.name,
        "shape": asdict(profile.source.shape),
        "grammar_seed": profile.source.seed,
        "rho": profile.rho,
        "expected_sentence_tokens": _finite(profile.expected_length),
        "reachable_terminals": profile.source.grammar.n_terminals - profile.degeneracies.unreachable_terminals,
        "dead_nonterminals": profile.degeneracies.dead_nonterminals,
        "distinct_sentences": profile.degeneracies.sentences,
        "entropy_rate_nats_per_token": _finite(profile.entropy_rate),
        "entropy_bound_nats_per_token": profile.entropy_bound.mean,
        "entropy_bound_standard_error": profile.entropy_bound.standard_error,
        "seq_len": profile.seq_len,
        "n_documents": profile.n_documents,
        "compressibility": profile.compressibility,
        "shuffled_compressibility": profile.shuffled_compressibility,
        "ceiling": profile.ceiling,
        "paper_compressibility": profile.paper_compressibility,
        "gate": [reason._asdict() for reason in profile.gate],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _search(search: Search) -> dict[str, Any]:
    rejections = [
        {"shape": asdict(rejection.shape), "seed": rejection.seed, "reasons": [r._asdict() for r in rejection.reasons]}
        for rejection in search.rejections
    ]
    return {"n_draws": search.n_draws, "rejections": rejections}


def cautions(survey: Survey) -> list[dict[str, str]]:
    """Return what is degenerate in the set, as codes and sentences."""
    found = []
    for profile in survey.profiles:
        name, sentences = profile.source.name, profile.degeneracies.sentences
        if sentences is not None:
            count = f"{sentences} distinct sentences" if sentences > 1 else "a single sentence"
            found.append({"code": "few-sentences", "message": f"{name} has only {count}."})
        if profile.degeneracies.dead_nonterminals:
            dead, of = profile.degeneracies.dead_nonterminals, profile.source.shape.nonterminals
            found.append(
                {"code": "dead-nonterminals", "message": f"No sentence of {name} uses {dead} of {of} nonterminals."}
            )
        if not math.isfinite(profile.expected_length):
            found.append({"code": "critical", "message": f"{name} is critical: its sentences have no expected length."})
    return found


def print_table(survey: Survey) -> None:
    """Print the survey as a table on standard output, and below it what the columns mean."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
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
