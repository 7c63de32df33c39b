from pathlib import Path

import pytest

from flows.runtime.errors import CouldNotRun
from flows.upload import upload


def test_upload_takes_the_file_as_text_and_raises_where_it_is_not_there(prefect_url: str, workspace: Path) -> None:
    with pytest.raises(CouldNotRun, match=r"missing\.xlsx"):
        upload(str(workspace / "missing.xlsx"), config=str(workspace / "tieout.toml"))


def test_upload_refuses_another_content_than_was_approved(prefect_url: str, workspace: Path) -> None:
    path = workspace / "a.csv"
    path.write_text("ClientId,Points,Action\n1,5,Earned\n")
    with pytest.raises(CouldNotRun, match=r"a\.csv changed since it was approved"):
        upload(str(path), config=str(workspace / "tieout.toml"), sha256="0" * 64)
