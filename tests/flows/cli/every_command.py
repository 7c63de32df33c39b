"""Every command that there is, as somebody may type it."""

from collections.abc import Iterator
from typing import Any

import typer

from flows.cli.app import app

GROUP: Any = typer.main.get_command(app)
# What a command needs beside the arguments that it cannot do without.
_MORE = {
    "keep": ("--site", "-98", "--reason", "r"),
    "discard": ("x",),
    "sign": ("--by", "Ann"),
    "retry": ("x", "--reason", "r"),
    **dict.fromkeys(("replace", "reverse"), ("--reason", "r")),
    "upload": ("--yes",),
    "run": ("--plain",),
    "user add": ("--role", "administrator"),
    "user roles": ("--role", "administrator"),
    "db archive": ("--yes",),
}
_VALUES = {"before": "2020-01-01", "period": "2026-09"}


def commands_with(parameter: str) -> dict[str, list[str]]:
    """Return the commands that have a parameter of this name, each as somebody may type it."""
    return {
        " ".join(name): _typed(name, command)
        for name, command in _commands(GROUP)
        if any(one.name == parameter for one in command.params)
    }


def _commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every command with its name; a group may be a command, too."""
    for name, command in group.commands.items():
        yield (*before, name), command
        if hasattr(command, "commands"):
            yield from _commands(command, (*before, name))


def _typed(name: tuple[str, ...], command: Any) -> list[str]:
    words = list(name)
    for parameter in command.params:
        if parameter.required:
            option = [parameter.opts[0]] if parameter.param_type_name == "option" else []
            words += [*option, _VALUES.get(parameter.name, "x")]
    return [*words, *_MORE.get(" ".join(name), ())]
