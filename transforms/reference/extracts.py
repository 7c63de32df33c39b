"""Read reference data from the sheets of an extract: visits, sales, and who referred whom.

An extract is told by its headings, without regard to case, blanks and underscores:

    visits      ClientId, and VisitId or AppointmentId or both
    sales       ClientId, SaleId
    referrals   ClientId, RelatedClientId, RelationshipName; RelationshipId where there are others than referrals (-1)

with SiteId where the rows are of several sites. Answers of the service itself, whose `Id` is that of the visit or the
sale, are read as they are. Rows without a client or without an id (titles, totals) tell nothing and are passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from transforms.reference.reference import FACT_COLUMNS
from transforms.sheets.cells import clean_text, is_whole, parse_whole, without_dashes
from transforms.sheets.fields import normalize_heading
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
_FIELD_OF = {normalize_heading(heading): field for field, heading in FIELDS.items()}
# What a table must have to tell of a subject; visits are told by either of their ids.
_NEEDED = (
    (Subject.VISITS, {"client_id", "visit_id"}),
    (Subject.VISITS, {"client_id", "appointment_id"}),
    (Subject.SALES, {"client_id", "sale_id"}),
    (Subject.REFERRALS, {"client_id", "related_client_id", "relationship_name"}),
)
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


@dataclass(frozen=True)
class _Table:
    """Where in a sheet the rows of an extract begin, and in which column each field is."""

    sheet: Sheet
    heading_row: int
    columns: Mapping[str, int]

    @property
    def subjects(self) -> set[Subject]:
        return _subjects(self.columns)


def parse_extract(sheets: Sequence[Sheet], naming: Naming) -> Extract:
    """Return the facts of all sheets that have the headings of an extract; raise `FileError` where none has."""
    found = [_find_table(sheet, naming) for sheet in sheets]
    tables = [table for table in found if table is not None]
    if not tables:
        raise FileError(
            Code.HEADING_NOT_FOUND,
            "no headings of reference data found. Visits need the columns ClientId and VisitId or AppointmentId, sales "
            "ClientId and SaleId, referrals ClientId, RelatedClientId and RelationshipName. Mend the headings, or name "
            "them in [reference.columns].",
        )
    facts: list[pd.DataFrame] = []
    subjects: set[Subject] = set()
    for table in tables:
        facts += _facts(table, naming)
        subjects |= table.subjects
    each_once = pd.concat(facts, ignore_index=True).drop_duplicates(ignore_index=True)
    return Extract(frozenset(subjects), each_once)


def _find_table(sheet: Sheet, naming: Naming) -> _Table | None:
    """Return the first row that holds the headings of a subject, with the column of every field."""
    searched = list(sheet.cells.index[:_SEARCHED_ROWS])
    if sheet.heading_row is not None:
        searched = [sheet.heading_row]
    for row in searched:
        table = _Table(sheet, row, _columns(sheet, row, naming))
        if table.subjects:
            return table
    return None


def _columns(sheet: Sheet, row: int, naming: Naming) -> dict[str, int]:
    """Return the column of every field that has a heading in this row."""
    headings: dict[int, str] = {}
    for column, text in enumerate(sheet.cells.loc[row]):
        if isinstance(text, str):
            headings[column] = normalize_heading(text)
    documented_of = _documented_headings(naming)
    columns: dict[str, int] = {}
    for column, heading in headings.items():
        field = _FIELD_OF.get(documented_of.get(heading, heading))
        if field is None and heading == "id":
            field = _field_of_id(set(headings.values()))
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


def _documented_headings(naming: Naming) -> dict[str, str]:
    """Return the documented heading of each of the site's own, both normalized."""
    return {normalize_heading(own): normalize_heading(documented) for own, documented in naming.columns.items()}


def _field_of_id(texts: set[str]) -> str | None:
    """Say what a plain `Id` is, by what stands beside it."""
    may_be = []
    for field, beside in _BESIDE_ID.items():
        is_beside = not texts.isdisjoint(beside)
        # Where the sheet has a VisitId of its own, a plain Id beside it is something else.
        has_own_column = normalize_heading(FIELDS[field]) in texts
        if is_beside and not has_own_column:
            may_be.append(field)
    # Of two possible meanings none is taken: a sale's id read as a visit's would reject good rows.
    return may_be[0] if len(may_be) == 1 else None


def _subjects(columns: Mapping[str, int]) -> set[Subject]:
    """Return what a table tells: every subject of which it has all columns that are needed."""
    return {subject for subject, needed in _NEEDED if needed <= columns.keys()}


