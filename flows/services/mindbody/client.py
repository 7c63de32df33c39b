"""Talk to the Mindbody Public API v6 for one site: token, posting one event, reading one client's history.

Follows "Update Client Rewards Request" and the vendor's specification: one event a call, no idempotency key, no
transaction id, a staff token that lives 24 hours, pages by offset. A post is never repeated here; reads are.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flows.runtime.clock import utc_now
from flows.runtime.errors import AnswerUnreadable, CredentialsRefused, NoAnswer, ServiceUnreachable, SettingsError
from flows.runtime.secrets import learn
from flows.services.binding import STAND_IN_HEADER
from flows.services.clocks import clock_of
from flows.services.http import Exchange, Params, Reach, exchange
from flows.services.mindbody.messages import ServiceError, error_of
from flows.services.mindbody.read_answers import denies_access, failure_of, says_client_not_found, token_of, total_of
from flows.services.mindbody.tokens import StaffToken, Tokens
from flows.services.mindbody.transactions import balance_of, read_transactions, unreadable_part
from flows.services.pace import Pacer, wait_to_repeat
from flows.services.standing import Standing
from flows.settings.of_services import SiteSettings
from flows.settings.sections import Settings
from transforms.settle.history import History, Transaction

if TYPE_CHECKING:
    import aiohttp

_PAGE_SIZE = 200  # the size that all known clients use; a larger one is not documented
# Said at any time of a run: what went before may have been sent.
_WAITS = "What was not sent waits; run again once that is mended."
_NO_CLIENT: Mapping[str, Any] = {"Transactions": []}  # a client whom the service does not know has no history
_TOKEN_LIFE = timedelta(hours=23)  # documented as 24
# A client with more entries in the days that are read back is none: the service gives pages without end.
_MOST_PAGES = 250


class MindbodyClient:
    """One site of the service; every request is counted by `count_call` before it leaves."""

    def __init__(
        self,
        settings: Settings,
        site_id: str,
        session: "aiohttp.ClientSession",
        standing: Standing,
        count_call: Callable[[], None],
        tokens: Tokens | None = None,
    ) -> None:
        self._settings = settings
        self._site: SiteSettings = settings.mindbody.site(site_id)
        self._session = session
        self._standing = standing
        self._count_call = count_call
        self._tokens: Tokens = {} if tokens is None else tokens
        self._token_lock = asyncio.Lock()
        self.stand_in: str | None = None  # who a service on loopback says that it is
        self.clock = clock_of(settings.mindbody.base_url)

    @property
    def site_id(self) -> str:
        """The site's id."""
        return self._site.site_id

    @property
    def standing(self) -> Standing:
        """How the site has behaved in this run so far."""
        return self._standing

    @property
    def pacer(self) -> Pacer:
        """The pace of all that goes to the site."""
        return self._standing.pacer

    @property
    def zone(self) -> ZoneInfo:
        """The zone that the site's transactions are told in."""
        return ZoneInfo(self._site.timezone)

    async def connect(self, now: datetime) -> None:
        """Make sure of a valid token; `CredentialsRefused` or `ServiceUnreachable` where none is to be had."""
        # However many requests meet an old token at once, one of them asks for a new one: each is a metered call.
        async with self._token_lock:
            token = self._tokens.get(self.site_id)
            if token is None or now >= token.until:
                # A new one is asked for without the old one in the headers.
                self._tokens.pop(self.site_id, None)
                self._tokens[self.site_id] = StaffToken(await self._issue_token(), now + _TOKEN_LIFE)

    def forget_token(self, used: str | None) -> None:
        """Drop a token that the service refused, unless it has been renewed since."""
        if self.token == used:
            self._tokens.pop(self.site_id, None)

    @property
    def token(self) -> str | None:
        """The token that requests go out with now."""
        token = self._tokens.get(self.site_id)
        return token.text if token else None

    async def post(self, body: bytes) -> Exchange:
        """Send one event, once; its call was counted when it was claimed."""
        headers = {**self._headers(), "Content-Type": "application/json"}
        url = self._url("client/clientrewards")
        self._standing.calls_made += 1
        return self._seen(await exchange(self._session, "POST", url, headers=headers, body=body))

    async def fetch_history(self, client_id: str, since: date, until: date) -> History:
        """Read a client's transactions of these site-local days, both included, over all pages."""
        # What is in doubt is decided by counting these. One that is missing would make an event be sent twice, one that
        # came twice would make it never be sent: so the history is whole, to the entry, or it is no history.
        found: list[Transaction] = []
        page_before: list[Transaction] = []
        totals: set[int] = set()  # of all pages; they must agree, or something came in between two of them
        for _ in range(_MOST_PAGES):
            page = await self._fetch_page(client_id, since, until, offset=len(found))
            transactions = self._transactions_of(page, client_id)
            found += transactions
            totals.add(total_of(page))
            total = max(totals)
            # Without a total only an empty page is the last one.
            is_whole = len(found) == total if total >= 0 else not transactions
            if is_whole and len(totals) == 1:
                return History(client_id, balance_of(page), tuple(found), is_known=not self.is_unknown_client(page))
            has_too_many = total >= 0 and len(found) > total
            # A service that ignores the offset gives the same page again.
            if not transactions or transactions == page_before or len(totals) > 1 or has_too_many:
                raise AnswerUnreadable(
                    f"Mindbody reported {total} transactions of client {client_id}, and after {len(found)} of them "
                    "nothing new or another total came: a page is missing. Run again later."
                )
            page_before = transactions
        raise AnswerUnreadable(
            f"Mindbody gave {len(found)} transactions of client {client_id} and no end: nobody has so many. Run again "
            "later."
        )

    def _transactions_of(self, page: Mapping[str, Any], client_id: str) -> list[Transaction]:
        transactions = read_transactions(page, self.zone)
        if transactions is None:
            what = unreadable_part(page, self.zone)
            raise AnswerUnreadable(f"Mindbody's reward history of client {client_id} cannot be read: {what}.")
        return transactions

    async def _fetch_page(self, client_id: str, since: date, until: date, offset: int) -> dict[str, Any]:
        params = {
            "request.clientId": client_id,
            "request.startDate": since.isoformat(),
            "request.endDate": until.isoformat(),
            "request.limit": str(_PAGE_SIZE),
            "request.offset": str(offset),
        }
        return await self._get("client/clientrewards", params, subject=client_id)

    async def fetch(self, path: str, params: Params) -> dict[str, Any]:
        """Read one page of what is no reward history, as the service tells it; see `is_unknown_client`."""
        return await self._get(path, params, subject=f"{path} {params}")

    @staticmethod
    def is_unknown_client(page: Mapping[str, Any]) -> bool:
        """Return whether a page says that the service does not know the client."""
        return page == _NO_CLIENT

    async def _get(self, path: str, params: Params, subject: str) -> dict[str, Any]:
        """Read with repeats, which change nothing; the last failure is told.

        ``subject`` says what is read, so that one client whom the service fails at is told from a service that fails.
        """
        failure = ""
        max_tries = self._settings.loader.max_tries
        for tries in range(1, max_tries + 1):
            await self.connect(utc_now())
            token = self.token
            result = await self._send_read("GET", path, params=params)
            body = result.json_object
            error = None if body is None else error_of(body)
            if body is not None and result.status == 200 and error is None:
                self._note(subject, "")
                return body
            # The next try asks for a new one.
            if result.status == 401:
                self.forget_token(token)
            failure = failure_of(result, error)
            self._note(subject, "" if says_client_not_found(error) else failure)
            if says_client_not_found(error):
                return dict(_NO_CLIENT)
            if denies_access(result, error, tries):
                self._standing.stop_reading(refusal := self._refusal(error, result.status))
                raise CredentialsRefused(refusal)
            if tries < max_tries:
                await wait_to_repeat(self._asked_quiet(result), tries)
        raise ServiceUnreachable(f"Mindbody could not be read ({path}): {failure}, {tries} times. Run again later.")

    def _note(self, subject: str, failure: str) -> None:
        self._standing.note_read(f"Mindbody site {self.site_id}", subject, failure)

    def _asked_quiet(self, result: Exchange) -> float | None:
        """Let all readers of the site keep the quiet that it asks one of them for; return how long it is."""
        asked_seconds = result.retry_after_seconds
        if asked_seconds is not None:
            self.pacer.pause(asked_seconds)
        return asked_seconds

    async def _issue_token(self) -> str:
        """Ask for a token. Trying again is harmless: a token too many is a call, not an event."""
        credentials = {"Username": self._site.username, "Password": self._site.password.get_secret_value()}
        body = json.dumps(credentials).encode()
        for tries in range(1, self._settings.loader.max_tries + 1):
            result = await self._send_read("POST", "usertoken/issue", body=body)
            answer = result.json_object or {}
            token = token_of(answer) if result.status == 200 else None
            if token is not None:
                learn(token)
                return token
            error = error_of(answer)
            # It said no and would say it again, and wrong passwords in a row may lock the account. Without its own word
            # it was something on the way that said no, and not the service.
            if error is not None and 400 <= result.status < 500 and result.status != 429:
                raise CredentialsRefused(self._refusal(error, result.status))
            failure = failure_of(result, error)
            if tries < self._settings.loader.max_tries:
                await wait_to_repeat(self._asked_quiet(result), tries)
        url = self._settings.mindbody.base_url
        if result.reach is not Reach.ANSWERED:
            raise NoAnswer(f"Mindbody at {url} is out of reach: {failure}. {_WAITS}")
        raise ServiceUnreachable(f"Mindbody site {self.site_id} at {url} is out of reach: {failure}. {_WAITS}")

    def _refusal(self, error: ServiceError | None, status: int) -> str:
        said = str(status) if error is None else f"{error.code or status}: {error.message}".rstrip(": ")
        return (
            f"Mindbody does not accept the credentials of site {self.site_id} ({said}): check mindbody.api_key, and "
            f"username and password of the site. {_WAITS}"
        )

    async def _send_read(
        self, method: str, path: str, *, params: Params | None = None, body: bytes | None = None
    ) -> Exchange:
        # A token is no read: where reads fail, events may still be posted.
        await (self._standing.wait_to_read() if method == "GET" else self._standing.wait_for_turn())
        self._count_call()
        self._standing.calls_made += 1
        headers = self._headers()
        if body is not None:
            headers["Content-Type"] = "application/json"
        ended = await exchange(self._session, method, self._url(path), headers=headers, params=params, body=body)
        self.stand_in = ended.headers.get(STAND_IN_HEADER) or self.stand_in
        return self._seen(ended)

    def _seen(self, result: Exchange) -> Exchange:
        """Look at the clock on the way: every answer bears the service's time."""
        self.clock.look(result)
        return result

    def _headers(self) -> dict[str, str]:
        key = self._settings.mindbody.api_key
        if key is None:
            raise SettingsError("mindbody.api_key is missing: add it to tieout.toml or set TIEOUT_MINDBODY__API_KEY.")
        headers = {"Api-Key": key.get_secret_value(), "SiteId": self.site_id}
        if token := self.token:
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _url(self, path: str) -> str:
        return f"{self._settings.mindbody.base_url}/public/v6/{path}"
