"""``tieout demo``: the nightly flow on the samples, against a sandbox that loses two answers."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Plain
from flows.cli.run import run_night
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_line

# The answers to two first posts are lost. One is settled by reading back; for the other, reading fails as well.
_FAULTS = "drop_after=100000009*1,read_503=100000009,drop_after=100000010*1"
_PACKAGE = Path(__file__).resolve().parents[1]
_HEAD = """\
# Written by `tieout demo`. The sandbox that it points to is gone when the demo ends.

[inbox]
quiet_seconds = 0  # the samples are whole

"""
_LOADER = """\
[loader]
timeout_seconds = 5
requests_per_second = 200
max_tries = 3
settle_after_seconds = 1
"""


def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", help="The folder to run in; a temporary one otherwise.")
    ] = None,
    plain: Plain = False,
) -> None:
    """Run the nightly flow on the samples against a sandbox of both services."""
    raise typer.Exit(run_demo(keep, plain=plain))


def run_demo(keep: Path | None, *, plain: bool) -> ExitCode:
    """Run the demo in a folder of its own, which stays: the report lies there."""
    from flows.sandbox import start_sandbox
    from flows.sandbox.settings_text import settings_text

    _forget_other_settings()
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="tieout-demo-"))
    inbox = folder / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    for sample in _samples():
        shutil.copy(sample, inbox)
    with start_sandbox(state=folder / "sandbox.db", faults=_FAULTS) as sandbox:
        config = folder / "tieout.toml"
        config.write_text(_HEAD + settings_text(sandbox) + _LOADER, encoding="utf-8")
        write_line(f"Sandbox of both services at {sandbox['url']}, working in {folder}", error=True)
        code = run_night(config, plain=plain, as_json=False)
    write_line(_MEANING[code])
    return code


def _forget_other_settings() -> None:
    """Take what settings the environment has out of this process.

    They would hold before those of the demo: its rows would go to the ledger, the services and the people of a real
    workspace.
    """
    for name in [name for name in os.environ if name.upper().startswith("TIEOUT_")]:
        del os.environ[name]


_MEANING = {
    ExitCode.TIES_OUT: "exit 0: everything ties out.",
    ExitCode.NEEDS_A_PERSON: "exit 1: it ran, and something waits for a person, as the samples deserve.",
    ExitCode.COULD_NOT_RUN: "exit 3: it could not run to the end; nothing was lost.",
}


def _samples() -> list[Path]:
    """Return the samples: beside the packages in a clone, inside this one where tieout is installed."""
    in_package = _PACKAGE / "data_samples"
    folder = in_package if in_package.is_dir() else _PACKAGE.parent / "data_samples"
    files = [path for path in folder.iterdir() if path.is_file()]
    # A text beside them says what each one shows.
    return sorted(path for path in files if path.suffix != ".md")
