"""The desk as one application: its pages in a list, each with who may, and the one way in to all of them."""

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from flows.desk.door import Door
from flows.desk.forms import MEGABYTE, NotWhole, TooLarge, read_form
from flows.desk.pages import (
    asking,
    changing,
    checking,
    clients,
    difference,
    differences,
    getting_in,
    home,
    months,
    night,
    nights,
    people,
    posting,
    reading,
    rows,
    signing,
    undoing,
    waiting,
)
from flows.desk.render import script, style_sheet
from flows.desk.sheets import bytes_of_sheet, find_sheet
from flows.desk.visit import About, Desk, Page, Visit, enter, not_there, set_cookie, to_sign_in, who
from flows.desk.words import for_a_studio
from flows.runtime.errors import LedgerUnavailable, TieoutError, WrongLedger, WrongUsage
from flows.runtime.secrets import mask
from flows.runtime.terminal import write_line
from flows.settings.desk_address import known_hosts
from transforms.vocabulary import Role

_MOST_FORM_BYTES = 2 * MEGABYTE
_ALL = About.ALL_SITES
_SHEET = About.SHEET
_WHOLE = About.WHOLE

PAGES = (
    Page("GET", "/", home.show_home, Role.VIEWER),
    Page("GET", "/blank", home.give_blank, Role.VIEWER),
    Page("POST", "/sheets", home.do_upload, Role.UPLOADER, takes_files=True),
    Page("GET", "/sheets/{sheet_id}", reading.show_sheet, Role.VIEWER, _SHEET),
    Page("GET", "/sheets/{sheet_id}/read", reading.show_reading, Role.VIEWER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/answer", reading.do_answer, Role.UPLOADER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/columns", reading.do_choose, Role.UPLOADER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/read", reading.do_read_well, Role.UPLOADER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/drop", reading.do_drop, Role.UPLOADER, _SHEET),
    Page("GET", "/sheets/{sheet_id}/check", checking.show_check, Role.VIEWER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/mend", checking.do_mend, Role.UPLOADER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/ask", asking.do_ask, Role.UPLOADER, _SHEET),
    Page("GET", "/sheets/{sheet_id}/marked", checking.give_marked, Role.VIEWER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/post", checking.do_post, Role.UPLOADER, _SHEET),
    Page("GET", "/sheets/{sheet_id}/posting", posting.show_posting, Role.VIEWER, _SHEET),
    Page("GET", "/sheets/{sheet_id}/result", posting.give_result, Role.VIEWER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/again", posting.do_again, Role.UPLOADER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/try-again", posting.do_try_again, Role.UPLOADER, _SHEET),
    Page("GET", "/sheets/{sheet_id}/change", changing.show_change, Role.UPLOADER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/change", changing.do_change, Role.UPLOADER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/decide", posting.do_decide, Role.UPLOADER, _SHEET),
    Page("GET", "/sheets/{sheet_id}/undo", undoing.show_undo, Role.UPLOADER, _SHEET, or_role=Role.APPROVER),
    Page("POST", "/sheets/{sheet_id}/undo", undoing.do_plan_undo, Role.UPLOADER, _SHEET),
    Page("POST", "/sheets/{sheet_id}/undo/decide", undoing.do_undo, Role.UPLOADER, _SHEET, or_role=Role.APPROVER),
    Page("GET", "/waiting", waiting.show_waiting, Role.APPROVER),
    Page("GET", "/sheets/{sheet_id}/ok", waiting.show_ok, Role.UPLOADER, _SHEET, or_role=Role.APPROVER),
    Page("POST", "/sheets/{sheet_id}/ok", waiting.do_ok, Role.UPLOADER, _SHEET, or_role=Role.APPROVER),
    Page("GET", "/sheets/{sheet_id}/rows/{row}", rows.show_sheet_row, Role.VIEWER, _SHEET),
    Page("GET", "/rows/{event_id}", rows.show_row, Role.VIEWER),
    Page("GET", "/rewards", rows.show_reward, Role.VIEWER),
    Page("GET", "/clients", clients.show_clients, Role.VIEWER),
    Page("GET", "/nights", nights.show_nights, Role.REVIEWER),
    Page("GET", "/nights/{run_id}", night.show_night, Role.REVIEWER),
    Page("GET", "/nights/{run_id}/rows", night.show_night_rows, Role.REVIEWER),
    Page("GET", "/nights/{run_id}/pdf", night.give_night_pdf, Role.REVIEWER, _WHOLE),
    Page("GET", "/nights/{run_id}/workbook", night.give_night_workbook, Role.REVIEWER, _WHOLE),
    Page("GET", "/months/{period}", months.show_month, Role.REVIEWER),
    Page("GET", "/months/{period}/rows", months.show_month_rows, Role.REVIEWER),
    Page("GET", "/months/{period}/pdf", months.give_month_pdf, Role.REVIEWER),
    Page("GET", "/months/{period}/workbook", months.give_month_workbook, Role.REVIEWER),
    Page("GET", "/months/{period}/sign", signing.show_signing, Role.REVIEWER, _WHOLE),
    Page("POST", "/months/{period}/sign", signing.do_sign, Role.REVIEWER, _WHOLE),
    Page("GET", "/differences", differences.show_differences, Role.REVIEWER),
    Page("POST", "/differences", differences.do_decide, Role.REVIEWER),
    Page("GET", "/differences/{break_id}", difference.show_difference, Role.REVIEWER),
    Page("POST", "/differences/{break_id}/comment", difference.do_comment, Role.REVIEWER, takes_files=True),
    Page("GET", "/differences/{break_id}/files/{file_id}", difference.give_file, Role.REVIEWER),
    Page("POST", "/differences/{break_id}/give", difference.do_give, Role.REVIEWER),
    Page("POST", "/differences/{break_id}/propose", difference.do_propose, Role.REVIEWER),
    Page("POST", "/differences/{break_id}/offset", difference.do_offset, Role.REVIEWER, or_role=Role.APPROVER),
    Page("GET", "/sign-in", getting_in.show_sign_in, None),
    Page("POST", "/sign-in", getting_in.do_sign_in, None),
    Page("GET", "/signed-in", getting_in.tell_session, None),
    Page("GET", "/welcome/{token}", getting_in.show_welcome, None),
    Page("POST", "/welcome/{token}", getting_in.do_welcome, None),
    Page("POST", "/sign-out", getting_in.do_sign_out, Role.VIEWER, About.NOTHING),
    Page("GET", "/people", people.show_people, Role.ADMINISTRATOR, _ALL),
    Page("POST", "/people/add", people.do_add, Role.ADMINISTRATOR, _ALL),
    Page("POST", "/people/roles", people.do_roles, Role.ADMINISTRATOR, _ALL),
    Page("POST", "/people/link", people.do_link, Role.ADMINISTRATOR, _ALL),
    Page("POST", "/people/sign-out", people.do_end_sessions, Role.ADMINISTRATOR, _ALL),
    Page("POST", "/people/remove", people.do_remove, Role.ADMINISTRATOR, _ALL),
)
_SHOWN = {page.path for page in PAGES if not page.is_change}
# To read a sheet, look at what it would do or count a month takes the processor for tenths of a second and more, and
# Python gives it to one thread at a time: with ten of those at work everybody at a list would wait for all of them.
_THAT_COMPUTE = {module.__name__ for module in (reading, checking, changing, rows, waiting, night, months, signing)}
# What only looks something up waits for none of them: a page of 20 ms took a second behind the sheets of others.
_THAT_LOOK_UP = (rows.show_reward, waiting.show_waiting)
_LONG_AT_ONCE = 2
# Whoever has a sheet of some hundred rows, as most have, waits for nobody's long one, and for no month. They take turns
# one by one: two at once would both be twice as long at it.
_SHORT_BYTES = 200_000


def make_app(desk: Desk) -> Door:
    """Return the application."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    turns = _Turns(desk)
    add = partial(app.add_api_route, response_model=None)
    for page in PAGES:
        add(page.path, _endpoint(desk, page, turns), methods=[page.method])
    add("/desk.css", _style, methods=["GET"])
    add("/desk.js", _script, methods=["GET"])
    app.add_exception_handler(404, _nowhere(desk))
    app.add_exception_handler(405, _nowhere(desk))
    return Door(app, known_hosts(desk.settings), desk.settings.desk.proxy_addresses)


class _Turns:
    """Who computes when: what is short, and what may be long, in lines of their own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._short = asyncio.Semaphore(1)
        self._long = asyncio.Semaphore(_LONG_AT_ONCE)

    async def of(self, page: Page, request: Request) -> AbstractAsyncContextManager[None]:
        """Return the turn that a page has to wait for."""
        computes = page.handler.__module__ in _THAT_COMPUTE and page.handler not in _THAT_LOOK_UP
        if not computes:
            return nullcontext()
        if page.about is not _SHEET:
            return self._long
        size_bytes = await run_in_threadpool(bytes_of_sheet, self._desk, request.path_params["sheet_id"])
        return self._short if size_bytes <= _SHORT_BYTES else self._long


def _style() -> Response:
    return Response(style_sheet(), media_type="text/css", headers={"Cache-Control": "max-age=300"})


def _script() -> Response:
    return Response(script(), media_type="text/javascript", headers={"Cache-Control": "max-age=300"})


def _endpoint(desk: Desk, page: Page, turns: _Turns) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            session = await run_in_threadpool(who, desk, request)
        except TieoutError as error:
            return _out_of_reach(Visit(desk, request, None), error, is_change=page.is_change)
        visit = Visit(desk, request, session)
        # Before anything of a body is read: nobody from outside can make us take in a sheet.
        if page.role is not None and session is None:
            return to_sign_in(visit)
        if page.is_change:
            most = desk.settings.desk.max_upload_mb * MEGABYTE if page.takes_files else _MOST_FORM_BYTES
            try:
                visit = replace(visit, form=await read_form(request, most))
            except TooLarge:
                return _too_large(visit, page)
            except (NotWhole, ClientDisconnect):
                return visit.show("trouble", 400, title="Only half of it came", told="Send it again.")
        try:
            async with await turns.of(page, request):
                return await run_in_threadpool(_answer, visit, page)
        finally:
            visit.form.close()

    return endpoint


def _answer(visit: Visit, page: Page) -> Response:
    try:
        response = enter(visit, page, find_sheet)
    except WrongUsage as error:
        told, back = for_a_studio(str(error)), _back(visit, page)
        response = visit.show("trouble", 409, title="That did not work", told=told, back=back)
    except (LedgerUnavailable, WrongLedger) as error:
        response = _out_of_reach(visit, error, is_change=page.is_change)
    except TieoutError as error:
        told, back = for_a_studio(str(error)), _back(visit, page)
        response = visit.show("trouble", 503, title="That could not be done now", told=told, back=back)
    except Exception as error:  # noqa: BLE001 - one odd page takes no other with it, and shows nobody how it is made
        write_line(f"tieout: a page of the desk failed, {page.path}: {type(error).__name__}", error=True)
        sys.stderr.write(mask(traceback.format_exc()))
        told = "Nothing was lost, and nothing is sent twice by trying again."
        response = visit.show("trouble", 500, title="Something went wrong that nobody foresaw", told=told)
    _keep_signed_in(visit, response)
    return response


def _back(visit: Visit, page: Page) -> str:
    """Return where the thing stands that somebody was at, "" where that is the first page."""
    path, address = page.path, visit.request.url.path
    if not page.is_change:
        # The page itself would say the same once more.
        path, address = _above(path), _above(address)
    while path and path not in _SHOWN:
        path, address = _above(path), _above(address)
    return quote(address)


def _above(path: str) -> str:
    return path.rpartition("/")[0]


def _out_of_reach(visit: Visit, error: TieoutError, *, is_change: bool) -> Response:
    """Say that nobody gets at the ledger now: a page looks again by itself, what was sent has to be sent anew."""
    write_line(f"tieout: the desk: {error}", error=True)
    what_next = "This page looks again by itself."
    if is_change:
        what_next = "What you sent was not taken in: go back, and send it again."
    return visit.show(
        "trouble",
        503,
        title="The desk does not get at its records just now",
        told=f"Nothing was lost, and nothing is posted twice. {what_next}",
        looks_again=not is_change,
    )


def _keep_signed_in(visit: Visit, response: Response) -> None:
    """Hand out the session that a proxy's word has begun."""
    session = visit.session
    if session is not None and visit.desk.settings.desk.user_header and "set-cookie" not in response.headers:
        set_cookie(response, visit, session)


def _too_large(visit: Visit, page: Page) -> Response:
    most = f"{visit.desk.settings.desk.max_upload_mb:,} MB" if page.takes_files else "what a page sends"
    is_sheet = page.path == "/sheets"
    advice = "Send it in parts, or ask whoever looks after tieout." if is_sheet else "Send less, or a smaller file."
    told = f"More than {most} came. {advice}"
    return visit.show("trouble", 413, title="That is too large", told=told)


def _nowhere(desk: Desk) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, _error: Exception) -> Response:
        try:
            session = await run_in_threadpool(who, desk, request)
        except TieoutError as error:
            return _out_of_reach(Visit(desk, request, None), error, is_change=False)
        visit = Visit(desk, request, session)
        return not_there(visit) if session is not None else to_sign_in(visit)

    return answer
