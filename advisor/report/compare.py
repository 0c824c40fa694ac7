"""How a comparison looks: the difference in a sentence, one table of answers, what is known of each corpus."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.quantities import format_flops, format_times
from advisor.report.plan import data_size
from advisor.report.score import read_words
from advisor.report.screen import LINES, print_answer, print_cautions, print_more, print_rows, print_warnings
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

_FIXED = 8  # lines of a first screen beside its rows, hours and cautions: the answer, blank lines, the law, what else
_MOST_TIMED = 6  # rows beside which there is room for hours; they are behind --full otherwise

if TYPE_CHECKING:
    from advisor.answer.comparison import Comparison, Contrast
    from advisor.answer.recommendation import Recommendation
    from advisor.compressibility.protocol import MeasuredCorpus


def show(comparison: Comparison, *, full: bool, cautions: bool, as_json: bool, out: Path | None) -> None:
    """Print a comparison on stdout; write the JSON document to ``out`` if given, with cautions on stderr beside it."""
    emit(comparison, lambda: _render(comparison, full=full, cautions=cautions), as_json=as_json, out=out)
    if as_json:
        warn(comparison.cautions)


def _render(comparison: Comparison, *, full: bool, cautions: bool) -> None:
    rows = comparison.rows
    print_answer(*_answer(comparison))
    echo()
    _answers(rows)
    echo()
    if not (full or cautions):
        _print_end(comparison)
        return
    if full:
        _print_rest(rows)
    print_cautions(comparison.cautions)


def _print_end(comparison: Comparison) -> None:
    """Print what a first screen has below its table: hours where there is room, the law, what to mind."""
    rows, left = comparison.rows, LINES - len(comparison.rows) - _FIXED
    timed = rows[0].plan.cluster is not None and len(rows) <= _MOST_TIMED
    if timed:
        _time(rows)
        echo()
        left -= 4 + len({row.headline.flops for row in rows})
    print_rows([("Law", _laws(rows, sources=False))])
    print_warnings(comparison.cautions, lines=left)
    print_more(("--cautions", "--full", "--json"), comparison.cautions)


def _print_rest(rows: tuple[Recommendation, ...]) -> None:
    """Print what is known of each corpus, the hours, and where the laws are from."""
    profiles = {row.profile.source: row.profile for row in rows if row.profile is not None}
    if profiles:
        names = _names(rows)
        print_labelled([(names[source], _about(profile)) for source, profile in profiles.items()])
        echo()
    if rows[0].plan.cluster is not None:
        _time(rows)
        echo()
    print_rows([("Law", _laws(rows, sources=True))])
    echo()


def _laws(rows: tuple[Recommendation, ...], *, sources: bool) -> str:
    """Return the laws that answer, and which parameters they count."""
    told = [f"{row.headline.law}: {row.headline.source}" if sources else row.headline.law for row in rows]
    return f"{'; '.join(dict.fromkeys(told))}; N counts {counted(rows[0].headline.count)} parameters"


def _answer(comparison: Comparison) -> tuple[str, ...]:
    """Return the answer in sentences: how corpora differ and what that means, or how it grows with the budget."""
    rows, contrast = comparison.rows, comparison.contrast
    mixed = _of_mixture(rows)
    if mixed:
        return (mixed, *(() if contrast is None else _of_contrast(rows, contrast)))
    if contrast is not None:
        return _of_contrast(rows, contrast)
    if len({row.headline.flops for row in rows}) == 1:
        best = rows[0].headline
        return (
            f"{format_flops(best.flops)} FLOPs want {quantity(best.n_params)} parameters on "
            f"{quantity(best.n_tokens)} tokens; there is nothing else to compare that with.",
        )
    return _of_budgets(rows)


def _of_mixture(rows: tuple[Recommendation, ...]) -> str:
    """Return what the mixture wants of the least budget; nothing where none is compared."""
    mixed = [row for row in rows if row.profile is not None and _is_mixture(row.profile)]
    if not mixed:
        return ""
    best = min(mixed, key=lambda row: row.headline.flops).headline
    return (
        f"For {format_flops(best.flops)} FLOPs the mixture wants {quantity(best.n_params)} parameters on "
        f"{quantity(best.n_tokens)} tokens."
    )


def _of_budgets(rows: tuple[Recommendation, ...]) -> tuple[str, ...]:
    low, high = (chosen(rows, key=lambda row: row.headline.flops).headline for chosen in (min, max))
    return (
        f"From {format_flops(low.flops)} to {format_flops(high.flops)} FLOPs the parameters grow "
        f"{format_times(high.n_params / low.n_params)} times and the tokens "
        f"{format_times(high.n_tokens / low.n_tokens)} times.",
    )


def _of_contrast(rows: tuple[Recommendation, ...], contrast: Contrast) -> tuple[str, ...]:
    names = _names(rows)
    one, other = names[contrast.corpus], names[contrast.other]
    within = {True: "which is beyond the noise of sampling", False: "which is within the noise of sampling"}
    noise = "" if contrast.apart is None else within[contrast.apart]
    first = f"{one} compresses better than {other}: H {nats(contrast.compressibility)} against "
    first += f"{nats(contrast.other_compressibility)}{f', {noise}' if noise else ''}."
    if abs(math.log(contrast.times_params)) < 0.005:
        return (first, f"At {format_flops(contrast.flops)} FLOPs this law answers the same for both.")
    meet = {True: "; their 80 % intervals keep apart", False: "; their 80 % intervals overlap"}
    ending = "" if contrast.params_apart is None else meet[contrast.params_apart]
    return (
        first,
        f"At {format_flops(contrast.flops)} FLOPs it wants {format_times(contrast.times_params)} times the parameters "
        f"and {format_times(contrast.times_tokens)} times the tokens{ending}.",
    )


def _answers(rows: tuple[Recommendation, ...]) -> None:
    names = _names(rows)
    columns = [
        ("corpus", ["" if row.profile is None else names[row.profile.source] for row in rows]),
        ("H", ["" if row.compressibility is None else f"{row.compressibility:.3f}" for row in rows]),
        ("B/token", [_rate(row) for row in rows]),
        ("FLOPs", [format_flops(row.headline.flops) for row in rows]),
        ("N", [quantity(row.headline.n_params) for row in rows]),
        ("80 %", [spread(row.headline.interval80.n_params) if row.headline.interval80 else "" for row in rows]),
        ("D", [quantity(row.headline.n_tokens) for row in rows]),
        ("text", ["" if row.units is None else data_size(row.units.n_bytes) for row in rows]),
        ("D/N", [ratio(row.headline.tokens_per_param) for row in rows]),
    ]
    _print_known(columns)


def _rate(row: Recommendation) -> str:
    rate = None if row.profile is None else row.profile.bytes_per_token
    return "" if rate is None else f"{rate:.2f}"


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
