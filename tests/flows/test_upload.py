from pathlib import Path

import pytest

from flows.errors import CouldNotRun
from flows.upload import upload


def test_upload_takes_the_file_as_text_and_raises_where_it_is_not_there(prefect_url: str, workspace: Path) -> None:
    with pytest.raises(CouldNotRun, match=r"missing\.xlsx"):
        upload(str(workspace / "missing.xlsx"), config=str(workspace / "tieout.toml"))
