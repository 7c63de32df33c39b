"""Count calls before they are made, so that the budget of a day holds across runs, processes and crashes."""

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import BudgetSpent, Interrupted
from flows.runtime.interrupt import is_stopping
from sql.budget import take_calls
from transforms.vocabulary import Target

WITHOUT_LIMIT = 2**31 - 1


def count_call(ledger: Ledger, target: Target, calls_per_day: int) -> None:
    """Count one call before it is made; `BudgetSpent` where the day's calls do not hold it, `Interrupted` on a stop."""
    if is_stopping():
        raise Interrupted("Stopped as asked: nothing was in flight, the rest waits. Run again.")
    with ledger.begin() as connection:
        if not take_calls(connection, target, utc_now().date(), 1, calls_per_day):
            raise BudgetSpent(
                f"The {calls_per_day} calls of today for {target} are spent: the rest waits for tomorrow."
            )
