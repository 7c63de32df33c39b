"""The sections of the settings, and where the folders of a workspace lie.

Paths are relative to ``workspace``, and ``workspace`` to the file's folder. Secrets are ``SecretStr``: they show as
asterisks wherever the settings are printed, and may name a block of Prefect in place of the secret itself
(`flows.settings.secret_blocks`).
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from flows.settings.of_house import (
    BackupSettings,
    DeskSettings,
    KeepSettings,
    LogSettings,
    NotifySettings,
    SignSettings,
)
from flows.settings.of_nights import (
    GuardSettings,
    InboxSettings,
    LoaderSettings,
    PrefectSettings,
    ReconcileSettings,
    ScheduleSettings,
)
from flows.settings.of_scale import ScaleSettings
from flows.settings.of_services import (
    MindbodySettings,
    NetworkSettings,
    ReferenceSettings,
    ReferralRockSettings,
    ServiceSettings,
)
from transforms.vocabulary import Target

DEFAULT_LEDGER = "tieout.db"


class Settings(BaseSettings):
    """Everything that can be configured, checked."""

    model_config = SettingsConfigDict(
        env_prefix="TIEOUT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    database_url: SecretStr = SecretStr(f"sqlite:///{DEFAULT_LEDGER}")  # may hold a password
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
    scale: ScaleSettings = ScaleSettings()
    prefect: PrefectSettings = PrefectSettings()
    columns: dict[str, dict[str, Any]] = Field(default_factory=dict)

    _folder: Path = PrivateAttr(default_factory=Path.cwd)
    _file: Path | None = PrivateAttr(default=None)
    _is_of_no_place: bool = PrivateAttr(default=False)

    @model_validator(mode="after")
    def _guards_are_of_sites(self) -> Self:
        # A site that is mistyped would be guarded by nothing, and nobody would see it.
        known = set(self.mindbody.site_ids)
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
    def where(self) -> str:
        """Where they were read, for a message: the file, or the folder that has none."""
        return str(self._file) if self._file else f"tieout.toml (there is none in {self._folder})"

    @property
    def is_of_no_place(self) -> bool:
        """Whether they were looked for, and nothing says where the workspace or its ledger is, nor any service."""
        return self._is_of_no_place and not self.names_a_service

    @property
    def names_a_service(self) -> bool:
        """Whether there is any service to post to or to read back from; half of its keys count, too."""
        return any(section.is_begun for section in self.of_services.values())

    @property
    def site_ids(self) -> frozenset[str]:
        """The sites that the settings name, as events have them: "" is Referral Rock, which has no sites."""
        of_rewards = {""} if self.referral_rock.is_named else set()
        return frozenset(self.mindbody.site_ids) | of_rewards

    @property
    def shared_timezone(self) -> str:
        """The zone of the sites; UTC where they are in several: those have no clock in common, nor the same 3 am."""
        zones = {site.timezone for site in self.mindbody.sites}
        return zones.pop() if len(zones) == 1 else "UTC"

    @property
    def of_services(self) -> Mapping[Target, ServiceSettings]:
        """What is set for each service."""
        return {Target.MINDBODY: self.mindbody, Target.REFERRAL_ROCK: self.referral_rock}

    def of_service(self, target: Target) -> ServiceSettings:
        """Return what is set for a service."""
        return self.of_services[target]

    def grace_of(self, target: Target) -> timedelta:
        """Return how long what was sent to a service may take to show there."""
        own_hours = self.of_service(target).grace_hours
        hours = self.reconcile.grace_hours if own_hours is None else own_hours
        return timedelta(hours=hours)

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
