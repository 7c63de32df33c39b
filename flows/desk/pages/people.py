"""Who may use the desk: let somebody in, change what they may, sign them out, let them go."""

from collections.abc import Callable

from starlette.responses import Response

from flows.desk.visit import Visit, go
from flows.desk.words import for_a_studio
from flows.people.accounts import (
    ALL_SITES,
    add_account,
    change_roles,
    end_all_sessions,
    list_accounts,
    new_link,
    remove_account,
)
from flows.runtime.errors import WrongUsage
from flows.settings.desk_address import link_for
from sql.people import Grant
from transforms.vocabulary import Role


def show_people(visit: Visit) -> Response:
    """List everybody, with what they may."""
    return _list(visit)


def do_add(visit: Visit) -> Response:
    """Let somebody in, and show the link for them once."""
    desk, by = visit.desk, visit.account.name
    return _with_link(visit, lambda name: add_account(desk.settings, desk.ledger, name, _grants(visit), by=by))


def do_link(visit: Visit) -> Response:
    """Show a new link by which somebody chooses another password."""
    return _with_link(visit, lambda name: new_link(visit.desk.ledger, name))


def do_roles(visit: Visit) -> Response:
    """Change what somebody may."""
    desk, by = visit.desk, visit.account.name
    return _then_list(visit, lambda name: change_roles(desk.settings, desk.ledger, name, _grants(visit), by=by))


def do_end_sessions(visit: Visit) -> Response:
    """Sign somebody out everywhere."""
    return _then_list(visit, lambda name: end_all_sessions(visit.desk.ledger, name))


def do_remove(visit: Visit) -> Response:
    """Let somebody go."""
    return _then_list(visit, lambda name: remove_account(visit.desk.ledger, name, by=visit.account.name))


def _grants(visit: Visit) -> list[Grant]:
    """Return each role that is ticked, at each site that is; what this desk does not know is nobody's to give."""
    ticked = visit.form.lists
    # Where there is one studio, the page asks for none.
    ticked_sites = ticked.get("site", (ALL_SITES,))
    # A role at a site that comes back one day must not wait there for somebody.
    known_sites = {ALL_SITES, *visit.desk.site_ids}
    sites = [site_id for site_id in ticked_sites if site_id in known_sites]
    ticked_roles = ticked.get("role", ())
    roles = [Role(role) for role in ticked_roles if role in set(Role)]
    return [(site_id, role) for site_id in sites for role in roles]


def _with_link(visit: Visit, make: Callable[[str], str]) -> Response:
    name = visit.form.get("name")
    try:
        token = make(name)
    except WrongUsage as error:
        return _list(visit, 422, told=for_a_studio(str(error)))
    return _list(visit, link=link_for(visit.desk.settings, token, visit.desk.port), link_of=name)


def _then_list(visit: Visit, change: Callable[[str], object]) -> Response:
    try:
        change(visit.form.get("name"))
    except WrongUsage as error:
        return _list(visit, 422, told=for_a_studio(str(error)))
    return go("/people")


def _list(visit: Visit, status: int = 200, *, told: str = "", link: str = "", link_of: str = "") -> Response:
    desk = visit.desk

    def site_name(site_id: str) -> str:
        return "all sites" if site_id == ALL_SITES else desk.site_name(site_id)

    has_several = len(desk.site_ids) > 1
    return visit.show(
        "people",
        status,
        people=list_accounts(desk.ledger),
        roles=list(Role),
        sites=[(site_id, site_name(site_id)) for site_id in desk.site_ids] if has_several else [],
        site_name=site_name,
        told=told,
        link=link,
        link_of=link_of,
    )
