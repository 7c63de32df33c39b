"""Examine the settings beyond what reading them checks: what they leave unsaid, and variables that nobody reads."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from flows.doctor.diagnosis import Diagnosis, bad, doubtful, good
from flows.runtime.errors import ExitCode
from flows.settings.load import DEFAULT_FILE
from flows.settings.sections import Settings

_PREFIX = "TIEOUT_"
_OTHERS = {"CONFIG"}  # read before the settings are


def examine_settings(settings: Settings, config: Path | None) -> Iterator[Diagnosis]:
    """Say where the settings came from, and what of them cannot work."""
    named = config or os.environ.get("TIEOUT_CONFIG") or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    where = f"from {named}" if named else "from the environment alone: there is no tieout.toml here"
    yield good("settings", f"Read {where}; workspace {settings.root}.")
    yield from _examine_credentials(settings)
    yield from _examine_variables()


def _examine_credentials(settings: Settings) -> Iterator[Diagnosis]:
    mindbody, rewards = settings.mindbody, settings.referral_rock
    if not mindbody.sites and rewards.public_key is None and rewards.private_key is None:
        mend = "Add a [[mindbody.sites]] or the keys of [referral_rock]."
        yield bad("settings", "No service is configured.", mend, ExitCode.WRONG_USAGE)
    if mindbody.sites and mindbody.api_key is None:
        mend = "Add it to tieout.toml or set TIEOUT_MINDBODY__API_KEY."
        yield bad("settings", "mindbody.api_key is missing.", mend, ExitCode.WRONG_USAGE)
    if mindbody.api_key is not None and not mindbody.sites:
        yield doubtful("settings", "There is a mindbody.api_key and no site.", "Add a [[mindbody.sites]].")
    if (rewards.public_key is None) != (rewards.private_key is None):
        missing = "public_key" if rewards.public_key is None else "private_key"
        mend = f"Add it to tieout.toml or set TIEOUT_REFERRAL_ROCK__{missing.upper()}."
        yield bad("settings", f"referral_rock.{missing} is missing.", mend, ExitCode.WRONG_USAGE)


def _examine_variables() -> Iterator[Diagnosis]:
    """Name the variables with our prefix that no setting answers to: misspelt, they would be passed over in silence."""
    known = [name.upper() for name in Settings.model_fields]
    for variable in sorted(os.environ):
        section = variable.upper().removeprefix(_PREFIX).partition("__")[0]
        if not variable.upper().startswith(_PREFIX) or section in {*known, *_OTHERS}:
            continue
        close = get_close_matches(section, known, n=1)
        mend = f"Did you mean {_PREFIX}{close[0]}?" if close else "Take it out if it was meant for tieout."
        yield doubtful("settings", f"Nothing reads the variable {variable}.", mend)
