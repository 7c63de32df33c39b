"""Words of a studio: what the rest of the house says, without its commands."""

import re

# Sentences, and the parts of one that a semicolon or colon divides.
_PART = re.compile(r"[^.;:]+(?:[.;:](?!\s|$)[^.;:]*)*[.;:]?\s*")
_COMMAND = re.compile(r"`|\btieout [a-z]|\b--[a-z]")
NOTHING_LEFT = "That did not work. Whoever looks after tieout finds the cause in its messages."


def for_a_studio(message: str) -> str:
    """Leave out what is for a terminal.

    >>> for_a_studio("Two entries are in doubt. Run `tieout settle` first.")
    'Two entries are in doubt.'
    """
    kept = "".join(part for part in _PART.findall(message) if not _COMMAND.search(part)).strip()
    if not kept:
        return NOTHING_LEFT
    return kept[:-1] + "." if kept[-1] in ";:," else kept
