"""What only a process of its own shows: its start-up time, its streams and how it stops."""

import json
import os
import signal
import subprocess
import sys

import pytest

from flows.sandbox.process import ROOT
from tests.flows.sandbox.launch import run_python

HELP_SECONDS = 0.7  # of processor time, since a busy machine stretches the other


def test_help_is_quick_and_lists_the_commands() -> None:
    before = os.times()
    ended = run_python("-m", "flows.cli", "--help")
    after = os.times()
    assert (ended.returncode, "reconcile" in ended.stdout, ended.stderr) == (0, True, "")
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    assert spent < HELP_SECONDS


def test_sandbox_prints_one_line_and_stops_in_order() -> None:
    command = [sys.executable, "-m", "flows.cli", "sandbox"]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert set(ready) == {"url", "mindbody", "referral_rock", "log"}


@pytest.mark.parametrize("arguments", [(), ("db",)])
def test_a_command_without_its_verb_shows_the_help(arguments: tuple[str, ...]) -> None:
    ended = run_python("-m", "flows.cli", *arguments)
    assert (ended.returncode, "Usage" in ended.stdout + ended.stderr) == (2, True)
