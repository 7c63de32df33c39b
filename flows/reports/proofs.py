"""Tell how each client's points were proved, by a reading or by its balance, and what that cost in calls."""

from datetime import datetime

import pandas as pd

from transforms.match.reconciled import Client, Reconciliation
from transforms.reconcile.proof import Why
from transforms.vocabulary import Target


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


def proof_lines(reconciliation: Reconciliation | None) -> list[str]:
    """Return the line that says how many clients nobody read, since their balance follows; none where all were."""
    if reconciliation is None or not reconciliation.proofs.proved:
        return []
    proved = len(reconciliation.proofs.proved)
    read = reconciliation.read_clients
    by_turn = sum(1 for client in read if reconciliation.proofs.whys.get(client) is Why.TURN)
    whose = "1 client" if proved == 1 else f"{proved:,} clients"
    since = min(proof.chain.base.read_at for proof in reconciliation.proofs.proved.values())
    line = (
        f"Proved by the balance after each answer: {whose}, the longest since {since:%Y-%m-%d %H:%M} UTC; read back: "
        f"{len(read):,}, of them by turn {by_turn:,}."
    )
    return [line]
