"""Examine the settings beyond what reading them checks: what they leave unsaid, and variables that nobody reads."""

import os
import re
import stat
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from flows.doctor.diagnosis import Diagnosis, bad, doubtful, good
from flows.runtime.clock import utc_now
from flows.runtime.errors import ExitCode, SettingsError
from flows.services.network import ca_file, own_authorities
from flows.settings.load import DEFAULT_FILE
from flows.settings.sections import Settings

# A key with a value that is no reference to a block of Prefect, or a password within an address.
_SECRET_KEY = re.compile(
    r"""^\s*(?:api_key|public_key|private_key|password|ping_url|urls)\s*=(?!\s*["']\{\{)|://[^/\s"':@]*:[^/\s"'@]+@""",
    re.MULTILINE,
)
_SOON = timedelta(days=14)  # a certificate ends on a day that nobody remembers
_PREFIX = "TIEOUT_"
_OTHERS = {"CONFIG"}  # read before the settings are


def examine_settings(settings: Settings, config: Path | None) -> Iterator[Diagnosis]:
    """Say where the settings came from, and what of them cannot work."""
    default = DEFAULT_FILE if DEFAULT_FILE.exists() else None
    named = config or os.environ.get("TIEOUT_CONFIG") or default
    where = f"from {named}" if named else "from the environment alone: there is no tieout.toml here"
    yield good("settings", f"Read {where}; workspace {settings.root}.")
    if named:
        yield from _examine_access(Path(named))
    yield from _examine_credentials(settings)
    yield from _examine_authorities(settings)
    yield from _examine_variables()


def _examine_access(file: Path) -> Iterator[Diagnosis]:
    """Say where other users of this machine can read the secrets that the file holds."""
    mode = file.stat().st_mode
    if os.name != "posix" or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return
    if _SECRET_KEY.search(file.read_text(encoding="utf-8")):
        said = f"Other users of this machine can read {file}, and it holds secrets."
        yield doubtful("settings", said, mend=f"Type: chmod 600 '{file}'")


def _examine_credentials(settings: Settings) -> Iterator[Diagnosis]:
    has_sites = bool(settings.mindbody.sites)
    has_api_key = settings.mindbody.api_key is not None
    has_public_key = settings.referral_rock.public_key is not None
    has_private_key = settings.referral_rock.private_key is not None
    if not settings.names_a_service:
        mend = "Add a [[mindbody.sites]] or the keys of [referral_rock]."
        yield bad("settings", "No service is configured.", mend=mend, exit_code=ExitCode.WRONG_USAGE)
    if has_sites and not has_api_key:
        mend = "Add it to tieout.toml or set TIEOUT_MINDBODY__API_KEY."
        yield bad("settings", "mindbody.api_key is missing.", mend=mend, exit_code=ExitCode.WRONG_USAGE)
    # A key alone does no harm: it may be there ahead of its site, or be left over.
    if has_api_key and not has_sites:
        yield doubtful("settings", "There is a mindbody.api_key and no site.", mend="Add a [[mindbody.sites]].")
    # Each of the two keys is useless without the other; with neither, Referral Rock is simply not used.
    if has_public_key != has_private_key:
        missing = "private_key" if has_public_key else "public_key"
        mend = f"Add it to tieout.toml or set TIEOUT_REFERRAL_ROCK__{missing.upper()}."
        yield bad("settings", f"referral_rock.{missing} is missing.", mend=mend, exit_code=ExitCode.WRONG_USAGE)


def _examine_authorities(settings: Settings) -> Iterator[Diagnosis]:
    """Say until when the authorities of one's own hold; nothing where there are none."""
    file = ca_file(settings)
    if file is None:
        return
    try:
        held = own_authorities(file)
    except SettingsError as error:
        yield bad("certificates", str(error), mend="", exit_code=ExitCode.WRONG_USAGE)
        return
    count = "1 authority" if held.count == 1 else f"{held.count} authorities"
    said = f"{count} of {file} are trusted beside the system's, until {held.first_ends_at:%Y-%m-%d}."
    if held.first_ends_at - utc_now() > _SOON:
        yield good("certificates", said)
    else:
        yield doubtful("certificates", said, mend="Ask who runs your network for the new one.")


def _examine_variables() -> Iterator[Diagnosis]:
    """Name the variables with our prefix that no setting answers to: misspelt, they would be passed over in silence."""
    known = [name.upper() for name in Settings.model_fields]
    ours = [variable for variable in sorted(os.environ) if variable.upper().startswith(_PREFIX)]
    for variable in ours:
        # TIEOUT_MINDBODY__API_KEY belongs to the section MINDBODY; a name within it is checked where settings are read.
        section = variable.upper().removeprefix(_PREFIX).partition("__")[0]
        if section in known or section in _OTHERS:
            continue
        close = get_close_matches(section, known, n=1)
        mend = f"Did you mean {_PREFIX}{close[0]}?" if close else "Take it out if it was meant for tieout."
        yield doubtful("settings", f"Nothing reads the variable {variable}.", mend=mend)
