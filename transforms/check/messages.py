"""The sentences of rejected cells, for the person who has to mend them."""

from collections.abc import Mapping

from transforms.vocabulary import Code

SENTENCES: Mapping[Code, str] = {
    Code.CLIENT_ID_MISSING: "The client's id is missing.",
    Code.CLIENT_ID_UNREADABLE: "This is no client's id, but what a program made of one.",
    Code.POINTS_MISSING: "The points are missing.",
    Code.POINTS_NOT_POSITIVE_INTEGER: "Points must be a whole number of at least 1, also where they are redeemed.",
    Code.ACTION_MISSING: "The action is missing: Earned or Redeemed.",
    Code.ACTION_UNKNOWN: "The action must be Earned or Redeemed.",
    Code.SOURCE_MISSING: "The source is missing: say what the points were earned for.",
    Code.SOURCE_UNKNOWN: "The source must be Appointment Booking, Class Booking, Referral or Sale.",
    Code.SOURCE_WITH_REDEEMED: "Redeemed points have no source: empty this cell.",
    Code.SOURCE_ID_NOT_POSITIVE_INTEGER: "The source's id must be a whole number of at least 1.",
    Code.SOURCE_ID_WITHOUT_SOURCE: "There is an id of a source, but no source that it could belong to.",
    Code.SOURCE_ID_NOT_FOUND: "This client has no booking, sale or referral with this id.",
    Code.SOURCE_ID_OTHER_CLIENT: "The booking or sale with this id belongs to another client.",
    Code.REFERRAL_REVERSED: "The referral is the wrong way round: the client in SourceId referred the one in ClientId.",
    Code.ACTION_TIME_UNREADABLE: "This is no date and time that can be read without guessing.",
    Code.ACTION_TIME_IN_FUTURE: "This time is still to come.",
    Code.ACTION_TIME_AMBIGUOUS: "The clocks were put back in this hour, so there are two such times: add the offset.",
    Code.ACTION_TIME_NONEXISTENT: "The clocks were put forward in this hour, so there is no such time.",
    Code.REWARD_ID_MISSING: "The reward's id is missing.",
    Code.REWARD_ID_UNREADABLE: "This is no reward's id, but what a program made of one.",
    Code.PAYOUT_ID_MISSING: "The payout's id is missing.",
    Code.PAYOUT_ID_UNREADABLE: "This is no payout's id, but what a program made of one.",
    Code.AMOUNT_UNREADABLE: "The amount must be a plain number such as 12.50, without currency or thousands.",
    Code.ELIGIBILITY_DATE_UNREADABLE: "This is no date that can be read without guessing.",
    Code.REWARD_ID_CONFLICT: "This reward is in the file more than once, with different values.",
    Code.TEXT_TOO_LONG: "An id has 255 signs at most, a site's id 50, a description 32,767: this is longer.",
    Code.CELL_ERROR: "The cell holds an error of the spreadsheet, or shows another value than it keeps.",
    Code.RECEIPT_MISMATCH: "This row was accepted before with other values than it has now.",
    Code.SITE_UNKNOWN: "Nobody can tell which site this row belongs to.",
    Code.ROW_KIND_AMBIGUOUS: "The row fills RewardId as well as ClientId or Action: it must be either.",
    Code.ROW_KIND_UNKNOWN: "The row fills neither RewardId nor ClientId nor Action.",
}
