"""A real Dask cluster of two worker processes: it finds what one process finds, also where parts of it are lost."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import flows.workers.cluster
import flows.workers.open as workers_open
import flows.workers.same_code
from flows.runtime.errors import SettingsError
from flows.settings.sections import Settings
from flows.workers.open import open_workers
from tests.flows.workers.cluster import Cluster, running_cluster
from tests.flows.workers.rows import checked, mixed_rows, what_was_told, write_rows


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def _work_slowly(number: int) -> tuple[int, int]:
    time.sleep(0.1)
    return number * 2, os.getpid()


def _doubled(count: int) -> list[int]:
    return [2 * number for number in range(count)]


def test_without_dask_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    settings = Settings(scale={"executor": "dask", "scheduler": "tcp://127.0.0.1:1"})
    with open_workers(settings, 2**30) as workers, pytest.raises(SettingsError, match=r"install tieout\[dask\]"):
        list(workers.in_order(_work_slowly, iter(range(3))))


def test_where_no_scheduler_answers_this_process_works_alone(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(flows.workers.cluster, "_WAIT_SECONDS", 0.2)
    settings = Settings(scale={"executor": "dask", "scheduler": "tcp://127.0.0.1:1"})
    with open_workers(settings, 2**30) as workers:
        assert [number for number, _ in workers.in_order(_work_slowly, iter(range(3)))] == _doubled(3)
    assert "nothing answers as a Dask scheduler at tcp://127.0.0.1:1" in capfd.readouterr().err


@pytest.mark.long
def test_a_cluster_finds_what_one_process_finds(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_open, "_LARGE_BYTES", 0)
    path = write_rows(tmp_path / "rows.csv", *mixed_rows())
    alone = what_was_told(checked(path, Settings(scale={"workers": 1})))
    assert what_was_told(checked(path, cluster.settings)) == alone


@pytest.mark.long
def test_a_cluster_with_other_rules_is_left_alone(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(flows.workers.cluster, "code_of_work", lambda: "of another version")
    with open_workers(cluster.settings, 2**30) as workers:
        done = list(workers.in_order(_work_slowly, iter(range(4))))
    assert [number for number, _ in done] == _doubled(4)
    assert {pid for _, pid in done} == {os.getpid()}
    assert "another version of tieout" in capfd.readouterr().err


@pytest.mark.long
def test_what_a_lost_worker_had_and_then_a_lost_scheduler_is_done_all_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_cluster(tmp_path) as running, open_workers(running.settings, 2**30) as workers:
        coming = workers.in_order(_work_slowly, iter(range(40)))
        done = [next(coming) for _ in range(4)]
        os.kill(running.workers[0], signal.SIGKILL)
        done += [next(coming) for _ in range(12)]
        assert os.getpid() not in {pid for _, pid in done}
        running.process.kill()
        done += list(coming)
    assert [number for number, _ in done] == _doubled(40)
    assert done[-1][1] == os.getpid()
    told = capfd.readouterr().err
    assert told.count("this process does the rest, with the same result") == 1
    assert "Traceback" not in told
