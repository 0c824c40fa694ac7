"""``advisor completion``: the script that makes a shell complete commands, options and their values."""

from __future__ import annotations

import click

_EXAMPLES = """\b
Examples:
  source <(advisor completion bash)    # in ~/.bashrc
  source <(advisor completion zsh)     # in ~/.zshrc
  advisor completion fish > ~/.config/fish/completions/advisor.fish
"""


@click.command("completion", epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script for a shell that completes commands, options, and names of laws, accelerators and more."""
    from click.shell_completion import get_completion_class

    from advisor.report import terminal

    found = get_completion_class(shell)
    assert found is not None  # the choice is of click's own
    group = click.get_current_context().find_root().command
    terminal.document(found(group, {}, "advisor", "_ADVISOR_COMPLETE").source().lstrip("\n"))
