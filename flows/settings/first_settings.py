"""A settings file to begin with: what has to be said stands in it, what can be left to its default does not."""

import json

from pydantic import SecretStr, ValidationError

from flows.runtime.errors import WrongUsage
from flows.settings.of_services import SiteSettings
from transforms.vocabulary import Times

_TEXT = """\
# Settings of tieout. What begins with # is to be filled in, or to be left out; then ask: tieout doctor
# A secret may stand in the environment in its place, such as TIEOUT_MINDBODY__API_KEY.

workspace = "."  # inbox/, archive/ and reports/ lie below it

[mindbody]
# api_key = ""

{site}
# username = ""  # the staff user who posts there
# password = ""

# Where you have no rewards at Referral Rock, leave these out.
[referral_rock]
# public_key = ""
# private_key = ""

# When nights begin, by the clock of the studios; `tieout serve` keeps it.
# [schedule]
# cron = "0 3 * * *"

# Who is told where something waits for a person, or a night could not run.
# [notify]
# urls = ["mailto://user:password@example.com"]
"""
_SITE = """\
[[mindbody.sites]]  # once for each studio
site_id = {site_id}
timezone = {timezone}  # its own clock
times = "{times}"  # times in its sheets that name no zone: "site" is its own clock, "utc" is UTC"""
_NO_SITE = """\
# [[mindbody.sites]]  # once for each studio
# site_id = ""
# timezone = "America/Los_Angeles"  # its own clock
# times = "site"  # times in its sheets that name no zone: "site" is its own clock, "utc" is UTC"""


def first_settings(site_id: str | None, timezone: str | None, times: Times) -> str:
    """Return the text of the file, with a site where one is named; it holds no secret.

    `WrongUsage` where the site lacks its zone, or one of both is none.
    """
    return _TEXT.format(site=_NO_SITE if site_id is None else _site(site_id, timezone, times))


def _site(site_id: str, timezone: str | None, times: Times) -> str:
    # The zone of this machine says nothing about the studio's, and a wrong one moves every time of its sheets.
    if timezone is None:
        raise WrongUsage('Say the clock of the site, too: --timezone "America/Los_Angeles", or whichever it is.')
    try:
        SiteSettings(site_id=site_id, timezone=timezone, username="-", password=SecretStr("-"))
    except ValidationError as error:
        raise WrongUsage(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    # A text of JSON is one of TOML, too.
    return _SITE.format(site_id=json.dumps(site_id), timezone=json.dumps(timezone), times=times)
