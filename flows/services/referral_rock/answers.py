"""What Referral Rock answers to an update batch.

Follows "POST api/rewards/update". The documented answer to a list is one confirmation; lists of confirmations and of
results are seen too, so all three are read, and matched by reward id, never by position.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from flows.services.bounded_json import parse_json
from flows.services.bounded_xml import parse_xml
from flows.services.referral_rock.values import is_id
from transforms.identity.reward_ids import without_case

# The document says of messages that they hold "error information", and no more; of success it shows none. Seen are
# "Succeeded" and "Success", as the status of the calls beside this one. So the words decide as little as can be: the
# values that came back go first, and a text with none of these words is neither a yes nor a no, and the event in doubt.
_DONE = {"success", "successful", "successfully", "succeeded", "updated", "saved", "ok"}
_NOT_DONE = {"error", "fail", "failed", "failure"}
# Words of a message that says no; without one of them, a message beside a reward may be a remark about what was done.
_REFUSING = {
    "already", "cannot", "declined", "denied", "error", "exist", "exists", "failed", "found", "invalid", "issued",
    "must", "no", "not", "only", "permitted", "refused", "rejected", "required", "unable", "unknown", "wrong",
}  # fmt: skip
# An error in these words says no more than that there was one: before the work was done, or after it.
_SILENT = {"", "an error has occurred", "an unexpected error has occurred", "error", "unknown", "unknown error"}
_NO_SUCH_ADDRESS = "no http resource was found"


@dataclass(frozen=True)
class Result:
    """One item of an answer: the reward as the service has it now, and what it says about the update."""

    reward: Mapping[str, Any] | None
    message: str
    status: str  # "" where the answer has no resultInfo

    @property
    def reward_id(self) -> str | None:
        """The reward's id as ids are compared: without case."""
        id_ = self.reward.get("id") if self.reward else None
        return without_case(id_) if is_id(id_) else None

    @property
    def as_json(self) -> str | None:
        """All fields of the reward as it came back, for the ledger."""
        return None if self.reward is None else json.dumps(self.reward, default=str, ensure_ascii=False)

    @property
    def is_refusal(self) -> bool:
        """Whether the service says plainly that the update was not done."""
        if self.status:
            return self.status.lower() in _NOT_DONE
        return self.reward is None and self.says_no

    @property
    def says_no(self) -> bool:
        """Whether what it says is a plain no, and no remark."""
        words = self._words
        return bool(words & _REFUSING) and not words & _DONE

    @property
    def sounds_done(self) -> bool:
        """Whether the status or the message speaks of success; the words are not documented, "not updated" is none."""
        words = self._words
        return bool(words & _DONE) and not words & _REFUSING

    @property
    def _words(self) -> set[str]:
        return set(re.findall(r"[a-z]+", f"{self.status} {self.message}".lower()))


def read_results(body: bytes, *, is_xml: bool) -> list[Result] | None:
    """Return the items of an answer in any of the known shapes, None where it is broken or of another."""
    return _read_xml(body) if is_xml else _read_json(body)


@dataclass(frozen=True)
class OwnError:
    """What the service itself says is wrong with a request as a whole."""

    message: str

    @property
    def is_silent(self) -> bool:
        """Whether it says no more than that something went wrong."""
        return self.message.strip().rstrip(".").lower() in _SILENT

    @property
    def is_about_address(self) -> bool:
        """Whether it speaks of where the request went, and of no reward."""
        return _NO_SUCH_ADDRESS in self.message.lower()


def own_error(body: bytes, *, is_xml: bool) -> OwnError | None:
    """Return the service's own error; None where the body is something else, such as a gateway's or a page.

    In JSON and in XML it is a Message, spelled so; an error may come in the one form where the other was asked for.
    What gateways say is a "message", which a service's confirmation has as well, but never without a reward beside it.
    """
    for parsed in (_parse(body, is_xml=is_xml), _parse(body, is_xml=not is_xml)):
        if not isinstance(parsed, dict):
            continue
        message = parsed.get("Message")
        if isinstance(message, str):
            return OwnError(message)
        is_confirmation = not parsed.keys().isdisjoint({"reward", "resultInfo"})
        if "message" in parsed and is_confirmation:
            return OwnError(str(parsed["message"] or ""))
    return None


def _parse(body: bytes, *, is_xml: bool) -> Any:
    try:
        if not is_xml:
            return parse_json(body)
        root = parse_xml(body)
    except ValueError:
        return None
    # A confirmation is one by its name, since an empty reward is left out of it.
    missing = {"reward": None} if _local_name(root) == "rewardConfirmation" else {}
    return missing | _to_mapping(root)


def _read_json(body: bytes) -> list[Result] | None:
    try:
        parsed = parse_json(body)
    except ValueError:
        return None
    return _read_items(parsed if isinstance(parsed, list) else [parsed])


def _read_items(items: Sequence[Any]) -> list[Result] | None:
    """Return a result an item; None where one of them is none, since nobody can tell what the rest then means."""
    if not all(_is_result(item) for item in items):
        return None
    return [_result(item) for item in items]


def _is_result(item: Any) -> bool:
    return isinstance(item, dict) and bool(item.keys() & {"reward", "message", "resultInfo", "Message"})


def _result(item: Mapping[str, Any]) -> Result:
    result_info = item.get("resultInfo")
    # In some answers it is an object, in others the bare status.
    info = result_info if isinstance(result_info, dict) else {"status": result_info}
    reward = item.get("reward")
    message = info.get("message") or item.get("message") or item.get("Message") or ""
    return Result(
        reward=reward if isinstance(reward, dict) else None,
        message=str(message),
        status=str(info.get("status") or ""),
    )


def _read_xml(body: bytes) -> list[Result] | None:
    try:
        root = parse_xml(body)
    except ValueError:
        return None
    # One confirmation, or an error: both are about the request as a whole, as their JSON forms are.
    if _local_name(root) in {"rewardConfirmation", "Error"}:
        return _read_items([_to_mapping(root)])
    return _read_items([_to_mapping(child) for child in root])


def _to_mapping(element: ElementTree.Element) -> dict[str, Any]:
    return {_local_name(child): _to_mapping(child) if len(child) else child.text for child in element}


def _local_name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
