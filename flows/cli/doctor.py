"""``tieout doctor``: a line for each thing examined."""

import json
from pathlib import Path

import typer

from flows.doctor import examine
from flows.doctor.diagnosis import worst_exit_code
from flows.runtime.errors import ExitCode


def run_doctor(config: Path | None, *, as_json: bool) -> ExitCode:
    """Print what was found; the exit code tells the gravest of it."""
    findings = examine(config)
    code = worst_exit_code(findings)
    if as_json:
        checks = [finding.to_json() for finding in findings]
        typer.echo(json.dumps({"exit_code": int(code), "checks": checks}, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(finding.line)
    return code
