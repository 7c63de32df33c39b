"""``tieout keep``: what was not sent of a place that has left waits until it is back, and no night asks for it."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import ByUser, Config, Json, ReferralRock, Why, a_site, whole_place
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.person import user_name
from flows.runtime.terminal import write_json, write_line


def keep(
    site: Annotated[
        str | None, typer.Option("--site", help="A site that is not in the settings any more.", callback=a_site)
    ] = None,
    referral_rock: ReferralRock = False,
    by: ByUser = None,
    reason: Why = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Keep what was not sent or read of a site, or Referral Rock, that has left: no night asks until it is back."""
    place = whole_place(site, is_referral_rock=referral_rock)
    if not place and not referral_rock:
        raise WrongUsage("Say what is kept: --site ID or --referral-rock.")
    raise typer.Exit(run_keep(config, place or "", by, reason, as_json=json))


def run_keep(config: Path | None, site_id: str, by: str | None, reason: str, *, as_json: bool) -> ExitCode:
    """Record the person's word about a site; "" is Referral Rock."""
    from flows.ledger.connection import open_ledger
    from flows.review.keep_site import keep_site
    from flows.settings.load import load_settings
    from transforms.destinations import in_a_sentence

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        kept = keep_site(settings, ledger, site_id, by or user_name(), reason)
    if as_json:
        write_json({"site_id": kept.site_id or None, "kept": kept.events_count, "not_read": kept.unread_count})
    else:
        points = f" ({kept.points:,} points)" if site_id else ""
        what = f"{kept.events_count:,} events of {in_a_sentence(site_id)}{points}"
        write_line(f"Kept: {what} wait until it is in the settings again.")
        if kept.unread_count:
            write_line(
                f"Posted there and not compared with what it shows: {kept.unread_count:,}; no night asks for it."
            )
    if not kept.in_flight_count:
        return ExitCode.TIES_OUT
    told = (
        f"{kept.in_flight_count:,} more may have been sent: `tieout settle EVENT_ID --as` says so, or that it was not."
    )
    write_line(told, error=True)
    return ExitCode.NEEDS_A_PERSON
