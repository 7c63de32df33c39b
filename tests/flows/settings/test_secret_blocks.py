import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.doctor import examine
from flows.doctor.diagnosis import Health
from flows.runtime.errors import CouldNotRun, ExitCode, SettingsError
from flows.settings.load import load_settings

# isort: split
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_API_URL, temporary_settings

SETTINGS = """\
[mindbody]
api_key = "{{ prefect.blocks.secret.studio-api-key }}"
[[mindbody.sites]]
site_id = "-99"
timezone = "America/Los_Angeles"
username = "staff"
password = "{{prefect.blocks.secret.studio-password}}"
[notify]
urls = ["json://example.com"]
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tieout.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path / "tieout.toml"


@pytest.fixture
def _blocks(prefect_url: str) -> Iterator[None]:
    for name, value in {"studio-api-key": "key of a block", "studio-password": "password of a block"}.items():
        Secret(value=value).save(name, overwrite=True, _sync=True)
    yield
    for name in ("studio-api-key", "studio-password"):
        Secret.delete(name, _sync=True)


@pytest.mark.usefixtures("_blocks")
def test_load_settings_reads_secrets_from_the_blocks_they_name(config: Path) -> None:
    mindbody = load_settings(config).mindbody
    assert mindbody.api_key is not None
    assert mindbody.api_key.get_secret_value() == "key of a block"
    assert mindbody.site("-99").password.get_secret_value() == "password of a block"


@pytest.mark.usefixtures("_blocks")
def test_load_settings_keeps_the_folder_and_what_names_no_block(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_MINDBODY__API_KEY", "given")
    settings = load_settings(config)
    assert settings.mindbody.api_key is not None
    assert settings.mindbody.api_key.get_secret_value() == "given"
    assert (settings.root, len(settings.notify.urls)) == (config.parent, 1)


@pytest.mark.usefixtures("prefect_url")
def test_load_settings_names_a_block_that_is_not_there(config: Path) -> None:
    with pytest.raises(SettingsError, match='no secret block "studio-api-key"'):
        load_settings(config)


def test_load_settings_says_that_blocks_need_an_api(config: Path) -> None:
    with temporary_settings(restore_defaults={PREFECT_API_URL}), pytest.raises(SettingsError, match="PREFECT_API_URL"):
        load_settings(config)


def test_load_settings_says_that_the_api_is_out_of_reach(config: Path) -> None:
    nobody = {PREFECT_API_URL: "http://127.0.0.1:9/api"}
    with temporary_settings(updates=nobody), pytest.raises(CouldNotRun, match="cannot be read from Prefect"):
        load_settings(config)


def test_check_asks_for_no_secret(config: Path) -> None:
    (config.parent / "good.csv").write_text("ClientId,Points,Action\n1,5,Redeemed\n", encoding="utf-8")
    environment = {
        **os.environ,
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    command = [sys.executable, "-m", "flows.cli", "check", "good.csv"]
    ended = subprocess.run(command, env=environment, cwd=config.parent, check=False)  # noqa: S603  (our own code)
    assert ended.returncode == 0


def test_doctor_tells_a_secret_that_cannot_be_read_as_one_finding(config: Path) -> None:
    with temporary_settings(updates={PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        (finding,) = examine(config)
    assert (finding.health, finding.exit_code) == (Health.FAIL, ExitCode.COULD_NOT_RUN)
