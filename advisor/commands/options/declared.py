"""What declarations of options share: several as one decorator, a file, and whether one is on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

MOST_SEED = 2**63 - 1
FILE = click.Path(dir_okay=False, path_type=Path)


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
