"""The report as a few lines on a terminal: every fate and outcome, what waits, and the command to type."""

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.reports.next_steps import NextStep, next_steps
from flows.reports.report import Report, count, is_of_a_period, rows
from flows.reports.values import exact
from flows.reports.verdict import headline
from flows.reports.walk_table import walk_lines
from flows.reports.wording import FATES, OUTCOMES, Word
from flows.runtime.visible import visible
from transforms.spoken_times import spoken_minute

_MOST_NOTES = 20


def summary_lines(report: Report, workbook: Path | None = None) -> list[str]:
    """Return the lines to print, without colors; the path of the workbook comes last, where one is given."""
    ties_out = "yes" if report.totals["ties_out"] else "no"
    agrees = "yes" if report.totals["agrees"] else "no"
    found = headline(report)
    walked = walk_lines(report)
    lines = [
        *(answer.sentence for answer in found.answers),
        found.waits,
        "",
        *walked,
        *([""] if walked else []),
        *_of_files(report),
        *_sums(report),
        "",
        *_steps(next_steps(report)),
        f"agrees: {agrees}",
        f"ties_out: {ties_out}",
    ]
    if workbook:
        lines.append(f"report: {workbook}")
    return lines


def _of_files(report: Report) -> list[str]:
    # Of a period these would be zeros, beside a walk of what was posted in it.
    if is_of_a_period(report):
        return []
    of_rows = [*_counted(report, FATES), _rows_line(report), ""]
    return [*of_rows, *_counted(report, OUTCOMES), _events_line(report), ""]


def note_lines(noticed: Sequence[str]) -> list[str]:
    """Return what was noticed in the files, as much of it as is read at a glance; the report has the rest."""
    left = len(noticed) - _MOST_NOTES
    more = [f"and {left:,} more notes about files: sheet Noticed of the report"] if left > 0 else []
    return [*noticed[:_MOST_NOTES], *more]


def watch_lines(report: Report) -> list[str]:
    """Return the line that says what is looked at again and until when; none where nothing is."""
    watched = rows(report, "watched")
    if watched.empty:
        return []
    what = "1 event" if len(watched) == 1 else f"{len(watched):,} events"
    until = watched["watched_until_at"].max().astimezone(ZoneInfo(report.timezone))
    return [
        (
            f"Under watch: {what}, of which two requests may have left. Every night looks again, "
            f"until one begins after {spoken_minute(until)}; sheet Under watch."
        )
    ]


def _counted(report: Report, words: dict[str, Word]) -> list[str]:
    return [_line(str(code), count(report, str(code)), word.meaning) for code, word in words.items()]


def _rows_line(report: Report) -> str:
    meaning = f"Read, files: {count(report, 'files'):,}; each row is in one of the above."
    return _line("rows", count(report, "rows_read"), meaning)


def _events_line(report: Report) -> str:
    # The sum of the four lines above is not what this run accepted: what earlier runs left open is sent along.
    carried_in = count(report, "carried_in")
    meaning = f"Accepted now, and {carried_in:,} from earlier runs; each is in one of the above."
    return _line("events", carried_in + count(report, "accepted"), meaning)


def _line(name: str, number: int, meaning: str) -> str:
    return f"  {name:<10}{number:>12,}  {meaning}"


def _sums(report: Report) -> list[str]:
    earned = exact(report.totals["points_earned"])
    redeemed = exact(report.totals["points_redeemed"])
    amount = exact(report.totals["amount_updated"])
    open_now = f"  breaks open: {count(report, 'breaks_open'):,}"
    if is_of_a_period(report):
        return [open_now]
    return [
        f"  posted: points earned {earned:,}, points redeemed {redeemed:,}, updates of {amount:,} in all",
        open_now,
    ]


def _steps(steps: list[NextStep]) -> list[str]:
    if not steps:
        return []
    # As wide as the longest advice: a command that is glued to a sentence cannot be copied.
    width = max(len(step.advice) for step in steps)
    lines = [f"  {step.how_many:>6,}  {step.what:<15}{step.advice:<{width}}  {visible(step.command)}" for step in steps]
    return ["What waits, and what to type:", *lines, ""]
