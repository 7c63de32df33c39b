"""The demo is for itself alone: whatever the environment sets is another workspace's."""

from pathlib import Path

from tests.flows.shell import tieout


def test_the_demo_heeds_no_settings_of_the_environment(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    environment = {
        "TIEOUT_DATABASE_URL": f"sqlite:///{elsewhere}",
        "TIEOUT_MINDBODY__BASE_URL": "http://127.0.0.1:9",
        "TIEOUT_MINDBODY__API_KEY": "another-key",
        "TIEOUT_NOTIFY__URLS": '["json://127.0.0.1:9"]',
    }
    keep = tmp_path / "demo"
    ended = tieout("demo", "--plain", "--keep", keep, folder=tmp_path, environment=environment)
    assert (ended.code, "28  The service confirmed it" in ended.out) == (1, True), ended.said
    assert "as the samples deserve" in ended.out
    assert (elsewhere.exists(), (keep / "tieout.db").exists()) == (False, True)
