"""Tell how each client's points were proved, by a reading or by its balance, and what that cost in calls."""

from datetime import datetime, tzinfo

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
    proofs = reconciliation.proofs.proved.items()
    told = [_told(client, "balance", proof.chain.base.read_at) for client, proof in proofs]
    read_at = reconciliation.read_at
    if read_at is not None:
        told += [_told(client, "read", read_at) for client in dict.fromkeys(reconciliation.read_clients)]
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
    if calls_made is None or posted.empty:
        return None
    events_count = int(posted["target"].eq(Target.MINDBODY).sum())
    return round(calls_made / events_count, 2) if events_count else None


def proof_lines(reconciliation: Reconciliation | None, zone: tzinfo) -> list[str]:
    """Return the lines that say whom nobody read, since their balance follows, and which sites are not trusted yet."""
    if reconciliation is None:
        return []
    return [*_proved_lines(reconciliation, zone), *_untrusted_lines(reconciliation)]


def _proved_lines(reconciliation: Reconciliation, zone: tzinfo) -> list[str]:
    proofs, read = reconciliation.proofs, reconciliation.read_clients
    if not proofs.proved:
        return []
    by_turn = sum(proofs.whys.get(client) is Why.TURN for client in read)
    whose = "1 client" if len(proofs.proved) == 1 else f"{len(proofs.proved):,} clients"
    since = min(proof.chain.base.read_at for proof in proofs.proved.values())
    since_when = spoken_minute(since.astimezone(zone))
    proved = f"Proved by the balance after each answer: {whose}, the longest since {since_when}"
    return [f"{proved}; read back: {len(read):,}, of them by turn {by_turn:,}."]


def _untrusted_lines(reconciliation: Reconciliation) -> list[str]:
    """Say how far the sites are of which a balance was ever found right, and not often enough."""
    counts = {site_id: count for site_id, count in reconciliation.agreed.items() if 0 < count < ENOUGH_AGREED}
    if not counts or Why.SETTING in reconciliation.proofs.whys.values():
        return []
    sites = [f"{site_id}: {count}" for site_id, count in counts.items()]
    named = ", ".join(sites[:_MOST_SITES])
    more_count = len(sites) - _MOST_SITES
    more = f" and {more_count} more sites" if more_count > 0 else ""
    said = f"Every client is read back until {ENOUGH_AGREED} balances of its site in a row were found right"
    return [f"{said} ({named}{more})."]
