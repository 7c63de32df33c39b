"""One report with something in every part of it; the people and the ids are invented."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd

from flows.reports.report import COLUMNS, Report
from transforms.totals.client_balances import balances_of_run

NIGHT = datetime(2025, 7, 2, 9, 0, tzinfo=UTC)


def report(**changes: object) -> Report:
    parts = {
        "title": "Nightly run of 2 July 2025",
        "run_id": "run-20250702-0900-7f3a",
        "kind": "nightly",
        "started_at": NIGHT,
        "finished_at": NIGHT + timedelta(minutes=4, seconds=12),
        "period": (date(2025, 7, 1), date(2025, 7, 2)),
        "timezone": "America/Los_Angeles",
        "totals": totals(),
        "ties": ties(),
        "control_totals": control_totals(),
        "roll_forward": roll_forward(),
        "breaks": breaks(),
        "rejected": rejected(),
        "waiting": waiting(),
        "posted": posted(),
        "refused": refused(),
        "by_client": by_client(),
        "nights": nights(),
        "duplicates": duplicates(),
        "skipped": skipped(),
        "walk": walk(),
        "balances": balances(),
        "zones": (),
    }
    nothing = {name: pd.DataFrame() for name in COLUMNS}
    return Report(**{**nothing, **parts, **changes})  # type: ignore[arg-type]


def quiet(**changes: object) -> Report:
    """A night on which nothing happened: every frame empty, some without columns."""
    empty = pd.DataFrame()
    frames = ("control_totals", "roll_forward", "breaks", "rejected", "waiting", "posted", "refused")
    nothing = dict.fromkeys((*frames, "by_client", "nights", "duplicates", "skipped", "walk", "balances"), empty)
    zeros = dict.fromkeys(totals(), 0) | {"amount_updated": "0", "ties_out": True, "agrees": True}
    return report(**{**nothing, "totals": zeros, "ties": ties().assign(left=0, right=0), **changes})


def totals(**changes: int | str | bool) -> dict[str, int | str | bool]:
    counts = {"files": 3, "rows_read": 67, "accepted": 43, "duplicate": 17, "held": 2, "rejected": 5}
    events = {"carried_in": 4, "posted": 40, "refused": 3, "unknown": 1, "pending": 3, "withheld": 0}
    sums = {"points_earned": 800, "points_redeemed": 90, "amount_updated": "112.50", "breaks_open": 9}
    return {**counts, **events, **sums, "ties_out": True, "agrees": False, **changes}


def walk() -> pd.DataFrame:
    """The walk of the totals above."""
    rows = [
        ("in_sheets", "-99", "earned", "", 55, 1200, None),
        ("in_sheets", "-99", "redeemed", "", 8, 700, None),
        ("in_sheets", "", "reward_update", "USD", 4, None, Decimal("130.00")),
        ("needs_fixing", "-99", "earned", "", 5, 60, None),
        ("known", "-99", "earned", "", 17, 300, None),
        ("waiting", "-99", "earned", "", 1, 25, None),
        ("waiting", "", "reward_update", "USD", 1, None, Decimal("15.00")),
        ("accepted", "-99", "earned", "", 32, 815, None),
        ("accepted", "-99", "redeemed", "", 8, 700, None),
        ("accepted", "", "reward_update", "USD", 3, None, Decimal("115.00")),
        ("brought_forward", "-99", "earned", "", 4, 40, None),
        ("turned_down", "-99", "redeemed", "", 3, 515, None),
        ("not_sure", "-99", "redeemed", "", 1, 40, None),
        ("still_to_send", "-99", "earned", "", 3, 55, None),
        ("replaced", "", "reward_update", "USD", 1, None, Decimal("2.50")),
        ("posted", "-99", "earned", "", 33, 800, None),
        ("posted", "-99", "redeemed", "", 4, 145, None),
        ("posted", "", "reward_update", "USD", 2, None, Decimal("112.50")),
        ("not_there", "-99", "earned", "", 2, 30, None),
        ("others", "-99", "earned", "", 1, 30, None),
        ("twice", "-99", "earned", "", 1, 40, None),
        ("other_figure", "", "reward_update", "USD", 0, None, Decimal("12.50")),
        ("at_service", "-99", "earned", "", 33, 840, None),
        ("at_service", "-99", "redeemed", "", 4, 145, None),
        ("at_service", "", "reward_update", "USD", 2, None, Decimal("125.00")),
    ]
    columns = ["line", "site_id", "kind", "currency", "events", "points", "amount"]
    return pd.DataFrame(rows, columns=columns, dtype="object").astype({"events": "Int64", "points": "Int64"})


def ties() -> pd.DataFrame:
    rows = [
        ("Rows", "rows read = accepted + duplicate + held + rejected", 67, 67, 0, True),
        ("Events", "carried in + accepted = posted + refused + unknown + pending", 47, 47, 0, True),
        ("Breaks", "open before + new − closed = open now", 9, 9, 0, True),
        ("Points earned", "ledger = service, per site and night", 800, 800, 0, True),
        ("Amounts", "ledger = service", Decimal("112.50"), Decimal("112.50"), Decimal("0.00"), True),
    ]
    return pd.DataFrame(rows, columns=["name", "formula", "left", "right", "difference", "ties"], dtype="object")


def control_totals() -> pd.DataFrame:
    rows = []
    for site, kind, events, points, amount in [
        ("-99", "earned", 33, 800, None),
        ("-99", "redeemed", 4, 90, None),
        (None, "reward_update", 3, None, Decimal("112.50")),
    ]:
        for level, more in [("file", 3), ("batch", 3), ("ledger", 0), ("service", 0)]:
            rows.append((level, f"{kind} of july.xlsx", site, kind, events + more, points, amount))
    return pd.DataFrame(
        rows, columns=["level", "name", "site_id", "kind", "events", "points", "amount"], dtype="object"
    )


def roll_forward() -> pd.DataFrame:
    rows = [
        ("-99", "late", "breaks", 3, 2, 0, 3, 0, 2, 0),
        ("-99", "late", "points", 90, 40, 0, 90, 0, 40, 0),
        ("-99", "missing_remote", "breaks", 1, 1, 0, 0, 0, 2, 0),
        ("-99", "missing_remote", "points", 25, 50, 0, 0, 0, 75, 0),
        ("-99", "unexpected_remote", "breaks", 2, 1, 1, 1, 1, 2, 0),
        ("-99", "unexpected_remote", "points", 60, 10, 10, 20, 10, 50, 0),
        (None, "amount_mismatch", "breaks", 0, 1, 0, 0, 0, 1, 0),
        (None, "amount_mismatch", "amount", Decimal(0), Decimal("12.50"), 0, 0, 0, Decimal("12.50"), Decimal(0)),
    ]
    columns = ["site_id", "class", "measure", "open_before", "new", "reopened", "closed", "resolved", "open_now"]
    return pd.DataFrame(rows, columns=[*columns, "difference"], dtype="object")


def nights() -> pd.DataFrame:
    rows = [
        ("-99", "2025-07-01", 20, 1, 21, 0, 400, 15, 415, 0),
        ("-99", "2025-07-02", 13, -1, 11, 1, 310, -20, 280, 10),
    ]
    sides = ["ledger", "breaks", "service", "difference"]
    columns = [f"{side}_{measure}" for measure in ("events", "points") for side in sides]
    return pd.DataFrame(rows, columns=["site_id", "night", *columns])


def breaks() -> pd.DataFrame:
    classes = ["late", "missing_remote", "unexpected_remote", "duplicate_remote", "time_mismatch", "reversed_remote"]
    classes = [*classes, "refused", "unknown", "amount_mismatch"]
    rows = []
    for number, name in enumerate(classes):
        age = (number * 7) % 45
        rows.append(
            {
                "id": f"brk-{number:04d}",
                "class": name,
                "target": "mindbody" if number != 8 else "referral_rock",
                "site_id": "-99" if number != 8 else None,
                "client_id": f"00{number}123" if number != 8 else None,
                "reward_id": "RW-00042" if number == 8 else None,
                "points": 10 * number + 10 if number != 8 else None,
                "amount": Decimal("12.50") if number == 8 else None,
                "event_id": f"ev-{number:012x}" if number != 2 else None,
                "opened_on": date(2025, 7, 2) - timedelta(days=age),
                "age_days": age,
                "state": "acknowledged" if number == 3 else "open",
                "owner": "Finance" if number == 3 else None,
                "reason": ["No entry of 20 points on 30 June at the service.", "=SUM(A1:A9)", None][number % 3],
                "detail": "The ledger has Earned 20 points at 2025-06-30 17:00:00 UTC." if number % 2 else None,
                "file": "july.xlsx" if number != 2 else None,
                "sheet": "Earned" if number != 2 else None,
                "row": 20 + number if number != 2 else None,
            }
        )
    return pd.DataFrame(rows)


def rejected() -> pd.DataFrame:
    sheet, desk = ("july.xlsx", "Earned"), ("desk.csv", None)
    rows = [
        (*sheet, 14, "Points", "C14", "points_not_positive_integer", "12.5", "Points must be a whole number.", None),
        (*sheet, 19, "Action", "D19", "action_unknown", "Earnd", "Action must be Earned or Redeemed.", "Earned"),
        (*sheet, 7, "Client ID", "A7", "client_id_missing", None, "Client ID is empty.", None),
        (
            *(*desk, 3, "ActionDateTime", None, "action_time_ambiguous", "2024-11-03 01:30"),
            *("01:30 came twice on 3 November 2024 in America/Los_Angeles; add an offset.", "2024-11-03T01:30-07:00"),
        ),
        (*desk, 9, "Source", None, "source_unknown", "=cmd|' /C calc'!A0", "Source is none of the four.", None),
    ]
    columns = ["file", "sheet", "row", "column", "cell", "code", "value", "message", "suggestion"]
    return pd.DataFrame(rows, columns=columns, dtype="object")


def waiting() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "event_id": ["ev-held00000001", "ev-held00000002", "ev-unkn00000001"],
            "state": ["held", "held", "unknown"],
            "kind": ["earned", "reward_update", "redeemed"],
            "target": ["mindbody", "referral_rock", "mindbody"],
            "site_id": ["-99", None, "-99"],
            "client_id": ["000123", None, "AB123456"],
            "reward_id": [None, "RW-00042", None],
            "points": pd.array([25, None, 40], dtype="Int64"),
            "amount": [None, Decimal("15.00"), None],
            "action_at": pd.to_datetime(["2025-07-01T16:00:00Z", None, "2025-07-02T03:15:00Z"], utc=True),
            "file": ["july.xlsx", "rewards.xml", "july.xlsx"],
            "sheet": ["Earned", None, "Redeemed"],
            "row": pd.array([33, 4, 12], dtype="Int64"),
            "since": pd.to_datetime(["2025-07-02T09:01:00Z"] * 3, utc=True),
            "reason": [
                "An equal row without a time stands in june.xlsx, Earned, row 12.",
                "The reward had these values before, and others since.",
                "The connection was lost after sending.",
            ],
        }
    )


def posted(count: int = 40) -> pd.DataFrame:
    numbers = range(count)
    kinds = ["redeemed" if n % 9 == 4 else "reward_update" if n % 13 == 12 else "earned" for n in numbers]
    updates = [kind == "reward_update" for kind in kinds]
    return pd.DataFrame(
        {
            "event_id": [f"ev-{n:012x}" for n in numbers],
            "kind": kinds,
            "target": ["referral_rock" if update else "mindbody" for update in updates],
            "site_id": [None if update else "-99" for update in updates],
            "client_id": [None if updates[n] else f"{n % 300:06d}" for n in numbers],
            "reward_id": [f"RW-{n:05d}" if updates[n] else None for n in numbers],
            "points": pd.array([None if updates[n] else 5 + n % 60 for n in numbers], dtype="Int64"),
            "amount": [Decimal("12.50") + n if updates[n] else None for n in numbers],
            "source": ["Class Booking" if kind == "earned" else None for kind in kinds],
            "source_id": [str(100238 + n) if kinds[n] == "earned" else None for n in numbers],
            "action_at": [NIGHT - timedelta(days=n % 14, minutes=n) for n in numbers],
            "posted_at": [NIGHT + timedelta(seconds=n) for n in numbers],
            "file": ["july.xlsx"] * count,
            "sheet": ["Earned"] * count,
            "row": list(range(2, count + 2)),
            "origin": "in this run",
        }
    )


def refused() -> pd.DataFrame:
    base = {
        "kind": "redeemed",
        "site_id": "-99",
        "reward_id": None,
        "amount": None,
        "file": "july.xlsx",
        "sheet": "Redeemed",
        "origin": "in this run",
    }
    return pd.DataFrame(
        [
            {**base, "event_id": "ev-ref000000001", "client_id": "000777", "points": 500, "row": 8}
            | {"code": "InvalidParameter", "message": "Client does not have enough points."},
            {**base, "event_id": "ev-ref000000002", "client_id": "AB999", "points": 10, "row": 9}
            | {"code": "ClientNotFound", "message": "Client AB999 was not found."},
            {**base, "event_id": "ev-ref000000003", "client_id": "+44", "points": 5, "row": 10}
            | {"code": None, "message": "@SUM(1+1)"},
        ]
    )


def by_client() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site_id": ["-99"] * 4,
            "client_id": ["000001", "000002", "000123", "AB123456"],
            "balance_before": pd.array([100, 0, 40, None], dtype="Int64"),
            "earned": pd.array([25, 40, 5, 10], dtype="Int64"),
            "redeemed": pd.array([0, 10, 0, 0], dtype="Int64"),
            "others": pd.array([0, 0, 15, None], dtype="Int64"),
            "balance_expected": pd.array([125, 30, 60, None], dtype="Int64"),
            "balance_reported": pd.array([125, 30, 50, None], dtype="Int64"),
            "difference": pd.array([0, 0, -10, None], dtype="Int64"),
            "proof": ["balance", "read", "read", "read"],
            "proved_since_at": pd.to_datetime([NIGHT - timedelta(days=3), NIGHT, NIGHT, NIGHT]),
        }
    )


def balances() -> pd.DataFrame:
    return balances_of_run(by_client(), posted().head(0), read_clients=(), is_of_run=False)


def duplicates() -> pd.DataFrame:
    rows = [("july.xlsx", "Earned", 20 + n, f"ev-{n:012x}", "june.xlsx", "Earned", 90 + n) for n in range(17)]
    return pd.DataFrame(rows, columns=["file", "sheet", "row", "event_id", "first_file", "first_sheet", "first_row"])


def skipped() -> pd.DataFrame:
    rows = [
        ("july.xlsx", "Earned", 1, "title"),
        ("july.xlsx", "Earned", 2, "blank"),
        ("july.xlsx", "Earned", 90, "total"),
    ]
    return pd.DataFrame(rows, columns=["file", "sheet", "row", "reason"])
