from pathlib import Path

from flows.reports.terminal import summary_lines
from tests.flows.reports import samples


def test_summary_lines_name_every_fate_and_outcome_also_with_zeros() -> None:
    lines = [line.split()[:2] for line in summary_lines(samples.quiet())]
    for name in ("accepted", "duplicate", "held", "rejected", "rows", "posted", "refused", "unknown", "pending"):
        assert [name, "0"] in lines


def test_summary_lines_begin_with_three_sentences_and_the_walk() -> None:
    lines = summary_lines(samples.report())
    assert [line.split()[0] for line in lines[:4]] == ["Ties", "The", "Nothing", "For"]
    assert lines[6].split() == ["events", "points", "events", "points", "Rewards", "Amount", "(USD)"]
    assert lines[7].split() == ["In", "the", "sheets", "55", "1,200", "8", "700", "4", "130.00"]


def test_summary_lines_say_what_to_type() -> None:
    text = "\n".join(summary_lines(samples.report()))
    commands = (
        "tieout upload FILE",
        "tieout approve ev-held00000001",
        "tieout retry ev-ref000000001 --reason TEXT",
        "tieout settle",
    )
    assert [command for command in commands if command not in text] == []


def test_summary_lines_keep_what_to_type_apart_from_the_advice() -> None:
    lines = summary_lines(samples.report())
    steps = [line for line in lines if "tieout " in line and line.startswith("  ")]
    assert len(steps) > 3
    assert all("  tieout " in line for line in steps), steps


def test_summary_lines_of_a_quiet_night_ask_for_nothing() -> None:
    text = "\n".join(summary_lines(samples.quiet()))
    assert "Nothing waits for a person." in text
    assert "What waits" not in text


def test_summary_lines_end_with_the_verdict_and_the_workbook() -> None:
    totals = samples.totals(ties_out=False)
    assert summary_lines(samples.report(totals=totals), Path("reports/r.xlsx"))[-3:] == [
        "agrees: no",
        "ties_out: no",
        "report: reports/r.xlsx",
    ]


def test_summary_lines_pass_no_control_character_on() -> None:
    breaks = samples.breaks().assign(id="brk-\x1b[31m")
    assert "\x1b" not in "\n".join(summary_lines(samples.report(breaks=breaks)))
