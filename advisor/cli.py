"""The command ``advisor``: a group that loads a command's module only when that command runs.

A command parses its options, makes one library call and hands the result to ``advisor.report``. Every AdvisorError is
caught here, and nowhere else, and printed as one sentence.
"""

import gc
import importlib
import io
import os
import sys
from typing import Any

import click

from advisor.errors import AdvisorError

# name -> module with a click command `command`. The order is the order in `advisor --help`.
COMMANDS = {
    "score": "advisor.commands.score",
    "recommend": "advisor.commands.recommend",
    "repeat": "advisor.commands.repeat",
    "laws": "advisor.commands.laws",
    "evidence": "advisor.commands.evidence",
    "compare": "advisor.commands.compare",
    "table": "advisor.commands.table",
    "pilot": "advisor.commands.pilot",
    "fit": "advisor.commands.fit",
    "grammar": "advisor.commands.grammar",
    "calibrate": "advisor.commands.calibrate",
}


class LazyGroup(click.Group):
    """A group whose commands are modules, imported when first asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an AdvisorError becomes one sentence on stderr and its exit code."""
        try:
            return super().invoke(ctx)
        except AdvisorError as error:
            from advisor.corpus.remote.address import scrubbed

            sentence = "".join(char if char.isprintable() else "?" for char in scrubbed(str(error)))
            click.echo(f"Error: {sentence}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="data-scaling-advisor", prog_name="advisor")
def group() -> None:
    """Given this corpus and this compute: how many parameters, how many tokens?"""


def main() -> None:
    """Run the command line; Ctrl-C exits with 130, a reader of the output that goes away with 1."""
    gc.freeze()  # modules live as long as the process: to look through them, above all at the exit, slows every start
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - None where the caller closed it (>&-)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character gets a question mark
    try:
        sys.exit(group.main(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(130)
    except OSError as error:
        click.echo(f"Error: Cannot print the result: {error.strerror}.", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain again at exit
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
