"""How profiles look: corpora side by side, or one JSON document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import printable
from advisor.quantities import format_bytes, format_share
from advisor.report import terminal
from advisor.report.text import (
    MAX_WIDTH,
    emit,
    nats,
    print_labelled,
    print_table,
    quantity,
    spread,
    terminal_columns,
    warn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from advisor.compressibility.measure import Histogram
    from advisor.compressibility.score import Profile
    from advisor.corpus.tally import Column

_BLOCKS, _ASCII = "·▁▂▃▄▅▆▇█", " .:-=+*#@"
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


def show(profiles: Sequence[Profile], *, as_json: bool, out: Path | None) -> None:
    """Print profiles on stdout and their cautions on stderr; write the JSON document to ``out`` if given."""
    emit({"corpora": profiles}, lambda: _render(profiles), as_json=as_json, out=out)
    for profile in profiles:
        warn(profile.cautions)


def _render(profiles: Sequence[Profile]) -> None:
    columns = [(_shortened(profile.source), *_cells(profile)) for profile in profiles]
    for number, group in enumerate(_side_by_side(columns)):
        if number:
            terminal.line()
        header, *rows = zip(("", *_LABELS), *group, strict=True)
        print_table(header, rows, bold=(0,))
    terminal.line()
    read = _each(profiles, "Read", lambda profile: read_words(profile.columns))
    print_labelled([*read, *_each(profiles, "Left out", _left_out), *_protocols(profiles)])


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
        spread(found.ci95, nats) or "too few documents",
        f"{found.mean:.3f}",
        f"{found.sd:.3f}",
        f"{found.shuffled_median:.3f}",
        f"{found.ceiling:.3f}",
        sparkline(found.histogram, _levels()),
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


def _levels() -> str:
    """Return the characters of a histogram, from none to most, that stdout can show."""
    try:
        _BLOCKS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _ASCII
    return _BLOCKS


def sparkline(histogram: Histogram, levels: str = _BLOCKS) -> str:
    """Return the counts as a line of blocks, two bins a character; a dot where there is none.

    >>> from advisor.compressibility.measure import Histogram
    >>> sparkline(Histogram(low=0.0, high=0.8, counts=(0, 0, 1, 3, 8, 0)))
    '·▄█'
    """
    pairs = [sum(histogram.counts[i : i + 2]) for i in range(0, len(histogram.counts), 2)]
    top = max(*pairs, 1)
    return "".join(levels[-(-count * (len(levels) - 1) // top)] for count in pairs)


def _protocols(profiles: Sequence[Profile]) -> list[tuple[str, str]]:
    """Return what was measured how; one line if all corpora share it."""
    lines: dict[str, list[str]] = {}
    for profile in profiles:
        protocol = profile.protocol
        words = (
            f"{protocol.tokenizer or 'native ids'}, {protocol.seq_len} tokens a sequence, {protocol.encoding}, "
            f"gzip level {protocol.level} (zlib {profile.zlib_version}), "
            f"{'each document by itself' if protocol.chunking == 'document' else 'documents joined end to end'}, "
            f"{protocol.statistic} over at most {protocol.n_sequences:,} sequences"
        )
        lines.setdefault(words, []).append(_shortened(profile.source))
    if len(lines) == 1:
        return [("Protocol", next(iter(lines)))]
    return [("Protocol", f"{', '.join(sources)}: {words}") for words, sources in lines.items()]


def _each(profiles: Sequence[Profile], label: str, words: Callable[[Profile], str]) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of each profile, under its name where there are several; nothing where that is empty."""
    for profile in profiles:
        if said := words(profile):
            yield label, said if len(profiles) == 1 else f"{_shortened(profile.source)}: {said}"


def read_words(columns: Iterable[Column]) -> str:
    """Return what was read of a corpus: "column text (string) of 3 of 3 parquet files"."""
    parts = []
    for each in columns:
        files = f"{each.n_files:,} of {each.of:,} {each.format} files" if each.of > 1 else f"1 {each.format} file"
        among = f" of {', '.join((each.column or '', *each.beside))}" if each.beside else ""
        parts.append(
            f"column {each.column}{among} ({each.type}) of {files}" if each.column else f"{each.type} of {files}"
        )
    return "; ".join(parts)


def _left_out(profile: Profile) -> str:
    """Return what was left out, with its bytes and their share of all."""
    total = (profile.n_bytes or 0.0) + sum(each.n_bytes or 0.0 for each in profile.left_out)
    parts = []
    for each in profile.left_out:
        size = f" ({format_bytes(each.n_bytes)}, {format_share(each.n_bytes / total)})" if each.n_bytes else ""
        parts.append(f"{each.n:,} {each.reason}{size}")
    return "; ".join(parts)


def _shortened(source: str, width: int = 20) -> str:
    return source if len(source) <= width else f"…{source[-(width - 1) :]}"
