"""The world that every sandbox starts with: invented clients, their visits, sales and points, and rewards.

Client ids are text: nine digits, leading zeros, or letters as old sites have them. Times are UTC here; the service
shows them in the zone of its site. `data_samples/` is written against these ids.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

NAMESPACE = uuid.UUID("6f3ad1f0-52c1-4a53-9d0c-1d2f6c7b8a90")
PROGRAM_NAME = "Friends of the Studio"
PAYOUTS = {  # payout id -> description
    "35b10000-0000-4000-8000-000000000001": "Account credit",
    "35b10000-0000-4000-8000-000000000002": "Gift card",
}


@dataclass(frozen=True, slots=True)
class Client:
    """One client; `referred` are the ids of the clients whom this one brought."""

    client_id: str
    unique_id: int
    last_name: str
    referred: tuple[str, ...] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Visit:
    """One seat in a class (`appointment_id` 0) or one appointment (`class_id` 0)."""

    visit_id: int
    client_id: str
    starts_at: datetime
    appointment_id: int = 0
    class_id: int = 0
    is_late_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale of one item."""

    sale_id: int
    client_id: str
    sold_at: datetime
    description: str
    price: float
    is_returned: bool = False


@dataclass(frozen=True, slots=True)
class SeedTransaction:
    """One entry of a client's points; `action` is one of the five that come back on reads."""

    action: str
    points: int
    source: str | None
    source_id: int | None
    acted_at: datetime
    expires_at: datetime | None = None


def seed_clients(extra: int = 0) -> Iterator[Client]:
    """Yield the clients of the samples, then `extra` plain ones, 200000001 and up."""
    yield Client("100000001", 5001, "Aster")
    yield Client("100000002", 5002, "Birch")
    yield Client("100000003", 5003, "Cedar", referred=("100000004", "100000012"))
    yield Client("100000004", 5004, "Dogwood")
    yield Client("100000005", 5005, "Elm")
    yield Client("100000006", 5006, "Fir")
    yield Client("100000007", 5007, "Ginkgo")
    yield Client("100000008", 5008, "Hazel")
    yield Client("100000009", 5009, "Ivy")
    yield Client("100000010", 5010, "Juniper")
    yield Client("100000011", 5011, "Larch", is_active=False)
    yield Client("100000012", 5012, "Maple")
    yield Client("000000123", 5013, "Nutmeg")
    yield Client("AB123456", 5014, "Olive")
    for number in range(1, extra + 1):
        yield Client(str(200_000_000 + number), 10_000 + number, f"Extra {number}")


def seed_visits() -> Iterator[Visit]:
    """Yield visits: 7001 and up are classes, 7101 and up are appointments with AppointmentIds from 8001."""
    classes = ("100000001", "100000001", "AB123456", "100000010", "100000001", "100000004", "AB123456", "100000012")
    for number, client_id in enumerate(classes):
        yield Visit(
            visit_id=7001 + number,
            client_id=client_id,
            starts_at=datetime(2026, 9, 1, 17, tzinfo=UTC) + timedelta(days=2 * number),
            class_id=401 + number % 3,
            # The entry of Maple (100000012) in `seed_transactions` takes this one's points back.
            is_late_cancelled=number == 7,
        )
    for number, client_id in enumerate(("100000002", "100000002", "100000007")):
        yield Visit(
            visit_id=7101 + number,
            client_id=client_id,
            starts_at=datetime(2026, 9, 2, 20, 30, tzinfo=UTC) + timedelta(days=8 * number),
            appointment_id=8001 + number,
        )


def seed_sales() -> Iterator[Sale]:
    """Yield sales, 9001 and up; 9009 was returned."""
    buyers = (
        ("000000123", 40.0),
        ("100000005", 240.0),
        ("100000005", 15.0),
        ("100000009", 80.0),
        ("000000123", 12.5),
        ("100000001", 272.0),
        ("100000005", 30.0),
        ("100000012", 55.0),
        ("100000008", 20.0),
    )
    for number, (client_id, price) in enumerate(buyers):
        sold_at = datetime(2026, 9, 2, 18, 5, tzinfo=UTC) + timedelta(days=4 * number, hours=number)
        yield Sale(9001 + number, client_id, sold_at, "Class pack", price, is_returned=number == 8)


