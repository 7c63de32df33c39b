from decimal import Decimal

from flows.reports.summary import sections
from tests.flows.reports import samples


def test_sections_show_the_cents_of_a_round_amount_and_none_of_a_count() -> None:
    rolled = samples.roll_forward().head(2).assign(measure=["amount", "points"], new=[Decimal(45), 45])
    parts = {part.name: part.frame for part in sections(samples.report(roll_forward=rolled))}
    assert [str(figure) for figure in parts["Roll-forward of breaks"]["new"]] == ["45.00", "45"]
