import pytest

from flows.reports.unread import unread_frame
from flows.reports.verdict import headline
from tests.flows.reports import samples
from transforms.destinations import NotRead, client_not_read


def test_headline_answers_in_the_order_of_a_reviewer() -> None:
    sheets, services, unread = headline(samples.report()).answers
    assert sheets.sentence == "Ties out: every row and every event is accounted for."
    assert services.sentence.startswith("The services do not agree, by 210 points and an amount of 12.50: 1 other am")
    assert unread.sentence == "Nothing was left unread."


def test_headline_is_green_where_only_the_next_run_has_work() -> None:
    nothing = ("held", "rejected", "refused", "unknown", "breaks_open")
    totals = {**samples.totals(agrees=True), **dict.fromkeys(nothing, 0)}
    found = headline(samples.quiet(totals=totals))
    assert (found.tone, found.waits) == ("good", "Nothing waits for a person.")


def test_headline_says_of_no_row_that_nobody_read_that_it_is_accounted_for() -> None:
    unread = unread_frame([NotRead("march.csv", "it is empty")])
    sheets, *_ = headline(samples.quiet(not_read=unread)).answers
    assert sheets.sentence == "What was read ties out: every row of it and every event is accounted for."


@pytest.mark.parametrize(
    ("name", "tone"),
    [
        pytest.param("duplicate_remote", "bad", id="paid-double"),
        pytest.param("missing_remote", "bad", id="lost"),
        pytest.param("unexpected_remote", "wait", id="somebody-else"),
        pytest.param("late", "wait", id="late"),
    ],
)
def test_headline_is_never_green_over_a_difference(name: str, tone: str) -> None:
    breaks = samples.breaks().head(1).assign(**{"class": name})
    found = headline(samples.quiet(breaks=breaks, totals=dict(samples.quiet().totals, breaks_open=1, agrees=False)))
    assert (found.tone, found.answers[0].tone, found.answers[1].tone) == (tone, "good", tone)


def test_headline_says_that_nobody_can_conclude_where_something_was_not_read() -> None:
    unread = unread_frame([client_not_read("-99", "000123", "HTTP 500")])
    totals = dict(samples.quiet().totals, agrees=False)
    _, services, last = headline(samples.quiet(not_read=unread, totals=totals)).answers
    assert services.sentence == "Nobody can say yet whether the services agree."
    assert last.sentence == "1 thing was not read, and nobody may conclude about it: sheet Not read says what and why."


def test_headline_is_bad_where_the_totals_say_so_without_an_equation() -> None:
    found = headline(samples.report(totals=samples.totals(ties_out=False)))
    assert found.tone == "bad"
    assert found.sentence.startswith("Does not tie: the totals of the run say so")
