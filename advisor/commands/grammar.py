"""``advisor grammar``: draw grammars, say what is known about them, write them and their documents."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.commands import completed
from advisor.commands.fail_on import fail_on_option
from advisor.commands.options import PATH, cautions_option, full_option, json_option, quiet_option
from advisor.errors import UsageError
from advisor.quantities import parse_quantity
from advisor.report import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.caution import Caution
    from calibration.grammars.search import Search
    from calibration.grammars.sets import NamedGrammar

MOST_SEED = (1 << 63) - 1
MOST_MEASURED = 32_000_000  # tokens, all of them in memory: some 400 MB
MOST_TARGETS = 1000  # grammars are searched for one by one, each for seconds
SETS = ("paper", "iso-vocab", "iso-gzip", "two-way", "ladder")


@click.command(
    epilog="""\b
Examples:
  advisor grammar paper
  advisor grammar --target-h .10,.15,...,.70 --out ladder
  advisor grammar paper --only A6 --tokens 100M --out data
  advisor grammar two-way --json
"""
)
@click.argument("name", metavar="[SET]", required=False, type=click.Choice(SETS))
@click.option("--target-h", metavar="H,H,...", help="Grammars of these compressibilities; .10,.15,...,.70 counts on.")
@click.option("--shape", metavar="N,T,O,L", help="One grammar: nonterminals, terminals, max options, max length.")
@click.option("--grammars", metavar="FILE", type=PATH, help="A grammars.json written before.")
@click.option(
    "--only",
    metavar="NAMES",
    shell_complete=completed.grammars,
    help="Keep only these grammars of the set, such as A1,A6.",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, MOST_SEED), help="Of the draw and the sample."
)
@click.option(
    "--documents", default=1000, show_default=True, type=click.IntRange(2, 1_000_000), help="Documents to measure."
)
@click.option("--seq-len", default=256, show_default=True, type=click.IntRange(1, 8192), help="Tokens in a document.")
@click.option("--out", metavar="DIR", type=PATH, help="Write DIR/grammars.json.")
@click.option("--tokens", metavar="COUNT", help="Write so many tokens of each grammar to DIR/<name>/*.parquet: 100M.")
@cautions_option
@full_option
@json_option()
@quiet_option
@fail_on_option
def command(
    name: str | None,
    target_h: str | None,
    shape: str | None,
    grammars: Path | None,
    only: str | None,
    seed: int,
    documents: int,
    seq_len: int,
    out: Path | None,
    tokens: str | None,
    cautions: bool,
    full: bool,
    as_json: bool,
    quiet: bool,
) -> Sequence[Caution]:
    """Draw random grammars of known entropy and compressibility, and sample data sets from them.

    SET is paper (A1-A6), iso-vocab (V1-V6) or iso-gzip (G1-G4), as Pandey (2024) drew them; two-way:
    twelve grammars in which compressibility and entropy rate vary independently; or ladder: the eight of
    `advisor calibrate --preset cpu`.
    """
    from advisor.report.grammar import cautions_of, show
    from advisor.report.screen import Wanted
    from calibration.grammars.survey import survey

    if sum(source is not None for source in (name, target_h, shape, grammars)) != 1:
        raise UsageError("Name one source of grammars: a SET, --target-h, --shape or --grammars.")
    if tokens is not None and out is None:
        raise UsageError(f"--tokens {tokens} needs a folder to write to: add --out DIR.")
    if documents * seq_len > MOST_MEASURED:
        raise UsageError(
            f"--documents {documents} of --seq-len {seq_len} are {documents * seq_len:,} tokens, and {MOST_MEASURED:,} "
            "are the most that are measured: ask for fewer."
        )
    n_tokens = max(round(parse_quantity(tokens, "--tokens")), 1) if tokens is not None else None
    progress = _quiet if quiet else _say
    chosen, search = _grammars(name, target_h, shape, grammars, seed=seed, quiet=quiet)
    result = survey(
        _only(chosen, only),
        seed=seed,
        search=search,
        n_documents=documents,
        seq_len=seq_len,
        out=out,
        n_tokens=n_tokens,
        progress=progress,
    )
    show(result, asked=Wanted(cautions=cautions, full=full), as_json=as_json)
    return cautions_of(result)


def _grammars(
    name: str | None, target_h: str | None, shape: str | None, file: Path | None, *, seed: int, quiet: bool
) -> tuple[tuple[NamedGrammar, ...], Search | None]:
    """Return the grammars asked for, and the search that found them if there was one."""
    from calibration.campaign.presets import grammars_of
    from calibration.grammars.grammar import draw
    from calibration.grammars.search import target_set, two_way_set
    from calibration.grammars.sets import NamedGrammar, load_set, shape_of

    progress = _quiet if quiet else _say
    if target_h is not None:
        search = target_set(_targets(target_h), seed=seed, progress=progress)
    elif name == "two-way":
        search = two_way_set(seed=seed, progress=progress)
    elif file is not None:
        return load_set(file), None
    elif name is not None:
        return grammars_of(name, seed=seed), None
    else:
        one = shape_of(_numbers(str(shape)))
        return (NamedGrammar(name="drawn", shape=one, seed=seed, grammar=draw(one, seed=seed)),), None
    return search.grammars, search


def _only(grammars: tuple[NamedGrammar, ...], names: str | None) -> tuple[NamedGrammar, ...]:
    if names is None:
        return grammars
    wanted = [name.strip() for name in names.split(",")]
    known = [grammar.name for grammar in grammars]
    for name in wanted:
        if name not in known:
            raise UsageError(f"--only {name}: there is no such grammar in the set; it has {', '.join(known)}.")
    return tuple(grammar for grammar in grammars if grammar.name in wanted)


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        raise UsageError(f"--shape {text}: give four whole numbers, as in --shape 20,300,10,5.")
    return numbers


def _targets(text: str) -> list[float]:
    """Return the numbers of ``.10,.15,...,.70``; an ellipsis goes on by the step before it."""
    parts = [part.strip() for part in text.split(",")]
    try:
        if "..." not in parts:
            found = [float(part) for part in parts]
        else:
            first, second, last = (float(parts[index]) for index in (0, 1, 3))
            if len(parts) != 4 or parts[2] != "..." or not first < second <= last:
                raise ValueError
            n_targets = round((last - first) / (second - first)) + 1
            found = [round(first + k * (second - first), 6) for k in range(min(n_targets, MOST_TARGETS + 1))]
    except (ValueError, IndexError, OverflowError) as error:
        raise UsageError(f"--target-h {text}: give numbers such as .25,.45 or .10,.15,...,.70.") from error
    if not all(map(math.isfinite, found)):
        raise UsageError(f"--target-h {text}: give numbers such as .25,.45 or .10,.15,...,.70.")
    if len(found) > MOST_TARGETS:
        raise UsageError(f"--target-h {text[:80]}: at most {MOST_TARGETS:,} grammars are searched for at once.")
    if len(set(found)) < len(found):
        raise UsageError(f"--target-h {text}: each compressibility may be asked for once.")
    return found


def _say(line: str) -> None:
    terminal.note(line)


def _quiet(line: str) -> None:
    pass
