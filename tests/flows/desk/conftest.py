"""The desk in this process, and people at it: ``at_desk("ana")`` is a browser in which Ana has signed in."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient, Response

from flows.desk.app import make_app
from flows.desk.poster import post_all
from flows.desk.visit import Desk
from flows.ledger.connection import Ledger, open_ledger
from flows.people import passwords
from flows.people.accounts import account_of
from flows.people.sign_in import Session, begin_session
from flows.runtime.clock import utc_now
from flows.sandbox import start_sandbox
from flows.settings.sections import Settings
from sql.people import Grant, add_person, set_roles
from tests.flows.workplace import Workplace, further_sites, open_workplace
from transforms.vocabulary import Role

NOTHING_THERE = {
    "url": "http://127.0.0.1:9",
    "mindbody": {
        "api_key": "sandbox-api-key",
        "site_id": "-99",
        "timezone": "America/Los_Angeles",
        "username": "sandbox-staff",
        "password": "sandbox-password",
    },
    "referral_rock": {"public_key": "sandbox-public", "private_key": "sandbox-private"},
}


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys.cache_clear()


class Client:
    """Asks the application in this process; what leads on is not followed."""

    def __init__(self, app: Any, peer: str = "127.0.0.1", headers: Mapping[str, str] | None = None) -> None:
        transport = ASGITransport(app=app, client=(peer, 1), raise_app_exceptions=False)
        self.http = AsyncClient(transport=transport, base_url="http://127.0.0.1:8300", headers=headers)

    def request(self, method: str, path: str, **options: Any) -> Response:
        return asyncio.run(self.http.request(method, path, **options))

    def get(self, path: str, **options: Any) -> Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        return self.request("POST", path, **options)


@dataclass
class Browser:
    """A browser at the desk; ``post`` sends a form with the token of its session."""

    client: Client
    session: Session | None = None

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.text

    def status(self, path: str) -> int:
        return int(self.client.get(path).status_code)

    def post(self, path: str, status: int = 303, **fields: Any) -> str:
        """Return where it leads, or the page that says why not."""
        token = {"form_token": self.session.form_token} if self.session else {}
        files = {"file": fields.pop("file")} if "file" in fields else None
        answer = self.client.post(path, data=token | fields, files=files)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return str(answer.headers.get("location", answer.text))


AtDesk = Callable[..., Browser]


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """Two studios, and services that are out of reach: nothing that these tests do may ask them."""
    place = open_workplace(tmp_path, NOTHING_THERE)
    text = place.config.read_text("utf-8")
    return place.configure(text.replace("[referral_rock]", further_sites({"7": "x"}) + "\n[referral_rock]", 1))


@pytest.fixture
def desk(workplace: Workplace) -> Iterator[Desk]:
    with open_ledger(workplace.settings) as ledger:
        yield Desk(workplace.settings, ledger, 8300)


@pytest.fixture
def at_desk(desk: Desk) -> AtDesk:
    def open_browser(name: str | None = None, *grants: Grant, may_nothing: bool = False) -> Browser:
        client = Client(make_app(desk))
        if name is None:
            return Browser(client)
        given = grants or ([] if may_nothing else [("", Role.ADMINISTRATOR)])
        session = let_in(desk.settings, desk.ledger, name, *given)
        client.http.cookies.set("tieout", session.token)
        return Browser(client, session)

    return open_browser


def let_in(settings: Settings, ledger: Ledger, name: str, *grants: Grant) -> Session:
    with ledger.begin() as connection:
        user_id = add_person(connection, name, name.casefold(), password_hash="x", by="test", now=utc_now())
        set_roles(connection, user_id, grants, by="test", now=utc_now())
        assert account_of(connection, user_id, name).grants == set(grants)
    return begin_session(settings, ledger, user_id, name)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def ready_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Sandboxes of both services for one module: one for each database, since each meets the same clients."""
    with ExitStack() as running:

        @cache
        def start(_database: str) -> dict[str, Any]:
            state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
            return running.enter_context(start_sandbox(state=state, options=("--extra-clients", "30")))

        yield start


@dataclass
class Studio:
    """A studio whose services are there, and its desk; ``post`` plays the poster's part in this process."""

    workplace: Workplace
    desk: Desk

    def browser(self, name: str, *grants: Grant) -> Browser:
        client = Client(make_app(self.desk))
        session = let_in(self.desk.settings, self.desk.ledger, name, *(grants or [("", Role.ADMINISTRATOR)]))
        client.http.cookies.set("tieout", session.token)
        return Browser(client, session)

    def configure(self, text: str) -> None:
        self.workplace.configure(self.workplace.config.read_text("utf-8") + text)
        self.desk = Desk(self.workplace.settings, self.desk.ledger, 8300)

    def post(self) -> None:
        post_all(self.desk)

    def committed(self, *client_ids: str) -> list[dict[str, Any]]:
        return [line for line in self.workplace.commits(*client_ids) if line.get("points")]


@pytest.fixture
def studio(
    tmp_path: Path, ready_for: Callable[[str], dict[str, Any]], database: str, database_url: str
) -> Iterator[Studio]:
    """A studio of its own; on PostgreSQL by `make prove`."""
    place = open_workplace(tmp_path, ready_for(database), database_url=database_url)
    with open_ledger(place.settings) as ledger:
        yield Studio(place, Desk(place.settings, ledger, 8300))
