"""The report as a few lines on a terminal: every fate and outcome, what waits, and the command to type."""

from pathlib import Path

from flows.reports.report import Report, count
from flows.reports.values import exact, visible
from flows.reports.wording import FATES, OUTCOMES, NextStep, Word, headline, next_steps


def summary_lines(report: Report, workbook: Path | None = None) -> list[str]:
    """Return the lines to print, without colors; the path of the workbook comes last, where one is given."""
    carried_in, accepted = count(report, "carried_in"), count(report, "accepted")
    return [
        headline(report).sentence,
        "",
        *_counted(report, FATES),
        _line(
            "rows",
            count(report, "rows_read"),
            f"Read, files: {count(report, 'files'):,}; each row is in one of the above.",
        ),
        "",
        *_counted(report, OUTCOMES),
        _line(
            "events",
            carried_in + accepted,
            f"Accepted now, and {carried_in:,} from earlier runs; each is in one of the above.",
        ),
        "",
        *_sums(report),
        *_steps(next_steps(report)),
        f"ties_out: {'yes' if report.totals['ties_out'] else 'no'}",
        *([f"report: {workbook}"] if workbook else []),
    ]


def _counted(report: Report, words: dict[str, Word]) -> list[str]:
    return [_line(str(code), count(report, str(code)), word.meaning) for code, word in words.items()]


def _line(name: str, number: int, meaning: str) -> str:
    return f"  {name:<10}{number:>12,}  {meaning}"


def _sums(report: Report) -> list[str]:
    names = {"points_earned": "points earned", "points_redeemed": "points redeemed", "amount_updated": "amount updated"}
    shown = ", ".join(f"{name} {exact(report.totals[key]):,}" for key, name in names.items())
    return [f"  posted: {shown}", f"  breaks open: {count(report, 'breaks_open'):,}", ""]


def _steps(steps: list[NextStep]) -> list[str]:
    if not steps:
        return []
    lines = [f"  {step.how_many:>6,}  {step.what:<15}{step.advice:<54}{visible(step.command)}" for step in steps]
    return ["What waits, and what to type:", *lines, ""]
