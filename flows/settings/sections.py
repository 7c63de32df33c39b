"""The sections of the settings, and where the folders of a workspace lie.

Paths are relative to ``workspace``, and ``workspace`` to the file's folder. Secrets are ``SecretStr``: they show as
asterisks wherever the settings are printed, and may name a block of Prefect in place of the secret itself
(`flows.settings.secret_blocks`).
"""

import re
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from flows.runtime.errors import SettingsError
from flows.runtime.log import LogFormat
from flows.runtime.visible import LONGEST_NAME, fitting_name
from transforms.check.longest import LONGEST_SITE_ID
from transforms.guards.limits import Limits
from transforms.hours.quiet import parse_quiet_hours
from transforms.match.due import Rule
from transforms.vocabulary import Guard, Outcome, Times

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{name}" is no time zone; write one such as "America/Los_Angeles"') from None
    return name


def _without_trailing_slash(url: str) -> str:
    # What is wrong with it is said without it: it may hold a password, or be one in the wrong place.
    if not url.isprintable() or not url.startswith(("https://", "http://")):
        raise ValueError('it is no address; write one such as "https://api.example.com"')
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        raise ValueError('it names no machine; write an address such as "https://api.example.com"')
    if "@" in urlsplit(url).netloc:
        raise ValueError("it holds a user or a password, which no service takes there; leave them out")
    return url.rstrip("/")


def _currency_code(code: str) -> str:
    if len(code) != 3 or not code.isascii() or not code.isalpha() or not code.isupper():
        raise ValueError(f'"{code}" is no currency; write its code of three letters, such as "USD"')
    return code


def _is_encrypted_or_near(url: str) -> bool:
    """Return whether what is sent there can be read by nobody on the way: by TLS, or since it stays on this machine."""
    if url.startswith("https://"):
        return True
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, which may lead anywhere tomorrow
        return False


