from flows.reports.wording import BREAKS, FATES, OUTCOMES, headline, is_open, next_steps, word
from tests.flows.reports import samples
from transforms.vocabulary import Fate, Outcome, State


def test_every_code_of_the_vocabulary_has_its_words() -> None:
    assert set(FATES) == set(Fate)
    assert set(BREAKS) == set(Outcome) - {Outcome.MATCHED}
    assert set(OUTCOMES) - {"pending", "withheld"} == {State.POSTED, State.REFUSED, State.UNKNOWN}


def test_every_break_says_whose_it_is_and_what_to_do() -> None:
    assert all(entry.whose and entry.next_step for entry in BREAKS.values())


def test_word_shows_an_unknown_code_as_it_is() -> None:
    assert word(BREAKS, "new_class").short == "new_class"


def test_is_open_leaves_out_what_is_resolved_or_closed() -> None:
    breaks = samples.breaks().head(4).assign(state=["open", "acknowledged", "resolved", "closed"])
    assert is_open(breaks).tolist() == [True, True, False, False]


def test_next_steps_leave_out_what_is_zero() -> None:
    nothing_waits = samples.report().waiting[:0]
    steps = next_steps(samples.report(totals=samples.totals(rejected=0), waiting=nothing_waits))
    assert [step.what for step in steps] == ["refused", "open breaks", "pending"]


def test_next_steps_count_what_earlier_runs_left_waiting() -> None:
    steps = next_steps(samples.report(totals=samples.totals(held=0, unknown=0)))
    assert {"held", "unknown"} <= {step.what for step in steps}


def test_verdict_does_not_ask_a_person_for_what_the_next_run_does() -> None:
    pending = {**samples.totals(), **dict.fromkeys(("held", "rejected", "refused", "unknown", "breaks_open"), 0)}
    assert headline(samples.report(totals=pending, waiting=samples.report().waiting[:0])).tone == "good"
    assert headline(samples.report()).tone == "wait"


def test_verdict_is_bad_where_the_totals_say_so_without_an_equation() -> None:
    found = headline(samples.report(totals=samples.totals(ties_out=False)))
    assert found.tone == "bad"
    assert found.sentence.startswith("Does not tie: the totals of the run say so")
