"""How profiles look: H and what follows from it in a sentence, the rows that people ask for, or one JSON document."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.quantities import format_bytes, format_flops, format_share
from advisor.report.screen import FIRST_SCREEN, Wanted, print_rows, print_screen
from advisor.report.text import echo, emit, nats, plural, print_table, quantity, shortened, spread, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from advisor.caution import Caution
    from advisor.compressibility.score import Profile
    from advisor.compressibility.size_counts import Histogram
    from advisor.compressibility.whole.corpus_totals import CorpusTotals
    from advisor.corpus.tally import Column, LeftOut
    from advisor.laws.data_rule import Shift

# H of kinds of text as the six corpora have it, data/six_corpora.json: starcoder, proof-pile-2, the mean of the web's.
KINDS = {"code": 0.402, "mathematics": 0.467, "web text": 0.5645}
_SHORT = {"between code and mathematics": "code to maths", "between mathematics and web text": "maths to web text"}
_LIKE = 0.03  # of H: so near a kind is like it
_BUDGET = 1e21  # FLOPs: where it is said what a corpus wants
_NAME, _SHORT_NAME = 40, 20  # columns of a corpus's name, alone and beside others
_MOST_ROWS = 8  # of a table of corpora
_MOST_NAMED = 3  # shards in a line
_BLOCKS, _ASCII = "·▁▂▃▄▅▆▇█", " .:-=+*#@"


def show(profiles: Sequence[Profile], *, as_json: bool, out: Path | None, asked: Wanted = FIRST_SCREEN) -> None:
    """Print the first screen of profiles, or their JSON document; write the document to ``out`` if given.

    With JSON the cautions go to stderr.
    """
    found = _cautions(profiles)

    def everything() -> None:
        from advisor.report.tables.profiles import print_profiles

        print_profiles(profiles)

    def render() -> None:
        print_screen(
            _answer(profiles[0]) if len(profiles) == 1 else _answer_of_many(profiles),
            rows=lambda: _print_rows(profiles),
            everything=everything,
            cautions=found,
            asked=asked,
            more=("--cautions", "--full", "--json"),
        )

    emit({"corpora": profiles}, render, as_json=as_json, out=out)
    if as_json:
        warn(found)


def _cautions(profiles: Sequence[Profile]) -> list[Caution]:
    """Return the cautions of all profiles, with the corpus's name where there are several."""
    if len(profiles) == 1:
        return list(profiles[0].cautions)
    return [
        replace(each, message=f"{shortened(profile.source, _SHORT_NAME)}: {each.message}")
        for profile in profiles
        for each in profile.cautions
    ]


def _print_rows(profiles: Sequence[Profile]) -> None:
    if len(profiles) == 1:
        print_rows(_rows(profiles[0]))
        return
    header = ("corpus", "H", "95 %", "tokens", "compresses like", "N")
    print_table(header, [_cells(each) for each in profiles[:_MOST_ROWS]])
    if len(profiles) > _MOST_ROWS:
        echo(f"{len(profiles) - _MOST_ROWS} more corpora: --full.", "dim")
    if any(_shift(each) is not None for each in profiles):
        echo(f"N: of the best model for {format_flops(_BUDGET)} FLOPs, in times what web text wants.", "dim")


def _answer(profile: Profile) -> tuple[str, str]:
    """Return H and the size of a corpus in a sentence, and in another what that means."""
    interval = spread(profile.compressibility.ci95, nats)
    sure = f" (95 % {interval})" if interval else ""
    tokens = "" if profile.estimated_tokens is None else f", about {quantity(profile.estimated_tokens)} tokens"
    said = f"{shortened(profile.source, _NAME)} has H {nats(profile.median)}{sure}{tokens}."
    kind, shift = like(profile), _shift(profile)
    if kind is None or shift is None:
        return said, "H was measured in another way than that of published corpora and cannot be compared with theirs."
    return said, f"It compresses {kind}: {_wanted(shift)}{_of_english(profile)}."


