"""A ledger that was used against one service is used against no other, until a person says that it is the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.runtime.errors import OtherService
from flows.sandbox import start_sandbox
from flows.services.binding import bind_or_refuse, refuse_other_services, service_address
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed
from transforms.vocabulary import Target

CLIENTS = ("--extra-clients", "60")


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with start_sandbox(state=tmp_path_factory.mktemp("one") / "sandbox.db", options=CLIENTS) as found:
        yield found


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with start_sandbox(state=tmp_path_factory.mktemp("other") / "sandbox.db", options=CLIENTS) as found:
        yield found


@pytest.fixture
def used(tmp_path: Path, database_url: str, rehearsal: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A workplace whose file was posted to the rehearsal."""
    monkeypatch.setenv("TIEOUT_DATABASE_URL", database_url)
    client = rehearsal["mindbody"]["client_ids"].pop()
    workplace = open_workplace(tmp_path, {**rehearsal, "mindbody": {**rehearsal["mindbody"], "client_ids": [client]}})
    workplace.put("export.csv", earned(client))
    assert workplace.run().totals["posted"] == 1
    return workplace


def pointed_at(workplace: Workplace, ready: dict[str, Any]) -> Workplace:
    """The same workspace, its settings naming another service."""
    (client,) = workplace.ready["mindbody"]["client_ids"]
    return open_workplace(workplace.folder, {**ready, "mindbody": {**ready["mindbody"], "client_ids": [client]}})


def test_another_service_is_refused_before_anything_is_sent_or_kept(used: Workplace, real: dict[str, Any]) -> None:
    (client,) = used.ready["mindbody"]["client_ids"]
    moved = pointed_at(used, real)
    export = moved.put("overlapping.csv", earned(client), redeemed(client))
    with pytest.raises(OtherService, match="tieout db bind"):
        moved.run()
    assert (export.exists(), moved.commits(client), len(moved.rows("SELECT 1 FROM files"))) == (True, [], 1)


def test_a_person_says_that_it_is_the_same_service(
    used: Workplace, real: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from flows.cli.db import run_bind

    moved = pointed_at(used, real)
    assert run_bind(moved.config, "Ada", "moved to another host", as_json=False) == 0
    moved.put("new.csv", earned(moved.ready["mindbody"]["client_ids"][0], points=7))
    assert moved.run().totals["posted"] == 1
    said = moved.rows("SELECT bound_by, reason FROM service_bindings WHERE bound_by <> 'tieout'")
    assert said == [{"bound_by": "Ada", "reason": "moved to another host"}] * 2
    # And from here on the one of before is another one.
    back = open_workplace(used.folder, used.ready)
    back.put("more.csv", redeemed(back.ready["mindbody"]["client_ids"][0]))
    with pytest.raises(OtherService):
        back.run()


@pytest.mark.first_case
@pytest.mark.parametrize("base_url", ["https://api.mindbodyonline.com", "https://rehearsal.example.com:8443"])
def test_an_address_elsewhere_is_refused_without_asking_it(used: Workplace, base_url: str) -> None:
    text = used.config.read_text().replace(str(used.ready["url"]), base_url)
    used.configure(text)
    with pytest.raises(OtherService, match="another service"):
        used.run()


@pytest.mark.long
def test_a_new_site_is_free(used: Workplace) -> None:
    extra = '[[mindbody.sites]]\nsite_id = "-98"\ntimezone = "UTC"\nusername = "u"\npassword = "p"\n\n[referral_rock]'
    used.configure(used.config.read_text().replace("[referral_rock]", extra, 1))
    assert used.run().totals["ties_out"]


@pytest.mark.long
def test_the_same_stand_in_on_another_port_is_the_same(tmp_path: Path) -> None:
    for _ in range(2):
        with start_sandbox(state=tmp_path / "sandbox.db") as ready:
            workplace = open_workplace(tmp_path / "work", ready)
            workplace.put("export.csv", earned(ready["mindbody"]["client_ids"][0]))
            workplace.run()
    assert len(workplace.rows("SELECT 1 FROM service_bindings WHERE target = 'mindbody'")) == 1


def test_an_address_to_which_nothing_was_sent_is_mended_freely(tmp_path: Path, real: dict[str, Any]) -> None:
    from flows.ledger.connection import open_ledger

    workplace = open_workplace(tmp_path, real)
    settings = workplace.settings
    slip = settings.model_copy(
        update={"mindbody": settings.mindbody.model_copy(update={"base_url": "https://a.example"})}
    )
    with open_ledger(settings) as ledger:
        bind_or_refuse(slip, ledger, Target.MINDBODY, None)
        refuse_other_services(settings, ledger)
    assert workplace.run().totals["ties_out"]


@pytest.mark.parametrize(
    ("base_url", "stand_in", "address"),
    [
        ("https://api.mindbodyonline.com", None, "api.mindbodyonline.com"),
        ("https://API.mindbodyonline.com:443/", "ignored", "api.mindbodyonline.com"),
        ("https://api.example.com:8443/v1/", None, "api.example.com:8443/v1"),
        ("http://127.0.0.1:5000", None, "loopback"),
        ("http://[::1]:5000", None, "loopback"),
        ("http://127.0.0.9", "5f", "stand-in 5f"),
        ("http://localhost:5000", "5f", "stand-in 5f"),
    ],
)
def test_service_address(base_url: str, stand_in: str | None, address: str) -> None:
    assert service_address(base_url, stand_in) == address
