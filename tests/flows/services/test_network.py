"""Behind a proxy, and with an authority of one's own: by the real command, a real proxy and real TLS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from flows.runtime.errors import SettingsError
from flows.sandbox import start_sandbox
from flows.services.network import way_to
from flows.settings.of_services import NetworkSettings
from flows.settings.sections import Settings
from tests.flows.command import Command
from tests.flows.notices.listener import Listener, listening
from tests.flows.services.tunnels import Proxy, make_authority, proxying, tls_front
from tests.flows.workplace import Workplace, earned, open_workplace

HOST = "services.test"  # a name that the proxy alone can lead to
NOTICES = "notices.test"
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_authority(tmp_path_factory.mktemp("authority"), HOST, NOTICES, "localhost")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state) as found:
        yield found


def forget_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def front(ready: dict[str, Any], files: tuple[Path, Path]) -> Iterator[int]:
    with tls_front(files[1], int(ready["url"].rpartition(":")[2])) as port:
        yield port


@pytest.fixture
def proxy(front: int, listener: Listener, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    forget_variables(monkeypatch)
    with tls_front(files[1], listener.port) as notices, proxying({HOST: front, NOTICES: notices}) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    """A workplace that knows the services by a name alone, and encrypted."""
    workplace = open_workplace(tmp_path, {**ready, "url": f"https://{HOST}"})
    workplace.put("a.csv", earned(ready["mindbody"]["client_ids"].pop()))
    return workplace


def network(workplace: Workplace, *lines: str) -> None:
    """Add a section about the network to the settings."""
    text = workplace.config.read_text().partition("\n[network]")[0]
    workplace.config.write_text("\n".join([text, "[network]", *lines, ""]))


def test_a_night_goes_by_the_proxy_of_the_environment_and_trusts_the_authority_of_the_settings(
    workplace: Workplace, proxy: Proxy, bare_tieout: Command, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    network(workplace, f'ca_file = "{files[0]}"')
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.code, ended.json["posted"]) == (0, 1), ended
    assert {line.split(" ")[1] for line in proxy.asked} == {f"{HOST}:443"}
    doctor = bare_tieout("doctor", "--config", workplace.config)
    assert doctor.out.count(f"by the proxy 127.0.0.1:{proxy.port} (HTTPS_PROXY)") == 2, doctor
    assert "1 authority" in doctor.out


def test_messages_go_by_the_proxy_of_the_settings_and_its_password_is_shown_to_nobody(
    workplace: Workplace, proxy: Proxy, bare_tieout: Command, files: tuple[Path, Path], listener: Listener
) -> None:
    notify = f'[notify]\nurls = ["jsons://{NOTICES}"]\nping_url = "https://{NOTICES}/ping"\n'
    workplace.config.write_text(workplace.config.read_text() + notify)
    named = proxy.url.replace("://", "://kim:hush-hush@")
    network(workplace, f'proxy = "{named}"', f'ca_file = "{files[0]}"')
    assert bare_tieout("run", "--plain", "--config", workplace.config).code == 0
    told = bare_tieout("notify", "test", "--config", workplace.config)
    assert (told.code, len(listener.messages), len(listener.calls)) == (0, 1, 1), told
    assert {line.split(" ")[1] for line in proxy.asked} == {f"{HOST}:443", f"{NOTICES}:443"}
    assert len(proxy.authorizations) == 1
    doctor = bare_tieout("doctor", "--config", workplace.config)
    assert f"by the proxy 127.0.0.1:{proxy.port} (network.proxy)" in doctor.out
    assert "hush-hush" not in doctor.out + doctor.err


@pytest.mark.long
def test_a_proxy_that_is_reached_encrypted_is_gone_by_too(
    workplace: Workplace, proxy: Proxy, bare_tieout: Command, files: tuple[Path, Path]
) -> None:
    with tls_front(files[1], proxy.port) as port:
        network(workplace, f'proxy = "https://kim:hush-hush@localhost:{port}"', f'ca_file = "{files[0]}"')
        ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
        doctor = bare_tieout("doctor", "--config", workplace.config)
    assert (ended.code, ended.json["posted"]) == (0, 1), ended
    assert {line.split(" ")[1] for line in proxy.asked} == {f"{HOST}:443"}
    assert len(proxy.authorizations) == 1
    assert f"by the proxy localhost:{port} (network.proxy)" in doctor.out
    assert "hush-hush" not in doctor.out + ended.err


@pytest.mark.long
def test_a_proxy_whose_certificate_is_not_trusted_sends_nothing(
    workplace: Workplace, proxy: Proxy, bare_tieout: Command, files: tuple[Path, Path]
) -> None:
    with tls_front(files[1], proxy.port) as port:
        network(workplace, f'proxy = "https://localhost:{port}"')
        ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.code, proxy.asked, "name the file of its authority by network.ca_file" in ended.err) == (3, [], True)


def test_a_proxy_that_refuses_leaves_events_to_be_sent_and_none_in_doubt(
    workplace: Workplace, proxy: Proxy, bare_tieout: Command, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    network(workplace, f'ca_file = "{files[0]}"')
    proxy.refusal = "407 Proxy Authentication Required"
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.code, ended.json["unknown"]) == (3, 0), ended
    assert "the proxy says 407" in ended.json["not_read"][0]["why"]


def test_no_proxy_is_obeyed_and_doctor_says_that_it_went_directly(
    workplace: Workplace, proxy: Proxy, bare_tieout: Command, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", ".test")
    network(workplace, f'ca_file = "{files[0]}"')
    doctor = bare_tieout("doctor", "--config", workplace.config)
    assert (doctor.code, "is out of reach, directly (NO_PROXY)" in doctor.out, proxy.asked) == (3, True, []), doctor


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        pytest.param("none", 3, "name the file of its authority by network.ca_file", id="not_trusted"),
        pytest.param("another", 3, "is not trusted", id="signed_by_another"),
        pytest.param("missing", 2, "there is no file", id="missing"),
        pytest.param("text", 2, "holds no certificates in PEM", id="no_pem"),
        pytest.param("server", 2, "holds no certificate of an authority", id="no_authority"),
        pytest.param("expired", 2, "has expired on", id="expired"),
    ],
)
def test_an_authority_that_is_wrong_is_one_line_that_says_what_to_do(
    workplace: Workplace, proxy: Proxy, bare_tieout: Command, files: tuple[Path, Path], kind: str, code: int, said: str
) -> None:
    folder = workplace.folder
    (folder / "text.pem").write_text("no certificate")
    own = {
        "another": make_authority(folder, HOST, name="another")[0],
        "missing": folder / "nothing.pem",
        "text": folder / "text.pem",
        "server": files[1],
        "expired": make_authority(folder, HOST, days=-1, name="expired")[0],
    }
    lines = [f'proxy = "{proxy.url}"'] + ([f'ca_file = "{own[kind]}"'] if kind in own else [])
    network(workplace, *lines)
    ended = bare_tieout("run", "--plain", "--config", workplace.config)
    assert (ended.code, said in ended.err + ended.out) == (code, True), ended
    assert "Traceback" not in ended.err
    assert said in bare_tieout("doctor", "--config", workplace.config).out


def test_messages_that_cannot_go_the_way_of_the_settings_say_why(workplace: Workplace, bare_tieout: Command) -> None:
    workplace.config.write_text(workplace.config.read_text() + '[notify]\nurls = ["json://127.0.0.1:9"]\n')
    network(workplace, 'ca_file = "nothing.pem"')
    ended = bare_tieout("notify", "test", "--config", workplace.config)
    assert (ended.code, "network.ca_file: there is no file" in ended.err) == (2, True), ended


API = "https://api.example.com"
BY = {"HTTPS_PROXY": "p:1"}


@pytest.mark.parametrize(
    ("url", "variables", "settings", "words"),
    [
        (API, {}, {}, "directly"),
        (API, {"HTTPS_PROXY": "proxy:8080"}, {}, "by the proxy proxy:8080 (HTTPS_PROXY)"),
        (API, {"https_proxy": "http://proxy"}, {}, "by the proxy proxy:80 (HTTPS_PROXY)"),
        (API, {"HTTP_PROXY": "http://proxy"}, {}, "directly"),
        (API, BY | {"NO_PROXY": "example.com"}, {}, "directly (NO_PROXY)"),
        ("https://api.example.com:8443", BY | {"NO_PROXY": "api.example.com:8443"}, {}, "directly (NO_PROXY)"),
        (API, BY | {"NO_PROXY": "ample.com"}, {}, "by the proxy p:1 (HTTPS_PROXY)"),
        ("https://10.1.2.3", BY | {"NO_PROXY": "10.0.0.0/8"}, {}, "directly (NO_PROXY)"),
        (API, BY, {"proxy": "http://q:2"}, "by the proxy q:2 (network.proxy)"),
        (API, BY, {"proxy": "direct"}, "directly (network.proxy)"),
        (API, BY, {"no_proxy": ("*",)}, "directly (network.no_proxy)"),
        ("http://127.0.0.1:8080", {"HTTP_PROXY": "p:1"}, {"proxy": "http://q:2"}, "directly"),
    ],
)
def test_way_to(
    monkeypatch: pytest.MonkeyPatch, url: str, variables: dict[str, str], settings: dict[str, Any], words: str
) -> None:
    forget_variables(monkeypatch)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert way_to(Settings(network=NetworkSettings(**settings)), url).words == words


@pytest.mark.parametrize("proxy", ["socks5://proxy:1080", "http://", "http://proxy:no"])
def test_way_to_refuses_a_proxy_that_cannot_be_used(proxy: str) -> None:
    settings = Settings(network=NetworkSettings(proxy=SecretStr(proxy)))
    with pytest.raises(SettingsError, match=r"network\.proxy"):
        way_to(settings, "https://api.example.com")
