"""Browsers in which a person has signed in before: whoever guesses elsewhere delays nobody who sits at one of these.

A browser keeps a mark, made of a random part and a digest of it under the person's password hash, which never leaves
the ledger. So there is no list of them, nobody can make a mark up, and a new password makes all of a person's marks
good no more. A mark opens nothing: it only says whose wrong tries are counted with whose.
"""

import hashlib
import hmac
import secrets

_MOST = 5  # people who share a browser
_LONGEST = 1_000
_BETWEEN = "~"
# In place of a hash where there is no such person, so that it takes as long.
_NOBODYS = "$argon2id$nobody"


def marked(before: str, password_hash: str) -> str:
    """Return the marks of a browser with one more for this person, the newest first."""
    part = secrets.token_urlsafe(16)
    own = f"{part}.{_digest(part, password_hash)}"
    others = [mark for mark in _marks(before) if not _is_of(mark, password_hash)]
    return _BETWEEN.join([own, *others][:_MOST])


def known_mark(marks: str, password_hash: str | None) -> str:
    """Return the mark that this person has in a browser, "" where they never signed in there."""
    kept = password_hash or _NOBODYS
    found = next((mark for mark in _marks(marks) if _is_of(mark, kept)), "")
    return found if password_hash else ""


def _marks(marks: str) -> list[str]:
    return marks.split(_BETWEEN)[:_MOST] if 0 < len(marks) <= _LONGEST and marks.isascii() else []


def _is_of(mark: str, password_hash: str) -> bool:
    part, _, digest = mark.partition(".")
    return hmac.compare_digest(digest.encode(), _digest(part, password_hash).encode())


def _digest(part: str, password_hash: str) -> str:
    return hmac.new(password_hash.encode(), f"a browser known here: {part}".encode(), hashlib.sha256).hexdigest()
