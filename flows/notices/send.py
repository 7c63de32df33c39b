"""Send one message to every configured address, through whatever Apprise can reach: mail, chat, a webhook."""

import logging

from flows.runtime.progress import Say
from flows.runtime.secrets import line_of
from flows.settings.sections import Settings


def send_message(settings: Settings, title: str, body: str, say: Say) -> bool:
    """Return whether every address took the message.

    One that did not is named by its number, since it holds secrets.
    """
    from apprise import Apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log addresses
    # A line of a message is a line: what it quotes can neither forge another one nor give a secret away.
    safe = "\n".join(map(line_of, body.split("\n")))
    has_reached_all = True
    # One by one and not all in one Apprise, which would only tell that some address failed.
    for number, url in enumerate(settings.notify.urls, start=1):
        service = Apprise()
        is_known = service.add(url.get_secret_value())
        is_sent = is_known and service.notify(title=line_of(title), body=safe)
        if not is_sent:
            has_reached_all = False
            say(f"notify.urls: address {number} took no message; check it with `apprise`")
    return has_reached_all
