"""Whatever the check lets through, both databases take; what they would not is a rejected row, and stops no other."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from flows.intake.check import check_file
from flows.intake.register import register_within
from flows.ledger.connection import Ledger, open_ledger
from flows.ledger.run_id import new_run_id
from flows.runtime.clock import utc_now
from flows.sandbox import start_sandbox
from flows.settings.sections import Settings
from sql.runs import open_run
from tests.flows.command import Command
from tests.flows.workplace import Workplace, earned, open_workplace
from tests.laws import law

UPDATE = "RewardId,PayoutId,Amount,Description"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "99")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    workplace = open_workplace(tmp_path / "work", ready)
    return workplace.configure(f'database_url = "{database_url}"\n{workplace.config.read_text()}')


@pytest.mark.first_case
def test_an_id_longer_than_an_index_takes_rejects_its_row_and_keeps_no_file_waiting(
    workplace: Workplace, bare_tieout: Command
) -> None:
    client_id = f"2000000{os.getpid() % 90 + 10}"
    # Random signs, since a database packs what repeats.
    odd = "".join(uuid4().hex for _ in range(100))
    workplace.put("a.csv", earned(odd), earned(client_id))
    workplace.put("b.csv", f"{odd},p,,", f"r,{odd},,", headings=UPDATE)
    workplace.put("c.csv", earned(client_id, 11))
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert {key: ended.json[key] for key in ("files", "accepted", "rejected", "posted")} == {
        "files": 3, "accepted": 2, "rejected": 3, "posted": 2
    }  # fmt: skip
    assert {row["code"] for row in workplace.rows("SELECT code FROM rejections")} == {"text_too_long"}
    assert ended.code == 1


@pytest.mark.long
def test_the_longest_ids_and_description_are_registered(workplace: Workplace, bare_tieout: Command) -> None:
    widest = "\U00020000"  # four bytes
    workplace.put("a.csv", earned(widest * 255))
    workplace.put("b.csv", f"{widest * 255},{widest * 255},1,{widest * 32_767}", headings=UPDATE)
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.json["accepted"], ended.json["rejected"]) == (2, 0)


@pytest.mark.first_case
def test_a_file_and_a_folder_whose_names_are_no_text_are_taken_in(workplace: Workplace, bare_tieout: Command) -> None:
    # Names as a system of before UTF-8 wrote them.
    file, folder = os.fsdecode(b"caf\xe9.csv"), os.fsdecode(b"stud\xedo")
    workplace.put(f"-99/{file}", earned("200000011", uuid4().int % 1000 + 1))
    workplace.put(f"{folder}/r.csv", "r-1,p-1", headings="RewardId,PayoutId")
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.json["files"], ended.json["accepted"], ended.json["posted"]) == (2, 2, 1)
    names = {row["name"] for row in workplace.rows("SELECT name FROM files")}
    assert names == {"caf\\udce9.csv", "r.csv"}


@pytest.mark.first_case
def test_signs_that_no_database_takes_are_kept_written_out(workplace: Workplace, bare_tieout: Command) -> None:
    items = [{"ClientId": "1\x00", "Points": "a\x00b", "Action": "Earned", "No\x00te": "x\x00"}]
    (workplace.inbox / "a.json").write_text(json.dumps(items))
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.code, ended.json["rejected"]) == (1, 1)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgresql: Any) -> Iterator[list[Ledger]]:
    """A ledger in each database, for the law below."""
    name = f"law_{uuid4().hex}"
    with postgresql.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    folder = tmp_path_factory.mktemp("law")
    urls = [f"sqlite:///{folder}/ledger.db", postgresql.url(name)]
    ledgers = [open_ledger(Settings(database_url=url, workspace=folder)) for url in urls]
    yield ledgers
    for ledger in ledgers:
        ledger.close()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.text(
    "0123456789ABCaé\U00020000", max_size=300
)
NUMBERS = st.integers(-1, 2**70).map(str) | st.decimals(allow_nan=False, allow_infinity=False).map(str) | TEXTS
TIMES = st.datetimes().map(lambda at: f"{at:%Y}".zfill(4) + f"-{at:%m-%dT%H:%M:%S.%f}Z") | TEXTS
CLIENTS = st.fixed_dictionaries(
    {"ClientId": TEXTS, "Points": NUMBERS, "Action": st.sampled_from(["Earned", "Redeemed"])},
    optional={"SourceId": NUMBERS, "Source": st.sampled_from(["Sale", "Referral"]), "ActionDateTime": TIMES},
)
REWARDS = st.fixed_dictionaries(
    {"RewardId": TEXTS, "PayoutId": TEXTS},
    optional={"Amount": NUMBERS, "EligibilityDate": TIMES, "Description": TEXTS},
)


@pytest.mark.first_case
@law(60, suppress_health_check=list(HealthCheck))
@given(items=st.lists(CLIENTS, min_size=1, max_size=8) | st.lists(REWARDS, min_size=1, max_size=8))
def test_what_the_check_accepts_registers_on_both(tmp_path_factory: Any, both: list[Ledger], items: Any) -> None:
    folder = tmp_path_factory.mktemp("item")
    path = folder / "a.json"
    path.write_text(json.dumps(items))
    site = {"site_id": "-99", "timezone": "UTC", "username": "u", "password": "p"}
    settings_ = Settings(workspace=folder, mindbody={"api_key": "k", "sites": [site]})
    checked = check_file(settings_, path, None)
    for ledger in both:
        with ledger.begin() as connection:
            run_id = new_run_id("nightly")
            open_run(connection, run_id, "nightly", utc_now())
            registered = register_within(connection, settings_, run_id, checked)
            assert registered is None or registered.rows_read == checked.file_totals.rows_read
