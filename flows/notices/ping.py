"""Call an address after every good night, so that a monitor outside notices silence: a dead man's switch.

Everything on this machine may fail together, mail included. A monitor elsewhere that expects a call every night finds
that out by not being called. Nothing of the night is told, only that it ran to its end.
"""

import asyncio

from flows.ledger.summary import Summary
from flows.runtime.errors import ExitCode, SettingsError
from flows.runtime.progress import Say
from flows.services.http import Reach, exchange, open_session
from flows.settings.sections import Settings

_TRIES = 3
_TIMEOUT_SECONDS = 10.0
_PAUSE_SECONDS = 1.0


def ping_after(settings: Settings, summary: Summary, say: Say) -> None:
    """Call `notify.ping_url` where the night did all it had to; rows and events may wait for a person.

    A monitor that cannot be reached never changes how the night ended: it is one line more on stderr, and the monitor
    notices by itself. The line does not name the address, which is as good as a password.
    """
    url = settings.notify.ping_url
    if url is None or summary.exit_code is ExitCode.COULD_NOT_RUN:
        return
    failure = _failure_of(settings, url.get_secret_value())
    if failure:
        say(f"notify.ping_url: the monitor was not reached: {failure}")


def _failure_of(settings: Settings, url: str) -> str:
    try:
        return asyncio.run(_call(settings, url))
    except SettingsError as error:  # a proxy or an authority that cannot be used
        return str(error)


async def _call(settings: Settings, url: str) -> str:
    """Return why no try got a good answer; "" where one did."""
    failure = ""
    async with open_session(settings, url, 1, _TIMEOUT_SECONDS) as session:
        for number in range(_TRIES):
            # Longer before each further try; none before the first.
            if number:
                await asyncio.sleep(_PAUSE_SECONDS * number)
            answer = await exchange(session, "GET", url, headers={})
            if answer.reach is not Reach.ANSWERED:
                # The message of the network may quote the address, which nobody must see.
                failure = answer.failure.replace(url, "it")
            elif answer.status < 300:
                return ""
            else:
                failure = f"it answered {answer.status}"
    return failure