def _wanted(shift: Shift) -> str:
    """Return what a corpus wants against web text, given what it does to N at one budget."""
    n, d = (f"{times:.2f} times web text's" for times in (shift.factor, 1 / shift.factor))
    interval = spread(shift.factor_interval, "{:.2f}".format)
    return f"for {format_flops(_BUDGET)} FLOPs it wants {n} parameters (80 % {interval}) and {d} tokens"


def _of_english(profile: Profile) -> str:
    """Return that little is known of other languages, where the text is of one."""
    from advisor.laws.text import text_of

    return ", if text that is not mostly English does as English does" if text_of(profile).foreign else ""


def _answer_of_many(profiles: Sequence[Profile]) -> tuple[str, str]:
    """Return which corpus compresses best and which worst, and what that means."""
    comparable = len({_measured(each) for each in profiles}) == 1
    ordered = sorted(profiles, key=lambda each: each.median)
    names = [
        f"{nats(each.median)} for {shortened(each.source, _SHORT_NAME)}"
        for each in (ordered if comparable else profiles)
    ]
    said = " and ".join(names) if len(names) == 2 else f"{names[0]} to {names[-1]}, over {len(names)} corpora"
    if not comparable:
        return f"H is {said}.", "They were measured in different ways: these values of H cannot be compared."
    return (
        f"H is {said}.",
        "The smaller H, the better a corpus compresses, the fewer parameters and more tokens it wants.",
    )


def like(profile: Profile) -> str | None:
    """Return what kind of text compresses as this does; None where H was measured in another way."""
    from advisor.laws.text import text_of

    h = text_of(profile).compressibility
    return None if h is None else _like(h)


def _like(h: float) -> str:
    """Return the kind of text that an H is near, or those that it lies between.

    >>> _like(0.41), _like(0.434), _like(0.2), _like(0.7)
    ('like code', 'between code and mathematics', 'better than code', 'worse than web text')
    """
    near = min(KINDS, key=lambda kind: abs(KINDS[kind] - h))
    if abs(KINDS[near] - h) <= _LIKE:
        return f"like {near}"
    below = [kind for kind, at in KINDS.items() if at < h]
    above = [kind for kind, at in KINDS.items() if at > h]
    if below and above:
        return f"between {below[-1]} and {above[0]}"
    return f"better than {above[0]}" if above else f"worse than {below[-1]}"


def _shift(profile: Profile) -> Shift | None:
    """Return what the corpus does to N at one budget by the default law; None where its H says nothing of that."""
    from advisor.laws.data_rule import shift_at
    from advisor.laws.text import text_of

    text = text_of(profile)
    return shift_at(text, _BUDGET) if text.known else None


def _measured(profile: Profile) -> tuple[object, ...]:
    protocol = profile.protocol
    return protocol.tokenizer, protocol.seq_len, protocol.encoding, protocol.level, protocol.statistic


def _cells(profile: Profile) -> tuple[str, ...]:
    kind, shift = like(profile), _shift(profile)
    return (
        shortened(profile.source, _SHORT_NAME),
        nats(profile.median),
        spread(profile.compressibility.ci95, nats),
        quantity(profile.estimated_tokens),
        "" if kind is None else _SHORT.get(kind, kind).removeprefix("like "),
        "" if shift is None else f"{shift.factor:.2f}",
    )


def _rows(profile: Profile) -> list[tuple[str, str]]:
    found = profile.compressibility
    rows = [
        ("Tokens", _tokens(profile)),
        ("H", f"mean {nats(found.mean)}, sd {nats(found.sd)}; {_ends(profile)}"),
        ("Spread", f"{sparkline(found.histogram, levels())}  of sequences, H 0 to 0.8"),
        ("Read", read_words(profile.columns)),
        ("Left out", left_out_words(profile)),
        ("Measured", _protocol(profile)),
        ("Shards", shards_words(profile.totals)),
        ("Copies", copies_words(profile.totals)),
    ]
    return [(label, text) for label, text in rows if text]


