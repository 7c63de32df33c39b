"""``tieout plan``, ``approve`` and ``discard``: what waits for a person, and the person's answer."""

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.ask import check_asking
from flows.cli.held import run_held
from flows.cli.options import ByUser, Config, Json, ReferralRock, Site, Why, a_site, whole_place
from flows.runtime.errors import ExitCode, WrongUsage
from flows.runtime.person import user_name
from flows.runtime.terminal import write_json, write_line

HeldId = Annotated[str, typer.Argument(metavar="ID", help="Of a held event or a plan: `tieout plan` lists both.")]


def plan(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="A workbook or an export, or the id of a plan to show; without one, all that waits is listed.",
        ),
    ] = None,
    config: Config = None,
    site: Site = None,
    by: ByUser = None,
    json: Json = False,
) -> None:
    """Check a file and keep it as a plan, to be approved or discarded; or list all that waits for a person.

    Nothing is sent: every new event of the file is held until `tieout approve`, by the plan's id or one by one.
    """
    if file is None:
        raise typer.Exit(run_held(config, as_json=json))
    if _is_id(config, file):
        raise typer.Exit(run_shown(config, str(file), by, as_json=json))
    raise typer.Exit(run_plan(config, file, site, by, as_json=json))


def approve(
    held_id: HeldId,
    by: ByUser = None,
    reason: Why = "",
    seen: Annotated[
        str | None,
        typer.Option("--seen", metavar="CODE", help="What `tieout plan ID` showed: exactly that is approved."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say that a held event, or all that a plan still holds, is to be posted: the next run does it.

    Refused where the file, the ledger or the settings changed since it was shown.
    """
    raise typer.Exit(run_approve(config, held_id, by, reason, seen, as_json=json))


def discard(
    held_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="Of an event that was not sent, or of a plan.")
    ] = None,
    site: Annotated[
        str | None,
        typer.Option("--site", help="All that was not sent of a site, such as one that has left.", callback=a_site),
    ] = None,
    referral_rock: ReferralRock = False,
    by: ByUser = None,
    reason: Why = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a whole place is dropped.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say that an event which is held or ready is never posted, or drop all that was not sent of a plan or a site.

    An event that was dropped with its plan comes back to a person when another file brings it.
    """
    place = whole_place(site, is_referral_rock=referral_rock)
    if (held_id is None) == (place is None):
        raise WrongUsage("discard takes either the ID of an event or a plan, or --site ID, or --referral-rock.")
    if place is not None:
        raise typer.Exit(run_discard_site(config, place, by, reason, is_approved=yes, as_json=json))
    raise typer.Exit(run_discard(config, held_id or "", by, reason, as_json=json))


def run_plan(config: Path | None, file: Path, site_id: str | None, by: str | None, *, as_json: bool) -> ExitCode:
    """Check the file and keep it as a plan: every new event waits for a person."""
    from flows.intake.as_before import keep_as_before
    from flows.intake.check_report import check_lines
    from flows.intake.source_ids import swept
    from flows.ledger.connection import open_ledger
    from flows.review.plan import keep_plan, plan_lines
    from flows.runtime.terminal import write_lines
    from flows.settings.load import load_settings

    settings = load_settings(config)
    if site_id is not None:
        settings.mindbody.site(site_id)
    with open_ledger(settings) as ledger:
        keep_as_before(settings, ledger)
        checked = check_asking(settings, file, site_id)
        checked, notes = swept(settings, ledger, checked)
        kept = keep_plan(settings, ledger, checked, by or user_name())
    if as_json:
        write_json(kept.to_json())
    else:
        write_lines((*check_lines(checked), *notes, *plan_lines(kept), *_how_to_decide(kept.plan_id, kept.seen)))
    return ExitCode.NEEDS_A_PERSON if kept.waits else ExitCode.TIES_OUT


def _how_to_decide(plan_id: str | None, seen: str) -> list[str]:
    if plan_id is None:
        return ["Nothing of it waits for a person."]
    return [
        f"Nothing was sent. `tieout approve {plan_id}` lets the next run post it; `tieout discard {plan_id}` drops it.",
        f"To approve exactly what is shown here: --seen {seen}.",
    ]


def _is_id(config: Path | None, named: Path) -> bool:
    """Return whether a plan is meant and no file; a file of that name goes first."""
    from flows.ledger.connection import open_ledger
    from flows.review.shown import is_plan
    from flows.settings.load import load_settings

    # An id has neither folder nor suffix; where a file is called like one, the file is at hand.
    if named.exists() or named.suffix or named.parent != Path():
        return False
    with open_ledger(load_settings(config)) as ledger:
        return is_plan(ledger, str(named))


def run_shown(config: Path | None, plan_id: str, by: str | None, *, as_json: bool) -> ExitCode:
    """Show what a plan, or another run, still holds, and keep in mind who has seen it."""
    from flows.ledger.connection import open_ledger
    from flows.review.shown import show_plan, shown_lines
    from flows.runtime.terminal import write_lines
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        shown = show_plan(settings, ledger, plan_id, by or user_name())
    if as_json:
        write_json(shown.to_json())
    else:
        write_lines(shown_lines(shown))
    return ExitCode.NEEDS_A_PERSON


def run_approve(
    config: Path | None, held_id: str, by: str | None, reason: str, seen: str | None, *, as_json: bool
) -> ExitCode:
    """Let a held event, or all that a plan still holds, be posted by the next run."""
    from flows.ledger.connection import open_ledger
    from flows.review.decide import approve as approve_held
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        decided = approve_held(settings, ledger, held_id, by or user_name(), reason, seen)
    count = decided.plan_events_count
    what = f"event {held_id}" if count is None else f"{count:,} events of {held_id}"
    told = f"Approved: the next run posts {what}.{_elsewhere(decided.elsewhere)}{_alike(decided.alike_count)}"
    _tell({"id": held_id, "approved": count or 1}, told, as_json=as_json)
    return ExitCode.TIES_OUT


def run_discard(config: Path | None, held_id: str, by: str | None, reason: str, *, as_json: bool) -> ExitCode:
    """Rule that an event which was not sent never is, or drop all that was not sent of a plan."""
    from flows.ledger.connection import open_ledger
    from flows.review.decide import discard as discard_unsent
    from flows.settings.load import load_settings

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        decided = discard_unsent(settings, ledger, held_id, by or user_name(), reason)
    count = decided.plan_events_count
    what = f"event {held_id} is never posted" if count is None else f"{count:,} events of {held_id} are not posted"
    told = f"Discarded: {what}.{_elsewhere(decided.elsewhere)}"
    _tell({"id": held_id, "discarded": count or 1}, told, as_json=as_json)
    return ExitCode.TIES_OUT


def _elsewhere(rest: str) -> str:
    """Say what of a plan was none of this decision's any more: whoever saw the list before may not know."""
    return f" The rest of it was decided before: {rest}." if rest else ""


def _alike(count: int) -> str:
    """Say what of a plan still waits: it is decided about one by one."""
    if not count:
        return ""
    return f" {count:,} more look like rows of earlier files and still wait, each for its own decision: `tieout plan`."


def run_discard_site(
    config: Path | None, site_id: str, by: str | None, reason: str, *, is_approved: bool, as_json: bool
) -> ExitCode:
    """Drop all that was not sent of a site, once a person has seen how much it is; 1 where some may have been sent."""
    from flows.cli.ask import is_confirmed
    from flows.ledger.connection import open_ledger
    from flows.review.decide import discard_site, unsent_of_site
    from flows.settings.load import load_settings
    from transforms.destinations import in_a_sentence, place_of

    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        shown = unsent_of_site(ledger, site_id)
        count = len(shown.event_ids)
        points = f", {shown.points:,} points" if site_id else ""
        write_line(f"{place_of(site_id)}: {count:,} events that were not sent{points}.", error=True)
        if shown.in_flight_count:
            write_line(
                f"  {shown.in_flight_count:,} more may have been sent and stay: `tieout settle` reads them back.",
                error=True,
            )
        nobody = "Nobody answered, so nothing was discarded: add --yes to go on without asking."
        is_wanted = count > 0 and (is_approved or is_confirmed(f"Discard {count:,} for good?", nobody))
        discarded_count = discard_site(settings, ledger, shown, by or user_name(), reason) if is_wanted else 0
    told = f"Discarded: {discarded_count:,} events of {in_a_sentence(site_id)} are never posted."
    _tell({"site_id": site_id or None, "discarded": discarded_count}, told, as_json=as_json)
    return ExitCode.NEEDS_A_PERSON if shown.in_flight_count else ExitCode.TIES_OUT


def _tell(record: dict[str, Any], told: str, *, as_json: bool) -> None:
    write_line(json_format.dumps(record, ensure_ascii=False) if as_json else told)
