import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from flows.runtime.errors import ExitCode, SettingsError
from flows.settings.answers import read_answers
from flows.settings.load import load_settings
from flows.settings.sections import Settings
from transforms.vocabulary import Target

ROOT = Path(__file__).parents[3]
FULL = """\
workspace = "work"
database_url = "postgresql+psycopg://me:TOPSECRET@db/ledger"
[mindbody]
base_url = "https://example.com/"
api_key = "TOPSECRET"
[[mindbody.sites]]
site_id = "-99"
timezone = "America/Los_Angeles"
username = "staff"
password = "TOPSECRET"
[referral_rock]
public_key = "TOPSECRET"
private_key = "TOPSECRET"
[reconcile]
amount_tolerance = "0.01"
[notify]
urls = ["mailto://me:TOPSECRET@example.com"]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "tieout.toml").write_text(text, encoding="utf-8")
    return folder / "tieout.toml"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TIEOUT_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def test_load_settings_without_a_file_takes_what_is_documented() -> None:
    settings = load_settings()
    assert (settings.mindbody.calls_per_day, settings.loader.max_tries, settings.reconcile.grace_hours) == (1000, 5, 24)
    assert (settings.inbox_folder, settings.ledger_url) == (Path.cwd() / "inbox", f"sqlite:///{Path.cwd()}/tieout.db")


def test_load_settings_reads_the_file_and_takes_its_folder_as_the_root(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, FULL))
    assert (settings.root, settings.archive_folder) == (tmp_path / "work", tmp_path / "work" / "archive")
    assert (settings.mindbody.base_url, settings.reconcile.amount_tolerance) == ("https://example.com", Decimal("0.01"))
    assert settings.ledger_url == "postgresql+psycopg://me:TOPSECRET@db/ledger"


def test_load_settings_finds_the_file_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "[loader]\nconcurrency = 3\n").rename(tmp_path / "other.toml")
    monkeypatch.setenv("TIEOUT_CONFIG", str(path))
    assert load_settings().loader.concurrency == 3


def test_the_environment_wins_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "[loader]\nconcurrency = 3\nmax_tries = 4\n")
    monkeypatch.setenv("TIEOUT_LOADER__CONCURRENCY", "8")
    loader = load_settings(path).loader
    assert (loader.concurrency, loader.max_tries) == (8, 4)


def test_sites_can_come_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    site = '[{"site_id": "-99", "timezone": "UTC", "username": "u", "password": "p"}]'
    monkeypatch.setenv("TIEOUT_MINDBODY__SITES", site)
    assert load_settings().mindbody.site("-99").password.get_secret_value() == "p"


def test_variables_of_others_with_the_prefix_are_no_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_SOMETHING_ELSE", "1")
    assert load_settings().workspace == Path()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('[loader]\nconcurency = "TOPSECRET"\n', "loader.concurency", id="unknown key"),
        pytest.param('secret = "TOPSECRET"\n', "secret", id="unknown top-level key"),
        pytest.param('[loader]\nconcurrency = "TOPSECRET"\n', "loader.concurrency", id="no number"),
        pytest.param("[loader]\nconcurrency = 0\n", "loader.concurrency", id="too small"),
        pytest.param(FULL.replace("America/Los_Angeles", "Pacific Time"), "mindbody.sites.0.timezone", id="zone"),
        pytest.param(FULL.replace("America/Los_Angeles", "../etc/passwd"), "mindbody.sites.0.timezone", id="path"),
        pytest.param(FULL.replace('username = "staff"\n', ""), "mindbody.sites.0.username", id="key missing"),
        pytest.param('[mindbody]\nbase_url = "example.com"\n', "mindbody.base_url", id="address"),
        pytest.param('[referral_rock]\nformat = "yaml"\n', "referral_rock.format", id="format"),
        pytest.param('[referral_rock]\ncurrency = "dollars"\n', "referral_rock.currency", id="currency"),
        pytest.param("[loader\n", "no valid TOML", id="no TOML"),
        pytest.param("a = '\udcff'\n", "no valid TOML", id="no UTF-8"),
    ],
)
def test_load_settings_names_what_is_wrong_in_one_line_without_a_secret(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "tieout.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings(tmp_path / "tieout.toml")
    assert ("\n" in str(caught.value), "TOPSECRET" in str(caught.value)) == (False, False)
    assert (caught.value.exit_code, caught.value.__suppress_context__) == (ExitCode.WRONG_USAGE, True)


def test_load_settings_of_a_wrong_variable_names_it_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_MINDBODY__SITES", "[{TOPSECRET")
    with pytest.raises(SettingsError, match="TIEOUT_MINDBODY__SITES") as caught:
        load_settings()
    assert "TOPSECRET" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_load_settings_of_a_file_that_cannot_be_read_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="settings file"):
        load_settings(tmp_path / name)


def test_secrets_show_in_no_text_of_the_settings(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, FULL))
    shown = [str(settings), repr(settings), settings.model_dump_json(), str(settings.mindbody), repr(settings.notify)]
    assert [text for text in shown if "TOPSECRET" in text] == []


def test_site_that_is_not_configured_is_named_with_the_way_to_add_it() -> None:
    with pytest.raises(SettingsError, match=r'\[\[mindbody.sites\]\] with site_id = "5"'):
        load_settings().mindbody.site("5")


def test_a_file_that_an_editor_of_windows_has_written_is_read(tmp_path: Path) -> None:
    config = tmp_path / "tieout.toml"
    config.write_bytes(b"\xef\xbb\xbf[loader]\r\nmax_tries = 7\r\n")
    (tmp_path / "layouts.toml").write_bytes(b'\xef\xbb\xbf[columns."desk"]\r\n"Till" = "SourceId"\r\n')
    settings = load_settings(config)
    assert settings.loader.max_tries == 7
    assert read_answers(settings) == {"desk": {"Till": "SourceId"}}


def test_every_service_has_a_section_by_which_it_is_guarded() -> None:
    # Secrets are masked, addresses compared and approvals bound by these.
    assert set(Settings().of_services) == set(Target)


def keys_of(section: type[BaseModel]) -> Iterator[str]:
    """Give every key, those of the sections within included."""
    for name, field in section.model_fields.items():
        yield name
        for within in sections_within(field.annotation):
            yield from keys_of(within)


def sections_within(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from sections_within(part)


def test_every_key_is_told_of() -> None:
    # In the list of all keys, or where a first file is shown.
    told = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("docs/settings.md", "README.md"))
    words = set(re.findall(r"\w+", told))
    assert [name for name in keys_of(Settings) if name not in words] == []
