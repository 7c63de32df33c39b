"""Passwords: kept by argon2id alone, whose every check costs 64 MiB and some 50 ms, here and for whoever guesses."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flows.runtime.errors import WrongUsage

SHORTEST = 12
_LONGEST = 1_000  # signs; without a bound a password of many megabytes would be hashed
# The library's own choice, which is the second one that RFC 9106 recommends: 3 passes over 64 MiB.
_HASHER = PasswordHasher()
# Somebody who sends a hundred passwords at once must not take the memory of the nights with it.
_AT_ONCE = BoundedSemaphore(4)


def hash_password(password: str) -> str:
    """Return what a password is checked against later; `WrongUsage` where it is too short to keep anybody out."""
    if len(password) < SHORTEST:
        raise WrongUsage(f"A password has at least {SHORTEST} signs; a few words that only you put together will do.")
    if len(password) > _LONGEST:
        raise WrongUsage(f"A password has at most {_LONGEST:,} signs.")
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Return whether a password is the one that was kept; it takes as long where nothing was."""
    known = kept or _nobodys()
    try:
        with _AT_ONCE:
            is_same = _HASHER.verify(known, password[:_LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return is_same and kept is not None


def is_weaker_than_now(kept: str) -> bool:
    """Return whether the same password would be kept better by now."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    # Checked where there is no such person, so that nobody can tell by the time that it takes.
    return _HASHER.hash("nobody has this password")
