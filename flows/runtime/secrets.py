"""The one place that knows the secrets, and takes them out of whatever leaves the process.

A secret gets out by ways that nobody looks at: a service repeats the key in its error, a driver quotes an address, a
person pastes a password as a reason. So texts are masked where they leave (lines, logs, messages of errors, notices)
and where they are kept (the ledger, from which reports and snapshots are made), whichever way they came.

What is known: every secret of the settings, passwords in addresses, and tokens that a service gave out meanwhile.
Values that are data (ids, points, names of clients) are never masked, or rows would change.
"""

import html
import json
import logging
import re
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from flows.runtime.visible import visible

MASK = "***"
_SHORTEST = 4  # a shorter one is in every other word, and protects nothing
# A secret that might be a word or a number of its own is one only where it stands alone.
_WORD = 8
_NUMBERED = re.compile("[\"&'<>+`]|[^\\x00-\\x7f]")
_WORDS_OF_SECRETS = ("pass", "secret", "key", "token")  # in the name of an option of an address
_TOKEN = 12  # signs of a part of an address that is nobody's name

_configured: set[str] = set()
_given_out: set[str] = set()
_pattern: re.Pattern[str] | None = None
_lock = threading.Lock()  # sites that are worked at side by side give out tokens at once


def know(secrets: Iterable[str]) -> None:
    """Take these for the secrets of the settings, in place of those that were; logs are masked from here on."""
    with _lock:
        _configured.clear()
        _configured.update(secrets)
        _renew()


def learn(secret: str) -> None:
    """Add what a service gave out, or what is made of secrets to be sent, such as a header."""
    with _lock:
        if secret not in _given_out:
            _given_out.add(secret)
            _renew()


def secrets_of_address(address: str) -> Iterator[str]:
    """Give what is secret in an address whose whole is none: its password, as written and as meant."""
    _, _, after_scheme = address.partition("://")
    host_and_user, _, _ = after_scheme.partition("/")
    before_host, at, _ = host_and_user.rpartition("@")
    user, colon, password = before_host.partition(":")
    if at and colon:
        yield from (password, unquote(password), f"{user}:{password}")
    with suppress(ValueError):
        for name, value in parse_qsl(urlsplit(address).query):
            if any(word in name.lower() for word in _WORDS_OF_SECRETS):
                yield value


def secrets_of_secret_address(address: str) -> Iterator[str]:
    """Give an address that is a secret as a whole, and the parts of it that are keys."""
    yield address
    yield from secrets_of_address(address)
    for part in re.split(r"[/:@?&=#]+", address.partition("://")[2]):
        if len(part) >= _TOKEN and "." not in part:
            yield part


def pair_header(user: str, secret: str) -> str:
    """Return what a Basic header holds; it is a secret from here on."""
    encoded = b64encode(f"{user}:{secret}".encode()).decode()
    learn(encoded)
    return encoded


def mask(text: str) -> str:
    """Return `text` without any secret, in whatever form one stands there."""
    return text if _pattern is None else _pattern.sub(MASK, text)


def line_of(text: object) -> str:
    """Return a text as one line that may be shown to anybody: without secrets, breaks and signs that cannot be seen."""
    return visible(mask(str(text)))


def _renew() -> None:
    global _pattern
    logging.setLogRecordFactory(_masked_record)
    forms = {form for secret in _configured | _given_out for form in _forms(secret)}
    # The longest first, or a part of a secret would be taken out and leave the rest.
    parts = [_part(form) for form in sorted(forms, key=len, reverse=True)]
    _pattern = re.compile("|".join(parts)) if parts else None


def _part(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _WORD else rf"(?<![^\W_]){escaped}(?![^\W_])"


def _forms(secret: str) -> Iterator[str]:
    """Give every way in which a secret is written in addresses, JSON, HTML, headers and error messages."""
    if len(secret.strip()) < _SHORTEST:
        return
    for spelled in (secret, secret.strip(), _misread(secret)):
        for written in _written(spelled):
            yield written
            # What is quoted is quoted again: JSON within JSON, and an error within a page.
            yield json.dumps(written, ensure_ascii=False)[1:-1]
            yield html.escape(written)
        for encoded in (quote(spelled, safe=""), quote(spelled), quote_plus(spelled)):
            yield encoded
            yield re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), encoded)
    yield b64encode(secret.encode()).decode().rstrip("=")
    yield urlsafe_b64encode(secret.encode()).decode().rstrip("=")


def _written(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    numbered = _numbered(secret)
    yield numbered
    yield re.sub(r"\\u[0-9A-F]{4}", lambda found: found.group().lower(), numbered)
    yield repr(secret)[1:-1]
    yield repr(secret.encode())[2:-1]
    yield ascii(secret)[1:-1]
    yield html.escape(secret)
    yield html.escape(secret, quote=False)


def _misread(secret: str) -> str:
    """Return what a letter with an accent becomes where a program takes a header for Latin-1, as HTTP once said."""
    return secret.encode().decode("latin-1")


def _numbered(secret: str) -> str:
    """Write a text as services in .NET do in JSON: what HTML would take for its own is a number."""
    plain = secret.replace("\\", "\\\\")
    return _NUMBERED.sub(lambda sign: f"\\u{ord(sign.group()):04X}", plain)


def _masked_record(*arguments: Any, **keywords: Any) -> logging.LogRecord:
    """Make the record of a log line whose text, and the trace of whose error, hold no secret: Prefect keeps both."""
    record = logging.LogRecord(*arguments, **keywords)
    with suppress(TypeError, ValueError):  # arguments that do not fit their text are the logger's to tell
        record.msg, record.args = mask(record.getMessage()), None
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        # A handler that words the error anew, as some do, would word it with its secret.
        if mask(str(record.exc_info[1])) != str(record.exc_info[1]):
            record.exc_info = None
    return record
