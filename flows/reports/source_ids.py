"""Say how SourceIds came out: what was checked, what was left to the service, and why."""

from collections.abc import Mapping

from transforms.reference.reference import LEFT, WRONG
from transforms.vocabulary import Finding

Counts = Mapping[tuple[str, str], int]  # (subject, finding) -> rows

_WHY: Mapping[Finding, str] = {
    Finding.NO_DATA: "no reference data about {}",
    Finding.TOO_OLD: "the reference data about {} is too old",
    Finding.NOT_COVERED: "the reference data about {} neither has the id nor covers the row",
    Finding.SPELLING: "ids that differ in leading zeros or case alone, of {}",
}


def check_line(counts: Counts) -> str | None:
    """Return the counts as one line; None where no row names a SourceId."""
    total = sum(counts.values())
    if not total:
        return None
    left = _left_to_the_service(counts)
    left_count = sum(left.values())
    checked_count = total - left_count
    # "0 of 22 checked, 0 of them wrong" would read as good news, and nothing was looked at.
    if not checked_count:
        return f"Source ids: all {total:,} left to the service ({_reasons(left)})."
    checked = f"Source ids: {checked_count:,} of {total:,} checked, {_wrong_count(counts):,} of them wrong"
    if not left:
        return f"{checked}."
    return f"{checked}; {left_count:,} left to the service ({_reasons(left)})."


def _wrong_count(counts: Counts) -> int:
    return sum(count for (_, finding), count in counts.items() if finding in list(WRONG))


def _reasons(left: Mapping[tuple[str, Finding], int]) -> str:
    said = [f"{_WHY[finding].format(subject)}: {count:,}" for (subject, finding), count in left.items()]
    return "; ".join(said)


def _left_to_the_service(counts: Counts) -> dict[tuple[str, Finding], int]:
    left = {}
    for (subject, finding), count in sorted(counts.items()):
        if finding in list(LEFT):
            left[subject, Finding(finding)] = count
    return left
