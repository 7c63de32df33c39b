"""A workspace of its own with an inbox, a ledger and settings that name a running sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import create_engine

from flows.ledger.connection import open_ledger
from flows.ledger.summary import Summary
from flows.runs.nightly import nightly as nightly_run
from flows.sandbox.settings_text import settings_text
from flows.settings.load import load_settings
from flows.settings.sections import Settings
from sql.migrate import upgrade
from sql.queries import rows_query
from tests.flows.sandbox.talk import Talk, open_talk

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(path for path in (ROOT / "data_samples").iterdir() if path.suffix != ".md")
HEADINGS = "ClientId,Points,Action,Source,SourceId,ActionDateTime"
_LOADER = """\
[loader]
timeout_seconds = 5
requests_per_second = 2000
max_tries = {max_tries}
settle_after_seconds = 0.2

[reconcile]
grace_hours = {grace_hours}
"""
_SITE = """
[[mindbody.sites]]
site_id = "{}"
timezone = "America/Los_Angeles"
times = "utc"
username = "sandbox-staff"
password = "{}"
"""
PASSWORD = "sandbox-password"
_CHOICES = {
    "calls_per_day": 1000,
    "key_pace": 2000,
    "max_tries": 2,
    "grace_hours": 0,
    "database_url": None,
    "referral_rock": "",
}


@dataclass(frozen=True)
class Workplace:
    """A folder with settings, and the sandbox that they name."""

    folder: Path
    ready: Mapping[str, Any]

    @property
    def config(self) -> Path:
        return self.folder / "tieout.toml"

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    @property
    def talk(self) -> Talk:
        return open_talk(dict(self.ready))

    def put(self, name: str, *rows: str, headings: str = HEADINGS) -> Path:
        """Write a CSV export into the inbox."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([headings, *rows]) + "\n", encoding="utf-8")
        return path

    def run(self) -> Summary:
        return nightly_run(self.settings)

    def configure(self, text: str | None = None, **choices: Any) -> "Workplace":
        """Write the settings anew, with other choices or as the text says."""
        chosen = {**_CHOICES, **choices}
        services = settings_text(
            self.ready,
            mindbody=f"calls_per_day = {chosen['calls_per_day']}\nrequests_per_second_per_key = {chosen['key_pace']}",
            referral_rock=chosen["referral_rock"],
        )
        if chosen["database_url"]:
            services = f'database_url = "{chosen["database_url"]}"\n\n{services}'
        self.config.write_text(text or services + _LOADER.format(**chosen), encoding="utf-8")
        self.config.chmod(0o600)
        return replace(self)

    def commits(self, *client_ids: str) -> list[dict[str, Any]]:
        """Return what the sandbox committed, of these clients where some are named."""
        return [line for line in self.talk.log() if not client_ids or line.get("client_id") in client_ids]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return rows of the ledger."""
        with open_ledger(self.settings) as ledger, ledger.begin() as connection:
            return [dict(row) for row in connection.exec_driver_sql(sql).mappings()]

    def breaks(self) -> dict[str, str]:
        """Return {id: class} of the open breaks."""
        with open_ledger(self.settings) as ledger, ledger.begin() as connection:
            return {row.break_id: getattr(row, "class") for row in connection.execute(rows_query("open_breaks"))}


def open_workplace(folder: Path, ready: Mapping[str, Any], **choices: Any) -> Workplace:
    """Make the folder's inbox and settings, and an empty ledger, which takes a tenth of the time when it is copied."""
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    ledger = folder / "tieout.db"
    if not choices.get("database_url") and not ledger.exists():
        ledger.write_bytes(_empty_ledger())
    return Workplace(folder, ready).configure(**choices)


@cache
def _empty_ledger() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tieout.db"
        # Not as a command opens it: the environment of a test may name another ledger.
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        return path.read_bytes()


def further_sites(passwords: Mapping[str, str]) -> str:
    """Return the settings of these sites of a sandbox with ``--more-sites``, beside its own."""
    return "".join(_SITE.format(site_id, password) for site_id, password in passwords.items())


def earned(client_id: str, points: int = 10, time: str = "2026-09-20T17:00:00Z") -> str:
    return f"{client_id},{points},Earned,Sale,,{time}"


def redeemed(client_id: str, points: int = 5, time: str = "2026-09-21T17:00:00Z") -> str:
    return f"{client_id},{points},Redeemed,,,{time}"
