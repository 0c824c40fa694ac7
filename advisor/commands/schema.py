"""``advisor schema``: the JSON Schema of every document and file, and the codes of all cautions."""

from __future__ import annotations

import click

from advisor.commands import completed
from advisor.commands.options import json_option
from advisor.errors import UsageError

_EXAMPLES = """\b
Examples:
  advisor schema
  advisor schema recommend > recommend.schema.json
  advisor schema --codes
"""


@click.command("schema", epilog=_EXAMPLES)
@click.argument("name", required=False, shell_complete=completed.schemas)
@click.option("--codes", is_flag=True, help="List the codes of all cautions in place of documents.")
@json_option("the list")
def command(name: str | None, codes: bool, as_json: bool) -> None:
    """Print the JSON Schema (draft 2020-12) of a document that --json prints, or of a file; list them without a NAME.

    Keys that a schema requires stay; newer versions may add others. --codes lists what --fail-on takes: each code with
    its severity and what it says.
    """
    from advisor.report import schema as report

    if codes and name is not None:
        raise UsageError(f"--codes lists the codes of cautions, and {name} names a document: give one.")
    if codes:
        report.show_codes(as_json=as_json)
    elif name is None:
        report.show_names(as_json=as_json)
    else:
        report.show_schema(name)
