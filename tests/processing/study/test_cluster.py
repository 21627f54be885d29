"""Tasks on Dask: done in any order, gone on with when workers are killed, and refused in a sentence where nothing runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import dask
import pytest

from processing.study import cluster as clusters
from processing.study.cluster import ClusterError, Lost, cluster_at, local_cluster


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    with local_cluster(2, str(tmp_path_factory.mktemp("cluster"))) as found:
        yield found


@pytest.fixture
def cluster(of_two):
    """A cluster of two workers, also where another test killed one: its successor takes a while to come."""
    until_s = time.perf_counter() + 240.0
    while of_two.threads < 2 and time.perf_counter() < until_s:
        time.sleep(0.05)
    return of_two


@dataclass(frozen=True)
class Squares:
    """Squares of numbers; `ends` ends its worker each time, `once` the first time, which a file remembers.

    `after` ends it the first time as well, but just after it has returned its result, which may be fetched by then or not.
    """

    folder: str
    ends: tuple[int, ...] = ()
    once: tuple[int, ...] = ()
    after: tuple[int, ...] = ()

    def __call__(self, number: int) -> tuple[int, int]:
        marker = Path(self.folder, str(number))
        if number in self.ends or (number in self.once and not marker.exists()):
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if number in self.after and not marker.exists():
            marker.touch()
            threading.Timer(0.002, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return number * number, os.getpid()


def test_every_task_is_done_once_by_several_processes(cluster, tmp_path):
    told = list(cluster.run(Squares(str(tmp_path)), range(1, 60)))
    assert sorted(task for task, _ in told) == list(range(1, 60))
    assert all(result[0] == task * task for task, result in told)
    assert os.getpid() not in {result[1] for _, result in told}
    assert cluster.threads == 2
    assert cluster.where == "on this computer"


def test_no_more_tasks_are_taken_than_a_few_ahead(cluster, tmp_path):
    taken = []

    def tasks():
        for number in range(1, 40):
            taken.append(number)
            yield number

    for done, _ in enumerate(cluster.run(Squares(str(tmp_path)), tasks()), 1):
        assert len(taken) <= done + clusters.AHEAD * 2


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_work_goes_on_when_workers_are_killed_and_what_kills_them_again_and_again_is_given_back(cluster, tmp_path):
    told = dict(cluster.run(Squares(str(tmp_path), ends=(3,), once=(5,), after=(7,)), range(1, 12)))
    assert isinstance(told.pop(3), Lost)
    assert {task: result[0] for task, result in told.items()} == {n: n * n for n in (1, 2, *range(4, 12))}
    assert (tmp_path / "5").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_worker_that_dask_gave_up_while_it_was_restarted_is_started_anew(tmp_path, monkeypatch):
    """As on a busy computer, where a restart takes longer than Dask waits; here it waits for next to nothing."""
    monkeypatch.setattr(clusters, "LOOK_S", 1.0)
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1 ms"}), local_cluster(1, str(tmp_path)) as alone:
        told = dict(alone.run(Squares(str(tmp_path), once=(2,)), range(1, 5)))
    assert {task: result[0] for task, result in told.items()} == {n: n * n for n in range(1, 5)}


def test_a_cluster_that_is_there_is_used_by_its_address(cluster, tmp_path):
    with cluster_at(cluster._client.scheduler.address) as there:
        assert [result[0] for _, result in there.run(Squares(str(tmp_path)), [4])] == [16]
        assert there.where.startswith("at tcp://127.0.0.1:")
    assert [result[0] for _, result in cluster.run(Squares(str(tmp_path)), [5])] == [25], "it still is"


def raises(number: int) -> int:
    raise ModuleNotFoundError("No module named 'processing'")


def test_workers_without_the_program_are_told(cluster):
    with pytest.raises(ClusterError, match=r"can't run squatscope .*No module named 'processing'.*install the same version"):
        list(cluster.run(raises, [1]))


def test_an_address_where_nothing_answers_is_one_sentence(monkeypatch):
    monkeypatch.setattr(clusters, "CONNECT_S", 0.5)
    with pytest.raises(ClusterError, match="No scheduler of Dask answers at"), cluster_at("tcp://127.0.0.1:1"):
        pass


@pytest.fixture
def scheduler(tmp_path):
    """A scheduler without workers, a process of its own; yields it and its address."""
    told = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    with subprocess.Popen([*command, "--scheduler-file", told], stderr=subprocess.DEVNULL, cwd=tmp_path) as process:
        try:
            while not told.exists() or not told.read_text(encoding="utf-8").strip():
                assert process.poll() is None
                time.sleep(0.05)
            yield process, json.loads(told.read_text(encoding="utf-8"))["address"]
        finally:
            process.kill()


def test_a_cluster_without_workers_is_told_and_so_is_a_scheduler_that_goes_away(scheduler, monkeypatch, capfd):
    process, address = scheduler
    monkeypatch.setattr(clusters, "LOOK_S", 0.2)
    monkeypatch.setattr(clusters, "NO_WORKER_S", 0.4)
    with cluster_at(address) as there:
        with pytest.raises(ClusterError, match="has had no worker for 0 s; start some"):
            list(there.run(abs, [1]))  # a scheduler reads what it hands on, and this one knows no tests
        monkeypatch.setattr(clusters, "NO_WORKER_S", 60.0)

        def tasks():
            yield 1
            process.kill()
            yield 2

        with pytest.raises(ClusterError, match=f"The scheduler at {address} is gone"):
            list(there.run(abs, tasks()))
    assert "Traceback" not in capfd.readouterr().err


def test_without_dask_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install squatscope\[studies\]"), local_cluster(1):
        pass
