from flows.reports.next_steps import next_steps
from flows.reports.open_breaks import is_open
from flows.reports.wording import BREAKS, FATES, OUTCOMES, word
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


def test_next_steps_count_a_refused_event_once() -> None:
    breaks = samples.breaks()
    same = breaks[breaks["class"].eq("refused")].assign(event_id=samples.refused()["event_id"].iloc[0])
    steps = {step.what: step.how_many for step in next_steps(samples.report(breaks=same))}
    assert (steps["refused"], "open breaks" in steps) == (3, False)


def test_next_steps_count_what_earlier_runs_left_waiting() -> None:
    steps = next_steps(samples.report(totals=samples.totals(held=0, unknown=0)))
    assert {"held", "unknown"} <= {step.what for step in steps}