def _printable_secret(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().isprintable():
        raise ValueError("it holds a line break or another sign that cannot be seen; copy it again")
    return secret


def _hours(text: str | None) -> str | None:
    if text is not None:
        parse_quiet_hours(text)
    return text


def _companion_suffix(suffix: str) -> str:
    if suffix and (not suffix.startswith(".") or "/" in suffix or len(suffix) < 2):
        raise ValueError('it is no suffix of a file; write one such as ".done"')
    return suffix


def _fingerprint(text: str) -> str:
    if text and not _FINGERPRINT.fullmatch(text):
        raise ValueError('it is no fingerprint; write one such as "SHA256:" and 43 signs, as `ssh-keygen -lf` shows it')
    return text


def _site_name(site_id: str) -> str:
    is_short = 0 < len(site_id) <= LONGEST_SITE_ID
    if not is_short or not site_id.isprintable() or site_id != site_id.strip() or ":" in site_id:
        raise ValueError(
            f'it is no id of a site: one has up to {LONGEST_SITE_ID} signs such as "-99", without blanks or signs that '
            "cannot be seen"
        )
    return site_id


def _refuse_plain_http(url: str, is_allowed: bool) -> None:
    if not is_allowed and not _is_encrypted_or_near(url):
        raise ValueError(
            "base_url is http:// to another machine, so everybody on the way could read the keys: write https://, or "
            "allow_http = true where the way is safe by other means"
        )


DIRECT = "direct"  # instead of a proxy
ZoneName = Annotated[str, AfterValidator(_known_zone)]
BaseUrl = Annotated[str, AfterValidator(_without_trailing_slash)]
Currency = Annotated[str, AfterValidator(_currency_code)]
Secret = Annotated[SecretStr, AfterValidator(_printable_secret)]
SiteId = Annotated[str, AfterValidator(_site_name)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InboxSettings(_Section):
    """Where files come from; a folder below it named like a site id gives its rows that site."""

    url: str = "inbox"
    quiet_seconds: float = Field(default=60, ge=0, le=3600)  # a file that changed since then may be unfinished
    done_suffix: Annotated[str, AfterValidator(_companion_suffix)] = ""  # of an empty file beside each that is whole
    note_unusual: bool = True  # files of another size than all like them, and those that did not come
    move_rejected: bool = False  # a file that is wrong as a whole leaves for rejected/, with its reason
    roots: tuple[str, ...] = ()  # folders that links in the inbox may lead into
    host_key: Annotated[str, AfterValidator(_fingerprint)] = ""  # of an SFTP server; "" goes by the known hosts
    known_hosts: str = ""  # a file of them; "" for the user's own and the system's


class SiteSettings(_Section):
    """One Mindbody site, with the staff user who posts there."""

    site_id: SiteId
    name: str = Field(default="", max_length=80)  # what people call it; its id where nobody says
    timezone: ZoneName
    times: Times | None = None  # what times without an offset are in its sheets; None: a question
    username: str
    password: Secret


class MindbodySettings(_Section):
    """The Mindbody Public API."""

    base_url: BaseUrl = "https://api.mindbodyonline.com"
    allow_http: bool = False  # send the keys unencrypted to another machine
    api_key: Secret | None = None
    calls_per_day: int = Field(default=1000, ge=1)
    requests_per_second_per_key: float = Field(default=100, gt=0)  # of all sites together, beside each one's own pace
    grace_hours: float | None = Field(default=None, ge=0)  # of this service; reconcile.grace_hours without it
    sites: tuple[SiteSettings, ...] = ()

    @model_validator(mode="after")
    def _is_sent_safely(self) -> Self:
        _refuse_plain_http(self.base_url, self.allow_http)
        return self

    def site(self, site_id: str) -> SiteSettings:
        """Return the site's settings; `SettingsError` where it is not configured."""
        for site in self.sites:
            if site.site_id == site_id:
                return site
        raise SettingsError(f'Site {site_id} is not configured: add a [[mindbody.sites]] with site_id = "{site_id}".')


class ReferralRockSettings(_Section):
    """The Referral Rock API."""

    base_url: BaseUrl = "https://api.referralrock.com"
    allow_http: bool = False
    public_key: Secret | None = None
    private_key: Secret | None = None
    batch_size: int = Field(default=100, ge=1, le=10_000)
    format: Literal["json", "xml"] = "json"
    currency: Currency | None = None  # of all rewards, by its code of ISO 4217; None: amounts are numbers alone
    grace_hours: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_sent_safely(self) -> Self:
        _refuse_plain_http(self.base_url, self.allow_http)
        return self


class LoaderSettings(_Section):
    """How fast to send, how long to wait, how often to try."""

    timeout_seconds: float = Field(default=30, gt=0)
    concurrency: int = Field(default=16, ge=1, le=256)
    requests_per_second: float = Field(default=10, gt=0)
    sites_at_once: int = Field(default=16, ge=1, le=256)  # places that are posted to and read side by side
    max_tries: int = Field(default=5, ge=1)
    settle_after_seconds: float = Field(default=120, ge=0)


class BreakRuleSettings(_Section):
    """Whose differences of a kind are, and until when."""

    owner: str | None = None
    due_days: int | None = Field(default=None, ge=0)
    classes: tuple[Outcome, ...] = ()
    site_id: str | None = None
    least_points: int | None = Field(default=None, ge=1)
    least_amount: Decimal | None = Field(default=None, gt=0)
    least_days: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.owner is None and self.due_days is None:
            raise ValueError("a rule about differences says whose they are (owner), or until when (due_days)")
        return self


class ReconcileSettings(_Section):
    """What still counts as equal, and how long a service may take to show an entry."""

    grace_hours: float = Field(default=24, ge=0)
    watch: Literal["sent_twice", "posted"] = "sent_twice"  # what is read again until the grace time is over
    proof: Literal["balance", "read"] = "balance"  # whether a balance that follows may spare a reading
    full_read_days: int = Field(default=7, ge=1)  # within which each client that was posted to is read all the same
    amount_tolerance: Decimal = Field(default=Decimal(0), ge=0)
    time_tolerance_seconds: int = Field(default=1, ge=0)
    breaks: tuple[BreakRuleSettings, ...] = ()  # the first that takes a difference says whose it is

    @property
    def rules(self) -> list[Rule]:
        """The rules about differences, in their order."""
        return [Rule(**rule.model_dump()) for rule in self.breaks]


class _LimitSettings(_Section):
    """How much goes to a site without a person; what is not set lets everything through."""

    max_points_per_event: int | None = Field(default=None, ge=1)
    max_points_per_client: int | None = Field(default=None, ge=1)  # in a run
    max_points_per_run: int | None = Field(default=None, ge=1)
    max_rejected_share: float | None = Field(default=None, ge=0, le=1)  # of a file
    max_new_clients: int | None = Field(default=None, ge=0)  # in a run, of whom the ledger has nothing yet

    @property
    def by_guard(self) -> dict[Guard, float]:
        """The limits that are set."""
        found = {guard: getattr(self, guard, None) for guard in Guard}
        return {guard: limit for guard, limit in found.items() if limit is not None}


class SiteGuardSettings(_LimitSettings):
    """The limits of one site, each in the place of the general one."""


class GuardSettings(_LimitSettings):
    """Limits past which nothing is sent without a person."""

    max_points_per_event: int | None = Field(default=1_000_000_000, ge=1)  # past it, a slip of the keyboard
    max_payout_changes: int | None = Field(default=None, ge=0)  # rewards of a run that would be paid otherwise
    sites: dict[SiteId, SiteGuardSettings] = Field(default_factory=dict)
    require_source: bool = False
    look_back_after_hours: float = Field(default=30, ge=0)  # without a night that ended well
    look_back_clients: int = Field(default=6, ge=0)  # read then, before anything is sent; 0 never looks

    @property
    def limits(self) -> Limits:
        """All limits, as the guards take them."""
        return Limits(self.by_guard, {site_id: of_site.by_guard for site_id, of_site in self.sites.items()})


class ReferenceSettings(_Section):
    """What SourceIds are checked against before anything is sent."""

    folder: str = "reference"  # extracts; a folder below it named like a site id gives its rows that site
    fresh_hours: float = Field(default=24, gt=0)  # older data is not used
    days_around: int = Field(default=31, ge=0, le=3660)  # how far from its time a row's visit or sale may lie
    sweep: bool = False  # ask the service for what the extracts do not tell: metered calls
    referred_name: str = "Referred"  # what a site calls the relationship to a client who was brought
    referred_by_name: str = "Referred By"
    columns: dict[str, str] = Field(default_factory=dict)  # own heading -> documented one


class NotifySettings(_Section):
    """Who is told how a run ended."""

    urls: tuple[Secret, ...] = ()
    client_ids: bool = False  # whether messages may name clients
    # In them nobody is told, but of what is urgent; what happened is told once they are over.
    quiet_hours: Annotated[str | None, AfterValidator(_hours)] = None  # such as "22:00-07:00"
    quiet_timezone: ZoneName | None = None  # of quiet_hours; the sites' own where they share one, else UTC
    urgent: tuple[Literal["not_started", "missed", "could_not_run"], ...] = ()
    ping_url: Secret | None = None  # called after every good night, for a monitor that notices silence


class ScheduleSettings(_Section):
    """When nights are due. Without a cron line nobody is told of a night that did not run, unless `serve` keeps one."""

    cron: str | None = None
    timezone: ZoneName | None = None  # the sites' own where they share one, else UTC
    make_up: bool = True  # `serve` runs a missed night once it is up again
    late_minutes: float = Field(default=60, ge=0)  # how long after its time a night may begin


class PrefectSettings(_Section):
    """What Prefect shows of a run."""

    show_rows: bool = False  # tables of breaks and rows, with client ids and what stood in cells


class BackupSettings(_Section):
    """Copies of an embedded ledger, kept beside it after runs."""

    keep: int = Field(default=7, ge=0)  # the oldest is dropped; 0 keeps none
    every_hours: float = Field(default=24, ge=0)  # once the ledger is past 64 MB


class LogSettings(_Section):
    """How a run tells what it does, and what it leaves for a monitor."""

    format: LogFormat = LogFormat.AUTO  # JSON lines for runs by a schedule that have no terminal, else text
    metrics_file: str = ""  # written after every run, for Prometheus


class NetworkSettings(_Section):
    """How addresses outside are reached: by which proxy, trusting whom. Without a word of it, by the environment."""

    proxy: Secret | None = None  # may hold a password; "direct" goes by none, whatever the environment says
    no_proxy: tuple[str, ...] = ()  # hosts, domains and networks that are reached directly
    ca_file: str = ""  # authorities that are trusted beside the system's, in PEM


class DeskSettings(_Section):
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
        if not _is_this_machine(self.listen) and not self.tls_certificate and not self.proxy_addresses:
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
        return _is_this_machine(self.listen)


def _is_this_machine(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


class KeepSettings(_Section):
    """How long is kept what runs leave behind; `transforms.keeping` says what stays whatever is written here."""

    archive_days: int | None = Field(default=None, ge=1)  # None: for ever
    snapshots_days: int | None = Field(default=None, ge=1)
    reports_days: int | None = Field(default=None, ge=1)
    rejected_days: int | None = Field(default=None, ge=1)  # files that were wrong as a whole, of which nothing was sent
    not_sent_days: int | None = Field(default=None, ge=1)  # copies of files that nobody agreed to send
    # Older months count as signed, for those who sign nothing; None: what is of no signed period stays.
    open_months: int | None = Field(default=None, ge=1, le=120)
    own_copies_days: int | None = Field(default=None, ge=1)  # how far back copies of the ledger reach kept elsewhere
    by_night: bool = False  # remove after every night, and not by `tieout clean` alone


class SignSettings(_Section):
    """Who may sign a period."""

    another_person: bool = True  # the approver must be another one than the preparer


class Settings(BaseSettings):
    """Everything that can be configured, checked."""

    model_config = SettingsConfigDict(
        env_prefix="TIEOUT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    database_url: SecretStr = SecretStr("sqlite:///tieout.db")  # may hold a password
    workspace: Path = Path()
    inbox: InboxSettings = InboxSettings()
    mindbody: MindbodySettings = MindbodySettings()
    referral_rock: ReferralRockSettings = ReferralRockSettings()
    loader: LoaderSettings = LoaderSettings()
    reconcile: ReconcileSettings = ReconcileSettings()
    guards: GuardSettings = GuardSettings()
    reference: ReferenceSettings = ReferenceSettings()
    notify: NotifySettings = NotifySettings()
    schedule: ScheduleSettings = ScheduleSettings()
    backups: BackupSettings = BackupSettings()
    keep: KeepSettings = KeepSettings()
    sign: SignSettings = SignSettings()
    desk: DeskSettings = DeskSettings()
    network: NetworkSettings = NetworkSettings()
    logs: LogSettings = LogSettings()
    prefect: PrefectSettings = PrefectSettings()
    columns: dict[str, dict[str, Any]] = Field(default_factory=dict)

    _folder: Path = PrivateAttr(default_factory=Path.cwd)

    @model_validator(mode="after")
    def _guards_are_of_sites(self) -> Self:
        # A site that is mistyped would be guarded by nothing, and nobody would see it.
        known = {site.site_id for site in self.mindbody.sites}
        for site_id in self.guards.sites:
            if site_id not in known:
                raise ValueError(
                    f'guards.sites."{site_id}": no [[mindbody.sites]] has this site_id; mend it or drop it'
                )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose keys arrive as init arguments."""
        return env_settings, init_settings

    def by_hand(self) -> "Settings":
        """Return the settings of a run that a person has started, and waits for.

        Whoever starts one has put the file there: it is taken as it is, unless the settings say how long to watch it.
        """
        if "quiet_seconds" in self.inbox.model_fields_set:
            return self
        return self.model_copy(update={"inbox": self.inbox.model_copy(update={"quiet_seconds": 0.0})})

    @property
    def shared_timezone(self) -> str:
        """The zone of the sites; UTC where they are in several: those have no clock in common, nor the same 3 am."""
        zones = {site.timezone for site in self.mindbody.sites}
        return zones.pop() if len(zones) == 1 else "UTC"

    @property
    def grace_hours(self) -> tuple[float, float]:
        """How long an entry may take to show at Mindbody, and a reward at Referral Rock."""
        of_both = self.reconcile.grace_hours
        of_mindbody, of_rewards = self.mindbody.grace_hours, self.referral_rock.grace_hours
        return of_both if of_mindbody is None else of_mindbody, of_both if of_rewards is None else of_rewards

    @property
    def full_read_period(self) -> timedelta:
        """Within which each client that was posted to is read, though its balance follows."""
        return timedelta(days=self.reconcile.full_read_days)

    @property
    def root(self) -> Path:
        """The workspace as an absolute path."""
        return (self._folder / self.workspace).resolve()

    @property
    def inbox_folder(self) -> Path:
        """Where new files are looked for."""
        return self.root / self.inbox.url

    @property
    def reference_folder(self) -> Path:
        """Where extracts of visits, sales and referrals are looked for."""
        return self.root / self.reference.folder

    @property
    def archive_folder(self) -> Path:
        """Where registered files go."""
        return self.root / "archive"

    @property
    def reports_folder(self) -> Path:
        """Where reports are written."""
        return self.root / "reports"

    @property
    def old_attempts_folder(self) -> Path:
        """Where attempts lie that were moved out of the ledger: part of it, wherever it is kept."""
        return self.root / "old-attempts"

    @property
    def backups_folder(self) -> Path:
        """Where copies of the ledger are kept."""
        return self.root / "backups"

    @property
    def desk_folder(self) -> Path:
        """Where sheets lie that came by the desk, each in a folder of its own, until they are in the archive."""
        return self.root / "desk"

    @property
    def prefect_folder(self) -> Path:
        """Where a Prefect server of our own keeps its database, and the errors that its services log."""
        return self.root / ".prefect"

    @property
    def ledger_url(self) -> str:
        """The database URL; a relative SQLite path lies in the workspace."""
        prefix = "sqlite:///"
        url = self.database_url.get_secret_value()
        return prefix + str(self.root / url.removeprefix(prefix)) if url.startswith(prefix) else url


_ADDED_BYTES = 32  # the digits of the hash, and what a copy is called while it is made


def archive_path(path: Path, sha256: str, settings: Settings, default_site_id: str | None) -> Path:
    """Return where a file lies once it is taken in: below the site that its folder or an option named."""
    name = Path(fitting_name(path.name, _ADDED_BYTES))
    return settings.archive_folder / (default_site_id or "") / f"{name.stem}.{sha256[:12]}{name.suffix}"


def archive_places(path: Path, sha256: str, settings: Settings, default_site_id: str | None) -> tuple[Path, ...]:
    """Return where a file of the archive may lie: where it is kept now, and where versions before put it."""
    kept_now = archive_path(path, sha256, settings, default_site_id)
    kept_before = archive_path(path, sha256, settings, None)
    # Long names were not cut as early as they are now.
    uncut = f"{path.stem}.{sha256[:12]}{path.suffix}"
    places = [kept_now, kept_before]
    if len(uncut.encode(errors="surrogateescape")) <= LONGEST_NAME:
        places += [kept_now.with_name(uncut), kept_before.with_name(uncut)]
    return tuple(dict.fromkeys(places))
