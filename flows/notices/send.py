"""Send one message to every configured address, through whatever Apprise can reach: mail, chat, a webhook."""

import logging

from flows.notices.route import routed
from flows.runtime.errors import SettingsError
from flows.runtime.progress import Say
from flows.runtime.secrets import line_of
from flows.settings.sections import Settings

TEST_TITLE = "tieout: a test"
TEST_BODY = "This is a test: nights tell here how they end, where somebody has to do something. Nothing is wrong."


def send_message(settings: Settings, title: str, body: str, say: Say) -> bool:
    """Return whether every address took the message.

    One that did not is named by its number, since it holds secrets.
    """
    try:
        taken = send_to_each(settings, title, body)
    except SettingsError as error:
        say(f"notify.urls: no message was sent: {error}")
        return False
    for number, is_taken in enumerate(taken, start=1):
        if not is_taken:
            say(f"notify.urls: address {number} took no message; check it with `tieout notify test`")
    return all(taken)


def send_to_each(settings: Settings, title: str, body: str) -> list[bool]:
    """Send the message to every address and return, in their order, which of them took it.

    `SettingsError` where the way that the settings name cannot be gone.
    """
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log addresses
    # A line of a message is a line: what it quotes can neither forge another one nor give a secret away.
    safe = "\n".join(map(line_of, body.split("\n")))
    with routed(settings):
        return _send_each(settings, line_of(title), safe)


def _send_each(settings: Settings, title: str, body: str) -> list[bool]:
    from apprise import Apprise, NotifyFormat

    taken = []
    # Said to be plain text: otherwise mail, which goes as HTML, would take a file's name, or a word of a service, for
    # markup of ours, and run the lines together.
    plain = NotifyFormat.TEXT
    # One by one and not all in one Apprise, which would only tell that some address failed.
    for url in settings.notify.urls:
        service = Apprise()
        try:
            is_known = service.add(url.get_secret_value())
            taken.append(bool(is_known and service.notify(title=title, body=body, body_format=plain)))
        except Exception:  # noqa: BLE001 - a library's fault must not change how a night ended
            taken.append(False)
    return taken
