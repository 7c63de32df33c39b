"""Read reference data from the sheets of an extract: visits, sales, and who referred whom.

An extract is told by its headings, without regard to case, blanks and underscores:

    visits      ClientId, and VisitId or AppointmentId or both
    sales       ClientId, SaleId
    referrals   ClientId, RelatedClientId, RelationshipName; RelationshipId where there are others than referrals (-1)

with SiteId where the rows are of several sites. Answers of the service itself, whose `Id` is that of the visit or the
sale, are read as they are. Rows without a client or without an id (titles, totals) tell nothing and are passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from transforms.reference.reference import FACT_COLUMNS
from transforms.sheets.cells import clean_text, is_whole, parse_whole, without_dashes
from transforms.sheets.headings import normalize_heading
from transforms.sheets.sheet import FileError, Place, Sheet
from transforms.vocabulary import Code, Named, Subject

# Field -> heading as documented.
FIELDS: Mapping[str, str] = {
    "site_id": "SiteId",
    "client_id": "ClientId",
    "visit_id": "VisitId",
    "appointment_id": "AppointmentId",
    "sale_id": "SaleId",
    "related_client_id": "RelatedClientId",
    "relationship_name": "RelationshipName",
    "relationship_id": "RelationshipId",
}
_REFERRAL_TYPE = "-1"
_SEARCHED_ROWS = 200
_NAMED_IN = {"visit_id": Named.VISIT, "appointment_id": Named.APPOINTMENT, "sale_id": Named.SALE}
# What else stands in the service's own answers, beside an Id.
_BESIDE_ID = {
    "visit_id": ("appointmentid", "classid"),
    "sale_id": ("saledatetime", "saledate", "purchaseditems"),
}


@dataclass(frozen=True)
class Naming:
    """How a site calls things: its own headings, and the two names of a referral."""

    columns: Mapping[str, str]  # own heading -> documented heading
    referred: str = "Referred"  # the related client was referred by this one
    referred_by: str = "Referred By"  # the related client referred this one


@dataclass(frozen=True)
class Extract:
    """What a file tells: `facts` as in `transforms.reference.reference`, its site NA where the row names none."""

    subjects: frozenset[Subject]
    facts: pd.DataFrame


def parse_extract(sheets: Sequence[Sheet], naming: Naming) -> Extract:
    """Return the facts of all sheets that have the headings of an extract; raise `FileError` where none has."""
    tables = [table for sheet in sheets if (table := _find_table(sheet, naming)) is not None]
    if not tables:
        raise FileError(
            Code.HEADING_NOT_FOUND,
            "no headings of reference data found. Visits need the columns ClientId and VisitId or AppointmentId, sales "
            "ClientId and SaleId, referrals ClientId, RelatedClientId and RelationshipName. Mend the headings, or name "
            "them in [reference.columns].",
        )
    facts = [part for sheet, row, columns in tables for part in _facts(sheet, row, columns, naming)]
    subjects = frozenset(subject for _, _, columns in tables for subject in _subjects(columns))
    return Extract(subjects, pd.concat(facts, ignore_index=True).drop_duplicates(ignore_index=True))


def _find_table(sheet: Sheet, naming: Naming) -> tuple[Sheet, int, dict[str, int]] | None:
    """Return the first row that holds the headings of a subject, with the column of every field."""
    searched = [sheet.heading_row] if sheet.heading_row is not None else list(sheet.cells.index[:_SEARCHED_ROWS])
    for row in searched:
        columns = _columns(sheet, row, naming)
        if _subjects(columns):
            return sheet, row, columns
    return None


def _columns(sheet: Sheet, row: int, naming: Naming) -> dict[str, int]:
    field_of = {normalize_heading(heading): field for field, heading in FIELDS.items()}
    own = {normalize_heading(own): normalize_heading(documented) for own, documented in naming.columns.items()}
    columns: dict[str, int] = {}
    texts = {
        column: normalize_heading(text) for column, text in enumerate(sheet.cells.loc[row]) if isinstance(text, str)
    }
    for column, text in texts.items():
        field = field_of.get(own.get(text, text))
        if field is None and text == "id":
            field = _field_of_id(set(texts.values()))
        if field is None:
            continue
        if field in columns:
            raise FileError(
                Code.HEADING_TWICE,
                f"row {row}: the heading {FIELDS[field]} is there twice, so nobody can tell which column holds. Remove "
                "or rename one of them.",
                Place(sheet.name, row),
            )
        columns[field] = column
    return columns


def _field_of_id(texts: set[str]) -> str | None:
    """Say what a plain `Id` is, by what stands beside it."""
    fitting = [field for field, beside in _BESIDE_ID.items() if not texts.isdisjoint(beside)]
    # Where the sheet has a VisitId of its own, a plain Id beside it is something else.
    unnamed = [field for field in fitting if normalize_heading(FIELDS[field]) not in texts]
    # Of two possible meanings none is taken: a sale's id read as a visit's would reject good rows.
    return unnamed[0] if len(unnamed) == 1 else None


def _subjects(columns: Mapping[str, int]) -> set[Subject]:
    needed = {
        Subject.VISITS: [{"client_id", "visit_id"}, {"client_id", "appointment_id"}],
        Subject.SALES: [{"client_id", "sale_id"}],
        Subject.REFERRALS: [{"client_id", "related_client_id", "relationship_name"}],
    }
    return {subject for subject, ways in needed.items() if any(columns.keys() >= way for way in ways)}


def _facts(sheet: Sheet, heading_row: int, columns: Mapping[str, int], naming: Naming) -> Iterator[pd.DataFrame]:
    rows = sheet.cells[sheet.cells.index > heading_row]
    texts = pd.DataFrame({field: without_dashes(clean_text(rows[column])) for field, column in columns.items()})
    texts = texts.reindex(columns=list(FIELDS)).astype("str")
    # A repeated heading is no row.
    texts = texts[texts["client_id"].map(lambda text: normalize_heading(str(text))) != "clientid"]
    for field in _NAMED_IN.keys() & columns.keys():
        yield _named_facts(sheet, texts, field)
    if Subject.REFERRALS in _subjects(columns):
        yield _referral_facts(sheet, texts, naming)


def _named_facts(sheet: Sheet, texts: pd.DataFrame, field: str) -> pd.DataFrame:
    # The service writes 0 where a visit is no appointment.
    is_nothing = texts[field].isna() | texts[field].isin(["0", "0.0"])
    rows = texts[texts["client_id"].notna() & ~is_nothing]
    wrong = rows[~is_whole(rows[field]).astype(bool)]
    if len(wrong):
        named = ", ".join(f'"{text[:40]}" in row {row}' for row, text in wrong[field].head(5).items())
        raise FileError(
            Code.FILE_UNREADABLE,
            f"{FIELDS[field]} must be a whole number, and {len(wrong):,} are not: {named}. Export it again, or "
            "take the rows out.",
            Place(sheet.name, int(wrong.index[0])),
        )
    return _frame(rows["site_id"], _NAMED_IN[field], parse_whole(rows[field]).astype("str"), rows["client_id"])


def _referral_facts(sheet: Sheet, texts: pd.DataFrame, naming: Naming) -> pd.DataFrame:
    """Turn relationships into referrals: whoever's side is told, the one who referred comes out as the client."""
    rows = texts[texts["client_id"].notna() & texts["related_client_id"].notna()]
    name = rows["relationship_name"].fillna("").map(normalize_heading)
    kind = rows["relationship_id"]
    may_be_referral = kind.isna() | kind.eq(_REFERRAL_TYPE)
    forth = rows[may_be_referral & name.eq(normalize_heading(naming.referred))]
    back = rows[may_be_referral & name.eq(normalize_heading(naming.referred_by))]
    # A referral for certain, under a name that is neither: guessing its direction could give the points of the one who
    # referred to the one who was.
    is_read = rows.index.isin([*forth.index, *back.index])
    unclear = rows[kind.eq(_REFERRAL_TYPE) & ~is_read]
    if len(unclear):
        raise FileError(
            Code.FILE_UNREADABLE,
            f'row {unclear.index[0]}: the referral is called "{str(unclear["relationship_name"].iloc[0])[:40]}", so '
            "nobody can tell who referred whom. Set reference.referred_name and reference.referred_by_name to what the "
            "site calls them.",
            Place(sheet.name, int(unclear.index[0])),
        )
    return pd.concat(
        [
            _frame(forth["site_id"], Named.REFERRED, forth["related_client_id"], forth["client_id"]),
            _frame(back["site_id"], Named.REFERRED, back["client_id"], back["related_client_id"]),
        ]
    )


def _frame(site_id: pd.Series, named: Named, item_id: pd.Series, client_id: pd.Series) -> pd.DataFrame:
    parts = {"site_id": site_id, "named": named.value, "item_id": item_id, "client_id": client_id}
    return pd.DataFrame(parts)[FACT_COLUMNS].astype("str")
