"""``advisor report``: one HTML page of results, from their files or from the options of a recommendation."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from advisor.answer.request import Request
from advisor.commands import recommend as recommending
from advisor.commands.options import (
    FILE,
    HOURS_IN,
    Reading,
    corpus_options,
    in_hours,
    is_given,
    refuse_reading_options,
    shared_options,
    spelled,
)
from advisor.data_files import check_writable, refuse_overwriting, write_atomically
from advisor.errors import UsageError

_EXAMPLES = """\b
Examples:
  advisor report corpus/ --flops 1e21 --out report.html
  advisor report --gpu H100 --gpus 64 --hours 100 --unique-tokens 40B --out report.html
  advisor recommend corpus/ --flops 1e21 --json > answer.json && advisor report answer.json --out report.html
  advisor report profile.json fit.json law.json calibration/ --out report.html
"""
_ASKED = frozenset((*(field.name for field in fields(Request)), *HOURS_IN))
_CORPUS = ("profile", "corpus", "count_tokenizer")  # with the reading options, what a request is about
_SECRET = "token"


def _report(
    names: tuple[str, ...],
    out: Path,
    quiet: bool,
    profile: Path | None,
    corpus: str | None,
    count_tokenizer: str | None,
    reading: Reading,
    **asked: Any,
) -> None:
    """Write one HTML page: the answer first, then why, how sure, what else, what to mind, where it comes from.

    FILE... are documents of score, recommend, compare, repeat, table and fit (--json), law files, coefficients files
    and folders of advisor calibrate, up to 50 in one page. With a budget the page is of a new recommendation: SOURCE
    and every option are those of `advisor recommend`.

    The page fetches nothing. With a script it has charts to read values off, a budget to move and laws to switch off;
    without one, and on paper, it has the same numbers and still pictures. It is about 5 MB, most of it the library that
    draws; a page without charts has 15 KB.
    """
    from advisor.report.page.html import check_extra
    from advisor.report.page.provenance import date

    check_extra()
    date()  # a wrong SOURCE_DATE_EPOCH is said before any work is done
    check_writable(out)
    files = (profile, asked["law"], asked["coefficients"], asked["pilot"])
    refuse_overwriting(out, *names, *files)
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--out {out} must end in .html or .htm: the page is HTML, and a browser prints it as a PDF.")
    given = [name for name in (*_ASKED, *_CORPUS) if is_given(name)]
    if given:
        _of_request(names, out, profile, corpus, count_tokenizer, reading, asked, quiet=quiet)
    else:
        _of_files(names, out)


def _of_files(names: Sequence[str], out: Path) -> None:
    """Write the page of documents."""
    from advisor.report.page.sections import sections_of
    from advisor.report.page.taken import check_files

    paths = check_files(names)
    refuse_reading_options("a SOURCE")
    sections, files = sections_of(paths)
    _write(sections, out, files)


def _of_request(
    names: Sequence[str],
    out: Path,
    profile: Path | None,
    corpus: str | None,
    count_tokenizer: str | None,
    reading: Reading,
    asked: dict[str, Any],
    *,
    quiet: bool,
) -> None:
    """Write the page of a new recommendation."""
    from advisor.report.page.sections import check_sources

    check_sources(names)
    if len(names) > 1:
        raise UsageError(
            f"A recommendation is about one SOURCE, and {len(names)} are named: {', '.join(names)}; make a file of "
            "each with advisor recommend --json and name these files alone."
        )
    from advisor.report.page.asked import AskedRequest
    from advisor.report.page.sections import section_of_request

    source = names[0] if names else None
    if source is None:
        refuse_reading_options("a SOURCE")
    request = Request(**asked)
    measured = recommending.measured_corpus(source, profile, corpus, request, reading, quiet=quiet)
    counted = None
    if count_tokenizer is not None:
        counted = recommending.counted_tokens(source, count_tokenizer, reading, quiet=quiet)
    _write([section_of_request(AskedRequest(request=request, profile=measured, counted=counted))], out, [])


def _write(sections: Sequence[Any], out: Path, files: Sequence[tuple[str, str]]) -> None:
    from advisor.quantities import format_bytes
    from advisor.report.page.html import page
    from advisor.report.page.provenance import provenance, version
    from advisor.report.text import echo

    made = provenance(sections, command=_command_line(), files=files)
    title = ", ".join(dict.fromkeys(section.kind for section in sections))
    text = page(sections, made, title=f"{title} by advisor", version=version())
    write_atomically(out, text)
    echo(f"{out}: {format_bytes(len(text.encode()))}; open it in a browser.")


def _command_line() -> str:
    """Return the command as it can be given again, without the token of the hub."""
    from advisor.corpus.remote.address import scrubbed

    context = click.get_current_context()
    parts = ["advisor", "report"]
    for parameter in context.command.params:
        name = str(parameter.name)
        if not is_given(name):
            continue
        parts += _spelled_out(parameter, name, context.params[name])
    return scrubbed(shlex.join(parts))


def _spelled_out(parameter: click.Parameter, name: str, value: Any) -> list[str]:
    if isinstance(parameter, click.Argument):
        return [str(each) for each in value]
    if name == _SECRET:
        return [spelled(name), "..."]
    if isinstance(value, bool):
        return [spelled(name)] if value else [str(parameter.secondary_opts[0])]
    values = value if isinstance(value, tuple) else (value,)
    return [word for each in values for word in (spelled(name), _as_typed(each))]


def _as_typed(value: object) -> str:
    return f"{value:.12g}".replace("e+", "e") if isinstance(value, float) else str(value)


def _command() -> click.Command:
    callback: Callable[..., Any] = in_hours(corpus_options(_report))
    parameters = [
        click.Argument(["names"], nargs=-1, metavar="[FILE]..."),
        click.Option(["--out"], type=FILE, required=True, metavar="FILE", help="The page to write."),
        *shared_options(recommending.command, {*_ASKED, *_CORPUS, "quiet"}),
    ]
    return click.Command("report", callback=callback, params=parameters, help=_report.__doc__, epilog=_EXAMPLES)


command = _command()
