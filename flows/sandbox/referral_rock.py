"""Referral Rock's two calls: update a batch of rewards, and list rewards.

The documents leave open what a batch answers and whether it is atomic. Both are start options here; by default every
item has its own confirmation and a bad item leaves the others in force. An issued reward cannot be edited.
"""

import re
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from aiohttp import web

from flows.sandbox.errors import ServiceError
from flows.sandbox.faults import FaultKind
from flows.sandbox.odd_answers import kept_otherwise
from flows.sandbox.options import PRIVATE_KEY, PUBLIC_KEY, BatchAnswer
from flows.sandbox.referral_rock_forms import is_xml_wanted, read_batch, write_answer
from flows.sandbox.seed import PAYOUTS
from flows.sandbox.state import SandboxState

SETTABLE = ("payoutId", "amount", "eligibilityDate", "description")
STATUSES = ("Pending", "Processing", "Issued")
Update = tuple[Mapping[str, Any], str]  # an item as sent, and what is wrong with it ("" when nothing is)

_AUTHORIZATION = "Basic " + b64encode(f"{PUBLIC_KEY}:{PRIVATE_KEY}".encode()).decode()
_ROOTS = {
    BatchAnswer.SINGLE: "rewardConfirmation",
    BatchAnswer.ARRAY: "ArrayOfrewardConfirmation",
    BatchAnswer.RESULTS: "ArrayOfrewardResult",
}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d)?(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_SORTED_BY = {
    "Create_Dt": "createDate",
    "Recipient_Name": "recipientName",
    "Complete_Dt": "issueDate",
    "Reward_Action": "type",
}
# Parameter -> the fields that it may equal.
_FOUND_BY = {
    "programId": ("programId", "programName"),
    "memberId": ("memberId",),
    "query": ("recipientId", "recipientEmailAddress", "recipientExternalIdentifier", "id"),
    "status": ("status",),
}


async def post_rewards_update(request: web.Request, state: SandboxState) -> web.Response:
    """POST api/rewards/update."""
    check_keys(request)
    items = read_batch(await request.read(), request.content_type)
    # All are judged before any is applied: two items for one reward are judged by the reward as it was.
    updates = [(item, _find_error(item, state)) for item in items]
    if state.options.is_strict:
        _refuse_whole(updates)
    fault = request.get("fault")
    applied = updates
    if fault == FaultKind.RESET_MID_BATCH:
        # The connection breaks in the middle: what came first is in force, and nobody is told which.
        applied = updates[: len(updates) // 2]
    if fault != FaultKind.PHANTOM:
        _apply(applied, state, fault)
    # A confirmation that comes twice must not be counted as two updates.
    confirmed = applied * 2 if fault == FaultKind.DUPLICATE else applied
    answer = _confirm(confirmed, state)
    return write_answer(answer, _ROOTS[state.options.batch_answer], is_xml_wanted(request))


def _refuse_whole(updates: Sequence[Update]) -> None:
    """Raise 400 for the batch where one of its items is wrong."""
    errors = [error for _, error in updates if error]
    if errors:
        raise ServiceError(400, "InvalidParameter", "; ".join(errors))


def _apply(updates: Sequence[Update], state: SandboxState, fault: FaultKind | None) -> None:
    for item, error in updates:
        if error:
            continue
        values = _read_values(item)
        is_kept = fault != FaultKind.KEPT_OTHERWISE
        state.commit_reward(item["rewardId"], values if is_kept else kept_otherwise(values))


async def get_rewards(request: web.Request, state: SandboxState) -> web.Response:
    """GET api/rewards: `query` finds a recipient's id, e-mail or external id, and, as seen in use, a reward's id."""
    check_keys(request)
    query = request.query
    # One reward by its id is the usual call; it need not go through all of them.
    one = state.rewards.get(query.get("query", ""))
    candidates = [one] if one else list(state.rewards.values())
    found = [reward for reward in candidates if _is_asked_for(reward, query)]
    _sort(found, query.get("sort", "Create_Dt_Desc"))
    offset = _whole(query, "offset", 0)
    count = _whole(query, "count", 2**31 - 1)
    page = found[offset : offset + count]
    answer = {"rewards": page, "offset": offset, "total": len(found), "message": ""}
    return write_answer(answer, "rewardSet", is_xml_wanted(request))


def _sort(rewards: list[dict[str, Any]], sort: str) -> None:
    column, _, order = sort.rpartition("_")
    field = _SORTED_BY.get(column)
    if field is None or order not in ("Asc", "Desc"):
        raise ServiceError(400, "InvalidParameter", "sort is not known.")
    rewards.sort(key=lambda reward: reward[field] or "", reverse=order == "Desc")


def check_keys(request: web.Request) -> None:
    """Raise 401 unless the request bears the two keys."""
    given = request.headers.get("Authorization", "")
    # Compared in constant time, as a service does; as bytes, since of texts it takes only ASCII.
    if not secrets.compare_digest(given.encode(), _AUTHORIZATION.encode()):
        raise ServiceError(401, "DeniedAccess", "Authorization has been denied for this request.")


def _find_error(item: Mapping[str, Any], state: SandboxState) -> str:
    reward_id, payout_id = item.get("rewardId"), item.get("payoutId")
    if not isinstance(reward_id, str) or not reward_id:
        return "rewardId is required."
    if not isinstance(payout_id, str) or not payout_id:
        return f"Reward {reward_id}: payoutId is required."
    reward = state.find_reward(reward_id)
    if reward is None:
        return f"Reward {reward_id} was not found."
    if payout_id.lower() not in PAYOUTS:
        return f"Reward {reward_id}: payout {payout_id} was not found."
    # What was paid out cannot change: an amount that is corrected too late stays a difference for a person.
    if reward["status"] == "Issued":
        return f"Reward {reward_id} has been issued and cannot be edited."
    return _find_bad_value(item, reward_id)


def _find_bad_value(item: Mapping[str, Any], reward_id: str) -> str:
    if "amount" in item and not isinstance(item["amount"], Decimal):
        return f"Reward {reward_id}: amount must be a number."
    if "description" in item and not isinstance(item["description"], str):
        return f"Reward {reward_id}: description must be text."
    if "eligibilityDate" in item and _utc_date(item["eligibilityDate"]) is None:
        return f"Reward {reward_id}: eligibilityDate must be a date."
    return ""


def _read_values(item: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: item[name] for name in SETTABLE if name in item}
    if "payoutId" in values:
        values["payoutId"] = values["payoutId"].lower()
    if "eligibilityDate" in values:
        values["eligibilityDate"] = _utc_date(values["eligibilityDate"])
    return values


def _utc_date(text: object) -> str | None:
    """Return a date or date-time as UTC text, its fraction (up to seven digits) kept; None if it is neither.

    >>> _utc_date("2026-10-01T02:00:00.2500000+02:00")
    '2026-10-01T00:00:00.25Z'
    """
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    day, clock, fraction, offset = found.groups()
    whole_seconds = day + (clock or "T00:00:00") + (offset or "Z")
    try:
        moment = datetime.fromisoformat(whole_seconds).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Python keeps six digits of a second, and the service seven: the fraction goes around it as text.
    shown_fraction = (fraction or "").rstrip("0").rstrip(".")
    return f"{moment.replace(tzinfo=None).isoformat()}{shown_fraction}Z"


def _confirm(updates: Sequence[Update], state: SandboxState) -> object:
    """Return what the batch answers, in the form that was started."""
    rewards = [state.find_reward(item.get("rewardId")) for item, _ in updates]
    errors = [error for _, error in updates]
    match state.options.batch_answer:
        case BatchAnswer.RESULTS:
            pairs = zip(errors, rewards, strict=True)
            return [{"resultInfo": _result(error), "reward": reward} for error, reward in pairs]
        case BatchAnswer.ARRAY:
            pairs = zip(errors, rewards, strict=True)
            return [{"message": error, "reward": reward} for error, reward in pairs]
        case BatchAnswer.SINGLE:
            said = " ".join(error for error in errors if error)
            return {"message": said, "reward": rewards[-1] if rewards else None}


def _result(error: str) -> dict[str, str | Literal["Failed", "Success"]]:
    return {"status": "Failed" if error else "Success", "message": error}


def _is_asked_for(reward: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    for parameter, fields in _FOUND_BY.items():
        wanted = query.get(parameter)
        if wanted and wanted not in [reward[field] for field in fields]:
            return False
    created = reward["createDate"]
    first = query.get("dateFrom", "")
    last = query.get("dateTo", "9999")
    # Texts in order are times in order; only as much of the creation is compared as the end names, so that a day holds
    # all its hours.
    return bool(created >= first and created[: len(last)] <= last)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ServiceError(400, "InvalidParameter", f"{name} must be a whole number.")
    return int(text)
