"""Inboxes at addresses that a proxy alone leads to, and whose certificates an authority of one's own has signed."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.intake.servers import Sftp, serve_sftp
from tests.flows.services.tunnels import Proxy, make_authority, proxying, tls_front
from tests.flows.workplace import HEADINGS, Workplace, earned

# Names that the proxy alone can lead to; of any other than the first this server takes the beginning for a bucket.
STORE, SERVER = "localstack.test", "server.test"
RUN = ("run", "--plain", "--json")
_clients = iter(range(200000001, 200000040))


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(options=("--extra-clients", "40")) as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_authority(tmp_path_factory.mktemp("authority"), STORE, "localhost")


@pytest.fixture(scope="module")
def store_port() -> Iterator[int]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sftp]:
    with serve_sftp(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture
def proxy(store_port: int, server: Sftp, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with tls_front(files[1], store_port) as front, proxying({STORE: front, SERVER: server.port}) as found:
        yield found


def export() -> bytes:
    return f"{HEADINGS}\n{earned(str(next(_clients)))}\n".encode()


def point(workplace: Workplace, inbox: list[str], network: list[str]) -> None:
    workplace.configure()
    text = workplace.config.read_text("utf-8")
    workplace.configure("\n".join([text, "[inbox]", *inbox, "[network]", *network, ""]))


@pytest.fixture
def bucket(store_port: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bucket with one export, at an address that is encrypted and behind the proxy."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "studio"),
        ("AWS_SECRET_ACCESS_KEY", "TOPSECRET"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ):
        monkeypatch.setenv(name, value)
    found = boto3.resource("s3", endpoint_url=f"http://127.0.0.1:{store_port}").Bucket("studio")
    found.create()
    found.put_object(Key="inbox/-99/a.csv", Body=export())
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://{STORE}")
    return found


def test_a_bucket_is_reached_by_the_proxy_and_with_the_authority_of_the_settings(
    workplace: Workplace, tieout: Tieout, bucket: Any, proxy: Proxy, files: tuple[Path, Path]
) -> None:
    inbox = ['url = "s3://studio/inbox"']
    point(workplace, inbox, [f'proxy = "{proxy.url}"'])
    untrusted = tieout(*RUN)
    assert (untrusted.code, "name the file of its authority by network.ca_file" in untrusted.err) == (3, True)
    point(workplace, inbox, [f'proxy = "{proxy.url}"', f'ca_file = "{files[0]}"'])
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], list(bucket.objects.all())) == (0, 1, []), ended
    assert {line.split(" ")[1] for line in proxy.asked} == {f"{STORE}:443"}
    assert f"can be reached, by the proxy 127.0.0.1:{proxy.port} (network.proxy)" in tieout("doctor").out


@pytest.mark.long
def test_a_bucket_is_reached_directly_where_the_settings_say_so(
    workplace: Workplace, tieout: Tieout, bucket: Any, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_object(Key="inbox/-99/b.csv", Body=export())
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    point(workplace, ['url = "s3://studio/inbox"'], ['no_proxy = [".test"]'])
    ended = tieout(*RUN)
    # Nobody but the proxy can lead there.
    assert (ended.code, proxy.asked) == (3, [])


@pytest.mark.first_case
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_server_is_reached_through_the_proxy_and_known_by_its_own_name(
    workplace: Workplace, tieout: Tieout, server: Sftp, proxy: Proxy, files: tuple[Path, Path], encrypted: bool
) -> None:
    place = server.root / "inbox" / "-99" / "a.csv"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(export())
    inbox = [f'url = "{server.url_by(SERVER, 22)}/inbox"', f'host_key = "{server.fingerprint}"']
    with tls_front(files[1], proxy.port) as port:
        front = f"https://kim:hush-hush@localhost:{port}" if encrypted else proxy.url
        point(workplace, inbox, [f'proxy = "{front}"', f'ca_file = "{files[0]}"'])
        ended, doctor = tieout(*RUN), tieout("doctor")
    assert (ended.code, ended.json["posted"], place.exists()) == (0, 1, False), ended
    assert {line.split(" ")[1] for line in proxy.asked} == {f"{SERVER}:22"}
    assert "can be reached, by the proxy " in doctor.out
    assert "hush-hush" not in doctor.out + ended.err


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("refusal", "said"),
    [("407 Proxy Authentication Required", "says 407 and leads nowhere"), ("", "is out of reach")],
    ids=["refuses", "gone"],
)
def test_a_proxy_that_does_not_lead_there_is_one_line(
    workplace: Workplace, tieout: Tieout, server: Sftp, proxy: Proxy, refusal: str, said: str
) -> None:
    proxy.refusal = refusal
    address = proxy.url if refusal else "http://127.0.0.1:9"
    inbox = [f'url = "{server.url_by(SERVER, 22)}/inbox"', f'host_key = "{server.fingerprint}"']
    point(workplace, inbox, [f'proxy = "{address}"'])
    ended = tieout(*RUN)
    assert (ended.code, [one["what"] for one in ended.json["not_read"]], said in ended.err) == (3, ["inbox"], True)
    assert "Traceback" not in ended.err
