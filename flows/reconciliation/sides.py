"""The sides to match: the ledger's events and the service's entries, as frames of one shape.

Grain: one row per event, and one per entry. Times are aware UTC, points whole, amounts Decimal.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from sys import intern
from typing import Any

import pandas as pd

from flows.ledger.connection import Ledger
from flows.reconciliation.read_back import Remote
from flows.services.referral_rock.values import to_amount, to_day, unreadable_value
from sql.read_back import events_of_client, last_updates
from transforms.identity.reward_ids import without_case
from transforms.settle.history import Transaction
from transforms.settle.windows import Window
from transforms.vocabulary import State

_CONTENT = ("action", "points", "source", "source_id", "action_at")
_EVENT = ["event_id", "state", "settled_at", "site_id", "client_id", *_CONTENT, "may_be_twice"]
_ENTRY = ["remote_id", "site_id", "client_id", *_CONTENT]
# Some 20,000 events in the days that are read, which take 60 MB as they come and a tenth of a second to match.
_CLIENTS_AT_ONCE = 1_000
_LONGEST_CODE = 12  # "Custom" is one, where rewards are no money
_FEW_WORDS = ("site_id", "action", "source")  # the same words again and again
_NUMBERS = {"points", "source_id", "remote_id"}
_FLAGS = {"may_be_twice"}
_UPDATE = ["event_id", "state", "settled_at", "reward_id", "payout_id", "amount", "eligibility_on", "description"]
_REWARD = ["reward_id", "remote_payout_id", "remote_amount", "remote_eligibility_on", "remote_description"]


@dataclass(frozen=True)
class TransactionSides:
    """Both sides of Mindbody for some windows, and how many posted events nobody could compare."""

    windows: Sequence[Window]
    events: pd.DataFrame
    entries: pd.DataFrame
    uncompared_count: int


@dataclass(frozen=True)
class RewardSides:
    """Both sides of Referral Rock: the last update of each reward, and those rewards as the service has them."""

    updates: pd.DataFrame
    rewards: pd.DataFrame
    unread: Mapping[str, str]  # by id in lower case: rewards of ours whose values cannot be read, and why
    currencies: Mapping[str, str]  # by id in lower case, as the service tells it; "" where it tells none


def transaction_sides(ledger: Ledger, windows: Sequence[Window], remote: Remote) -> TransactionSides:
    """Put the windows' events beside what was read of their clients, and with them the events of a day around.

    That day is read as well. Without its events, their own entries would be nobody's, and an event of the window that
    never arrived could be taken for one of them at another time: it would not be said to be missing.
    """
    return _sides_of(ledger, windows, remote, first_id=0)


def sides_by_clients(ledger: Ledger, windows: Sequence[Window], remote: Remote) -> Iterator[TransactionSides]:
    """Give the sides of all windows, group by group of clients, as `transaction_sides` would give them at once.

    At least one, though it be empty. While one is worked on the others take no memory, however many there are.
    """
    first_id = 0
    for start in range(0, max(1, len(windows)), _CLIENTS_AT_ONCE):
        sides = _sides_of(ledger, windows[start : start + _CLIENTS_AT_ONCE], remote, first_id=first_id)
        first_id += len(sides.entries)
        yield sides


def _sides_of(ledger: Ledger, windows: Sequence[Window], remote: Remote, *, first_id: int) -> TransactionSides:
    uncompared_count = 0
    events: list[Mapping[str, Any]] = []
    entries: list[dict[str, Any]] = []
    with ledger.begin() as connection:
        for window in windows:
            since_at, until_at = window.widened.bounds
            ours = events_of_client(connection, window.site_id, window.client_id, since_at, until_at)
            history = remote.histories.get(window.client)
            if history is None:
                # Nobody could look, so a posted event is neither there nor missing; doubt and refusal are ours to know.
                asked = [event for event in ours if window.holds(event["action_at"])]
                not_posted = [event for event in asked if event["state"] != State.POSTED]
                uncompared_count += len(asked) - len(not_posted)
                events += not_posted
            else:
                events += ours
                entries += _entries(window, transaction_rows(history.transactions, ours))
    # Numbered over all clients: the service tells no id of a transaction, and matching needs one of each.
    numbered = [row | {"remote_id": number} for number, row in enumerate(entries, first_id)]
    return TransactionSides(
        windows=windows,
        events=_typed(events, _EVENT),
        entries=_typed(numbered, _ENTRY),
        uncompared_count=uncompared_count,
    )


def _entries(window: Window, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say of each transaction whose it is: the service is asked by client, and does not repeat it."""
    whose = {"site_id": window.site_id, "client_id": window.client_id}
    return [whose | row for row in rows]


