"""Write docs/commands.md, the help of every command; ``--check`` fails if it is not what the commands print.

python docs/make_commands.py [--check]
"""

import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from advisor.cli import COMMANDS, group

PAGE = Path(__file__).parent / "commands.md"
HEAD = """# Commands

What `advisor COMMAND --help` prints. This page is written by `python docs/make_commands.py`; a check keeps it true.
Where to begin is in [index.md](index.md); a word on a screen is explained by `advisor explain WORD`. Documents of
`--json`, their schemas and the exit codes are in [json.md](json.md).
"""


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD]
    for name in ("", *COMMANDS):
        command = group.get_command(click.Context(group), name) if name else group
        assert command is not None, name
        context = click.Context(
            command, info_name=f"advisor {name}".strip(), terminal_width=100, help_option_names=["-h", "--help"]
        )
        parts.append(f"## {context.info_name}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def main() -> None:
    """Write the page, or check it."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/commands.md is not what the commands print: run python docs/make_commands.py")


if __name__ == "__main__":
    main()
