"""The sections of the settings about nights: when they run, what they take in, send, hold, read and match."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from flows.settings.values import CompanionSuffix, Fingerprint, Section, SiteId, ZoneName
from transforms.guards.limits import Limits
from transforms.match.due import Rule
from transforms.vocabulary import Guard, Outcome


class InboxSettings(Section):
    """Where files come from; a folder below it named like a site id gives its rows that site."""

    url: str = "inbox"
    quiet_seconds: float = Field(default=60, ge=0, le=3600)  # a file that changed since then may be unfinished
    done_suffix: CompanionSuffix = ""  # of an empty file beside each that is whole
    note_unusual: bool = True  # files of another size than all like them, and those that did not come
    move_rejected: bool = False  # a file that is wrong as a whole leaves for rejected/, with its reason
    roots: tuple[str, ...] = ()  # folders that links in the inbox may lead into
    host_key: Fingerprint = ""  # of an SFTP server; "" goes by the known hosts
    known_hosts: str = ""  # a file of them; "" for the user's own and the system's


class LoaderSettings(Section):
    """How fast to send, how long to wait, how often to try."""

    timeout_seconds: float = Field(default=30, gt=0)
    concurrency: int = Field(default=16, ge=1, le=256)
    requests_per_second: float = Field(default=10, gt=0)
    sites_at_once: int = Field(default=16, ge=1, le=256)  # places that are posted to and read side by side
    max_tries: int = Field(default=5, ge=1)
    settle_after_seconds: float = Field(default=120, ge=0)


class BreakRuleSettings(Section):
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


class ReconcileSettings(Section):
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


class _LimitSettings(Section):
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


class ScheduleSettings(Section):
    """When nights are due. Without a cron line nobody is told of a night that did not run, unless `serve` keeps one."""

    cron: str | None = None
    timezone: ZoneName | None = None  # the sites' own where they share one, else UTC
    make_up: bool = True  # `serve` runs a missed night once it is up again
    late_minutes: float = Field(default=60, ge=0)  # how long after its time a night may begin


class PrefectSettings(Section):
    """What Prefect shows of a run."""

    show_rows: bool = False  # tables of breaks and rows, with client ids and what stood in cells
