"""What a value of the settings may be, and what is said of one that may not."""

import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from transforms.check.longest import LONGEST_SITE_ID
from transforms.hours.quiet import parse_quiet_hours

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


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine itself, by its name or by its address."""
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


def refuse_plain_http(url: str, is_allowed: bool) -> None:
    """Raise ValueError where what is sent to an address could be read by others on the way."""
    is_near = is_this_machine(urlsplit(url).hostname or "")
    if not is_allowed and not is_near and not url.startswith("https://"):
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
QuietHours = Annotated[str | None, AfterValidator(_hours)]
CompanionSuffix = Annotated[str, AfterValidator(_companion_suffix)]
Fingerprint = Annotated[str, AfterValidator(_fingerprint)]


class Section(BaseModel):
    """A section of the settings: a key that nobody knows is a mistake, and nothing changes while it is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)
