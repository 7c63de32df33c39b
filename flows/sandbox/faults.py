"""What can go wrong on the way, and the grammar that asks for it.

    SPEC     = part { ("," | ";") part }
    part     = "seed=" N  |  "delay=" SECONDS  |  [ "mb:" | "rr:" ] kind [ selector ] [ "*" N ] [ "~" SECONDS ]
    selector = "@" N | "@" N "-" M     the Nth (to the Mth) request that the kind applies to, counted from the start
             | "/" N                   every Nth
             | "%" P                   with probability P, 0 to 1
             | "=" ID                  requests about this client or reward

`mb:` and `rr:` restrict a part to Mindbody or Referral Rock, and to the count of its requests. `*N` injects at most N
times; `~SECONDS` (or `delay=` for all, 40 unless told) is how long `late`, `refused_late`, `again`, `slow` and
`read_slow` take.
Without a selector it is every request. Kinds that begin with `read_` apply to reads of clients and rewards, the others
to posts and updates. The first part that applies wins. Chances depend on the seed, on what the request says and on how
often it was sent before, but not on the order in which requests arrive: the same seed and the same work meet the same
faults.

Example: `drop_after=100000010*1,503_before/50,rr:truncated%0.1,seed=7`
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_DELAY = 40.0


class FaultKind(StrEnum):
    """The faults; "committed" says whether the change was made before things went wrong."""

    DROP_BEFORE = "drop_before"  # connection closed, not committed
    DROP_AFTER = "drop_after"  # committed, closed without an answer
    E503_BEFORE = "503_before"  # gateway error, not committed
    E503_AFTER = "503_after"  # committed, and a gateway error all the same
    LATE = "late"  # held, and committed after the client gave up
    REFUSED_LATE = "refused_late"  # refused at once, and committed later all the same
    TRUNCATED = "truncated"  # committed; a whole HTTP answer, but half of its body
    CUT = "cut"  # committed; the connection ends in the middle of the answer
    ERROR_200 = "error_200"  # 200 with an error in the body, not committed
    E429 = "429"  # too many requests, without Retry-After
    E429_RETRY = "429_retry"  # with Retry-After: 1
    E401 = "401"  # the token is revoked, not committed
    SLOW = "slow"  # committed; the answer drips
    DUPLICATE = "duplicate"  # committed once; the answer lists it twice
    TWICE = "twice"  # committed twice (Mindbody), answered as usual
    AGAIN = "again"  # committed and answered as usual, and committed once more later (Mindbody)
    PHANTOM = "phantom"  # answered as usual, and never committed
    RESET_MID_BATCH = "reset_mid_batch"  # half of a batch committed (Referral Rock), then a reset
    PAGE_403 = "403_page"  # a firewall's page, not committed
    PAGE_AFTER = "403_page_after"  # committed, and a page all the same
    GATEWAY_403 = "403_gateway"  # a gateway's own JSON, not committed
    DENIED = "403_denied"  # the service's own word about access, not committed
    UNKNOWN_400 = "400_unknown"  # the service's own error, which says nothing; not committed
    EMPTY_ERROR = "empty_error"  # committed; an empty Error beside the entry (Mindbody)
    KEPT_OTHERWISE = "kept_otherwise"  # committed with other values: rounded, trimmed, another day (Referral Rock)
    HUGE = "huge"  # committed; the answer unpacks to 16 MB
    NO_BALANCE = "no_balance"  # committed; the answer tells no balance (Mindbody)
    HALF_BALANCE = "half_balance"  # committed; the balance told is no whole number (Mindbody)
    WRONG_BALANCE = "wrong_balance"  # committed; the balance told is off by `~N` points (Mindbody)
    BLIND_BALANCE = "blind_balance"  # committed; the balance told knows nothing of what was done at the desk (Mindbody)
    NEXT_SECOND = "next_second"  # committed; the answer lists the entry a second later (Mindbody)
    READ_NO_BALANCE = "read_no_balance"  # a reading tells no balance (Mindbody)
    READ_NO_CLIENT = "read_no_client"  # reads do not know the client, though posts do (Mindbody)
    READ_503 = "read_503"
    READ_DROP = "read_drop"
    READ_TRUNCATED = "read_truncated"
    READ_429 = "read_429"
    READ_PAGE = "read_403_page"
    READ_LONG_QUIET = "read_long_quiet"  # 429 with a Retry-After of ages
    READ_HUGE = "read_huge"  # unpacks to 16 MB
    READ_DEEP = "read_deep"  # nested 5,000 deep
    READ_SLOW = "read_slow"  # the answer drips
    READ_BEHIND = "read_behind"  # a reading lacks the last `~N` entries and their points (Mindbody)
    READ_HIDDEN = "read_hidden"  # the last reward of a page is left out, and of the total
    READ_ODD = "read_odd"  # the first entry, or the last reward, has an odd value: `~N` says which of `odd_answers`


# Faults that one service alone can have.
ONLY = {
    FaultKind.RESET_MID_BATCH: "rr",
    FaultKind.TWICE: "mb",
    FaultKind.AGAIN: "mb",
    FaultKind.EMPTY_ERROR: "mb",
    FaultKind.KEPT_OTHERWISE: "rr",
    FaultKind.READ_DEEP: "mb",
    FaultKind.NO_BALANCE: "mb",
    FaultKind.HALF_BALANCE: "mb",
    FaultKind.WRONG_BALANCE: "mb",
    FaultKind.BLIND_BALANCE: "mb",
    FaultKind.NEXT_SECOND: "mb",
    FaultKind.READ_NO_BALANCE: "mb",
    FaultKind.READ_NO_CLIENT: "mb",
    FaultKind.READ_BEHIND: "mb",
    FaultKind.READ_HIDDEN: "rr",
}


@dataclass(frozen=True)
class Rule:
    """One part of a SPEC."""

    kind: FaultKind
    service: str | None = None
    first: int | None = None
    last: int | None = None
    every: int | None = None
    probability: float | None = None
    target_id: str | None = None
    limit: int | None = None
    seconds: float = DEFAULT_DELAY


@dataclass(frozen=True)
class Call:
    """What a rule may look at: the service (`mb` or `rr`), whether it reads, whom it is about, its content."""

    service: str
    is_read: bool
    ids: frozenset[str]
    content: bytes


@dataclass(frozen=True)
class Spec:
    """A parsed SPEC."""

    rules: tuple[Rule, ...] = ()
    seed: int = 0


class FaultPlan:
    """Counts requests and says which of them meets which fault."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._counts: Counter[tuple[str, bool]] = Counter()
        self._injected: Counter[int] = Counter()
        self._sent: Counter[bytes] = Counter()
        self._has_chances = any(rule.probability is not None for rule in spec.rules)

    def choose(self, call: Call) -> Rule | None:
        """Return the first rule that applies to this request, and count it."""
        self._counts[call.service, call.is_read] += 1
        self._counts["", call.is_read] += 1
        digest = self._digest(call) if self._has_chances else b""
        for index, rule in enumerate(self._spec.rules):
            if self._applies(rule, index, call, digest):
                self._injected[index] += 1
                return rule
        return None

    def _applies(self, rule: Rule, index: int, call: Call, digest: bytes) -> bool:
        if rule.kind.startswith("read_") != call.is_read or rule.service not in (None, call.service):
            return False
        if rule.limit is not None and self._injected[index] >= rule.limit:
            return False
        number = self._counts[rule.service or "", call.is_read]
        if rule.first is not None and rule.last is not None:
            return rule.first <= number <= rule.last
        if rule.every is not None:
            return number % rule.every == 0
        if rule.probability is not None:
            return _chance(self._spec.seed, index, digest) < rule.probability
        return rule.target_id is None or rule.target_id in call.ids

    def _digest(self, call: Call) -> bytes:
        content = hashlib.blake2b(call.content, digest_size=16).digest()
        self._sent[content] += 1
        return content + str(self._sent[content]).encode()


