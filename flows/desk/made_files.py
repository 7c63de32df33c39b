"""Files that are made as somebody asks for them, such as a workbook, and kept nowhere."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from starlette.responses import Response

_KINDS = {
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A workbook of a year is large: one at a time, or fifty who ask for one would take all memory.
_ONE_AT_A_TIME = Lock()


def give_made(name: str, suffix: str, write: Callable[[Path], object]) -> Response:
    """Give what ``write`` makes, to be saved under this name, which has to be harmless in a header."""
    with _ONE_AT_A_TIME, TemporaryDirectory() as folder:
        path = Path(folder) / f"made{suffix}"
        write(path)
        content = path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="{name}{suffix}"'}
    return Response(content, media_type=_KINDS[suffix], headers=headers)
