import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.orchestration import service_errors
from flows.orchestration.service_errors import ERRORS_NAME, hearing_errors, read_errors

# isort: split
from prefect.settings import PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW, temporary_settings

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def outside_of_flows() -> Iterator[None]:
    """Prefect's own handler would warn that no flow is running."""
    with temporary_settings({PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW: "ignore"}):
        yield


@pytest.mark.parametrize(
    "name", ["prefect.server.services.scheduler", "docket.worker", "uvicorn.error", "prefect._internal"]
)
def test_an_error_of_any_service_is_said_and_kept(tmp_path: Path, name: str) -> None:
    said: list[str] = []
    with hearing_errors(tmp_path, said.append):
        logging.getLogger(name).error("it died")
    assert said == [f"Prefect ({name}): it died"]
    assert [(error.logger, error.text) for error in read_errors(tmp_path, LONG_AGO)] == [(name, "it died")]


def test_an_exception_is_told_without_its_trace(tmp_path: Path) -> None:
    said: list[str] = []
    with hearing_errors(tmp_path, said.append):
        try:
            raise ValueError("no\nsuch schedule")
        except ValueError:
            logging.getLogger("prefect.server").exception("A pass failed")
    assert said == ["Prefect (prefect.server): A pass failed: ValueError: no such schedule"]


@pytest.mark.parametrize("name", ["prefect.flow_runs", "prefect.task_runs"])
def test_what_a_flow_raises_is_told_by_its_caller(tmp_path: Path, name: str) -> None:
    said: list[str] = []
    with hearing_errors(tmp_path, said.append):
        logging.getLogger(name).error("Encountered exception during execution")
    assert said == []


def test_a_flow_run_whose_process_died_is_heard(tmp_path: Path) -> None:
    said: list[str] = []
    with hearing_errors(tmp_path, said.append):
        logging.getLogger("prefect.flow_runs.runner").error("Process exited with status code: -9")
    assert len(said) == 1


def test_the_same_error_in_every_pass_is_told_once_in_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with hearing_errors(tmp_path, said.append):
        for _ in range(5):
            logging.getLogger("prefect.server").error("again")
        monkeypatch.setattr(service_errors, "_SAME_AGAIN_SECONDS", 0.0)
        logging.getLogger("prefect.server").error("again")
    assert len(said) == len(read_errors(tmp_path, LONG_AGO)) == 2


def test_nothing_is_heard_once_it_is_over(tmp_path: Path) -> None:
    said: list[str] = []
    with hearing_errors(tmp_path, said.append, lambda: True):
        logging.getLogger("prefect.server").error("broken off")
    assert said == []


def test_the_file_is_bounded_and_a_cut_line_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_errors, "_MOST_BYTES", 10)
    with hearing_errors(tmp_path, lambda _line: None):
        for number in range(4):
            logging.getLogger("prefect.server").error("number %d", number)
    with (tmp_path / ERRORS_NAME).open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-')
    assert [error.text for error in read_errors(tmp_path, LONG_AGO)] == ["number 2", "number 3"]


def test_read_errors_leaves_out_what_is_older(tmp_path: Path) -> None:
    with hearing_errors(tmp_path, lambda _line: None):
        logging.getLogger("prefect.server").error("now")
    assert read_errors(tmp_path, datetime.now(UTC) + timedelta(minutes=1)) == []


def test_an_error_that_cannot_be_kept_is_said_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    (tmp_path / ERRORS_NAME).mkdir()
    with hearing_errors(tmp_path, said.append):
        logging.getLogger("prefect.server").error("it died")
    assert said == ["Prefect (prefect.server): it died"]
    assert "could not be kept" in capsys.readouterr().err
