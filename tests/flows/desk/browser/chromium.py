"""The Chromium of the machine."""

import os
import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Its sandbox is not for root, as whom tests run in many containers.
AS_ROOT = ["--no-sandbox"] if os.geteuid() == 0 else []
ABSENT = "Chromium is not installed: `apt-get install chromium`, or name one of that family by CHROMIUM=PATH."


def find_chromium() -> str | None:
    """Return where it is, None where there is none."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else _NAMES
    return next(filter(None, map(shutil.which, names)), None)
