"""Examine an installation without changing anything: what works, what does not, and how to mend it."""

from pathlib import Path

from flows.doctor.diagnosis import Diagnosis, bad
from flows.doctor.environment import examine_settings
from flows.doctor.folders import examine_folders
from flows.doctor.ledger import examine_ledger
from flows.doctor.messages import examine_messages
from flows.doctor.nights import examine_nights
from flows.doctor.prefect_api import examine_prefect, examine_prefect_errors
from flows.doctor.services import examine_services
from flows.runtime.errors import CouldNotRun, ExitCode, SettingsError
from flows.settings.load import load_settings


def examine(config: Path | None) -> list[Diagnosis]:
    """Return one diagnosis per thing examined; nothing is raised, nothing is changed, no secret is told.

    With settings that cannot be read nothing else can be looked at. A token is issued and the zone is asked for
    per Mindbody site, and one reward is read at Referral Rock; these calls are counted.
    """
    try:
        settings = load_settings(config)
    except SettingsError as error:
        return [bad("settings", str(error), mend="", exit_code=ExitCode.WRONG_USAGE)]
    except CouldNotRun as error:  # a secret that Prefect keeps
        return [bad("settings", str(error), mend="", exit_code=ExitCode.COULD_NOT_RUN)]
    return [
        *examine_settings(settings, config),
        *examine_ledger(settings),
        *examine_folders(settings),
        *examine_services(settings),
        *examine_prefect(settings),
        *examine_prefect_errors(settings),
        *examine_nights(settings),
        *examine_messages(settings),
    ]
