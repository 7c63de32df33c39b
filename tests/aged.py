"""Make a ledger old: fill it with nights of before, all over and done, directly in SQL; on SQLite and PostgreSQL.

What a night costs must not depend on any of it. Each night of before had a file of new rows and of as many that the one
before had brought; each event its attempt, its answer and its moves; now and then one was refused, read back, watched,
decided about or a break that has closed since.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from sql.tables import metadata
from transforms.identity.raw_rows import row_rule

PER_NIGHT = 300
PER_CLIENT = 50
# Times count back from the night before this one, so that nothing of it is due.
_SQLITE = {
    "numbers": "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count} - 1)"
    " SELECT n FROM numbers",
    "key": "printf('%08x%016x', (({n}) * {factor}) % 4294967296, {n})",
    "at": "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || ({seconds}) || ' seconds')",
    "on": "strftime('%Y-%m-%d', 'now', '-' || ({seconds}) || ' seconds')",
}
_POSTGRESQL = {
    "numbers": "SELECT n FROM generate_series(0::bigint, {count} - 1) AS n",
    "key": "lpad(to_hex((({n}) * {factor}) % 4294967296), 8, '0') || lpad(to_hex({n}), 16, '0')",
    "at": "date_trunc('second', now()) - ({seconds}) * interval '1 second'",
    "on": "(now() - ({seconds}) * interval '1 second')::date",
}


def age(ledger: Ledger, events: int, per_night: int = PER_NIGHT, *, with_decisions: bool = False) -> None:
    """Add so many events of before, each posted and compared but for a few; what is there already stays.

    Decisions have hashes that follow from nothing, so `tieout doctor` would name the first one.
    """
    dialect = "sqlite" if ledger.file else "postgresql"
    statements = list(_statements(dialect, events, per_night, "-99", with_decisions=with_decisions))
    if ledger.file is None:
        _age_postgresql(ledger, statements)
    else:
        _age_sqlite(ledger.file, statements)


def _age_postgresql(ledger: Ledger, statements: Sequence[str]) -> None:
    with ledger.begin() as connection:
        # Without triggers: what is of before stands as it ended, without the moves that led there.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            # Of its driver a percent sign begins a parameter.
            connection.exec_driver_sql(statement.replace("%", "%%"))
        _go_on_from_the_last_ids(connection)
        connection.exec_driver_sql("ANALYZE")


def _age_sqlite(file: Path, statements: Sequence[str]) -> None:
    """Fill the file past the product, by statements: in one transaction ten million events would be kept twice."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        listed = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
        found = connection.execute(listed).fetchall()
        for kind, name, _ in found:
            connection.execute(f"DROP {kind.upper()} {name}")
        for statement in statements:
            connection.execute(statement)
        # Indexes that are made anew of sorted rows take a tenth of those that grow row by row.
        for _, _, statement in found:
            connection.execute(statement)


