"""How a comparison looks: one table of answers, what is known of each corpus, one JSON document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from advisor.quantities import format_flops
from advisor.report.plan import data_size
from advisor.report.score import read_words
from advisor.report.text import (
    amount,
    counted,
    echo,
    emit,
    nats,
    plural,
    print_labelled,
    print_table,
    quantity,
    ratio,
    spread,
    warn,
)

if TYPE_CHECKING:
    from advisor.answer.comparison import Comparison
    from advisor.answer.recommendation import Recommendation
    from advisor.compressibility.protocol import MeasuredCorpus


def show(comparison: Comparison, *, as_json: bool, out: Path | None) -> None:
    """Print a comparison on stdout and its cautions on stderr; write the JSON document to ``out`` if given."""
    emit(comparison, lambda: _render(comparison), as_json=as_json, out=out)
    warn(comparison.cautions)


def _render(comparison: Comparison) -> None:
    rows = comparison.rows
    first = rows[0].headline
    laws = dict.fromkeys(f"{row.headline.law}: {row.headline.source}" for row in rows)
    for law in laws:
        echo(law)
    echo(f"N counts {counted(first.count)} parameters", "dim")
    echo()
    _answers(rows)
    profiles = {row.profile.source: row.profile for row in rows if row.profile is not None}
    if profiles:
        echo()
        names = _names(rows)
        print_labelled([(names[source], _about(profile)) for source, profile in profiles.items()])
    if rows[0].plan.cluster is not None:
        echo()
        _time(rows)


def _answers(rows: tuple[Recommendation, ...]) -> None:
    names = _names(rows)
    columns = [
        ("corpus", ["" if row.profile is None else names[row.profile.source] for row in rows]),
        ("H", ["" if row.compressibility is None else f"{row.compressibility:.3f}" for row in rows]),
        ("FLOPs", [format_flops(row.headline.flops) for row in rows]),
        ("N", [quantity(row.headline.n_params) for row in rows]),
        ("80 %", [spread(row.headline.interval80.n_params) if row.headline.interval80 else "" for row in rows]),
        ("D", [quantity(row.headline.n_tokens) for row in rows]),
        ("text", ["" if row.units is None else data_size(row.units.n_bytes) for row in rows]),
        ("D/N", [ratio(row.headline.tokens_per_param) for row in rows]),
    ]
    _print_known(columns)


def _time(rows: tuple[Recommendation, ...]) -> None:
    """Print GPU-hours, wall time and cost, once for each budget: by the model that the fewest GPUs can work on."""
    clusters = [row.plan.cluster for row in rows if row.plan.cluster is not None]
    fewest = sorted(clusters, key=lambda cluster: -(cluster.working_gpus or 0))
    by_budget = {format_flops(cluster.flops_6nd): cluster for cluster in fewest}
    known = [by_budget[flops] for flops in dict.fromkeys(format_flops(cluster.flops_6nd) for cluster in clusters)]
    hardware, n_gpus = known[0].hardware, known[0].n_gpus
    columns = [
        ("FLOPs", [format_flops(cluster.flops_6nd) for cluster in known]),
        ("GPU-hours", [amount(cluster.gpu_hours_6nd) for cluster in known]),
        (
            "hours",
            [amount(each.gpu_hours_6nd / each.working_gpus) if each.working_gpus else "" for each in known],
        ),
        ("cost", [amount(cluster.cost_6nd) for cluster in known]),
    ]
    gpus = hardware.gpu.name if n_gpus is None else f"{n_gpus:,} {hardware.gpu.name}"
    _print_known(columns, title=f"On {gpus} at MFU {hardware.mfu:g}, by 6 N D")


def _print_known(columns: list[tuple[str, list[str]]], title: str = "") -> None:
    """Print a table without the columns that have nothing in them."""
    known = [(name, cells) for name, cells in columns if any(cells)]
    print_table([name for name, _ in known], list(zip(*(cells for _, cells in known), strict=True)), title=title)


def _names(rows: tuple[Recommendation, ...], width: int = 12) -> dict[str, str]:
    """Return a name for each source, short enough for the table: its last part, numbered where two have the same."""
    profiles = {row.profile.source: row.profile for row in rows if row.profile is not None}
    names = {}
    for source, profile in profiles.items():
        name = "mixture" if _is_mixture(profile) else source.rstrip("/").split("/")[-1]
        names[source] = name if len(name) <= width else f"…{name[-(width - 1) :]}"
    alike = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {
        source: f"{number}:{name}" if name in alike else name for number, (source, name) in enumerate(names.items(), 1)
    }


def _about(profile: MeasuredCorpus) -> str:
    interval = f" (95 % {spread(profile.ci95, nats)})" if profile.ci95 else ""
    read = f"; read: {said}" if (said := read_words(profile.columns)) else ""
    tokens = profile.estimated_tokens
    size = "size not known" if tokens is None else f"about {plural(quantity(tokens), 'token')}"
    if _is_mixture(profile) and tokens is not None:
        size += " until one corpus is used up"
    rate = "" if profile.bytes_per_token is None else f", {profile.bytes_per_token:.2f} bytes per token"
    return f"{profile.source}: H = {profile.median:.3f}{interval}, {size}{rate}{read}"


def _is_mixture(profile: MeasuredCorpus) -> bool:
    return hasattr(profile, "parts")
