"""A site without an ID, as a script gives it whose variable is not set: no site, neither all of them nor none."""

from pathlib import Path

import pytest

from tests.flows.cli.every_command import commands_with
from tests.flows.command import Command

_WITH_SITE = commands_with("site")


def test_commands_with_a_site_are_found() -> None:
    assert {"upload", "discard", "keep", "month", "client", "breaks", "user add"} <= _WITH_SITE.keys()


@pytest.mark.parametrize("name", sorted(_WITH_SITE))
@pytest.mark.parametrize("site_id", ["", " "])
def test_an_empty_site_is_wrong_usage(bare_tieout: Command, workspace: Path, name: str, site_id: str) -> None:
    before = sorted(workspace.rglob("*"))
    ended = bare_tieout(*_WITH_SITE[name], "--site", site_id, folder=workspace)
    assert (ended.code, ended.out, "--site needs the ID of a site" in ended.err) == (2, "", True), ended
    assert sorted(workspace.rglob("*")) == before
