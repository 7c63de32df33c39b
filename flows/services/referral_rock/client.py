"""Talk to the Referral Rock API: update a batch of rewards, sweep all rewards page by page.

Follows "POST api/rewards/update" and the vendor's help pages: basic authorization, no read of a single reward by id,
so reading back is a sweep. An update sets values, so sending it again is harmless where nobody else edits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from flows.runtime.errors import AnswerUnreadable, CredentialsRefused, ServiceUnreachable, SettingsError
from flows.runtime.secrets import pair_header
from flows.services.binding import STAND_IN_HEADER
from flows.services.clocks import clock_of
from flows.services.http import Exchange, exchange
from flows.services.pace import Pacer, wait_to_repeat
from flows.services.referral_rock.answers import Result, own_error
from flows.services.referral_rock.bodies import json_body, xml_body
from flows.services.referral_rock.values import is_id
from flows.services.standing import Standing
from flows.settings.sections import Settings
from transforms.identity.reward_ids import without_case

if TYPE_CHECKING:
    import aiohttp

_PAGE_SIZE = 500
_MOST_PAGES = 4000


class ReferralRockClient:
    """The service; every request is counted by `count_call` before it leaves."""

    def __init__(
        self, settings: Settings, session: "aiohttp.ClientSession", standing: Standing, count_call: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._session = session
        self._standing = standing
        self._count_call = count_call
        self.stand_in: str | None = None  # who a service on loopback says that it is
        self.clock = clock_of(settings.referral_rock.base_url)

    @property
    def standing(self) -> Standing:
        """How the service has behaved in this run so far."""
        return self._standing

    @property
    def pacer(self) -> Pacer:
        """The pace of all that goes there."""
        return self._standing.pacer

    @property
    def is_xml(self) -> bool:
        """Whether batches go and come as XML."""
        return self._settings.referral_rock.format == "xml"

    async def connect(self) -> None:
        """Read one reward to see that the service is there and takes the keys."""
        await self._fetch_page(offset=0, count=1)

    async def update(self, events: Sequence[Row[Any]]) -> Exchange:
        """Send one batch, once."""
        form = "application/xml" if self.is_xml else "application/json"
        headers = {**self._headers(), "Content-Type": form, "Accept": form}
        body = self.body(events)
        return await exchange(self._session, "POST", self._url("update"), headers=headers, body=body)

    def body(self, events: Sequence[Row[Any]]) -> bytes:
        """Return the request body of a batch in the configured format."""
        return xml_body(events) if self.is_xml else json_body(events)

    async def fetch_rewards(self) -> dict[str, dict[str, Any]]:
        """Sweep all rewards; keyed by id without case."""
        # A reward that is missing would read as "there is no such reward", and its update be taken for not landed.
        rewards: dict[str, dict[str, Any]] = {}
        offset = 0
        totals: set[int] = set()  # of all pages; they must agree
        for _ in range(_MOST_PAGES):
            page = await self._fetch_page(offset, _PAGE_SIZE)
            items, total = _read_page(page)
            rewards |= {without_case(item["id"]): item for item in items}
            offset += len(items)
            totals.add(total)
            if len(rewards) == total and len(totals) == 1:
                return rewards
            if not items or offset >= total or len(totals) > 1:
                reported = " and then ".join(str(total) for total in sorted(totals))
                raise AnswerUnreadable(
                    f"Referral Rock reported {reported} rewards and gave {len(rewards)}: a page is missing or came "
                    "twice. Run again later."
                )
        raise AnswerUnreadable(f"Referral Rock gave {len(rewards)} rewards and no end. Run again later.")

    async def _fetch_page(self, offset: int, count: int) -> dict[str, Any]:
        # The oldest first, so that a reward created while paging lands on the last page instead of moving all pages.
        params = {"offset": str(offset), "count": str(count), "sort": "Create_Dt_Asc"}
        failure = ""
        max_tries = self._settings.loader.max_tries
        for tries in range(1, max_tries + 1):
            result = await self._send_read(params)
            body = result.json_object if result.status == 200 else None
            if body is not None:
                self._standing.note_read("Referral Rock", "", "")
                return body
            # A 403 without the service's own word is a firewall's, and says nothing about the keys.
            if result.status == 401 or (result.status == 403 and own_error(result.body, is_xml=False) is not None):
                raise CredentialsRefused(
                    f"Referral Rock does not accept the keys ({result.status}): check referral_rock.public_key and "
                    "private_key. What was not sent waits; run again once that is mended."
                )
            failure = result.failure or _failure_of(result)
            # All rewards come in one sweep, so each failed read is one of the service.
            self._standing.note_read("Referral Rock", f"page at {offset}, try {tries}", failure)
            if tries < max_tries:
                await wait_to_repeat(self._asked_quiet(result), tries)
        raise ServiceUnreachable(
            f"Referral Rock at {self._settings.referral_rock.base_url} is out of reach: {failure}. Run again later."
        )

    def _asked_quiet(self, result: Exchange) -> float | None:
        """Let everything that goes there keep the quiet that it asks for; return how long it is."""
        asked_seconds = result.retry_after_seconds
        if asked_seconds is not None:
            self.pacer.pause(asked_seconds)
        return asked_seconds

    async def _send_read(self, params: dict[str, str]) -> Exchange:
        await self._standing.wait_to_read()
        self._count_call()
        headers = {**self._headers(), "Accept": "application/json"}
        ended = await exchange(self._session, "GET", self._url(""), headers=headers, params=params)
        self.stand_in = ended.headers.get(STAND_IN_HEADER) or self.stand_in
        self.clock.look(ended)
        return ended

    def _headers(self) -> dict[str, str]:
        keys = self._settings.referral_rock
        if keys.public_key is None or keys.private_key is None:
            raise SettingsError(
                "referral_rock.public_key and private_key are missing: add them to tieout.toml or set "
                "TIEOUT_REFERRAL_ROCK__PUBLIC_KEY and TIEOUT_REFERRAL_ROCK__PRIVATE_KEY."
            )
        pair = pair_header(keys.public_key.get_secret_value(), keys.private_key.get_secret_value())
        return {"Authorization": f"Basic {pair}"}

    def _url(self, path: str) -> str:
        return f"{self._settings.referral_rock.base_url}/api/rewards/{path}".rstrip("/")


def _failure_of(result: Exchange) -> str:
    return "an answer that cannot be read" if result.status == 200 else f"status {result.status}"


def _tells_error(page: Mapping[str, Any], items: Sequence[Any]) -> bool:
    """Tell whether the message of a page, which is documented for errors, is one; a remark beside rewards is none.

    Beside no reward at all any text but a yes counts as one: an error that was not understood must not read as "there
    are no rewards".
    """
    said = Result(reward=None, message=str(page.get("message") or ""), status="")
    return said.says_no if items else bool(said.message) and not said.sounds_done


def _read_page(page: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Return a page's rewards and how many there are in all; a page that does not say both is no page.

    An error told in a 200 would otherwise read as "there are no rewards".
    """
    items = page.get("rewards")
    total = page.get("total")
    if isinstance(items, list) and isinstance(total, int) and not _tells_error(page, items):
        rewards = [item for item in items if isinstance(item, dict) and is_id(item.get("id"))]
        if len(rewards) == len(items):
            return rewards, total
    said = str(page.get("message") or "no list of rewards with a total")[:200]
    raise AnswerUnreadable(f"Referral Rock's rewards cannot be read: {said}. Run again later.")