def _typed(rows: Sequence[Mapping[str, Any]], columns: list[str]) -> pd.DataFrame:
    """Return the rows as a frame; each column of one type, also where it holds nothing but nulls, or nothing."""
    types = {column: _type_of(column) for column in columns}
    plain = [_with_shared_words(row) for row in rows]
    # As objects first: of whole numbers with gaps pandas would make floats, and an id of 18 digits another one.
    return pd.DataFrame(plain, columns=columns, dtype="object").astype(types)


def _type_of(column: str) -> Any:
    if column.endswith("_at"):
        return "datetime64[us, UTC]"
    if column in _FLAGS:
        return "bool"
    return "Int64" if column in _NUMBERS else "str"


def _with_shared_words(row: Mapping[str, Any]) -> dict[str, Any]:
    # A million copies of a dozen words would take 200 MB.
    shared = {name: row[name] and intern(row[name]) for name in _FEW_WORDS}
    return {**row, **shared}


def transaction_rows(transactions: Iterable[Transaction], events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return transactions as rows to match, in the same order.

    In a doubled hour a transaction's time is the one that an equal event of the client has, each event's once.
    """
    known: Counter[tuple[Any, ...]] = Counter()
    for event in events:
        # What was refused took effect at no time, so it explains no transaction.
        if event["state"] != State.REFUSED:
            content = tuple(event[name] for name in _CONTENT)
            known[content] += 1
    return [_transaction_row(transaction, known) for transaction in transactions]


def _transaction_row(transaction: Transaction, known: Counter[tuple[Any, ...]]) -> dict[str, Any]:
    """Return one transaction as a row, and take the event that explains its time off those that are known."""
    content = (transaction.action, transaction.points, transaction.source, transaction.source_id)
    # Once a year an hour of local time comes twice, and the service tells no offset: a time in it may be either.
    fitting = [moment for moment in transaction.action_at_candidates if known[(*content, moment)] > 0]
    action_at = fitting[0] if fitting else transaction.action_at
    known[(*content, action_at)] -= 1
    return {
        "action": transaction.action,
        "points": transaction.points,
        "source": transaction.source,
        "source_id": transaction.source_id,
        "action_at": action_at,
    }


def reward_sides(ledger: Ledger, remote: Remote) -> RewardSides:
    """Put the ledger's last updates beside their rewards; both are empty where the service was not read."""
    if remote.rewards is None:
        return RewardSides(_updates([]), _rewards([]), {}, {})
    with ledger.begin() as connection:
        # Of what was posted the last one alone: the service keeps a reward's values, and not those of before.
        updates = last_updates(connection)
    # Two updates of one reward may spell its id in two ways, and the service in a third.
    spelled = {without_case(update["reward_id"]): update["reward_id"] for update in updates}
    found = []
    unread: dict[str, str] = {}
    currencies: dict[str, str] = {}
    for reward_id, reward in remote.rewards.items():
        if reward_id not in spelled:
            continue
        currencies[reward_id] = _currency(reward)
        why = unreadable_value(reward)
        if why is None:
            found.append(reward_row(spelled[reward_id], reward))
        else:
            unread[reward_id] = why
    told = [update for update in updates if not _is_untold(update, unread)]
    return RewardSides(_updates(told), _rewards(found), unread, currencies)


def _is_untold(update: Mapping[str, Any], unread: Mapping[str, str]) -> bool:
    """Return whether nobody can tell what the reward has: then a posted update of it is neither there nor missing."""
    return update["state"] == State.POSTED and without_case(update["reward_id"]) in unread


def _currency(reward: Mapping[str, Any]) -> str:
    code = reward.get("currencyCode")
    # It names a column of the report: a word, and no story.
    is_code = isinstance(code, str) and code.isalnum() and len(code) <= _LONGEST_CODE
    return str(code) if is_code else ""


def reward_row(reward_id: str, reward: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reward as a row to match, under an id that the ledger has for it."""
    return {
        "reward_id": reward_id,
        "remote_payout_id": without_case(reward.get("payoutId") or ""),
        "remote_amount": to_amount(reward.get("amount")),
        "remote_eligibility_on": to_day(reward.get("eligibilityDate")),
        "remote_description": reward.get("description"),
    }


def _updates(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    plain = [_plain_update(row) for row in rows]
    frame = pd.DataFrame(plain, columns=_UPDATE)
    return frame.astype({"event_id": "str", "reward_id": "str", "state": "str"})


def _plain_update(row: Mapping[str, Any]) -> dict[str, Any]:
    amount = None if row["amount"] is None else Decimal(row["amount"])
    return {**row, "amount": amount, "payout_id": without_case(row["payout_id"])}


def _rewards(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=_REWARD).astype({"reward_id": "str"})
