"""Sign in and out, and choose a password by a link."""

import hmac
from typing import Any

from starlette.responses import JSONResponse, Response

from flows.desk.visit import Visit, cookie_name, go, own_path, set_cookie
from flows.people.accounts import choose_password, whose_link
from flows.people.links import new_token
from flows.people.passwords import SHORTEST
from flows.people.sign_in import TooSoon, begin_session, marks_of, sign_in, sign_out
from flows.runtime.errors import WrongUsage

_KNOWN_SECONDS = 365 * 24 * 3600


def show_sign_in(visit: Visit) -> Response:
    """Ask for name and password."""
    if visit.session is not None:
        return go("/")
    return _ask(visit, "sign_in", then=own_path(visit.request.query_params.get("then", "/")), told="", name="")


def do_sign_in(visit: Visit) -> Response:
    """Sign in, and go on to the page that was asked for."""
    then, name = own_path(visit.form.get("then")), visit.form.get("name")
    if not _is_own_form(visit):
        return _ask(visit, "sign_in", 403, then=then, told="That took too long. Try again.", name=name)
    try:
        session = sign_in(
            visit.desk.settings,
            visit.desk.ledger,
            name,
            visit.form.get("password"),
            visit.address,
            visit.request.cookies.get(_known_cookie(visit), ""),
        )
    except WrongUsage as error:
        status = 429 if isinstance(error, TooSoon) else 401
        return _ask(visit, "sign_in", status, then=then, told=str(error), name=name)
    answer = go(then)
    set_cookie(answer, visit, session)
    _make_known(answer, visit, session.browser_marks)
    return answer


def tell_session(visit: Visit) -> Response:
    """Tell a page's script who is signed in, and the token of their forms; 401 where nobody is."""
    session = visit.session
    if session is None:
        return JSONResponse({}, 401)
    return JSONResponse({"name": session.account.name, "form_token": session.form_token})


def do_sign_out(visit: Visit) -> Response:
    """End the session here."""
    if visit.session is not None:
        sign_out(visit.desk.ledger, visit.session)
    answer = go("/sign-in")
    answer.delete_cookie(cookie_name(visit.request), secure=visit.is_encrypted, httponly=True)
    return answer


def show_welcome(visit: Visit) -> Response:
    """Let somebody choose their password by a link."""
    is_good, name = whose_link(visit.desk.ledger, visit.path["token"])
    if not is_good:
        told = "It was used already, or is too old. Whoever let you in can make another one."
        return visit.show("trouble", 404, title="This link is good no more", told=told)
    return _ask(visit, "welcome", told="", name=name, typed="", shortest=SHORTEST)


def do_welcome(visit: Visit) -> Response:
    """Keep the password, and sign in."""
    ledger, token = visit.desk.ledger, visit.path["token"]
    is_good, name = whose_link(ledger, token)
    if not is_good:
        return show_welcome(visit)
    typed, password = visit.form.get("name"), visit.form.get("password")

    def ask_again(told: str) -> Response:
        return _ask(visit, "welcome", 422, told=told, name=name, typed=typed, shortest=SHORTEST)

    wrong = _what_is_wrong(visit, password)
    if wrong:
        return ask_again(wrong)
    try:
        account = choose_password(ledger, token, typed, password)
    except WrongUsage as error:
        return ask_again(str(error))
    answer = go("/")
    set_cookie(answer, visit, begin_session(visit.desk.settings, ledger, account.user_id, account.name))
    before = visit.request.cookies.get(_known_cookie(visit), "")
    _make_known(answer, visit, marks_of(ledger, account.name, before))
    return answer


def _known_cookie(visit: Visit) -> str:
    return "__Host-tieout-known" if visit.is_encrypted else "tieout-known"


def _make_known(answer: Response, visit: Visit, marks: str) -> None:
    """Let the browser keep that these people have signed in here; it opens nothing by itself."""
    answer.set_cookie(
        _known_cookie(visit),
        marks,
        max_age=_KNOWN_SECONDS,
        secure=visit.is_encrypted,
        httponly=True,
        samesite="strict",
        path="/",
    )


def _what_is_wrong(visit: Visit, password: str) -> str:
    if not _is_own_form(visit):
        return "That took too long. Try again."
    return "" if password == visit.form.get("again") else "The two are not the same. Type both again."


def _ask(visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
    """Show a form of somebody who has no session yet: a cookie of its own stands for one."""
    token = visit.request.cookies.get(_form_cookie(visit)) or new_token()
    answer = visit.show(template, status, own_token=token, **values)
    # Another site could sign somebody in as somebody else, whose sheets they would then send.
    answer.set_cookie(
        _form_cookie(visit),
        token,
        secure=visit.is_encrypted,
        httponly=True,
        samesite="strict",
        path="/",
    )
    return answer


def _form_cookie(visit: Visit) -> str:
    # Under TLS no neighbor of our host, such as another name of its domain, can put one of theirs in its place.
    return "__Host-tieout-form" if visit.is_encrypted else "tieout-form"


def _is_own_form(visit: Visit) -> bool:
    token = visit.request.cookies.get(_form_cookie(visit), "")
    sent = visit.form.get("own_token")
    return bool(token) and hmac.compare_digest(token.encode(), sent.encode())
