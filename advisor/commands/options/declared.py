"""What declarations of options share: several as one decorator, a file, and whether one is on the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from advisor.errors import UsageError

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

MOST_SEED = 2**63 - 1


class NamedPath(click.Path):
    """A path that has a name: an empty one, such as of a variable that is not set, would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path.

        Raises:
            UsageError: the name is empty.
        """
        if not os.fspath(value):
            what = param.get_error_hint(ctx) if param is not None and ctx is not None else "a path"
            raise UsageError(f"The name given for {what} is empty.")
        return super().convert(value, param, ctx)


FILE = NamedPath(dir_okay=False, path_type=Path)
FOLDER = NamedPath(file_okay=False, path_type=Path)
PATH = NamedPath(path_type=Path)  # of a file or a folder, or of what is not there yet


def all_of(*options: Decorator) -> Decorator:
    """Return what adds these options to a command, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def is_given(name: str) -> bool:
    """Return whether the parameter ``name`` of the running command is on the command line."""
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def spelled(name: str) -> str:
    """Return the option of the running command's parameter ``name`` as people write it."""
    return next(each.opts[0] for each in click.get_current_context().command.params if each.name == name)
