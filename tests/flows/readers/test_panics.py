import io
import os
import threading
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from flows.readers.panics import without_panics
from tests.flows.sandbox.launch import run_python

XLS = Path(__file__).parent / "files" / "libreoffice.xls"
PANIC = b"\nthread '<unnamed>' (7) panicked at /calamine/src/cfb.rs:305:41:\nslice index starts at 4480\n"
HINT = b"note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n"
CALLS = b"stack backtrace:\n   0: __rustc::rust_begin_unwind\n             at /rustc/panicking.rs:689:5\n"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param(PANIC, b"", id="panic"),
        pytest.param(PANIC + HINT, b"", id="panic and hint"),
        pytest.param(PANIC + CALLS + HINT, b"", id="panic with its calls"),
        pytest.param(b"before\n" + PANIC + b"after\n", b"before\nafter\n", id="lines of others"),
        pytest.param(b"thread of life\n", b"thread of life\n", id="no panic"),
    ],
)
def test_without_panics_passes_on_the_rest(said: bytes, kept: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with without_panics():
        writer = threading.Thread(target=os.write, args=(2, said))
        writer.start()
        writer.join()
    assert capfd.readouterr().err.encode() == kept


def test_without_panics_gives_standard_error_back_after_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="odd"), without_panics():
        raise ValueError("odd")
    os.write(2, b"here")
    assert capfd.readouterr().err == "here"


def test_check_says_one_line_where_calamine_gives_up(tmp_path: Path) -> None:
    content = bytearray(XLS.read_bytes())
    content[1660] = 68  # a stream that starts behind the end of the file
    (tmp_path / "broken.xls").write_bytes(content)
    ended = run_python("-m", "flows.cli", "check", str(tmp_path / "broken.xls"))
    assert (ended.returncode, ended.stdout) == (3, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("tieout: broken.xls: the workbook is damaged or incomplete.")


def test_the_broken_workbook_of_these_tests_makes_calamine_give_up(capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(XLS.read_bytes())
    content[1660] = 68
    with pytest.raises(BaseException, match="slice"):
        CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert "panicked at" in capfd.readouterr().err
