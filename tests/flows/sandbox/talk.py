"""Plain HTTP to a sandbox, with nothing of the loader in it: one connection per call, answers as (status, JSON)."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

REWARDS = "/public/v6/client/clientrewards"
UPDATE = "/api/rewards/update"
ALL_DAYS = {"request.startDate": "2020-01-01", "request.endDate": "2199-12-31"}


@dataclass
class Talk:
    """A ready line and the headers that open both doors."""

    ready: dict[str, Any]
    mindbody: dict[str, str] = field(default_factory=dict)
    referral_rock: dict[str, str] = field(default_factory=dict)

    def send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, timeout: float = 60
    ):
        """Return (status, headers, body)."""
        connection = HTTPConnection(urlsplit(self.ready["url"]).netloc, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response: HTTPResponse = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def post(
        self, client_id: str | None = None, points: object = 10, action: str = "Earned", timeout: float = 60, **more
    ):
        """Post one reward; keywords are further fields, spelled as the service does."""
        body = {"ClientId": client_id, "Points": points, "Action": action, **more}
        return self.post_json(REWARDS, {name: value for name, value in body.items() if value is not None}, timeout)

    def post_json(self, path: str, body: object, timeout: float = 60):
        headers = self.referral_rock if path.startswith("/api/") else self.mindbody
        headers = {**headers, "Content-Type": "application/json"}
        status, _, content = self.send("POST", path, json.dumps(body).encode(), headers, timeout)
        return status, json.loads(content)

    def get(self, path: str, query: object = ()):
        headers = self.referral_rock if path.startswith("/api/") else self.mindbody
        status, _, content = self.send("GET", f"{path}?{urlencode(query, doseq=True)}", headers=headers)
        return status, json.loads(content)

    def entries(self, client_id: str, **query):
        """All entries of one client."""
        asked = {"request.clientId": client_id, **(query or ALL_DAYS)}
        return self.get(REWARDS, asked)[1]["Transactions"]

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in Path(self.ready["log"]).read_text("utf-8").splitlines()]

    def faults(self) -> list[dict[str, Any]]:
        path = Path(self.ready["log"].removesuffix(".log.jsonl") + ".faults.jsonl")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def open_talk(ready: dict[str, Any]) -> Talk:
    """Fetch a token and return a Talk with all headers."""
    keys = ready["mindbody"]
    talk = Talk(ready, {"Api-Key": keys["api_key"], "SiteId": keys["site_id"]})
    login = {"Username": keys["username"], "Password": keys["password"]}
    talk.mindbody["Authorization"] = talk.post_json("/public/v6/usertoken/issue", login)[1]["AccessToken"]
    pair = f"{ready['referral_rock']['public_key']}:{ready['referral_rock']['private_key']}"
    talk.referral_rock["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    return talk
