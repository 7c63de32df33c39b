"""What a run could not look at, as the ledger keeps it beside the summary of the run."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from transforms.destinations import Destination, NotRead
from transforms.vocabulary import Target, Unread

# Beside `not_read`, whose entries are documented: of each one, in the same order, what it is and whose.
KINDS: Final = "not_read_kinds"

# To the letter as versions before named things at a service: sites by number, rewards by GUID.
_NAMED_BEFORE: Final = (
    (Unread.CLIENT, re.compile(r"client .+ of site (?P<site_id>-?[0-9]+)", re.DOTALL)),
    (Unread.REWARD, re.compile(r"reward [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    (Unread.DESTINATION, re.compile(r"Mindbody site (?P<site_id>-?[0-9]+)")),
)


def not_read_json(not_read: Iterable[NotRead]) -> list[dict[str, str]]:
    """Return what could not be read with the keys of the documented JSON."""
    return [{"what": one.what, "why": one.why} for one in not_read]


def kinds_json(not_read: Iterable[NotRead]) -> list[dict[str, str]]:
    """Return what the documented JSON does not tell of what could not be read, in the same order."""
    return [{"kind": one.kind.value, "site_id": one.site_id} for one in not_read]


def not_read_kept(summary: Mapping[str, Any] | None) -> list[NotRead]:
    """Return what a run could not look at, from its summary as the ledger keeps it; nothing without one."""
    kept = summary or {}
    told = kept.get("not_read", [])
    kinds = kept.get(KINDS, [])
    if len(kinds) != len(told):
        return [not_read_of_before(one["what"], one["why"]) for one in told]
    return [
        NotRead(one["what"], one["why"], Unread(about["kind"]), about["site_id"])
        for one, about in zip(told, kinds, strict=True)
    ]


def not_read_of_before(what: str, why: str) -> NotRead:
    """Return what a version kept that told a thing by its name alone.

    What is not quite as those versions named things at a service is taken for a file: a file keeps a period from being
    signed, and may be of any studio.

    >>> [not_read_of_before(name, "").kind.value for name in ("client 5 of site -99", "reward list.xlsx", "inbox")]
    ['client', 'file', 'inbox']
    """
    if what == "inbox":
        return NotRead(what, why, Unread.INBOX)
    if what == Destination(Target.REFERRAL_ROCK, "").name:
        return NotRead(what, why, Unread.DESTINATION)
    for kind, pattern in _NAMED_BEFORE:
        named = pattern.fullmatch(what)
        if named is not None:
            return NotRead(what, why, kind, named.groupdict().get("site_id") or "")
    return NotRead(what, why)
