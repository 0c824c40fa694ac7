"""The accelerators, and for how long: a budget in time, or what a budget takes."""

from __future__ import annotations

from functools import wraps
from typing import Any

import click

from advisor.commands import completed
from advisor.commands.options.declared import Command, all_of
from advisor.commands.values import duration, one_gpu, quantity, share, whole
from advisor.errors import UsageError

HOURS_IN = {"days": 24.0, "weeks": 168.0}


def in_hours(command: Command) -> Command:
    """Give a command the time of training as ``hours``, whichever of the options says it."""

    @wraps(command)
    def timed(*, hours: float | None, **given: Any) -> Any:
        found = {"hours": hours, **{unit: given.pop(unit) for unit in HOURS_IN}}
        named = [f"--{name}" for name, value in found.items() if value is not None]
        if len(named) > 1:
            raise UsageError(f"{' and '.join(named)} both say how long training takes: give one.")
        others = [HOURS_IN[unit] * found[unit] for unit in HOURS_IN if found[unit] is not None]
        return command(hours=others[0] if others else hours, **given)

    return timed


hardware_options = all_of(
    click.option(
        "--gpu",
        type=one_gpu,
        metavar="NAME",
        shell_complete=completed.gpus,
        help="Accelerator, such as H100; alone it turns FLOPs into GPU-hours.",
    ),
    click.option(
        "--peak-tflops",
        type=quantity("--peak-tflops"),
        metavar="TFLOPS",
        help="Dense bf16 TFLOP/s of an accelerator that is not in the table; --gpu is then its name.",
    ),
    click.option(
        "--gpus", type=whole("--gpus"), metavar="COUNT", help="Number of accelerators; with a time, the budget."
    ),
    click.option(
        "--hours", type=duration("--hours", "hours"), metavar="TIME", help="Wall-clock time: 100, or 36h, 14d, 2w."
    ),
    click.option("--days", type=duration("--days", "days"), metavar="TIME", help="The same, in days."),
    click.option("--weeks", type=duration("--weeks", "weeks"), metavar="TIME", help="The same, in weeks."),
    click.option("--mfu", type=share("--mfu"), metavar="SHARE", help="Model FLOPs utilisation.  [default: 40%]"),
    in_hours,
)