def seed_transactions() -> Iterator[tuple[str, SeedTransaction]]:
    """Yield (client id, entry) of points from before: opening points of spring, and staff's own doings of autumn.

    Hazel (100000008) holds what only a reconciliation can explain: an entry by hand, and a returned sale.
    """
    spring = datetime(2026, 3, 2, 18, tzinfo=UTC)
    opening_points = {"100000001": 60, "100000006": 40, "100000008": 200, "AB123456": 15}
    for client_id, points in opening_points.items():
        yield (
            client_id,
            SeedTransaction(
                action="Earned",
                points=points,
                source="Sale",
                source_id=None,
                acted_at=spring,
                expires_at=spring + timedelta(days=730),
            ),
        )
    yield "100000001", _by_staff("Redeemed", 20, datetime(2026, 5, 6, 19, 30, tzinfo=UTC))
    booked_at = datetime(2026, 9, 15, 17, tzinfo=UTC)
    booking = SeedTransaction("Earned", 25, "Class Booking", 7008, booked_at)
    yield "100000012", booking
    yield "100000012", replace(booking, action="LateCanceled", acted_at=booked_at + timedelta(minutes=5))
    yield "100000008", _by_staff("Earned", 7, datetime(2026, 9, 9, 21, 15, tzinfo=UTC))
    yield "100000008", SeedTransaction("Returned", 20, "Sale", 9009, datetime(2026, 10, 5, 2, 5, tzinfo=UTC))


def _by_staff(action: str, points: int, acted_at: datetime) -> SeedTransaction:
    """Return an entry by hand, which names no sale or visit."""
    return SeedTransaction(action=action, points=points, source=None, source_id=None, acted_at=acted_at)


def seed_rewards(extra: int = 0) -> Iterator[dict[str, Any]]:
    """Yield rewards with all 28 documented fields: number 3 is issued, number 8 is processing, the others pend."""
    for number in range(1, 9 + extra):
        status = {3: "Issued", 8: "Processing"}.get(number, "Pending")
        yield _reward(number, status, datetime(2026, 8, 1, 12, tzinfo=UTC) + timedelta(hours=6 * number))


def reward_id(number: int) -> str:
    """Return the id of reward `number`.

    >>> reward_id(12)
    '3344d59a-0000-4000-8000-000000000012'
    """
    return f"3344d59a-0000-4000-8000-{number:012d}"


def _reward(number: int, status: str, created_at: datetime) -> dict[str, Any]:
    created = created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    payout_id = next(iter(PAYOUTS))
    return {
        "id": reward_id(number),
        "payoutId": payout_id,
        "payoutDescription": PAYOUTS[payout_id],
        "programId": _guid("program"),
        "programName": PROGRAM_NAME,
        "memberId": _guid(f"member {number % 4}"),
        "referralId": _guid(f"referral {number}"),
        "type": "Referral",
        "recipientId": _guid(f"recipient {number}"),
        "recipientName": f"Sample Recipient {number}",
        "recipientEmailAddress": f"recipient{number}@example.com",
        "recipientExternalIdentifier": f"clientId:{100000000 + number}",
        "externalIdentifier": None,
        "status": status,
        "amount": Decimal("10.0"),
        "createDate": created,
        "issueDate": created if status == "Issued" else None,
        "eligibilityDate": created,
        "description": "Brought a friend",
        "transactionID": _guid(f"transaction {number}") if status == "Issued" else None,
        "updateDate": created,
        "referralDisplayName": f"Sample Friend {number}",
        "currencyCode": "USD",
        "source": "Status Based",
        "programRewardRuleId": _guid("rule"),
        "paymentType": None,
        "paymentCode": None,
        "completeNote": None,
    }


def _guid(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))
