import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.reference.extracts import Extracts, read_extracts
from flows.settings.of_services import MindbodySettings, ReferenceSettings, SiteSettings
from flows.settings.sections import Settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITES = {
    site_id: SiteSettings(site_id=site_id, timezone="America/Los_Angeles", username="u", password=SecretStr("p"))
    for site_id in ("-99", "7")
}
SALES = "SaleId,ClientId\n9001,ann\n"


def configured(workspace: Path, *site_ids: str, **keys: object) -> Settings:
    mindbody = MindbodySettings(sites=tuple(SITES[site_id] for site_id in site_ids))
    return Settings(workspace=workspace, mindbody=mindbody, reference=ReferenceSettings(**keys))


def put(folder: Path, name: str, text: str = SALES, hours_old: float = 1) -> None:
    path = folder / "reference" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    taken = (NOW - timedelta(hours=hours_old)).timestamp()
    os.utime(path, (taken, taken))


def read(workspace: Path, *site_ids: str, **keys: object) -> Extracts:
    return read_extracts(configured(workspace, *(site_ids or ("-99",)), **keys), NOW)


def covered(extracts: Extracts) -> list[tuple[str, str, str]]:
    columns = extracts.reference.coverage[["subject", "since_at", "until_at"]].astype("str").fillna("open")
    return [*columns.itertuples(index=False, name=None)]


def test_read_extracts_without_a_folder_is_empty(tmp_path: Path):
    extracts = read(tmp_path)
    assert (extracts.reference.is_empty, extracts.notes, extracts.failures) == (True, (), ())


@pytest.mark.parametrize(
    ("name", "text", "site_ids", "found"),
    [
        pytest.param("sales.csv", SALES, ("-99",), ["-99"], id="the only site"),
        pytest.param("7/sales.csv", SALES, ("-99", "7"), ["7"], id="the folder's"),
        pytest.param(
            "sales.csv", "SiteId,SaleId,ClientId\n7,1,a\n-99,2,b\n", ("-99", "7"), ["7", "-99"], id="the rows'"
        ),
    ],
)
def test_read_extracts_tells_the_site(tmp_path: Path, name, text, site_ids, found):
    put(tmp_path, name, text)
    assert read(tmp_path, *site_ids).reference.facts["site_id"].tolist() == found


def test_read_extracts_covers_what_the_name_says_in_days_of_the_site(tmp_path: Path):
    put(tmp_path, "sales 2026-09-01 to 2026-09-30.csv")
    put(tmp_path, "visits all.csv", "VisitId,ClientId\n")
    put(tmp_path, "clients.csv", "ClientId,RelatedClientId,RelationshipName\na,b,Referred\n")
    assert sorted(covered(read(tmp_path))) == [
        ("sales", "2026-09-01 07:00:00+00:00", "2026-10-01 07:00:00+00:00"),
        ("visits", "open", "open"),
    ]


def test_read_extracts_joins_months_that_touch(tmp_path: Path):
    for first, last in (("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-31"), ("2026-12-01", "2026-12-31")):
        put(tmp_path, f"sales_{first}_{last}.csv")
    assert [(since[:7], until[:7]) for _, since, until in covered(read(tmp_path))] == [
        ("2026-09", "2026-11"),
        ("2026-12", "2027-01"),
    ]


def test_read_extracts_leaves_old_ones_out_and_says_so(tmp_path: Path):
    put(tmp_path, "sales all.csv", hours_old=73)
    put(tmp_path, "sales.csv", "SaleId,ClientId\n9002,bob\n", hours_old=23)
    extracts = read(tmp_path)
    assert extracts.reference.facts["item_id"].tolist() == ["9002"]
    assert (extracts.reference.coverage.empty, extracts.reference.too_old) == (True, {("-99", "sales")})
    [note] = extracts.notes
    assert "sales all.csv was last changed 3 days ago, more than reference.fresh_hours (24)" in note
    assert read(tmp_path, fresh_hours=100).notes == ()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("notes.txt", "Call Ann\n", "no headings of reference data", id="no extract"),
        pytest.param("sales.pdf", "%PDF-1.4", "is a PDF", id="not readable"),
        pytest.param("sales 2026-09-30 2026-09-01.csv", SALES, "starts on 2026-09-30 and ends before", id="backwards"),
        pytest.param("sales 2026-09-31 2026-10-01.csv", SALES, "must hold the first and the last day", id="no day"),
        pytest.param("sales.csv", "SaleId,ClientId\nten,a\n", 'not: "ten" in row 2', id="no number"),
    ],
)
def test_read_extracts_tells_a_wrong_one_and_uses_the_others(tmp_path: Path, name, text, said):
    put(tmp_path, name, text)
    put(tmp_path, "visits.csv", "VisitId,ClientId\n1,a\n")
    extracts = read(tmp_path)
    assert extracts.reference.facts["named"].tolist() == ["visit"]
    [failure] = extracts.failures
    assert failure.startswith(f"reference/{name}: ")
    assert said in failure


def test_read_extracts_of_an_unknown_site_are_not_used(tmp_path: Path):
    put(tmp_path, "sales.csv")
    assert "nobody can tell which site it is of" in read(tmp_path, "-99", "7").failures[0]


def test_read_extracts_in_another_folder_with_own_headings(tmp_path: Path):
    put(tmp_path, "-99/sales.csv", "Beleg,Kunde\n9001,ann\n")
    (tmp_path / "reference").rename(tmp_path / "extracts")
    found = read(tmp_path, folder="extracts", columns={"Beleg": "SaleId", "Kunde": "ClientId"})
    assert found.reference.facts["client_id"].tolist() == ["ann"]