def _tokens(profile: Profile) -> str:
    known = profile.estimated_tokens
    interval = spread(profile.estimated_tokens_ci95)
    how = f"about {quantity(known)}, 95 % {interval}" if interval else quantity(known) or "number not known"
    per_token = f"{profile.bytes_per_token:.2f} bytes per token" if profile.bytes_per_token else "a corpus of ids"
    if profile.n_documents is None:
        return f"{how}; {per_token}"
    documents = quantity(profile.n_documents) if not profile.n_documents_exact else f"{profile.n_documents:,}"
    seen = f"{profile.n_documents_seen:,} {'sampled' if profile.totals is None else 'long enough for H'}"
    return f"{how}; {per_token}; {plural(documents, 'document')}, {seen}"


def shards_words(totals: CorpusTotals | None) -> str:
    """Return how many shards there are, from which H to which, and which are unlike the others; nothing of a sample."""
    measured = [each.compressibility for each in totals.shards if each.compressibility is not None] if totals else []
    if totals is None or len(totals.shards) < 2 or not measured:
        return ""
    unlike = [shortened(each.name, _SHORT_NAME) for each in totals.unlike]
    named = f"; unlike the others {', '.join(unlike[:_MOST_NAMED])}" if unlike else ""
    more = f" and {len(unlike) - _MOST_NAMED:,} more" if len(unlike) > _MOST_NAMED else ""
    return f"{len(totals.shards):,}, H {nats(min(measured))} to {nats(max(measured))}{named}{more}"


def copies_words(totals: CorpusTotals | None) -> str:
    """Return how many documents and tokens are there once; nothing of a sample."""
    if totals is None:
        return ""
    unique = f"{quantity(totals.n_unique_tokens)} tokens in {plural(f'{totals.n_unique_documents:,}', 'document')}"
    return f"{format_share(totals.duplicated_fraction)} of the documents; unique are {unique}"


def _ends(profile: Profile) -> str:
    """Return what H would be of the same tokens shuffled, and of ids drawn at random."""
    found = profile.compressibility
    return f"{nats(found.shuffled_median)} with the tokens shuffled, {nats(found.ceiling)} for random ids"


def _protocol(profile: Profile) -> str:
    protocol = profile.protocol
    n = f"{profile.n_sequences}" if profile.totals is None else f"all {profile.n_sequences:,}"
    return f"gzip of {plural(n, 'sequence')} of {protocol.seq_len} tokens, {protocol.tokenizer or 'ids as they are'}"


def levels() -> str:
    """Return the characters of a histogram, from none to most, that stdout can show."""
    try:
        _BLOCKS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _ASCII
    return _BLOCKS


def sparkline(histogram: Histogram, levels: str = _BLOCKS) -> str:
    """Return the counts as a line of blocks, two bins a character; a dot where there is none.

    >>> from advisor.compressibility.size_counts import Histogram
    >>> sparkline(Histogram(low=0.0, high=0.8, counts=(0, 0, 1, 3, 8, 0)))
    '·▄█'
    """
    pairs = [sum(histogram.counts[i : i + 2]) for i in range(0, len(histogram.counts), 2)]
    top = max(*pairs, 1)
    return "".join(levels[-(-count * (len(levels) - 1) // top)] for count in pairs)


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


def left_out_words(profile: Profile) -> str:
    """Return what was left out, with its bytes and their share of all."""
    from advisor.compressibility.profile_cautions import bytes_in_all

    total = bytes_in_all(profile, profile.left_out)
    return "; ".join(f"{each.n:,} {each.reason}{_size(each, total)}" for each in profile.left_out)


def _size(each: LeftOut, total: float | None) -> str:
    if not each.n_bytes:
        return ""
    return f" ({format_bytes(each.n_bytes)}, {format_share(each.n_bytes / (total or each.n_bytes))})"
