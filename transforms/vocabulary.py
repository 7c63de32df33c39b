"""The words that every part shares: targets, kinds, states, fates, verdicts, error codes and match outcomes.

The values are public: they stand in the ledger, in the JSON output and in the reports. Sources: the documents
"Update Client Rewards Request" (Mindbody) and "POST api/rewards/update" (Referral Rock), retold in docs/sheets.md.
"""

from enum import StrEnum
from typing import Final


class Target(StrEnum):
    """The service that an event is posted to."""

    MINDBODY = "mindbody"
    REFERRAL_ROCK = "referral_rock"


SERVICE_NAMES = {Target.MINDBODY: "Mindbody", Target.REFERRAL_ROCK: "Referral Rock"}  # as a person reads them
COUNTED_IN = {Target.MINDBODY: "points", Target.REFERRAL_ROCK: "amount"}  # what events and breaks there are about
HAS_SITES = {Target.MINDBODY: True, Target.REFERRAL_ROCK: False}  # whether events go to one site of several there


class Kind(StrEnum):
    """What an event does; one batch per kind and file."""

    EARNED = "earned"
    REDEEMED = "redeemed"
    REWARD_UPDATE = "reward_update"

    @property
    def target(self) -> Target:
        """The service that takes events of this kind."""
        return _TAKEN_BY[self]


# Told of each: a kind that is forgotten here is sent nowhere, and never to the wrong service.
_TAKEN_BY = {
    Kind.EARNED: Target.MINDBODY,
    Kind.REDEEMED: Target.MINDBODY,
    Kind.REWARD_UPDATE: Target.REFERRAL_ROCK,
}


class Action(StrEnum):
    """What a Mindbody transaction says it was; only the first two can be posted, all five come back on reads."""

    EARNED = "Earned"
    REDEEMED = "Redeemed"
    RETURNED = "Returned"
    REMOVED = "Removed"
    LATE_CANCELED = "LateCanceled"


class Source(StrEnum):
    """What points were earned for."""

    APPOINTMENT_BOOKING = "Appointment Booking"
    CLASS_BOOKING = "Class Booking"
    REFERRAL = "Referral"
    SALE = "Sale"


