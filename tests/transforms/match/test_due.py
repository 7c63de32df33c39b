from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from transforms.match.due import Rule, assign

DAY = date(2026, 3, 1)


def broken(**values: Any) -> dict[str, Any]:
    plain = {"class": "late", "site_id": "-99", "points": 10, "amount": None, "age_days": 1, "owner": None}
    return {**plain, "opened_on": DAY, **values}


@pytest.mark.parametrize(
    ("rule", "values", "owner"),
    [
        pytest.param(Rule(owner="Kim"), {}, "Kim", id="any"),
        pytest.param(Rule(owner="Kim"), {"owner": "Ann"}, "Ann", id="who decided owns it"),
        pytest.param(Rule(owner="Kim", classes=("refused",)), {}, None, id="another class"),
        pytest.param(Rule(owner="Kim", site_id="1"), {}, None, id="another site"),
        pytest.param(Rule(owner="Kim", least_points=10), {}, "Kim", id="points"),
        pytest.param(Rule(owner="Kim", least_points=11), {}, None, id="too few points"),
        pytest.param(Rule(owner="Kim", least_amount=Decimal(79)), {"points": None, "amount": "79"}, "Kim", id="amount"),
        pytest.param(Rule(owner="Kim", least_points=5, least_amount=Decimal(1)), {}, "Kim", id="either"),
        pytest.param(Rule(owner="Kim", least_days=2), {}, None, id="too young"),
    ],
)
def test_assign_takes_the_first_rule_that_fits(rule: Rule, values: dict[str, Any], owner: str | None) -> None:
    assert assign(broken(**values), [rule, Rule(due_days=1, least_days=9)]).owner == owner


def test_assign_says_until_when() -> None:
    assert assign(broken(), [Rule(due_days=3)]).due_on == date(2026, 3, 4)
    assert assign(broken(), []).due_on is None
