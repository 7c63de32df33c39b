"""Inboxes at real addresses: a bucket of a real S3 server, a folder of a real SFTP server; by the real command."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

import asyncssh
import boto3
import pytest
from moto.server import ThreadedMotoServer

from flows.intake import waiting
from flows.intake.remote_inbox import listing
from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.intake.servers import Sftp, serve_sftp
from tests.flows.workplace import HEADINGS, Workplace, earned

RUN = ("run", "--plain", "--json")


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(options=("--extra-clients", "40")) as found:
        yield found


def export(*rows: str) -> bytes:
    return "\n".join([HEADINGS, *rows, ""]).encode()


def whats(ended: Any) -> list[str]:
    return [one["what"] for one in ended.json["not_read"]]


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of an S3 server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(store: str, monkeypatch: pytest.MonkeyPatch, workplace: Workplace, request: pytest.FixtureRequest) -> Any:
    """An empty bucket that the workplace takes its files from."""
    for name, value in (
        ("AWS_ENDPOINT_URL", store),
        ("AWS_ACCESS_KEY_ID", "studio"),
        ("AWS_SECRET_ACCESS_KEY", "TOPSECRET"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    name = f"studio-{abs(hash(request.node.name)) % 10**9}"
    found = boto3.resource("s3").Bucket(name)
    workplace.configure(workplace.config.read_text("utf-8") + f'\n[inbox]\nurl = "s3://{name}/inbox"\n')
    return found


def keys(bucket: Any) -> list[str]:
    return [found.key for found in bucket.objects.all()]


@pytest.mark.long
def test_a_bucket_or_prefix_that_is_not_there_is_no_empty_night(bucket: Any, tieout: Tieout) -> None:
    missing = tieout(*RUN)
    assert (missing.code, whats(missing), "There is no bucket" in missing.err) == (3, ["inbox"], True)
    assert "There is no bucket" in tieout("doctor").out
    bucket.create()
    misspelt = tieout(*RUN)
    assert (misspelt.code, "is it misspelt?" in misspelt.err) == (3, True)
    # One who means it so says it by an empty object; then, and once something was there, empty is empty.
    bucket.put_object(Key="inbox/", Body=b"")
    assert tieout(*RUN).code == 0
    assert "can be reached" in tieout("doctor").out
    bucket.Object("inbox/").delete()
    assert tieout(*RUN).code == 0


@pytest.mark.long
def test_every_odd_key_is_read_and_leaves_or_is_told(bucket: Any, tieout: Tieout) -> None:
    bucket.create()
    odd = ["x.csv", "x.csv/-99/y.csv", "/a.csv", "-99/2026/b.csv", "a?b*[c] é%20.csv", "n" * 300 + ".csv"]
    for number, name in enumerate(odd, start=1):
        bucket.put_object(Key=f"inbox/{name}", Body=export(earned(f"20000000{number}")))
    for name in ("Thumbs.db", "c.csv.part", "../../evil.csv"):
        bucket.put_object(Key=f"inbox/{name}", Body=b"x")
    bucket.put_object(Key="inbox2/other.csv", Body=b"x")
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], whats(ended)) == (3, len(odd), ["../../evil.csv"])
    assert keys(bucket) == ["inbox/../../evil.csv", "inbox/Thumbs.db", "inbox/c.csv.part", "inbox2/other.csv"]
    assert "c.csv.part" in ended.err


def test_an_object_that_is_wrong_as_a_whole_leaves_where_the_settings_ask_for_that(
    bucket: Any, tieout: Tieout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_INBOX__MOVE_REJECTED", "true")
    bucket.create()
    bucket.put_object(Key="inbox/-99/a.csv", Body=b"ClientId,Action\n1,Earned\n")
    assert (tieout(*RUN).code, keys(bucket)) == (3, [])
    kept = [path.name.split(".", 2)[2] for path in (tieout.workplace.folder / "rejected" / "-99").glob("*/*")]
    assert sorted(kept) == ["csv", "csv.reason.txt", "marked.xlsx"]


@pytest.mark.long
def test_an_object_that_vanishes_while_it_is_fetched_stops_nobody(
    bucket: Any, tieout: Tieout, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.create()
    for name, client_id in (("a.csv", "200000011"), ("b.csv", "200000012")):
        bucket.put_object(Key=f"inbox/{name}", Body=export(earned(client_id)))
    list_store = listing._list_store

    def list_and_lose(*arguments: Any) -> Any:
        listed = list_store(*arguments)
        bucket.Object("inbox/a.csv").delete()
        return listed

    monkeypatch.setattr(listing, "_list_store", list_and_lose)
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"]) == (0, 1)


@contextmanager
def rights_of(store: str, *actions: str) -> Iterator[dict[str, str]]:
    """Let the server look at rights, and give the keys of one who may do no more than these."""
    identity = boto3.client("iam")
    identity.create_user(UserName="taker")
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    identity.put_user_policy(UserName="taker", PolicyName="some", PolicyDocument=policy)
    made = identity.create_access_key(UserName="taker")["AccessKey"]
    _reset_rights(store, "0")
    yield {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
    _reset_rights(store, "Infinity")


def _reset_rights(store: str, after: str) -> None:
    headers = {"Content-Type": "text/plain"}
    asked = Request(f"{store}/moto-api/reset-auth", data=after.encode(), headers=headers, method="POST")  # noqa: S310
    with urlopen(asked):  # noqa: S310  (loopback)
        pass


def test_a_delete_that_is_forbidden_is_told_and_posts_nothing_twice(
    bucket: Any, store: str, tieout: Tieout, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.create()
    bucket.put_object(Key="inbox/a.csv", Body=export(earned("200000013")))
    with rights_of(store, "s3:ListBucket", "s3:GetObject", "s3:HeadObject", "s3:HeadBucket") as may:
        for name, value in may.items():
            monkeypatch.setenv(name, value)
        first, second = tieout(*RUN), tieout(*RUN)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WRONGSECRET")
        wrong = tieout(*RUN)
    assert (first.code, first.json["posted"], "stays in the inbox" in first.err) == (3, 1, True)
    assert (second.code, second.json["posted"]) == (3, 0)
    assert (wrong.code, whats(wrong), "WRONGSECRET" in wrong.err) == (3, ["inbox"], False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sftp]:
    with serve_sftp(tmp_path_factory.mktemp("server")) as found:
        yield found


def point(workplace: Workplace, server: Sftp, folder: str, *lines: str, url: str = "") -> None:
    workplace.configure()
    known = lines or (f'host_key = "{server.fingerprint}"',)
    address = f'url = "{url or server.url}/{folder}"'
    workplace.configure("\n".join([workplace.config.read_text("utf-8"), "[inbox]", address, *known, ""]))


OTHER = "SHA256:" + "A" * 43


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(["known_hosts = 'empty'"], "is not known here", id="unknown"),
        pytest.param(["known_hosts = 'nothing'"], "is not known here", id="no_file"),
        pytest.param(["known_hosts = 'other'"], "shows another key than the known hosts say", id="changed"),
        pytest.param([f'host_key = "{OTHER}"'], "shows another key than inbox.host_key say", id="other_fingerprint"),
    ],
)
def test_a_server_that_is_not_known_gets_no_password(
    workplace: Workplace, tieout: Tieout, server: Sftp, lines: list[str], said: str
) -> None:
    place = server.known_host.partition(" ")[0]
    another = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (workplace.folder / "empty").write_text("")
    (workplace.folder / "other").write_text(f"{place} {another}")
    point(workplace, server, "anything", *lines)
    asked = len(server.asked)
    ended = tieout(*RUN)
    assert (ended.code, whats(ended), said in ended.err, len(server.asked)) == (3, ["inbox"], True, asked), ended
    assert server.fingerprint in ended.err
    assert said in tieout("doctor").out


def test_a_server_among_the_known_hosts_is_opened(workplace: Workplace, tieout: Tieout, server: Sftp) -> None:
    root = server.root
    (root / "known").mkdir()
    (workplace.folder / "known_hosts").write_text(server.known_host)
    point(workplace, server, "known", 'known_hosts = "known_hosts"')
    assert tieout(*RUN).code == 0


def test_a_server_is_opened_by_a_password_of_any_signs_and_its_files_leave(
    workplace: Workplace, tieout: Tieout, server: Sftp
) -> None:
    root = server.root
    for name, client_id in (("in box/-99/a.csv", "200000021"), ("in box/b.csv", "200000022")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(export(earned(client_id)))
    (root / "in box" / "c.csv.filepart").write_bytes(b"x")
    point(workplace, server, "in%20box")
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"]) == (0, 2)
    assert [path.name for path in (root / "in box").rglob("*.*")] == ["c.csv.filepart"]
    assert "can be reached" in tieout("doctor").out


@pytest.mark.long
def test_a_file_of_a_server_that_is_wrong_as_a_whole_leaves_where_the_settings_ask_for_that(
    workplace: Workplace, tieout: Tieout, server: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_INBOX__MOVE_REJECTED", "true")
    wrong, good = server.root / "wrong" / "-99" / "a.csv", server.root / "wrong" / "b.csv"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"ClientId,Action\n1,Earned\n")
    good.write_bytes(export(earned("200000025")))
    point(workplace, server, "wrong")
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], whats(ended)) == (3, 1, ["a.csv"])
    assert [wrong.exists(), good.exists()] == [False, False]
    kept = [path.name.split(".", 2)[2] for path in (workplace.folder / "rejected" / "-99").glob("*/*")]
    assert sorted(kept) == ["csv", "csv.reason.txt", "marked.xlsx"]
    # Told once: the next night has nothing to do with it.
    assert tieout(*RUN).code == 0


@pytest.mark.long
def test_a_file_of_a_server_that_may_not_be_removed_is_in_rejected_and_said_each_night(
    workplace: Workplace, tieout: Tieout, server: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_INBOX__MOVE_REJECTED", "true")
    monkeypatch.setattr(asyncssh.SFTPServer, "remove", _forbid)
    wrong = server.root / "kept" / "a.csv"
    wrong.parent.mkdir()
    wrong.write_bytes(b"ClientId,Action\n1,Earned\n")
    point(workplace, server, "kept")
    for _ in range(2):
        ended = tieout(*RUN)
        assert (ended.code, wrong.exists(), whats(ended)) == (3, True, ["a.csv"])
        assert "a.csv is in rejected/, and stays in the inbox too" in ended.err
    assert len(list((workplace.folder / "rejected").rglob("a.*.csv"))) == 1


def _forbid(*_: object) -> None:
    raise asyncssh.SFTPPermissionDenied("not you")


def test_a_folder_or_a_password_that_is_wrong_is_told_without_secrets(
    workplace: Workplace, tieout: Tieout, server: Sftp
) -> None:
    point(workplace, server, "nothing")
    missing = tieout(*RUN)
    assert (missing.code, whats(missing), "There is no folder" in missing.err) == (3, ["inbox"], True)
    point(workplace, server, "nothing", url=server.url.replace(":p%40", ":q%40"))
    refused = tieout(*RUN)
    assert (refused.code, "AuthenticationException" in refused.err, "q@ss" in refused.err) == (3, True, False)


@pytest.mark.long
def test_a_file_that_grows_on_a_server_is_left(
    workplace: Workplace, tieout: Tieout, server: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = server.root
    folder = root / "growing"
    folder.mkdir()
    (folder / "a.csv").write_bytes(export(earned("200000023")))
    (folder / "b.csv").write_bytes(export(earned("200000024")))
    monkeypatch.setenv("TIEOUT_INBOX__QUIET_SECONDS", "600")

    def write_meanwhile(*_: object) -> None:
        (folder / "a.csv").write_bytes(export(earned("200000023"), "x"))

    # In place of the time that young files are watched: nobody has to be quick.
    monkeypatch.setattr(waiting, "_watch", write_meanwhile)
    point(workplace, server, "growing")
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], whats(ended)) == (3, 1, ["a.csv"])
    assert [path.name for path in folder.iterdir()] == ["a.csv"]
