"""``tieout user``: who may use the desk, and what each may do there."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import ByUser, Config, Json, a_site
from flows.runtime.errors import WrongUsage
from flows.runtime.person import user_name
from flows.runtime.terminal import write_json, write_line
from transforms.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.ledger.connection import Ledger
    from flows.people.accounts import Account
    from flows.settings.sections import Settings

user = typer.Typer(help="Who may use the desk, and what each may do there.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="How they sign in, and what stands beside what they decide.")]
Roles = Annotated[
    list[Role] | None, typer.Option("--role", help="What they may do; may be given more than once.", show_default=False)
]
Sites = Annotated[
    list[str] | None,
    typer.Option("--site", help="Where; may be given more than once. All sites without.", callback=a_site),
]


@user.command()
def add(
    name: Name, role: Roles = None, site: Sites = None, by: ByUser = None, config: Config = None, json: Json = False
) -> None:
    """Let somebody in: prints a link, good once and for three days, by which they choose their password."""
    from flows.people.accounts import add_account

    settings, ledger = _open(config)
    with ledger:
        token = add_account(settings, ledger, name, _grants(role, site), by=by or user_name())
    _tell_link(config, name, token, as_json=json)


@user.command("list")
def list_people(config: Config = None, json: Json = False) -> None:
    """List who may use the desk."""
    from flows.people.accounts import list_accounts

    _, ledger = _open(config)
    with ledger:
        accounts = list_accounts(ledger)
    if json:
        write_json([_record(account) for account in accounts])
        return
    for account in accounts:
        waits = "" if account.has_password else " (has not chosen a password yet)"
        write_line(f"{account.name}: {_told(account)}{waits}")
    if not accounts:
        write_line("Nobody yet: `tieout serve` prints a link for the first one, or `tieout user add NAME` makes one.")


@user.command()
def roles(
    name: Name, role: Roles = None, site: Sites = None, by: ByUser = None, config: Config = None, json: Json = False
) -> None:
    """Let a person do this, and nothing else, from their next click on."""
    from flows.people.accounts import change_roles

    settings, ledger = _open(config)
    with ledger:
        change_roles(settings, ledger, name, _grants(role, site), by=by or user_name())
    _tell(f"{name} may do that from now on.", {"name": name}, as_json=json)


@user.command()
def link(name: Name, config: Config = None, json: Json = False) -> None:
    """Print a new link by which a person chooses another password; one from before is good no more."""
    from flows.people.accounts import new_link

    _, ledger = _open(config)
    with ledger:
        token = new_link(ledger, name)
    _tell_link(config, name, token, as_json=json)


@user.command("sign-out")
def sign_out(name: Name, config: Config = None, json: Json = False) -> None:
    """End all sessions of a person, who may sign in again."""
    from flows.people.accounts import end_all_sessions

    _, ledger = _open(config)
    with ledger:
        count = end_all_sessions(ledger, name)
    _tell(f"{name} is signed out everywhere ({count:,}).", {"name": name, "sessions": count}, as_json=json)


@user.command()
def remove(name: Name, by: ByUser = None, config: Config = None, json: Json = False) -> None:
    """Let a person go: they are signed out at once, and what they did keeps their name."""
    from flows.people.accounts import remove_account

    _, ledger = _open(config)
    with ledger:
        remove_account(ledger, name, by=by or user_name())
    _tell(f"{name} cannot sign in any more.", {"name": name}, as_json=json)


def _open(config: Path | None) -> "tuple[Settings, Ledger]":
    from flows.ledger.connection import open_ledger
    from flows.settings.load import load_settings

    settings = load_settings(config)
    return settings, open_ledger(settings)


def _grants(roles: "Sequence[Role] | None", sites: "Sequence[str] | None") -> list[tuple[str, Role]]:
    if not roles:
        raise WrongUsage(f"Say by --role what they may do: {', '.join(Role)}.")
    return [(site_id, role) for role in roles for site_id in (sites or [""])]


def _told(account: "Account") -> str:
    told = [f"{role} at {f'site {site_id}' if site_id else 'all sites'}" for site_id, role in sorted(account.grants)]
    return ", ".join(told) or "may do nothing"


def _record(account: "Account") -> dict[str, object]:
    grants = [{"role": role, "site_id": site_id or None} for site_id, role in sorted(account.grants)]
    return {"name": account.name, "roles": grants, "has_password": account.has_password}


def _tell_link(config: Path | None, name: str, token: str, *, as_json: bool) -> None:
    from flows.settings.desk_address import link_for
    from flows.settings.load import load_settings

    address = link_for(load_settings(config), token)
    told = f"{name} chooses a password at {address} (once, within three days). Hand it to nobody else."
    _tell(told, {"name": name, "link": address}, as_json=as_json)


def _tell(told: str, record: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        write_json(record)
    else:
        write_line(told)
