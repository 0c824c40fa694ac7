"""The command ``advisor``: a group that loads a command's module only when that command runs.

A command parses its options, makes one library call and hands the result to ``advisor.report``. Every AdvisorError is
caught here, and nowhere else, and printed as one sentence.
"""

import gc
import importlib
import io
import os
import re
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import click

from advisor.errors import AdvisorError, did_you_mean, first_line
from advisor.report import terminal

# name -> module with a click command `command`. The order is the order in `advisor --help`.
COMMANDS = {
    "score": "advisor.commands.score",
    "recommend": "advisor.commands.recommend",
    "repeat": "advisor.commands.repeat",
    "laws": "advisor.commands.laws",
    "evidence": "advisor.commands.evidence",
    "compare": "advisor.commands.compare",
    "table": "advisor.commands.table",
    "report": "advisor.commands.report",
    "pilot": "advisor.commands.pilot",
    "fit": "advisor.commands.fit",
    "grammar": "advisor.commands.grammar",
    "calibrate": "advisor.commands.calibrate",
    "completion": "advisor.commands.completion",
    "explain": "advisor.commands.explain",
    "schema": "advisor.commands.schema",
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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for; one that there is not is asked back by the name it is like."""
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError:
            if args[0].startswith("-"):
                raise
            hint = did_you_mean(args[0], COMMANDS) or f": the commands are {', '.join(COMMANDS)}."
            raise click.UsageError(f"No such command {args[0]!r}{hint}", ctx) from None
        if command is not None and not ctx.resilient_parsing:
            _refuse_twice(command, command.context_class(command, ctx, name, **command.context_settings), rest)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an AdvisorError becomes one sentence on stderr and its exit code."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            hint = _units_apart(error.message)
            if not hint:
                raise
            raise click.UsageError(error.message + hint, error.ctx) from None
        except AdvisorError as error:
            from advisor.corpus.remote.address import scrubbed

            terminal.note(f"Error: {scrubbed(str(error))}")
            ctx.exit(error.exit_code)


def _refuse_twice(command: click.Command, ctx: click.Context, args: list[str]) -> None:
    """Raise a UsageError where an option of one value is given twice: click would take the last without a word."""
    ctx.resilient_parsing = True  # what else is wrong is said when the command itself is read
    _, _, given = command.make_parser(ctx).parse_args(list(args))
    for one in given:
        if isinstance(one, click.Option) and not (one.multiple or one.is_flag or one.count) and given.count(one) > 1:
            raise click.UsageError(f"{one.opts[0]} is given {given.count(one)} times; it takes one value.", ctx)


def _units_apart(message: str) -> str:
    """Return what to add to click's complaint about an argument too many that is a unit, as in --unique-tokens 10 B."""
    extra = re.search(r"unexpected extra arguments? \((\S+)", message)
    if extra is None:
        return ""
    from advisor.commands.values import is_unit, put_together

    word = extra[1].rstrip(")")
    return f", and {word} {put_together(word)}" if is_unit(word) else ""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="data-scaling-advisor", prog_name="advisor")
def group() -> None:
    """Given this corpus and this compute: how many parameters, how many tokens?

    Exit codes: 0 ok, 1 a failure at run time, 2 wrong usage, 3 a caution named by --fail-on, 130 interrupted,
    143 terminated.
    """


class Terminated(KeyboardInterrupt):
    """SIGTERM: what is under way is ended as by Ctrl-C."""


def _terminate(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one ends the program where it is
    raise Terminated


def main() -> None:
    """Run the command line; Ctrl-C exits with 130, SIGTERM with 143, a reader of the output that goes away with 1."""
    gc.freeze()  # modules live as long as the process: to look through them, above all at the exit, slows every start
    sys.stdout = sys.stdout or terminal.ClosedStream()  # None where the caller closed it (>&-)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character gets a question mark
    warnings.showwarning = terminal.show_warning  # type: ignore[assignment]
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(group.main(standalone_mode=False) or 0)
    except click.exceptions.Abort as abort:
        terminated = isinstance(abort.__cause__ or abort.__context__, Terminated)
        terminal.note("Terminated." if terminated else "Interrupted.")
        sys.exit(143 if terminated else 130)
    except OSError as error:
        terminal.note(f"Error: Cannot print the result: {error.strerror}.")
        terminal.discard(sys.stdout)
        sys.exit(1)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        terminal.notes(said.getvalue())
        sys.exit(error.exit_code)
    except MemoryError:
        terminal.note("Error: This needs more memory than there is.")
        sys.exit(1)
    except Exception as error:
        if os.environ.get("ADVISOR_TRACEBACK"):
            raise
        terminal.note(f"Error: {_fault(error)}")
        sys.exit(1)


def _fault(error: Exception) -> str:
    """Return what to say of an exception that nobody foresaw, and where it arose."""
    import traceback

    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{'/'.join(Path(place.filename).parts[-3:])}, line {place.lineno}"
    return (
        f"advisor itself is at fault ({type(error).__name__}: {first_line(error)}; {where}): please report it, with "
        "what you asked and, if you can, the input; ADVISOR_TRACEBACK=1 shows all of it."
    )