_PART = re.compile(
    r"(?:(?P<service>mb|rr):)?(?P<kind>[a-z0-9_]+)"
    r"(?:@(?P<first>\d+)(?:-(?P<last>\d+))?|/(?P<every>\d+)|%(?P<probability>[\d.]+)|=(?P<target_id>[^*~]+))?"
    r"(?:\*(?P<limit>\d+))?(?:~(?P<seconds>[\d.]+))?",
    re.ASCII,
)


_SETTINGS = ("seed=", "delay=")


def parse_faults(text: str | None) -> Spec:
    """Return the rules of a SPEC; ValueError names the part that cannot be read."""
    parts = [part.strip() for part in re.split("[,;]", text or "") if part.strip()]
    settings = dict(part.split("=", 1) for part in parts if part.startswith(_SETTINGS))
    try:
        delay = float(settings.get("delay", DEFAULT_DELAY))
        seed = int(settings.get("seed", 0))
    except ValueError:
        raise ValueError("faults: seed= wants a whole number and delay= wants seconds") from None
    rules = [_parse_rule(part, delay) for part in parts if not part.startswith(_SETTINGS)]
    return Spec(tuple(rules), seed)


def _parse_rule(part: str, delay: float) -> Rule:
    found = _PART.fullmatch(part)
    if found is None or found["kind"] not in set(FaultKind):
        raise ValueError(f"faults: {part!r} is not kind[selector][*N][~SECONDS]; kinds: {', '.join(FaultKind)}")
    kind = FaultKind(found["kind"])
    service = found["service"] or ONLY.get(kind)
    if service != ONLY.get(kind, service) or found["every"] == "0":
        raise ValueError(f"faults: {part!r} can never happen")
    first = int(found["first"]) if found["first"] else None
    return Rule(
        kind=kind,
        service=service,
        first=first,
        last=int(found["last"]) if found["last"] else first,
        every=int(found["every"]) if found["every"] else None,
        probability=float(found["probability"]) if found["probability"] else None,
        target_id=found["target_id"],
        limit=int(found["limit"]) if found["limit"] else None,
        seconds=float(found["seconds"]) if found["seconds"] else delay,
    )


def _chance(seed: int, index: int, digest: bytes) -> float:
    drawn = hashlib.blake2b(f"{seed} {index} ".encode() + digest, digest_size=8).digest()
    return int.from_bytes(drawn) / 2**64
