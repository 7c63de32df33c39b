"""The sections of the settings about services: whom to ask, by which keys, at which pace, by which way."""

from typing import Literal, Self

from pydantic import Field, model_validator

from flows.runtime.errors import SettingsError
from flows.settings.values import BaseUrl, Currency, Secret, Section, SiteId, ZoneName, refuse_plain_http
from transforms.vocabulary import Times


class SiteSettings(Section):
    """One Mindbody site, with the staff user who posts there."""

    site_id: SiteId
    name: str = Field(default="", max_length=80)  # what people call it; its id where nobody says
    timezone: ZoneName
    times: Times | None = None  # what times without an offset are in its sheets; None: a question
    username: str
    password: Secret


class MindbodySettings(Section):
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
        refuse_plain_http(self.base_url, self.allow_http)
        return self

    @property
    def is_named(self) -> bool:
        """Whether there is a site to post to."""
        return bool(self.sites)

    @property
    def is_begun(self) -> bool:
        """Whether anything says that the service is meant."""
        return self.is_named

    @property
    def site_ids(self) -> list[str]:
        """The ids of the sites, in the order of the settings."""
        return [site.site_id for site in self.sites]

    def site(self, site_id: str) -> SiteSettings:
        """Return the site's settings; `SettingsError` where it is not configured."""
        for site in self.sites:
            if site.site_id == site_id:
                return site
        raise SettingsError(f'Site {site_id} is not configured: add a [[mindbody.sites]] with site_id = "{site_id}".')


class ReferralRockSettings(Section):
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
        refuse_plain_http(self.base_url, self.allow_http)
        return self

    @property
    def is_named(self) -> bool:
        """Whether there is an account to post to."""
        return self.public_key is not None

    @property
    def is_begun(self) -> bool:
        """Whether anything says that the service is meant: half of its keys count, too."""
        return self.public_key is not None or self.private_key is not None


ServiceSettings = MindbodySettings | ReferralRockSettings  # the section of any one service


class ReferenceSettings(Section):
    """What SourceIds are checked against before anything is sent."""

    folder: str = "reference"  # extracts; a folder below it named like a site id gives its rows that site
    fresh_hours: float = Field(default=24, gt=0)  # older data is not used
    days_around: int = Field(default=31, ge=0, le=3660)  # how far from its time a row's visit or sale may lie
    sweep: bool = False  # ask the service for what the extracts do not tell: metered calls
    referred_name: str = "Referred"  # what a site calls the relationship to a client who was brought
    referred_by_name: str = "Referred By"
    columns: dict[str, str] = Field(default_factory=dict)  # own heading -> documented one


class NetworkSettings(Section):
    """How addresses outside are reached: by which proxy, trusting whom. Without a word of it, by the environment."""

    proxy: Secret | None = None  # may hold a password; "direct" goes by none, whatever the environment says
    no_proxy: tuple[str, ...] = ()  # hosts, domains and networks that are reached directly
    ca_file: str = ""  # authorities that are trusted beside the system's, in PEM
