"""Mindbody's door: Api-Key, SiteId and the staff user's token (24 hours, renewed up to seven times)."""

import json
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from flows.sandbox.clock import current_time
from flows.sandbox.errors import ServiceError
from flows.sandbox.options import API_KEY, PASSWORD, USERNAME
from flows.sandbox.state import SandboxState, Token, utc_text

LIFETIME = timedelta(hours=24)
MAX_RENEWALS = 7


def check_key(request: web.Request) -> None:
    """Raise 401 unless the Api-Key is the sandbox's."""
    if not secrets.compare_digest(request.headers.get("Api-Key", "").encode(), API_KEY.encode()):
        raise ServiceError(401, "InvalidSourceCredentials", "The Api-Key header is missing or not known.")


def check_access(request: web.Request, state: SandboxState) -> str:
    """Check key, site and token, and return the token; a token opens every site, since all have the same staff."""
    check_site(request, state)
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    # One error for all three: whoever tries tokens should not learn which of them once held.
    known = state.tokens.get(token)
    if known is None or known.expires_at <= current_time():
        raise ServiceError(401, "InvalidUserCredentials", "The user token is missing, revoked or expired.")
    return token


def check_site(request: web.Request, state: SandboxState) -> str:
    """Check key and SiteId, and return that; an unknown site is refused as a bad key is, with 401."""
    check_key(request)
    site_id = request.headers.get("SiteId")
    if site_id is None:
        raise ServiceError(400, "MissingRequiredFields", "The SiteId header is required.")
    if site_id not in state.options.site_ids:
        raise ServiceError(401, "InvalidSiteId", "The source has no access to this site.")
    return site_id


async def issue_token(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """POST usertoken/issue."""
    check_site(request, state)
    try:
        body = json.loads(await request.read())
        credentials = (body["Username"], body["Password"])
    except (ValueError, KeyError, TypeError):
        raise ServiceError(400, "MissingRequiredFields", "Username and Password are required.") from None
    if credentials != (USERNAME, PASSWORD):
        raise ServiceError(401, "InvalidStaffCredentials", "The staff credentials are not valid.")
    text = secrets.token_hex(32)
    # Kept in the state file, so that a client who goes on after a restart of the sandbox is not shut out.
    state.tokens[text] = Token(current_time() + LIFETIME)
    state.save()
    return _show_token(text, state.tokens[text])


async def renew_token(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """POST usertoken/renew: the same token, 24 hours more."""
    text = check_access(request, state)
    token = state.tokens[text]
    if token.renewals >= MAX_RENEWALS:
        raise ServiceError(400, "ValidationFailed", "The token was renewed seven times; issue a new one.")
    renewed = replace(token, expires_at=token.expires_at + LIFETIME, renewals=token.renewals + 1)
    state.tokens[text] = renewed
    state.save()
    return _show_token(text, renewed)


async def revoke_token(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """DELETE usertoken/revoke."""
    del state.tokens[check_access(request, state)]
    state.save()
    return {}


def _show_token(text: str, token: Token) -> dict[str, Any]:
    user = {"Id": 1, "FirstName": "Sample", "LastName": "Staff", "Type": "Staff"}
    return {"TokenType": "Bearer", "AccessToken": text, "Expires": utc_text(token.expires_at), "User": user}
