"""Keep the books of a reading: open what was found, close what is gone, and close the roll-forward."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from flows.ledger.run import Run
from flows.reconciliation.agreements import Agreements, ReadClients, keep_agreements
from flows.reconciliation.balances import expect_balances, keep_settled_balances
from flows.reconciliation.gaps import gap_records, keep_explained
from flows.reconciliation.proposals import propose_reversals
from flows.reconciliation.read_back import Remote
from flows.settings.sections import Settings
from sql.breaks import mark_compared, open_breaks, refusals_that_are_over, update_breaks
from sql.closings import Closing, figures, keep_closing, last_closing, moves_since
from sql.lock import take_turn
from sql.reversals import offset_breaks
from sql.watch import end_watch_of_client, end_watch_of_rewards
from transforms.match.balances import balance_breaks
from transforms.match.breaks import break_records, roll_forward
from transforms.match.reconciled import Client
from transforms.outcomes import UNPOSTED
from transforms.reconcile.clients import clients_in
from transforms.reconcile.proof import Why
from transforms.settle.windows import Window
from transforms.totals.service_totals import points_more
from transforms.vocabulary import Target


@dataclass(frozen=True)
class Reading:
    """What was read, when and where, and what matching made of it."""

    read_at: datetime  # when reading began
    windows: Sequence[Window]
    remote: Remote
    transactions: pd.DataFrame  # outcomes with break_id
    rewards: pd.DataFrame  # outcomes with break_id
    unread_rewards: frozenset[str] = frozenset()  # by id in lower case, of those whose values cannot be read
    attempts_before: Mapping[str, int] = field(default_factory=dict)  # by lane the last request when reading began
    whys: Mapping[Client, Why] = field(default_factory=dict)  # clients are read


@dataclass(frozen=True)
class Books:
    """What the reading came to: the balances by client, and the roll-forward of breaks."""

    balances: pd.DataFrame
    roll_forward: pd.DataFrame
    agreements: Agreements


def keep_books(run: Run, reading: Reading) -> Books:
    """Update the breaks in the ledger by a reading, and close the books of the run, in one transaction."""
    now = run.ledger.now()
    with run.ledger.begin() as connection:
        # Nobody else moves a break between this opening and this closing.
        take_turn(connection)
        opening = last_closing(connection)
        # Before the breaks: what a reversal took back is offset only once the reversal itself was seen.
        _mark_compared(connection, reading)
        _end_watch(connection, run.settings, reading)
        found = _without_offset(connection, _break_records(reading))
        over = refusals_that_are_over(connection, found)
        found = [record for record in found if record["break_id"] not in over]
        gone = [*_gone(connection, found, reading), *over]
        balances, gaps = expect_balances(
            connection, reading.windows, reading.remote.histories, reading.transactions, reading.read_at, set(gone)
        )
        left_over = gap_records(connection, gaps)
        explained = [record["break_id"] for record in left_over if record["more"] == 0]
        found += [*balance_breaks(balances), *left_over]
        update_breaks(connection, found, [*gone, *explained], run_id=run.run_id, now=now)
        keep_explained(connection, gaps, balances, run_id=run.run_id, now=now)
        keep_settled_balances(connection, balances, run_id=run.run_id, read_at=reading.read_at)
        agreements = keep_agreements(connection, run.run_id, _read_clients(reading, balances))

        # Read anew, and not put together from what was found: the roll-forward holds the ledger to account, so it needs
        # what the ledger came to, also by what was open before and was not looked at.
        open_now = [dict(row._mapping) for row in open_breaks(connection)]
        rolled = _rolled_forward(connection, opening, open_now)
        keep_closing(connection, open_now, run_id=run.run_id, now=now)
        _propose_reversals(connection, run, reading, open_now)
    return Books(balances, rolled, agreements)


def _read_clients(reading: Reading, balances: pd.DataFrame) -> ReadClients:
    settled = balances[balances["is_settled"]]
    return ReadClients(
        read_at=reading.read_at,
        histories=reading.remote.histories,
        transactions=reading.transactions,
        settled=set(clients_in(settled)),
        attempts_before=reading.attempts_before,
        whys=reading.whys,
    )


def _mark_compared(connection: Connection, reading: Reading) -> None:
    # What is in doubt or was refused is no posted event yet. Once it is one, it has to be compared as that: else a
    # settled event whose client cannot be read is neither compared nor missed, and the night does not tie.
    of_clients = _posted(reading.transactions)["event_id"].dropna()
    of_rewards = _posted(reading.rewards)["event_id"]
    # As of when the reading began: what comes later it may not have seen.
    mark_compared(connection, [*of_clients, *of_rewards], reading.read_at)


def _posted(matched: pd.DataFrame) -> pd.DataFrame:
    return matched[~matched["outcome"].isin(list(UNPOSTED))]


def _end_watch(connection: Connection, settings: Settings, reading: Reading) -> None:
    """End the watch of what this reading looked at, if it began after the grace time of the last request.

    A reading from before may have come too early for a request that was still on its way. What could not be read, or
    lies on other days than those that were read, stays under watch.
    """
    for window in reading.windows:
        if window.client not in reading.remote.histories:
            continue
        since_at, until_at = window.bounds
        end_watch_of_client(
            connection,
            window.site_id,
            window.client_id,
            since_at=since_at,
            until_at=until_at,
            read_at=reading.read_at,
            due_at=reading.read_at - settings.grace_of(Target.MINDBODY),
        )
    if reading.remote.rewards is not None:
        due_at = reading.read_at - settings.grace_of(Target.REFERRAL_ROCK)
        end_watch_of_rewards(connection, read_at=reading.read_at, due_at=due_at)


def _break_records(reading: Reading) -> list[dict[str, Any]]:
    more = points_more(reading.transactions)
    more_of = {str(break_id): int(points) for break_id, points in zip(more["break_id"], more["more"], strict=True)}
    records = break_records(reading.transactions, Target.MINDBODY)
    for record in records:
        record["more"] = more_of.get(record["break_id"], 0)
    return records + break_records(reading.rewards, Target.REFERRAL_ROCK)


def _without_offset(connection: Connection, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the extra entries that were taken back since, by an entry that is itself in order."""
    found_ids = {record["break_id"] for record in found}
    reversal_of = offset_breaks(connection, found_ids)
    left = []
    for record in found:
        break_id = record["break_id"]
        # Where the reversal is a break itself, its entry is not as it was posted: the two do not cancel each other out,
        # and a person must see both.
        if break_id not in reversal_of or reversal_of[break_id] in found_ids:
            left.append(record)
    return left


