"""What people were told last, beside the ledger and not in it, since the ledger may be what is out of reach."""

import json
from typing import Any

from flows.runtime.errors import CouldNotRun
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings

MEMORY_NAME = ".told.json"


def read_told(settings: Settings, about: str) -> Any:
    """Return what was told last about one thing; None where nothing was, or nobody can tell."""
    try:
        told = json.loads((settings.root / MEMORY_NAME).read_text(encoding="utf-8"))
        return told.get(about)
    except (OSError, ValueError, AttributeError):
        return None


def keep_told(settings: Settings, about: str, told: Any) -> None:
    """Remember what was told about one thing; `CouldNotRun` where that cannot be written."""
    memory = settings.root / MEMORY_NAME
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    kept = known if isinstance(known, dict) else {}
    try:
        with written_whole(memory) as part:
            part.write_text(json.dumps({**kept, about: told}) + "\n", encoding="utf-8")
    except OSError as error:
        raise CouldNotRun(f"{memory} cannot be written: {error.strerror}. The same will be told again.") from None
