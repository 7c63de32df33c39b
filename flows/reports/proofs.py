"""Tell how each client's points were proved, by a reading or by its balance, and what that cost in calls."""

from datetime import datetime, tzinfo
from itertools import islice

import pandas as pd

from transforms.match.reconciled import Client, Reconciliation
from transforms.reconcile.proof import ENOUGH_AGREED, Why
from transforms.spoken_times import spoken_minute
from transforms.vocabulary import Target

_MOST_SITES = 3


def proved_clients(reconciliation: Reconciliation | None) -> tuple[dict[str, str], ...]:
    """Return one object per client that was read or that its balance proves: site_id, client_id, by and since.

    ``since`` is when the reading began that it goes back to, UTC.
    """
    if reconciliation is None:
        return ()
    by_balance = {client: proof.chain.base.read_at for client, proof in reconciliation.proofs.proved.items()}
    read = dict.fromkeys(reconciliation.read_clients, reconciliation.read_at)
    told = [_told(client, "balance", at) for client, at in by_balance.items()]
    told += [_told(client, "read", at) for client, at in read.items() if at is not None]
    return tuple(sorted(told, key=lambda one: (one["site_id"], one["client_id"])))


def _told(client: Client, by: str, since: datetime) -> dict[str, str]:
    site_id, client_id = client
    return {
        "site_id": site_id,
        "client_id": client_id,
        "by": by,
        "since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
    }


def calls_per_event(calls_made: int | None, posted: pd.DataFrame) -> float | None:
    """Return the metered calls for each event posted at the metered service; None where none was."""
    events = int(posted["target"].eq(Target.MINDBODY).sum()) if len(posted) else 0
    return round(calls_made / events, 2) if calls_made is not None and events else None


def proof_lines(reconciliation: Reconciliation | None, zone: tzinfo) -> list[str]:
    """Return the lines that say whom nobody read, since their balance follows, and which sites are not trusted yet."""
    if reconciliation is None:
        return []
    return [*_proved_lines(reconciliation, zone), *_untrusted_lines(reconciliation)]


def _proved_lines(reconciliation: Reconciliation, zone: tzinfo) -> list[str]:
    proved = reconciliation.proofs.proved
    if not proved:
        return []
    read = reconciliation.read_clients
    by_turn = sum(1 for client in read if reconciliation.proofs.whys.get(client) is Why.TURN)
    whose = "1 client" if len(proved) == 1 else f"{len(proved):,} clients"
    since = min(proof.chain.base.read_at for proof in proved.values())
    since_when = spoken_minute(since.astimezone(zone))
    return [
        (
            f"Proved by the balance after each answer: {whose}, the longest since {since_when}; "
            f"read back: {len(read):,}, of them by turn {by_turn:,}."
        )
    ]


def _untrusted_lines(reconciliation: Reconciliation) -> list[str]:
    """Say how far the sites are of which a balance was ever found right, and not often enough."""
    counts = {site_id: count for site_id, count in reconciliation.agreed.items() if 0 < count < ENOUGH_AGREED}
    if not counts or Why.SETTING in reconciliation.proofs.whys.values():
        return []
    named = ", ".join(f"{site_id}: {count}" for site_id, count in islice(counts.items(), _MOST_SITES))
    more = f" and {len(counts) - _MOST_SITES} more sites" if len(counts) > _MOST_SITES else ""
    said = f"Every client is read back until {ENOUGH_AGREED} balances of its site in a row were found right"
    return [f"{said} ({named}{more})."]
