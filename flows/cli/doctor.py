"""``tieout doctor``: a line for each thing examined."""

from pathlib import Path

import typer

from flows.cli.options import Config, Json
from flows.runtime.errors import ExitCode
from flows.runtime.terminal import write_json, write_line


def doctor(config: Config = None, json: Json = False) -> None:
    """Say what works and how to mend what does not: settings, ledger, folders, services, credentials, clocks, nights.

    Changes nothing. One counted call a Mindbody site and one at Referral Rock try the credentials. Exit code: 0 all is
    well, 1 a person should look, 2 settings are wrong, 3 something is out of reach.
    """
    raise typer.Exit(run_doctor(config, as_json=json))


def run_doctor(config: Path | None, *, as_json: bool) -> ExitCode:
    """Print what was found; the exit code tells the gravest of it."""
    from flows.doctor import examine
    from flows.doctor.diagnosis import worst_exit_code

    diagnoses = examine(config)
    code = worst_exit_code(diagnoses)
    if as_json:
        checks = [diagnosis.to_json() for diagnosis in diagnoses]
        write_json({"exit_code": int(code), "checks": checks})
    else:
        for diagnosis in diagnoses:
            write_line(diagnosis.line)
    return code
