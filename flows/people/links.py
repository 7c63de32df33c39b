"""Secrets that are handed to a person once, such as links and sessions: random, and kept by a digest alone."""

import hashlib
import secrets

_BYTES = 32


def new_token() -> str:
    """Return one that nobody guesses."""
    return secrets.token_urlsafe(_BYTES)


def digest_of(token: str) -> str:
    """Return what the ledger keeps of it. It is random, so that a plain hash gives nothing away."""
    return hashlib.sha256(token.encode("utf-8", errors="replace")).hexdigest()