def _statements(dialect: str, events: int, per_night: int, site_id: str, *, with_decisions: bool) -> Iterator[str]:
    words = _SQLITE if dialect == "sqlite" else _POSTGRESQL
    nights = -(-events // per_night)
    night_ago = f"(({nights} - n / {per_night}) * 86400)"
    of_night = f"(({nights} - n) * 86400)"
    run_id = f"'nightly-of-before-' || (n / {per_night})"
    own_run = "'nightly-of-before-' || n"

    def key(factor: int, n: str = "n") -> str:
        return words["key"].format(n=n, factor=factor)

    def at(seconds: str) -> str:
        return words["at"].format(seconds=seconds)

    def on(seconds: str) -> str:
        return words["on"].format(seconds=seconds)

    client = f"'9' || (n % {max(events // PER_CLIENT, 1)})"
    state = "CASE WHEN n % 1000 = 7 THEN 'refused' WHEN n % 2000 = 9 THEN 'discarded' ELSE 'posted' END"
    yield "DROP TABLE IF EXISTS numbers_of_before"
    yield f"CREATE TEMPORARY TABLE numbers_of_before AS {words['numbers'].format(count=events)}"

    # Every part of the statements is written here: nothing in them came from outside.
    def fill(table: str, most: int = events, where: str = "", **values: str) -> str:
        column_names = ", ".join(f'"{name.rstrip("_")}"' for name in values)
        condition = f"n < {most}" + (f" AND {where}" if where else "")
        named = f"INSERT INTO {table} ({column_names})"
        return f"{named} SELECT {', '.join(values.values())} FROM numbers_of_before WHERE {condition}"  # noqa: S608

    yield fill("runs", nights, run_id=own_run, kind="'nightly'", started_at=at(of_night),
               finished_at=at(f"{of_night} - 600"), summary="'{}'", seen_at=at(f"{of_night} - 600"))  # fmt: skip
    yield fill("run_numbers", nights, number="n + 1000", run_id=own_run, numbered_at=at(of_night))
    yield fill("files", nights, file_id="n + 1000", sha256=f"{key(7)} || {key(11)} || '0000000000000000'",
               default_site_id="''", name="'export-' || n || '.csv'", run_id=own_run, registered_at=at(of_night),
               rows_read=str(2 * per_night + 3), accepted=str(per_night), duplicate=str(per_night), held="0",
               rejected="3", row_rule=f"'{row_rule([])}'")  # fmt: skip
    yield fill("batches", nights, file_id="n + 1000", kind="'earned'", site_id=f"'{site_id}'",
               event_count=str(per_night), points=str(10 * per_night), amount="'0'")  # fmt: skip
    # Most are points that were posted; some are updates of rewards that a person discarded.
    is_update = "n % 10 = 4"

    def of_points(value: str) -> str:
        return f"CASE WHEN {is_update} THEN NULL ELSE {value} END"

    def of_either(points: str, update: str) -> str:
        return f"CASE WHEN {is_update} THEN {update} ELSE {points} END"

    yield fill(
        "events", event_id=key(2654435761), kind=of_either("'earned'", "'reward_update'"),
        target=of_either("'mindbody'", "'referral_rock'"), site_id=of_either(f"'{site_id}'", "''"),
        lane=of_either(f"'mindbody:{site_id}:' || {client}", "'referral_rock:r-' || n"), content_key=key(40503),
        occurrence="1", client_id=of_points(client), action=of_points("'Earned'"), points=of_points("10"),
        source=of_points("'Sale'"), action_at=of_points(at(night_ago)), is_dated=of_either("true", "false"),
        reward_id=of_either("NULL", "'r-' || n"), payout_id=of_either("NULL", "'p-1'"),
        file_id=f"n / {per_night} + 1000", ordinal=f"n % {per_night}", row_number=f"n % {per_night} + 2",
        run_id=run_id, registered_at=at(night_ago), order_at=at(night_ago), first_state="'ready'",
        state=of_either(state, "'discarded'"), state_at=at(f"{night_ago} - 60"), state_run_id=run_id,
        state_reason="'Success'", attempt_id="n + 1", fingerprint="n * 15485863 + 1",
        compared_at=at(f"{night_ago} - 120"), watch_from_at=f"CASE WHEN n % 100 = 3 THEN {at(night_ago)} END",
        watch_over_at=f"CASE WHEN n % 100 = 3 THEN {at(f'{night_ago} - 86000')} END",
    )  # fmt: skip
    yield fill("attempts", attempt_id="n + 1", event_id=key(2654435761), run_id=run_id, claimed_at=at(night_ago),
               lease_until=at(f"{night_ago} - 60"), fingerprint=f"{key(7)} || {key(11)}",
               lane=of_points(f"'mindbody:{site_id}:' || {client}"))  # fmt: skip
    yield fill("answers", attempt_id="n + 1", answered_at=at(f"{night_ago} - 1"), verdict="'posted'",
               http_status="200", message="'Success'", duration_ms="12.5", balance="100", is_echo="true")  # fmt: skip
    yield fill("balance_readings", where=f"NOT ({is_update})", reading_id="n + 1", site_id=f"'{site_id}'",
               client_id=client, run_id=run_id, read_at=at(f"{night_ago} - 120"), why="'its turn has come'",
               balance="100", is_base="true", last_attempt_id="n + 1", links_count="1", chain_balance="100",
               agrees="n % 1000 <> 7")  # fmt: skip
    for number, (before, after) in enumerate((("ready", "sending"), ("sending", "posted"))):
        yield fill("transitions", transition_id=f"2 * n + {number + 1}", event_id=key(2654435761),
                   from_state=f"'{before}'", to_state=f"'{after}'", at=at(f"{night_ago} - 1"), run_id=run_id,
                   reason="'Success'", attempt_id="n + 1")  # fmt: skip
    yield fill("settlements", where="n % 100 = 3", event_id=key(2654435761), run_id=run_id, at=at(night_ago),
               attempt_id="n + 1", decided="'posted'", balance="100", evidence="'{}'")  # fmt: skip
    yield fill("duplicates", where=f"n / {per_night} + 1 < {nights}", file_id=f"n / {per_night} + 1001",
               ordinal=f"{per_night} + n % {per_night}", row_number=f"{per_night} + n % {per_night} + 2",
               event_id=key(2654435761), reason="'already in the ledger'")  # fmt: skip
    yield fill("run_carried", where=f"n % 20 = 5 AND n / {per_night} + 1 < {nights}",
               run_id=f"'nightly-of-before-' || (n / {per_night} + 1)", event_id=key(2654435761))  # fmt: skip
    yield fill("known_rows", where="n % 100 = 3", fingerprint="-n", event_id=key(2654435761))
    yield fill("client_balances", max(events // PER_CLIENT, 1), site_id=f"'{site_id}'", client_id=client,
               balance="100", read_at=at("86400"), run_id=f"'nightly-of-before-' || (n % {nights})")  # fmt: skip
    yield fill("rejections", where="n % 20 = 3", file_id=f"n / {per_night} + 1000", row_number="7",
               code="'points_invalid'", message="'Points'")  # fmt: skip
    yield fill("skipped_rows", nights, file_id="n + 1000", row_number="1", reason="'a title'")
    yield fill("source_id_checks", nights, file_id="n + 1000", subject="'sales'", finding="'unchecked'",
               row_count="300")  # fmt: skip
    yield fill("breaks", where="n % 20 = 3", break_id=f"'brk-' || {key(99991)}", class_="'unexpected_remote'",
               target="'mindbody'", site_id=f"'{site_id}'", client_id=client, points="10", action_at=at(night_ago),
               opened_on=on(night_ago), opened_run_id=run_id, closed_run_id=run_id, state="'closed'",
               detail="'entered by hand'")  # fmt: skip
    for move, verb in enumerate(("new", "closed")):
        yield fill("break_moves", where="n % 20 = 3", move_id=f"2 * (n / 20) + {move + 1}",
                   break_id=f"'brk-' || {key(99991)}", move=f"'{verb}'", moved_at=at(night_ago), run_id=run_id,
                   class_="'unexpected_remote'", target="'mindbody'", site_id=f"'{site_id}'", points="10",
                   amount="'0'")  # fmt: skip
    yield fill("closings", nights, closing_id="n + 1000", run_id=own_run, closed_at=at(of_night),
               last_move_id=f"2 * {events // 20 + 1}")  # fmt: skip
    yield fill("closing_lines", nights, closing_id="n + 1000", class_="'unexpected_remote'", target="'mindbody'",
               site_id=f"'{site_id}'", open_count="0", points="0", amount="'0'")  # fmt: skip
    yield fill("snapshots", nights, run_id=own_run, taken_at=at(of_night), name="'nightly-of-before-' || n",
               sha256=f"{key(7)} || {key(11)} || '0000000000000000'", size_bytes="1000",
               last_decision_id=str(events + 1))  # fmt: skip
    yield fill("reversals", where="n % 50 = 8", event_id=key(2654435761), reversed_event_id=key(2654435761, "n - 1"),
               nth="1", requested_by="'somebody'", reason="'twice'", requested_at=at(night_ago))  # fmt: skip
    yield fill("corrections", where="n % 50 = 8", event_id=key(2654435761), corrected_event_id=key(2654435761, "n - 1"))
    yield fill("recoveries", where="n % 50 = 8", event_id=key(2654435761), run_id=run_id, at=at(night_ago),
               decided="'posted'", how="'service'", reason="'the service shows it'", evidence="'{}'")  # fmt: skip
    if with_decisions:
        yield from _decisions(fill, key, at(night_ago))
    yield fill("call_counts", nights, target="'mindbody'", day_on=on(of_night), calls="600")
    yield "DROP TABLE numbers_of_before"


def _decisions(fill: Callable[..., str], key: Callable[..., str], at: str) -> Iterator[str]:
    """Give decisions of people, whose hashes follow from nothing, and what they decided."""
    of_some = {"where": "n % 50 = 8"}
    yield fill("event_decisions", **of_some, decision_id="n + 1", at=at, actor="'somebody'", verb="'approve'",
               reason="''", about="'an event'", events_count="1", events_hash="'-'", previous_hash="'-' || n",
               hash="'-'")  # fmt: skip
    yield fill("decided_events", **of_some, decision_id="n + 1", event_id=key(2654435761), state="'held'")
    for table, of in (("replacements", "replaced_event_id"), ("lookalikes", "earlier_event_id")):
        more = {"decision_id": "n + 1"} if table == "replacements" else {}
        yield fill(table, **of_some, event_id=key(2654435761), **{of: key(2654435761, "n - 1")}, **more)


def _go_on_from_the_last_ids(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and column.autoincrement is True:
            last = f"SELECT coalesce(max({column.name}), 0) + 1 FROM {table.name}"  # noqa: S608 - as above
            sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            connection.exec_driver_sql(f"SELECT setval({sequence}, ({last}), false)")
