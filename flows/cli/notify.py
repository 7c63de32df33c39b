"""``tieout notify test``: whether the addresses of notices take a message."""

from typing import TYPE_CHECKING

import typer

from flows.cli.options import Config, Json
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.terminal import write_json, write_line

if TYPE_CHECKING:
    from pathlib import Path

notify = typer.Typer(help="Whom nights tell how they ended.", no_args_is_help=True)


@notify.command("test")
def send_test(config: Config = None, json: Json = False) -> None:
    """Send a message to every address of notify.urls; 3 where one does not take it."""
    raise typer.Exit(run_test(config, as_json=json))


@notify.callback()
def addresses() -> None:
    """Whom nights tell how they ended."""


def run_test(config: "Path | None", *, as_json: bool) -> ExitCode:
    """Send a message that says that it is none, and tell who took it."""
    from flows.notices.send import TEST_BODY, TEST_TITLE, send_to_each
    from flows.settings.load import load_settings

    settings = load_settings(config)
    if not settings.notify.urls:
        raise WrongUsage("notify test has nobody to tell: add an address to notify.urls in the settings.")
    taken = send_to_each(settings, TEST_TITLE, TEST_BODY)
    if as_json:
        write_json({"addresses": [{"number": number, "taken": is_taken} for number, is_taken in enumerate(taken, 1)]})
    else:
        for number, is_taken in enumerate(taken, start=1):
            # By its number: an address is as good as a password.
            write_line(f"address {number}: {'took the message' if is_taken else 'took no message'}")
    return ExitCode.TIES_OUT if all(taken) else ExitCode.COULD_NOT_RUN