class Fate(StrEnum):
    """Where a row that was read ends; every row has exactly one."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    HELD = "held"
    REJECTED = "rejected"


class State(StrEnum):
    """Where an event of the ledger stands."""

    HELD = "held"  # waits for a person: nobody can tell whether it is a new event
    READY = "ready"  # to be sent; reported as pending
    SENDING = "sending"  # claimed: the request may be on its way
    POSTED = "posted"  # the service confirmed it, or reading back showed it
    REFUSED = "refused"  # the service said no; only a person may let it be tried again
    UNKNOWN = "unknown"  # the answer was lost: only reading back decides
    DISCARDED = "discarded"  # a person said that a held or ready event must not be sent


# The only ways from state to state. The ledger holds the same pairs in a table, and a trigger refuses any other.
TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        (State.HELD, State.READY),  # approved by a person
        (State.HELD, State.DISCARDED),  # discarded by a person
        (State.READY, State.DISCARDED),  # discarded by a person before it was sent
        # A person says that its cause is gone; the database wants to see who, and why.
        (State.REFUSED, State.READY),
        # A person let it be tried again, and reading its client or reward first showed what speaks against it; or it is
        # of an older ledger, and a recovery looks whether it was sent since.
        (State.READY, State.HELD),
        (State.DISCARDED, State.HELD),  # dropped with its plan, and brought again
        (State.READY, State.SENDING),  # claimed, before the request leaves
        (State.SENDING, State.POSTED),
        (State.SENDING, State.REFUSED),
        (State.SENDING, State.READY),  # it surely never took effect
        (State.SENDING, State.UNKNOWN),  # the answer was lost, or the claim is dead
        (State.UNKNOWN, State.POSTED),  # reading back shows it
        (State.UNKNOWN, State.READY),  # reading back shows that it never took effect
        (State.READY, State.UNKNOWN),  # set back a while ago: its request may have landed since, so it is read again
        (State.READY, State.POSTED),  # confirmed after all, late; the database wants to see the attempt's answer
        # A recovery alone, and the database wants to see that it is at work on the event, and its proof.
        (State.UNKNOWN, State.HELD),  # of an older ledger: what became of it since is not known
        (State.HELD, State.POSTED),  # proved to have been sent by a ledger that is lost
    }
)


class Guard(StrEnum):
    """What holds new events for a person, by the key of its limit in the settings."""

    POINTS_PER_EVENT = "max_points_per_event"
    POINTS_PER_CLIENT = "max_points_per_client"
    POINTS_PER_RUN = "max_points_per_run"
    REJECTED_SHARE = "max_rejected_share"
    NEW_CLIENTS = "max_new_clients"
    PAYOUT_CHANGES = "max_payout_changes"


class HeldFor(StrEnum):
    """Why an event waits that may go with all of its plan; one that waits for a reason of its own has none of these."""

    PLAN = "plan"  # somebody looks at the whole plan first
    LIMIT = "limit"  # a guard's


class Verdict(StrEnum):
    """What one attempt proved; the loader turns every answer, and every missing answer, into one of these."""

    POSTED = "posted"
    REFUSED = "refused"
    RETRY = "retry"  # it never took effect
    UNKNOWN = "unknown"
    UNAUTHORIZED = "unauthorized"  # it never took effect, and the credentials need renewing


class Code(StrEnum):
    """Why a row, or a whole file, was rejected."""

    # rows
    CLIENT_ID_MISSING = "client_id_missing"
    CLIENT_ID_UNREADABLE = "client_id_unreadable"
    POINTS_MISSING = "points_missing"
    POINTS_NOT_POSITIVE_INTEGER = "points_not_positive_integer"
    ACTION_MISSING = "action_missing"
    ACTION_UNKNOWN = "action_unknown"
    SOURCE_MISSING = "source_missing"
    SOURCE_UNKNOWN = "source_unknown"
    SOURCE_WITH_REDEEMED = "source_with_redeemed"
    SOURCE_ID_NOT_POSITIVE_INTEGER = "source_id_not_positive_integer"
    SOURCE_ID_WITHOUT_SOURCE = "source_id_without_source"
    SOURCE_ID_NOT_FOUND = "source_id_not_found"
    SOURCE_ID_OTHER_CLIENT = "source_id_other_client"
    REFERRAL_REVERSED = "referral_reversed"
    ACTION_TIME_UNREADABLE = "action_time_unreadable"
    ACTION_TIME_IN_FUTURE = "action_time_in_future"
    ACTION_TIME_AMBIGUOUS = "action_time_ambiguous"
    ACTION_TIME_NONEXISTENT = "action_time_nonexistent"
    REWARD_ID_MISSING = "reward_id_missing"
    REWARD_ID_UNREADABLE = "reward_id_unreadable"
    PAYOUT_ID_MISSING = "payout_id_missing"
    PAYOUT_ID_UNREADABLE = "payout_id_unreadable"
    AMOUNT_UNREADABLE = "amount_unreadable"
    ELIGIBILITY_DATE_UNREADABLE = "eligibility_date_unreadable"
    REWARD_ID_CONFLICT = "reward_id_conflict"
    TEXT_TOO_LONG = "text_too_long"
    CELL_ERROR = "cell_error"
    RECEIPT_MISMATCH = "receipt_mismatch"
    SITE_UNKNOWN = "site_unknown"
    ROW_KIND_AMBIGUOUS = "row_kind_ambiguous"
    ROW_KIND_UNKNOWN = "row_kind_unknown"
    # whole files
    FILE_UNREADABLE = "file_unreadable"
    FILE_ENCRYPTED = "file_encrypted"
    HEADING_NOT_FOUND = "heading_not_found"
    COLUMN_MISSING = "column_missing"
    HEADING_TWICE = "heading_twice"


class Subject(StrEnum):
    """What reference data is about; SourceIds are checked against it."""

    VISITS = "visits"
    SALES = "sales"
    REFERRALS = "referrals"


class Named(StrEnum):
    """What an id names."""

    APPOINTMENT = "appointment"
    VISIT = "visit"
    SALE = "sale"
    REFERRED = "referred"  # a client, who was referred by the fact's client


class Finding(StrEnum):
    """What is known about a SourceId that is not wrong; of the wrong ones it is their code."""

    CONFIRMED = "confirmed"
    # left to the service, because
    NO_DATA = "no_data"  # nothing is at hand
    TOO_OLD = "too_old"  # what is at hand is not fresh
    NOT_COVERED = "not_covered"  # what is at hand does not know the id, and need not
    SPELLING = "spelling"  # it differs in leading zeros or case alone


class Outcome(StrEnum):
    """What matching source, ledger and remote found; exhaustive and exclusive. All but the first are breaks."""

    MATCHED = "matched"
    LATE = "late"  # not there yet, inside the grace time
    MISSING_REMOTE = "missing_remote"
    UNEXPECTED_REMOTE = "unexpected_remote"  # somebody else's entry
    DUPLICATE_REMOTE = "duplicate_remote"
    AMOUNT_MISMATCH = "amount_mismatch"
    TIME_MISMATCH = "time_mismatch"  # the same but for the time: zone slips show here
    STATUS_MISMATCH = "status_mismatch"
    REVERSED_REMOTE = "reversed_remote"  # Returned, Removed, LateCanceled
    REFUSED = "refused"
    UNKNOWN = "unknown"


class WalkLine(StrEnum):
    """A line of the walk from the sheets to the service (`transforms.totals.walk`)."""

    IN_SHEETS = "in_sheets"
    NEEDS_FIXING = "needs_fixing"  # rejected rows
    KNOWN = "known"  # an earlier file brought it
    WAITING = "waiting"  # for a person, from its row on
    ACCEPTED = "accepted"
    BROUGHT_FORWARD = "brought_forward"  # of earlier runs
    TURNED_DOWN = "turned_down"  # refused by the service
    NOT_SURE = "not_sure"  # the answer was lost
    STILL_TO_SEND = "still_to_send"
    DISCARDED = "discarded"  # by a person
    HELD_BACK = "held_back"  # a person has to look before it is tried again
    REPLACED = "replaced"  # by a later update of the same reward
    POSTED = "posted"
    POSTED_BEFORE = "posted_before"  # by earlier runs, and read again
    NOT_COMPARED = "not_compared"  # posted, and nobody looked for it at the service
    COMPARED_BEFORE = "compared_before"  # posted, compared by an earlier run, and not read again
    NOT_THERE = "not_there"
    OTHER_FIGURE = "other_figure"  # what the service has more of the same event; less is negative
    OTHERS = "others"  # somebody else's entries
    TWICE = "twice"  # more often than sent
    OFFSET = "offset"  # extra entries that one of ours took back
    UNCLAIMED = "unclaimed"  # there, of an event that was refused or is in doubt
    TAKEN_BACK = "taken_back"  # returned, removed or canceled late at the service
    AT_SERVICE = "at_service"
    PROVED = "proved"  # of these: not read, and proved by the client's balance


class ReasonCode(StrEnum):
    """Why a person decided about a break as they did."""

    ACCEPTED_DIFFERENCE = "accepted_difference"  # known, and not worth correcting
    CORRECTED_AT_SERVICE = "corrected_at_service"  # put right there by hand
    DUPLICATE_OF_OTHER = "duplicate_of_other"  # another break is about the same thing
    ENTERED_BY_HAND = "entered_by_hand"  # somebody's own entry, and meant
    MISTAKE = "mistake"  # of the sheet, or of an earlier decision
    SERVICE_ERROR = "service_error"  # the service has it wrong
    TIMING = "timing"  # it comes, or came, with another night
    OTHER = "other"  # as the words beside it say


class SignedAs(StrEnum):
    """As what a person signs a period."""

    PREPARER = "preparer"
    APPROVER = "approver"


class EventVerb(StrEnum):
    """What a person may decide about events."""

    APPROVE = "approve"  # a held one is to be sent
    DISCARD = "discard"  # one that was not sent never is
    RETRY = "retry"  # a refused one may be tried again
    REVERSE = "reverse"  # a posted one is to be taken back
    REPLACE = "replace"  # a held one takes the place of the one that it looks like
    KEEP = "keep"  # those of a site that has left wait until it is back
    RULE_POSTED = "rule_posted"  # one in doubt took effect
    RULE_NOT_POSTED = "rule_not_posted"  # one in doubt did not


class How(StrEnum):
    """By what a recovery knows where an event stands."""

    SERVICE = "service"  # the service shows it
    SNAPSHOT = "snapshot"  # a run that saw it end kept that in its snapshot
    NOT_SHOWN = "not_shown"  # nothing proves that it was sent
    AMBIGUOUS = "ambiguous"  # the service shows something that may be it, or something else
    NO_TIME = "no_time"  # its row has no time, and no snapshot says which it was given


class Times(StrEnum):
    """What times without an offset are, as settings and people say it."""

    UTC = "utc"
    SITE = "site"  # the studio's own clock


class RunKind(StrEnum):
    """What a run is for; the ledger, its reports and its id say so."""

    NIGHTLY = "nightly"
    UPLOAD = "upload"
    SETTLE = "settle"
    RECONCILE = "reconcile"
    PLAN = "plan"
    REVERSE = "reverse"
    DECIDE = "decide"  # a person's decision about events; over at once, and without a report
    RECOVER = "recover"


class Role(StrEnum):
    """What a person may do at the desk, at one site or at all; whoever has one of the others may look, too."""

    VIEWER = "viewer"
    UPLOADER = "uploader"
    APPROVER = "approver"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"  # all of it, and who else may


class Stage(StrEnum):
    """Where a sheet stands that came by the desk; what became of its rows stands with the events."""

    OPEN = "open"  # nothing of it is in the ledger
    POSTING = "posting"  # somebody said so; the desk's poster is at it, or about to be
    WAITING = "waiting"  # planned, for another person's word
    STUCK = "stuck"  # posting could not run, or not to its end; a person tries again
    DONE = "done"
    DROPPED = "dropped"  # nothing of it was sent, nor will be


class Unread(StrEnum):
    """As what something could not be looked at."""

    FILE = "file"  # of inbox, archive or reference folder, and whatever else lies there: it may hold rows of anybody
    INBOX = "inbox"  # as a whole: nobody can say what lies there
    CLIENT = "client"
    REWARD = "reward"
    DESTINATION = "destination"


# What only a service could tell.
AT_A_SERVICE: Final = frozenset({Unread.CLIENT, Unread.REWARD, Unread.DESTINATION})
