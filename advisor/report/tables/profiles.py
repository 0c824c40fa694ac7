"""All that a profile holds: corpora side by side, what was read and left out, how it was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.errors import printable
from advisor.quantities import format_share, plural
from advisor.report import terminal
from advisor.report.score import copies_words, left_out_words, levels, read_words, sparkline
from advisor.report.text import (
    MAX_WIDTH,
    nats,
    print_labelled,
    print_table,
    quantity,
    shortened,
    spread,
    terminal_columns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from advisor.compressibility.score import Profile
    from advisor.compressibility.whole.corpus_totals import CorpusTotals, ShardProfile

_NAME = 20  # columns of a corpus's name
_MOST_SHARDS = 20  # rows
_LABELS = (
    "H (median)",
    "  95 % interval",
    "  mean",
    "  standard deviation",
    "  tokens shuffled",
    "  ceiling (random ids)",
    "  spread, 0 to 0.8",
    "Tokens, estimated",
    "  95 % interval",
    "Bytes per token",
    "Documents",
    "  sampled from",
    "  left out",
    "Sequences sampled",
    "Vocabulary",
)
# What these are called where everything was measured, and nothing drawn or estimated.
_WHOLE = {
    "Tokens, estimated": "Tokens",
    "  sampled from": "  long enough for H",
    "Sequences sampled": "Sequences measured",
}


def print_profiles(profiles: Sequence[Profile]) -> None:
    """Print every number of the profiles, side by side, and how they were measured."""
    columns = [(shortened(profile.source, _NAME), *_cells(profile)) for profile in profiles]
    is_whole = all(profile.totals is not None for profile in profiles)
    labels = [_WHOLE.get(label, label) if is_whole else label for label in _LABELS]
    for number, group in enumerate(_side_by_side(columns)):
        if number:
            terminal.line()
        header, *rows = zip(("", *labels), *group, strict=True)
        print_table(header, rows, bold=(0,))
    terminal.line()
    read = _each(profiles, "Read", lambda profile: read_words(profile.columns))
    print_labelled([*read, *_each(profiles, "Left out", left_out_words), *_protocols(profiles)])
    for profile in profiles:
        if profile.totals is not None:
            terminal.line()
            _print_totals(profile.totals)


def _print_totals(totals: CorpusTotals) -> None:
    """Print the quantiles of H, how much is there twice, and a row for each shard: the first, and all that are odd."""
    quantiles = ", ".join(f"{nats(each.compressibility)} ({format_share(each.share)})" for each in totals.quantiles)
    print_labelled([("Quantiles", quantiles), ("Copies", copies_words(totals))])
    terminal.line()
    shown = [each for number, each in enumerate(totals.shards) if number < _MOST_SHARDS or each.unlike]
    shown = shown[: 2 * _MOST_SHARDS]
    print_table(("shard", "documents", "tokens", "bytes", "per token", "H", ""), list(map(_shard_cells, shown)))
    if len(shown) < len(totals.shards):
        terminal.line(f"{len(totals.shards) - len(shown):,} more shards: --json has all.")


def _shard_cells(shard: ShardProfile) -> tuple[str, ...]:
    rate = shard.bytes_per_token
    return (
        shortened(shard.name, _NAME),
        f"{shard.n_documents:,}",
        quantity(shard.n_tokens),
        quantity(shard.n_text_bytes),
        "(ids)" if rate is None else f"{rate:.2f}",
        "" if shard.compressibility is None else nats(shard.compressibility),
        "unlike" if shard.unlike else "",
    )


def _side_by_side(columns: Sequence[tuple[str, ...]]) -> list[list[tuple[str, ...]]]:
    """Return the columns in groups, each of which fits the terminal."""
    room = min(terminal_columns(), MAX_WIDTH) - max(map(len, _LABELS))
    groups: list[list[tuple[str, ...]]] = [[]]
    left = room
    for column in columns:
        width = 2 + max(map(terminal.cells, map(printable, column)))
        if groups[-1] and width > left:
            groups.append([])
            left = room
        groups[-1].append(column)
        left -= width
    return groups


def _cells(profile: Profile) -> tuple[str, ...]:
    found = profile.compressibility
    about = "" if profile.n_documents_exact else "about "
    return (
        f"{found.median:.3f}",
        spread(found.ci95, nats) or ("too few documents" if profile.totals is None else "none: all is measured"),
        f"{found.mean:.3f}",
        f"{found.sd:.3f}",
        f"{found.shuffled_median:.3f}",
        f"{found.ceiling:.3f}",
        sparkline(found.histogram, levels()),
        quantity(profile.estimated_tokens) or "not known",
        spread(profile.estimated_tokens_ci95) or ("exact" if profile.estimated_tokens else "not known"),
        f"{profile.bytes_per_token:.2f}" if profile.bytes_per_token else "(ids)",
        "not known" if profile.n_documents is None else f"{about}{_count(profile.n_documents, about)}",
        f"{profile.n_documents_seen:,}",
        f"{profile.n_documents_skipped:,}",
        f"{profile.n_sequences:,}",
        f"{profile.vocab_size:,}" + ("" if profile.protocol.tokenizer else " (ids)"),
    )


def _count(value: float, about: str) -> str:
    return quantity(value) if about else f"{value:,.0f}"


def _protocols(profiles: Sequence[Profile]) -> list[tuple[str, str]]:
    """Return what was measured how; one line if all corpora share it."""
    lines: dict[str, list[str]] = {}
    for profile in profiles:
        protocol = profile.protocol
        words = (
            f"{protocol.tokenizer or 'native ids'}, {protocol.seq_len} tokens a sequence, {protocol.encoding}, "
            f"gzip level {protocol.level} (zlib {profile.zlib_version}), "
            f"{'each document by itself' if protocol.chunking == 'document' else 'documents joined end to end'}, "
            f"{protocol.statistic} over {'at most' if profile.totals is None else 'all'} "
            f"{plural(protocol.n_sequences, 'sequence')}"
        )
        lines.setdefault(words, []).append(shortened(profile.source, _NAME))
    if len(lines) == 1:
        return [("Protocol", next(iter(lines)))]
    return [("Protocol", f"{', '.join(sources)}: {words}") for words, sources in lines.items()]


def _each(profiles: Sequence[Profile], label: str, words: Callable[[Profile], str]) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of each profile, under its name where there are several; nothing where that is empty."""
    for profile in profiles:
        if said := words(profile):
            yield label, said if len(profiles) == 1 else f"{shortened(profile.source, _NAME)}: {said}"
