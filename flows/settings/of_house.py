"""The sections of the settings about the house: who is told, what is kept, who may look at it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from flows.runtime.log import LogFormat
from flows.settings.values import QuietHours, Secret, Section, ZoneName, is_this_machine


class NotifySettings(Section):
    """Who is told how a run ended."""

    urls: tuple[Secret, ...] = ()
    client_ids: bool = False  # whether messages may name clients
    # In them nobody is told, but of what is urgent; what happened is told once they are over.
    quiet_hours: QuietHours = None  # such as "22:00-07:00"
    quiet_timezone: ZoneName | None = None  # of quiet_hours; the sites' own where they share one, else UTC
    urgent: tuple[Literal["not_started", "missed", "could_not_run"], ...] = ()
    ping_url: Secret | None = None  # called after every good night, for a monitor that notices silence


class BackupSettings(Section):
    """Copies of an embedded ledger, kept beside it after runs."""

    keep: int = Field(default=7, ge=0)  # the oldest is dropped; 0 keeps none
    every_hours: float = Field(default=24, ge=0)  # once the ledger is past 64 MB


class LogSettings(Section):
    """How a run tells what it does, and what it leaves for a monitor."""

    format: LogFormat = LogFormat.AUTO  # JSON lines for runs by a schedule that have no terminal, else text
    metrics_file: str = ""  # written after every run, for Prometheus


class DeskSettings(Section):
    """The pages for people without a terminal, and who may reach them."""

    on: bool = True  # whether `serve` brings them
    listen: str = "127.0.0.1"  # the address to listen at; another than this machine's own asks for TLS or a proxy
    port: int = Field(default=8300, ge=0, le=65_535)  # 0: any that is free, as where nobody says one and it is taken
    address: str = ""  # how people reach it, for links: "https://points.example.com"
    hosts: tuple[str, ...] = ()  # names that it answers to, beside that of the address and of this machine
    tls_certificate: str = ""  # with its chain, in PEM
    tls_key: str = ""
    proxy_addresses: tuple[str, ...] = ()  # of proxies that are believed about who asks, and how
    user_header: str = ""  # in which such a proxy names who has signed in there
    session_hours: float = Field(default=12, gt=0, le=24 * 31)
    idle_hours: float = Field(default=2, gt=0)
    max_upload_mb: int = Field(default=50, ge=1, le=2_000)
    second_person: bool = False  # nothing is posted without the OK of another person than who sent the sheet

    @model_validator(mode="after")
    def _is_reached_safely(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("desk.tls_certificate and desk.tls_key belong together: give both, or none")
        if not is_this_machine(self.listen) and not self.tls_certificate and not self.proxy_addresses:
            raise ValueError(
                f"desk.listen is {self.listen}, so everybody on the way could read passwords: give "
                "desk.tls_certificate and desk.tls_key, or listen at 127.0.0.1 behind a proxy, or name the proxy in "
                "desk.proxy_addresses"
            )
        # Otherwise whoever reaches the port could say that they are anybody.
        if self.user_header and not self.proxy_addresses:
            raise ValueError("desk.user_header is believed from a proxy alone: name it in desk.proxy_addresses")
        return self

    @property
    def is_this_machine(self) -> bool:
        """Whether nobody reaches it but from this machine."""
        return is_this_machine(self.listen)


class KeepSettings(Section):
    """How long is kept what runs leave behind; `transforms.keeping` says what stays whatever is written here."""

    archive_days: int | None = Field(default=None, ge=1)  # None: for ever
    snapshots_days: int | None = Field(default=None, ge=1)
    reports_days: int | None = Field(default=None, ge=1)
    rejected_days: int | None = Field(default=None, ge=1)  # files that were wrong as a whole
    not_sent_days: int | None = Field(default=None, ge=1)  # copies of files that nobody agreed to send
    desk_days: int | None = Field(default=None, ge=1)  # sheets that came by the desk, once they are posted or dropped
    # Older months count as signed, for those who sign nothing; None: what is of no signed period stays.
    open_months: int | None = Field(default=None, ge=1, le=120)
    own_copies_days: int | None = Field(default=None, ge=1)  # how far back copies of the ledger reach kept elsewhere
    by_night: bool = False  # remove after every night, and not by `tieout clean` alone


class SignSettings(Section):
    """Who may sign a period."""

    another_person: bool = True  # the approver must be another one than the preparer
