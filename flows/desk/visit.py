"""One visit of a page: who asks, for what, and whether they may. Every page goes through here.

A page names the role that it takes; where it is about a sheet, the role has to be held at the sheet's own site, and a
sheet of a site where somebody may not even look is not there for them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flows.desk.forms import Form
from flows.desk.kept_months import KeptMonths
from flows.desk.kept_nights import KeptNights
from flows.desk.render import page
from flows.ledger.connection import Ledger
from flows.people.accounts import ALL_SITES, Account, list_accounts
from flows.people.sign_in import Session, is_form_of, session_by_proxy, session_of
from flows.settings.sections import Settings
from transforms.vocabulary import Role


class About(StrEnum):
    """Where a role has to be held."""

    NOTHING = "nothing"  # whoever has signed in
    ANY_SITE = "any site"
    ALL_SITES = "all sites"
    WHOLE = "everything there is"  # all sites, or the only one there is
    SHEET = "the sheet's site"


@dataclass(frozen=True)
class Desk:
    """What all pages share; ``port`` is where it listens."""

    settings: Settings
    ledger: Ledger
    port: int = 0
    months: KeptMonths = field(default_factory=KeptMonths, compare=False)
    nights: KeptNights = field(default_factory=KeptNights, compare=False)

    @property
    def site_ids(self) -> list[str]:
        """The sites of the settings; rewards alone belong to none."""
        return self.settings.mindbody.site_ids or [ALL_SITES]

    def site_name(self, site_id: str) -> str:
        """Return what people call a site."""
        named = {site.site_id: site.name for site in self.settings.mindbody.sites}
        if named.get(site_id):
            return named[site_id]
        # One that has left is not theirs, though one alone is left.
        is_only_one = len(self.site_ids) == 1 and site_id in (ALL_SITES, *self.site_ids)
        return "your studio" if is_only_one else f"studio {site_id}"


@dataclass(frozen=True)
class Visit:
    """Somebody at a page; ``session`` is None where nobody has signed in."""

    desk: Desk
    request: Request
    session: Session | None
    form: Form = field(default_factory=Form)
    sheet: Any = None  # the sheet that the page is about, once it is known that they may see it

    @property
    def account(self) -> Account:
        """Who it is, on pages that ask for a role."""
        assert self.session is not None  # noqa: S101 - `enter` lets nobody else in
        return self.session.account

    @property
    def path(self) -> Mapping[str, str]:
        """What the address names."""
        return self.request.path_params

    @property
    def address(self) -> str:
        """Where they ask from."""
        return self.request.client.host if self.request.client else ""

    @property
    def is_encrypted(self) -> bool:
        """Whether the browser speaks TLS, with us or the proxy."""
        return is_encrypted(self.request)

    def sites(self, role: Role) -> list[str]:
        """Return at which sites of the settings this person has a role."""
        return self.account.sites(role, self.desk.site_ids)

    def is_over_all(self, role: Role) -> bool:
        """Return whether they have it over everything, rewards and what is of no site included."""
        is_only_one = len(self.desk.site_ids) == 1
        return self.account.may(role, ALL_SITES) or (is_only_one and bool(self.sites(role)))

    def show(self, template: str, status: int = 200, /, **values: Any) -> Response:
        """Return a page of ours, with whose it is and the token of its forms."""
        session = self.session

        def may(role: str) -> bool:
            return session is not None and bool(session.account.sites(Role(role), self.desk.site_ids))

        def may_here(role: str) -> bool:
            # Whoever sends sheets at one studio may only look at another.
            return session is not None and session.account.may(Role(role), self.sheet.site_id)

        return page(
            template,
            status,
            here=self.request.url.path,
            account=session and session.account,
            form_token=session.form_token if session else "",
            may=may,
            may_here=may_here,
            **values,
        )


Handler = Callable[[Visit], Response]
FindSheet = Callable[[Desk, str], Any]


@dataclass(frozen=True)
class Page:
    """One address, what is done there, and who may: ``role`` is None where nobody has to have signed in."""

    method: str
    path: str
    handler: Handler
    role: Role | None
    about: About = About.ANY_SITE
    takes_files: bool = False
    or_role: Role | None = None  # one that does as well

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of which one is needed."""
        return tuple(role for role in (self.role, self.or_role) if role is not None)

    @property
    def is_change(self) -> bool:
        """Whether it may change something."""
        return self.method == "POST"


def who(desk: Desk, request: Request) -> Session | None:
    """Return who asks, by their cookie or by the word of a proxy that is trusted."""
    token = request.cookies.get(cookie_name(request), "")
    session = session_of(desk.settings, desk.ledger, token) if token else None
    header = desk.settings.desk.user_header
    if not header:
        return session
    # Where a proxy says who it is, nobody else does: a request that came past it could bear any name.
    is_by_proxy = bool(request.scope.get("is_by_proxy"))
    name = request.headers.get(header, "") if is_by_proxy else ""
    return session_by_proxy(desk.settings, desk.ledger, name, session) if name else None


