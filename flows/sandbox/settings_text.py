"""The settings that point at a running sandbox, for the demo and for tests."""

from collections.abc import Mapping
from typing import Any

_SERVICES = """\
[mindbody]
base_url = "{url}"
api_key = "{api_key}"
{mindbody}

[[mindbody.sites]]
site_id = "{site_id}"
timezone = "{timezone}"
{times}
username = "{username}"
password = "{password}"

[referral_rock]
base_url = "{url}"
public_key = "{public_key}"
private_key = "{private_key}"
{referral_rock}
"""


def settings_text(
    ready: Mapping[str, Any], *, mindbody: str = "", referral_rock: str = "", times: str | None = "utc"
) -> str:
    """Return the sections of both services as TOML; `ready` is the line that a sandbox prints when it listens.

    `mindbody` and `referral_rock` are further keys of these sections, as TOML lines; `times` says what times without an
    offset are, which those of the samples are in UTC; None leaves it open.
    """
    known = {**ready["mindbody"], **ready["referral_rock"], "url": ready["url"]}
    said = "" if times is None else f'times = "{times}"'
    return _SERVICES.format(**known, mindbody=mindbody, referral_rock=referral_rock, times=said)
