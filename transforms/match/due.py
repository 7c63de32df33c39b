"""Who is to look at a difference, and until when: rules of the settings, by class, amount and age."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Rule:
    """What a difference must have to be somebody's; what is not given is any."""

    owner: str | None = None
    due_days: int | None = None  # after the day on which it was first seen
    classes: tuple[str, ...] = ()
    site_id: str | None = None
    least_points: int | None = None
    least_amount: Decimal | None = None
    least_days: int = 0  # how old it must be

    def takes(self, broken: Mapping[str, Any]) -> bool:
        """Return whether the rule is about this difference: a record of the documented JSON."""
        if self.classes and broken["class"] not in self.classes:
            return False
        if self.site_id is not None and broken["site_id"] != self.site_id:
            return False
        if broken["age_days"] < self.least_days:
            return False
        # A rule of points and of amounts is about either: a difference has one of them.
        asked = [limit is not None for limit in (self.least_points, self.least_amount)]
        return not any(asked) or self._is_enough(broken)

    def _is_enough(self, broken: Mapping[str, Any]) -> bool:
        points = broken["points"] or 0
        if self.least_points is not None and points >= self.least_points:
            return True
        # Amounts come as text, digit by digit: as a float, 0.30 would be less than a limit of 0.30.
        amount = Decimal(broken["amount"] or 0)
        return self.least_amount is not None and amount >= self.least_amount


@dataclass(frozen=True)
class Assigned:
    """Whose a difference is by the rules, and until when; None where no rule says so."""

    owner: str | None
    due_on: date | None


def assign(broken: Mapping[str, Any], rules: Sequence[Rule]) -> Assigned:
    """Return whose the difference is: to whom a person gave it, else who decided about it last, else as the rules say.

    ``broken`` is a record of the documented JSON: class, site_id, points, amount, opened_on, age_days, owner; beside it
    ``given_to`` and ``given_until_on``, what a person said, or None.
    """
    rule = _first_rule(broken, rules)
    owner = broken.get("given_to") or broken["owner"] or rule.owner
    due_on = broken.get("given_until_on") or _due_by(rule, broken)
    return Assigned(owner=owner, due_on=due_on)


def _first_rule(broken: Mapping[str, Any], rules: Sequence[Rule]) -> Rule:
    """Return the first rule about the difference, and one that says nothing where none is."""
    for rule in rules:
        if rule.takes(broken):
            return rule
    return Rule()


def _due_by(rule: Rule, broken: Mapping[str, Any]) -> date | None:
    if rule.due_days is None:
        return None
    opened_on: date = broken["opened_on"]
    return opened_on + timedelta(days=rule.due_days)
