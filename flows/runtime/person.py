"""Who is at the keyboard, as the system knows it."""

import os
from getpass import getuser
from pwd import getpwuid


def user_name() -> str:
    """Return the user's name; the number where the system has no name for it, as in many a container."""
    try:
        return getuser()
    # Python before 3.13 raises KeyError where the number is in no list, and ImportError where there is no list.
    except (KeyError, ImportError, OSError):
        return f"user {os.getuid()}"


def system_user() -> str:
    """Return the user whom the system knows by the number of the process, whatever the environment says."""
    try:
        return getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
