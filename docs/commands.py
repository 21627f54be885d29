"""The commands of the program as a page: usage, help, arguments and options of each, as the program itself tells them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_command

from ui.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 130


def commands() -> str:
    """Return every command as a section, in the order of `squatscope --help`."""
    group: Any = get_command(app)  # of click, which typer carries within it from some version on
    return "\n".join(_section(name, command) for name, command in group.commands.items())


def _section(name: str, command: Any) -> str:  # noqa: ANN401
    context = typer.Context(command, info_name=name)
    usage = " ".join(["squatscope", name, *command.collect_usage_pieces(context)])
    items = "\n".join(_items(command, context))
    return "\n".join([f"## {name}", "", _wrapped(command.help), "", "```text", usage, "```", "", items, ""])


def _items(command: Any, context: typer.Context) -> Iterator[str]:  # noqa: ANN401
    """Yield an item for each argument and option but --help, which every command has."""
    for parameter in command.params:
        names, text = parameter.get_help_record(context)
        yield _wrapped(f"`{names}`: {text}", "- ", "  ")


def _wrapped(text: str, first: str = "", later: str = "") -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
