"""What keeps a period from being signed, in a studio's words: each check, done or not, and where it is mended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flows.reports.month import Month
from flows.review.in_the_way import Check, Obstacle, obstacles
from transforms.destinations import NotRead
from transforms.vocabulary import Unread, WalkLine

_SHOWN = 5


@dataclass(frozen=True)
class CheckLine:
    """One check; where it is not passed, what is in the way, and what mends it."""

    is_done: bool
    said: str
    names: Sequence[str] = ()
    more: int = 0
    advice: str = ""
    link: str = ""
    link_said: str = ""


_DONE: Mapping[Check, str] = {
    Check.IS_OVER: "The days are over at every studio.",
    Check.TIES: "Every row and every entry is accounted for.",
    Check.IS_READ: "Everything was read: the sheets, and what the services have.",
    Check.IS_READ_BY_ENTRY: "Every client was read entry by entry since.",
    Check.IS_SURE: "Of everything it is known whether it was posted.",
    Check.IS_EXPLAINED: "Every difference has a reason; what a service turned down needs none.",
}


def checklist(month: Month, name_of_site: Callable[[str], str]) -> list[CheckLine]:
    """Return every check, in order."""
    failed = {obstacle.check: obstacle for obstacle in obstacles(month)}
    return [_line(month, check, failed.get(check), name_of_site) for check in Check]


def _line(month: Month, check: Check, obstacle: Obstacle | None, name_of_site: Callable[[str], str]) -> CheckLine:
    if obstacle is None:
        return CheckLine(is_done=True, said=_DONE[check])
    at = f"/months/{quote(month.period.name)}"
    count = f"{obstacle.count:,}"
    is_one = obstacle.count == 1
    match check:
        case Check.IS_OVER:
            day = month.period.until
            said = f"It is not over before the end of {day.day} {day:%B %Y}, by the clock of every studio."
            return CheckLine(is_done=False, said=said, advice="Come back then.")
        case Check.TIES:
            said = "It does not add up."
            advice = "Nothing that a person did explains that: whoever looks after tieout has to look into it."
            return _named(obstacle, said, advice, f"{at}#proof", "The sums that differ")
        case Check.IS_READ:
            said = f"{count} {'thing was' if is_one else 'things were'} not read."
            advice = "The next night tries again. A sheet that cannot be read has to be mended, or taken away."
            names = [in_words(one, name_of_site) for one in obstacle.things]
            return _listed(names, said, advice, f"{at}#unread", "What was not read, and why")
        case Check.IS_READ_BY_ENTRY:
            said = f"{count} {'client is' if is_one else 'clients are'} proved by the balance alone."
            advice = "A night reads each of them entry by entry before long; whoever looks after tieout can do it now."
            names = [in_words(one, name_of_site) for one in obstacle.things]
            return _listed(names, said, advice, f"{at}#balances", "The balances")
        case Check.IS_SURE:
            said = f"Of {count} {'row' if is_one else 'rows'} it is not known yet whether it was posted."
            advice = "The next night looks them up at the service before anything else."
            return CheckLine(
                is_done=False,
                said=said,
                advice=advice,
                link=f"{at}/rows?line={WalkLine.NOT_SURE}",
                link_said="Which rows",
            )
        case Check.IS_EXPLAINED:
            said = f"{count} {'difference has' if is_one else 'differences have'} no reason yet."
            return CheckLine(
                is_done=False,
                said=said,
                advice="Say of each why it is there, or that somebody works on it.",
                link=f"/differences?without=1&month={quote(month.period.name)}",
                link_said="Go through them",
            )


def _named(obstacle: Obstacle, said: str, advice: str, link: str, link_said: str) -> CheckLine:
    return _listed(list(obstacle.names), said, advice, link, link_said)


def _listed(names: Sequence[str], said: str, advice: str, link: str, link_said: str) -> CheckLine:
    return CheckLine(
        is_done=False,
        said=said,
        names=names[:_SHOWN],
        more=max(0, len(names) - _SHOWN),
        advice=advice,
        link=link,
        link_said=link_said,
    )


def in_words(one: NotRead, name_of_site: Callable[[str], str]) -> str:
    """Tell what was not read as a studio does: its client by number, at the studio's name."""
    match one.kind:
        case Unread.CLIENT:
            return f"{one.what.removesuffix(f' of site {one.site_id}')}, {name_of_site(one.site_id)}"
        case Unread.DESTINATION if one.site_id:
            return f"all of {name_of_site(one.site_id)}"
        case Unread.REWARD:
            return "a reward"
        case Unread.FILE | Unread.INBOX | Unread.DESTINATION:
            return one.what