def is_encrypted(request: Request) -> bool:
    """Whether the browser speaks TLS, with us or the proxy."""
    scheme: str = request.scope["scheme"]
    return scheme == "https"


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie: one that a browser takes over TLS alone, and from this host alone."""
    return "__Host-tieout" if is_encrypted(request) else "tieout"


def set_cookie(response: Response, visit: Visit, session: Session) -> None:
    """Hand a session to the browser; its scripts, and other sites, do not get at it."""
    response.set_cookie(
        cookie_name(visit.request),
        session.token,
        secure=visit.is_encrypted,
        httponly=True,
        samesite="lax",
        path="/",
    )


def enter(visit: Visit, asked: Page, find_sheet: FindSheet) -> Response:
    """Answer a visit where whoever it is may; the sheet is looked up here, and nowhere else."""
    if asked.role is None:
        return asked.handler(visit)
    if visit.session is None:
        return to_sign_in(visit)
    # Another site can send a form with somebody's cookie, and not with the token of their session.
    if asked.is_change and not is_form_of(visit.session, visit.form.get("form_token")):
        return visit.show("trouble", 403, title="This page is too old", told="Open it again, and send it from there.")
    if asked.about is About.SHEET:
        return _enter_sheet(visit, asked, find_sheet)
    return asked.handler(visit) if _may(visit, asked) else refused(visit)


def _enter_sheet(visit: Visit, asked: Page, find_sheet: FindSheet) -> Response:
    sheet = find_sheet(visit.desk, visit.path["sheet_id"])
    # Whoever may not even look learns nothing of whether there is one.
    if sheet is None or not visit.account.may(Role.VIEWER, sheet.site_id):
        return not_there(visit)
    if not any(visit.account.may(role, sheet.site_id) for role in asked.roles):
        return refused(visit)
    has_left = sheet.site_id not in visit.desk.site_ids
    if asked.is_change and has_left and not _takes_away(visit):
        told = "Its studio is not looked after here any more: nothing of it can be posted. It can be dropped."
        return visit.show("trouble", 409, title="Its studio has left", told=told)
    return asked.handler(replace(visit, sheet=sheet))


def _takes_away(visit: Visit) -> bool:
    """Return whether a change only lets something not happen."""
    return visit.request.url.path.endswith("/drop") or visit.form.get("decision") in ("drop", "leave", "leave out")


def _may(visit: Visit, asked: Page) -> bool:
    """Return whether somebody has one of a page's roles where it has to be held."""
    account, roles = visit.account, asked.roles
    match asked.about:
        case About.NOTHING:
            return True
        case About.WHOLE:
            return any(visit.is_over_all(role) for role in roles)
        case About.ALL_SITES:
            return any(account.may(role, ALL_SITES) for role in roles)
        case _:
            return any(visit.sites(role) for role in roles)


def to_sign_in(visit: Visit) -> Response:
    """Lead to where one signs in, and back to this page after it."""
    url = visit.request.url
    # What a form was sent to is no page to go back to.
    is_page = visit.request.method == "GET" and url.path != "/"
    if not is_page:
        return go("/sign-in")
    asked = f"{url.path}?{url.query}" if url.query else url.path
    return go(f"/sign-in?then={quote(asked, safe='/')}")


def refused(visit: Visit) -> Response:
    """Say that somebody may not do this; where nothing here is theirs, say why, and whom to ask."""
    if not visit.sites(Role.VIEWER):
        return _nothing_is_theirs(visit)
    return visit.show("trouble", 403, title="That is not yours to do", told="Ask whoever let you in, if it should be.")


def _nothing_is_theirs(visit: Visit) -> Response:
    ask = f"Ask {_who_lets_in(visit.desk)}."
    left = sorted({site_id for site_id, _ in visit.account.grants})
    if not left:
        told = f"You were let in, and nobody has said yet what you may do. {ask}"
        return visit.show("trouble", 403, title="Nothing here is yours to do yet", told=told, is_everywhere=True)
    is_one = len(left) == 1
    named = " and ".join(visit.desk.site_name(site_id) for site_id in left)
    told = (
        f"{named[:1].upper()}{named[1:]} {'is' if is_one else 'are'} not in the settings any more, so nothing is "
        f"posted there from here. What was posted stays, and what was sent is kept. {ask}"
    )
    title = "Your studio has left" if is_one else "Your studios have left"
    return visit.show("trouble", 403, title=title, told=told, is_everywhere=True)


def _who_lets_in(desk: Desk) -> str:
    names = [one.name for one in list_accounts(desk.ledger) if one.may(Role.ADMINISTRATOR, ALL_SITES)]
    return f"{' or '.join(names)}, who may let people in" if names else "whoever looks after tieout"


def not_there(visit: Visit) -> Response:
    """Say that there is nothing here, whether there is none or it is not theirs."""
    return visit.show("trouble", 404, title="There is nothing here", told="The list on the first page has all that is.")


def go(path: str) -> Response:
    """Lead to another page of ours."""
    return RedirectResponse(path, 303)


def own_path(text: str) -> str:
    r"""Return a path of ours to go back to; the first page where it leads elsewhere.

    >>> own_path("/sheets/x"), own_path("//example.com"), own_path("https://example.com/"), own_path("/\\example.com")
    ('/sheets/x', '/', '/', '/')
    """
    # Browsers take a backslash for a slash, and two slashes for the beginning of another host.
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text
    parts = urlsplit(text)
    leads_elsewhere = bool(parts.netloc or parts.scheme)
    return text if is_ours and text.isprintable() and not leads_elsewhere else "/"