def _gone(connection: Connection, found: list[dict[str, Any]], reading: Reading) -> list[str]:
    """Return the open breaks that this reading would have shown, and did not."""
    found_ids = {record["break_id"] for record in found}
    windows = {window.client: window for window in reading.windows}
    gone = []
    for row in open_breaks(connection):
        is_found = row.break_id in found_ids
        # Where nobody looked, that it was not found says nothing.
        if not is_found and _was_looked_at(row, windows, reading):
            gone.append(row.break_id)
    return gone


def _was_looked_at(row: Row[Any], windows: Mapping[Client, Window], reading: Reading) -> bool:
    """Return whether this reading looked where the break is; elsewhere it stays open, since nobody looked."""
    remote = reading.remote
    if row.target == Target.REFERRAL_ROCK:
        is_unread = (row.reward_id or "").lower() in reading.unread_rewards
        return remote.rewards is not None and not is_unread
    client = (row.site_id, row.client_id)
    window = windows.get(client)
    if window is None or client in remote.unread:
        return False
    # Without a time it is about the balance: nothing that is read later takes it back, so a person closes it.
    return row.action_at is not None and window.holds(row.action_at)


def _rolled_forward(connection: Connection, opening: Closing, open_now: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    moves = moves_since(connection, opening)
    return roll_forward(opening.lines, moves, [figures(row) for row in open_now])


def _propose_reversals(
    connection: Connection, run: Run, reading: Reading, open_now: Sequence[Mapping[str, Any]]
) -> None:
    """Propose to take back the extra entries, of breaks that are open: what a person resolved stays as it is."""
    open_ids = [row["break_id"] for row in open_now]
    transactions = reading.transactions
    is_open = transactions["break_id"].isin(open_ids)
    propose_reversals(connection, run.settings, transactions[is_open])
