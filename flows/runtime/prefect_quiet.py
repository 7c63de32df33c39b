"""Prefect's settings for a person who sees our lines only; import it before Prefect, which reads them as it starts.

Nothing that somebody set himself is changed: a variable that is there stays, and so does a profile in Prefect's home.
What is unset becomes: no telemetry of the client (`DO_NOT_TRACK`) or the server, and a console that keeps still,
since every error reaches the caller as an exception and is told there in one line. Prefect's own log goes to a
configured API all the same.

Prefect writes into its home as it is imported. Without a profile there, which is all that would be read from it, the
home is a folder that goes away with this process: a run works where the user's home cannot be written, and leaves
nothing behind in it. And where web traffic goes through a proxy, Prefect's server on this machine does not.
"""

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path

_SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Each request that a server does not answer is sent again after 2 s, 4 s, 8 s and so on: with Prefect's own five a
    # run whose server has gone away takes minutes to come to its end.
    "PREFECT_CLIENT_MAX_RETRIES": "2",
}
# Any of these says that somebody wants to see Prefect's log.
_CONSOLE = ("PREFECT_LOGGING_LEVEL", "PREFECT_LOGGING_SETTINGS_PATH", "PREFECT_DEBUG_MODE")
_LOOPBACK = "127.0.0.1"
_HOME_PREFIX = "tieout-prefect-"


def _keep_still() -> None:
    profiles = _read_profiles()
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    if not any(name in os.environ or name in profiles for name in _CONSOLE):
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
        # Of Prefect's own machinery, such as events that do not reach a server which has gone away.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_DEBUG_LEVEL", "CRITICAL")
        # A line of the log that does not reach the server is not told on stderr, line by line.
        logging.raiseExceptions = False
    if not profiles and "PREFECT_HOME" not in os.environ:
        os.environ["PREFECT_HOME"] = _make_home()
    if not _has_home():
        # Prefect asks for the user's own one all the same, and stops where there is none.
        os.environ["HOME"] = os.environ.get("PREFECT_HOME") or _make_home()
    _reach_this_machine()


def _read_profiles() -> str:
    """Return the text of Prefect's profiles; empty without any, or without a home that can be looked into."""
    home = os.environ.get("PREFECT_HOME", "~/.prefect")
    path = os.environ.get("PREFECT_PROFILES_PATH", f"{home}/profiles.toml")
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, RuntimeError, UnicodeDecodeError):
        return ""


def _has_home() -> bool:
    """Whether the system knows a home for this user: in a container it often does not."""
    try:
        Path.home()
    except RuntimeError:
        return False
    return True


def _make_home() -> str:
    home = tempfile.mkdtemp(prefix=_HOME_PREFIX)
    atexit.register(remove_home)
    return home


def remove_home() -> None:
    """Take away the folder that was made for this process to be Prefect's home; nothing, where somebody has his own."""
    home = Path(os.environ.get("PREFECT_HOME", ""))
    if home.name.startswith(_HOME_PREFIX):
        shutil.rmtree(home, ignore_errors=True)


def _reach_this_machine() -> None:
    """Add the loopback address to what needs no proxy; the name in small letters is the one that wins."""
    spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
    if spared != "*" and _LOOPBACK not in spared:
        os.environ["no_proxy"] = ",".join(filter(None, (spared, _LOOPBACK)))


_keep_still()
