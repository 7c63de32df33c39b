"""Tell of a night that does not even start: settings that cannot be read, a server of Prefect that does not come up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.notices.run_end import notify_stopped
from flows.runtime.errors import Interrupted, NightWaitsAlready, SettingsError
from flows.runtime.progress import Say
from flows.settings.load import load_settings
from flows.settings.notify_alone import whom_to_tell
from flows.settings.sections import Settings


def settings_of_night(config: Path | None, say: Say) -> Settings:
    """Load the settings; where they are wrong, tell whomever can be made out from them, and raise."""
    try:
        return load_settings(config)
    except SettingsError as error:
        known = whom_to_tell(config)
        if known is not None:
            notify_stopped(known, error, say)
        raise


@contextmanager
def telling_where_it_stops(settings: Settings, say: Say) -> Iterator[None]:
    """Tell people of any error that leaves the block; one that the night itself has told is not told twice."""
    try:
        yield
    except (Interrupted, NightWaitsAlready):
        raise
    except Exception as error:
        notify_stopped(settings, error, say)
        raise