def _facts(table: _Table, naming: Naming) -> list[pd.DataFrame]:
    texts = _texts(table)
    named_fields = _NAMED_IN.keys() & table.columns.keys()
    facts = [_named_facts(table.sheet, texts, field) for field in named_fields]
    if Subject.REFERRALS in table.subjects:
        facts.append(_referral_facts(table.sheet, texts, naming))
    return facts


def _texts(table: _Table) -> pd.DataFrame:
    """Return the rows below the headings, all FIELDS as text, null where the cell or the column is not there."""
    cells = table.sheet.cells
    rows = cells[cells.index > table.heading_row]
    texts = {field: without_dashes(clean_text(rows[column])) for field, column in table.columns.items()}
    every_field = pd.DataFrame(texts).reindex(columns=list(FIELDS)).astype("str")
    # A repeated heading is no row.
    names = every_field["client_id"].map(lambda text: normalize_heading(str(text)))
    is_heading = names == "clientid"
    return every_field[~is_heading]


def _named_facts(sheet: Sheet, texts: pd.DataFrame, field: str) -> pd.DataFrame:
    """Return whose each visit, appointment or sale is, by its id in this field."""
    # The service writes 0 where a visit is no appointment.
    is_nothing = texts[field].isna() | texts[field].isin(["0", "0.0"])
    rows = texts[texts["client_id"].notna() & ~is_nothing]
    ids = rows[field]
    wrong = ids[~is_whole(ids).astype(bool)]
    if len(wrong):
        raise _no_whole_number(sheet, field, wrong)
    return _frame(
        site_id=rows["site_id"],
        named=_NAMED_IN[field],
        item_id=parse_whole(ids).astype("str"),
        client_id=rows["client_id"],
    )


def _no_whole_number(sheet: Sheet, field: str, wrong: pd.Series) -> FileError:
    examples = ", ".join(f'"{text[:40]}" in row {row}' for row, text in wrong.head(5).items())
    return FileError(
        Code.FILE_UNREADABLE,
        f"{FIELDS[field]} must be a whole number, and {len(wrong):,} are not: {examples}. Export it again, or "
        "take the rows out.",
        Place(sheet.name, int(wrong.index[0])),
    )


def _referral_facts(sheet: Sheet, texts: pd.DataFrame, naming: Naming) -> pd.DataFrame:
    """Turn relationships into referrals: whoever's side is told, the one who referred comes out as the client."""
    rows = texts[texts["client_id"].notna() & texts["related_client_id"].notna()]
    name = rows["relationship_name"].fillna("").map(normalize_heading)
    kind = rows["relationship_id"]
    # An export that leaves the type out has nothing but referrals in it.
    may_be_referral = kind.isna() | kind.eq(_REFERRAL_TYPE)
    says_referred = name.eq(normalize_heading(naming.referred))
    says_referred_by = name.eq(normalize_heading(naming.referred_by))
    # A referral for certain, under a name that is neither: guessing its direction could give the points of the one who
    # referred to the one who was.
    unclear = rows[kind.eq(_REFERRAL_TYPE) & ~says_referred & ~says_referred_by]
    if len(unclear):
        raise _no_direction(sheet, unclear)
    forth = rows[may_be_referral & says_referred]
    back = rows[may_be_referral & says_referred_by]
    told_forth = _frame(
        site_id=forth["site_id"],
        named=Named.REFERRED,
        item_id=forth["related_client_id"],
        client_id=forth["client_id"],
    )
    told_back = _frame(
        site_id=back["site_id"],
        named=Named.REFERRED,
        item_id=back["client_id"],
        client_id=back["related_client_id"],
    )
    return pd.concat([told_forth, told_back])


def _no_direction(sheet: Sheet, unclear: pd.DataFrame) -> FileError:
    row = int(unclear.index[0])
    name = str(unclear["relationship_name"].iloc[0])
    return FileError(
        Code.FILE_UNREADABLE,
        f'row {row}: the referral is called "{name[:40]}", so '
        "nobody can tell who referred whom. Set reference.referred_name and reference.referred_by_name to what the "
        "site calls them.",
        Place(sheet.name, row),
    )


def _frame(*, site_id: pd.Series, named: Named, item_id: pd.Series, client_id: pd.Series) -> pd.DataFrame:
    parts = {"site_id": site_id, "named": named.value, "item_id": item_id, "client_id": client_id}
    return pd.DataFrame(parts)[FACT_COLUMNS].astype("str")
