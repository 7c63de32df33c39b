import json
from pathlib import Path

import pytest

from tests.flows.command import Command


@pytest.fixture
def config(workspace: Path) -> str:
    text = '[[mindbody.sites]]\nsite_id = "7"\ntimezone = "UTC"\nusername = "u"\npassword = "pppp"\n'
    path = workspace / "tieout.toml"
    path.write_text(f"{path.read_text('utf-8')}{text}", encoding="utf-8")
    return str(path)


def test_user_add_prints_a_link_and_list_says_who_may_what(bare_tieout: Command, config: str) -> None:
    added = bare_tieout(
        "user", "add", "Ana", "--role", "uploader", "--role", "approver", "--site", "7", "--config", config
    )
    assert added.code == 0, added.err
    assert "http://127.0.0.1:8300/welcome/" in added.out
    listed = bare_tieout("user", "list", "--json", "--config", config)
    roles = [{"role": "approver", "site_id": "7"}, {"role": "uploader", "site_id": "7"}]
    assert json.loads(listed.out) == [{"name": "Ana", "roles": roles, "has_password": False}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("add", "Ana"), "Say by --role", id="without a role"),
        pytest.param(("add", "Ana", "--role", "viewer", "--site", "8"), "site_id 8", id="an unknown site"),
        pytest.param(("roles", "Eve", "--role", "viewer"), "Nobody is called Eve", id="nobody"),
        pytest.param(("link", "Eve"), "Nobody is called Eve", id="no link for nobody"),
        pytest.param(("remove", "Eve"), "Nobody is called Eve", id="nobody to let go"),
    ],
)
def test_user_says_what_is_wrong_in_a_line(
    bare_tieout: Command, config: str, arguments: tuple[str, ...], said: str
) -> None:
    ended = bare_tieout("user", *arguments, "--config", config)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert said in ended.err


def test_user_changes_and_lets_go(bare_tieout: Command, config: str) -> None:
    bare_tieout("user", "add", "Ana", "--role", "viewer", "--config", config)
    assert bare_tieout("user", "roles", "ana", "--role", "reviewer", "--config", config).code == 0
    assert "Ana: reviewer at all sites (has not chosen" in bare_tieout("user", "list", "--config", config).out
    assert "signed out everywhere (0)" in bare_tieout("user", "sign-out", "Ana", "--config", config).out
    assert bare_tieout("user", "remove", "Ana", "--config", config).code == 0
    assert bare_tieout("user", "list", "--config", config).out.startswith("Nobody yet")
