"""Clusters: tasks run by Dask, on this computer or elsewhere, a few ahead at a time.

Dask schedules, tries again what was lost with its worker, and shows it all on its dashboard. A task that ends its workers again
and again is given back as lost, and stops no other.
"""

from __future__ import annotations

import gc
import logging
import queue
import tempfile
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Task = TypeVar("Task")
Result = TypeVar("Result")

LOOPBACK = "127.0.0.1"
AHEAD = 2
"""So many tasks for each thread of the workers are handed out: one that runs, and one that waits for its end."""
MOST_DEATHS = 1
"""Of workers of this computer under one task before it is set aside, and again when it runs alone."""
CONNECT_S = 20.0
LOOK_S = 5.0
NO_WORKER_S = 60.0
ALONE = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What workers of this computer run first: Ctrl-C on a terminal goes to every process, and one of them ends the others."""
KILLED = (
    "its worker was ended by the operating system each time that it was processed, for want of memory or by damage that its "
    "libraries do not survive"
)
INSTALL = "Studies need the package dask: install it with 'pip install squatscope[studies]'."


class ClusterError(SquatscopeError):
    """Nothing runs on a cluster, or no longer; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What became of a task whose workers were ended while they ran it, as a sentence."""

    why: str


@contextmanager
def local_cluster(processes: int, folder: str | None = None) -> Iterator[Cluster]:
    """Start so many workers on this computer, a process of one thread each, heard on the loopback alone; raises ClusterError.

    What they keep while they run goes into a temporary folder, in `folder` where one is given.
    """
    distributed = _distributed()
    with tempfile.TemporaryDirectory(prefix="squatscope-cluster-", dir=folder, ignore_cleanup_errors=True) as scratch:
        try:
            cluster = distributed.LocalCluster(
                n_workers=processes,
                threads_per_worker=1,
                processes=True,
                host=LOOPBACK,
                dashboard_address=f"{LOOPBACK}:0",
                memory_limit=None,  # the operating system knows better than a share of the memory
                local_directory=scratch,
                silence_logs=logging.CRITICAL,
                scheduler_kwargs={"allowed_failures": MOST_DEATHS},
                preload=[ALONE],
            )
        except (OSError, RuntimeError, TimeoutError) as error:
            raise ClusterError(f"No workers can be started on this computer: {error}.") from error
        # A worker that ended and is not back within some seconds, as on a busy computer, is given up by Dask for good.
        again = import_module("tornado.ioloop").PeriodicCallback(lambda: cluster.scale(processes), 1000.0 * LOOK_S)
        with cluster, distributed.Client(cluster) as client:
            cluster.loop.add_callback(again.start)
            try:
                yield Cluster(client, "on this computer")
            finally:
                cluster.loop.add_callback(again.stop)


@contextmanager
def cluster_at(address: str) -> Iterator[Cluster]:
    """Use a cluster that is there, by the address of its scheduler, such as tcp://10.0.0.1:8786; raises ClusterError."""
    distributed = _distributed()
    client = None
    with suppress(Exception):  # a client that can't connect fails in many ways
        client = distributed.Client(address, timeout=CONNECT_S)
    if client is None:
        # What is left of it closes itself when it is collected, and would wait for ever within another client's start.
        gc.collect()
        raise ClusterError(
            f"No scheduler of Dask answers at {address}: give the address that 'dask scheduler' prints, such as "
            "tcp://10.0.0.1:8786."
        )
    try:
        yield Cluster(client, f"at {address}")
    finally:
        with suppress(Exception):  # a scheduler that is gone can't be told that its client leaves
            client.close()


class Cluster:
    """Workers that run tasks; `where` says in words which."""

    def __init__(self, client: Any, where: str) -> None:  # noqa: ANN401 - distributed has no types
        self._client = client
        self.where = where

    @property
    def dashboard(self) -> str:
        """The address of the dashboard, empty where there is none."""
        there = "dashboard" in self._information()["services"]
        return str(self._client.dashboard_link) if there else ""

    @property
    def threads(self) -> int:
        """How many tasks run at a time."""
        return sum(worker["nthreads"] for worker in self._information()["workers"].values())

    def _information(self) -> Any:  # noqa: ANN401
        try:
            return self._client.scheduler_info(n_workers=-1)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(self._gone) from error

    def run(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        """Yield each task with its result, in the order in which they end; `work` is told what went wrong, and raises nothing.

        With a worker its neighbour's task is lost, too: so what is lost runs again, alone, and is only then given back as lost.
        Raises ClusterError where workers can't run it, or scheduler or workers are gone.
        """
        aside: list[Task] = []
        for task, result in self._run(work, tasks, AHEAD * max(1, self.threads)):
            if isinstance(result, Lost):
                aside.append(task)
            else:
                yield task, result
        for task in aside:
            yield from self._run(work, [task], 1)

    def _run(self, work: Callable[[Task], Result], tasks: Iterable[Task], ahead: int) -> Iterator[tuple[Task, Result | Lost]]:
        waiting = iter(tasks)
        running: dict[Any, Task] = {}
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        try:
            while True:
                while len(running) < ahead and (task := next(waiting, None)) is not None:
                    future = self._client.submit(work, task, pure=False)
                    running[future] = task
                    future.add_done_callback(ended.put)
                if not running:
                    return
                future = self._next(ended)
                task = running.pop(future)
                yield task, self._result(future)
        finally:
            if running and self._client.status == "running":
                with suppress(Exception):  # of a scheduler that goes away now nothing runs any more
                    self._client.cancel(list(running), force=True)

    def _next(self, ended: queue.SimpleQueue[Any]) -> Any:  # noqa: ANN401
        """Return the next future that ended; raises ClusterError where nothing can end any more."""
        idle_s = 0.0
        while True:
            with suppress(queue.Empty):
                return ended.get(timeout=LOOK_S)
            idle_s = self._idle_s(idle_s)

    def _result(self, future: Any) -> Any:  # noqa: ANN401
        """Return the result of a future that ended, or Lost; raises ClusterError.

        A worker that is ended before its result was fetched takes it along: the task runs again, and is waited for.
        """
        idle_s = 0.0
        while True:
            try:
                return future.result(timeout=LOOK_S)
            except TimeoutError:
                idle_s = self._idle_s(idle_s)
            except CancelledError as error:
                raise ClusterError(self._gone) from error
            except Exception as error:
                if type(error).__name__ == "KilledWorker":
                    return Lost(KILLED)
                said = str(error).partition("\n")[0].rstrip(".")
                raise ClusterError(
                    f"Scheduler or workers {self.where} can't run squatscope ({type(error).__name__}: {said}); install the "
                    "same version there."
                ) from error

    def _idle_s(self, so_far_s: float) -> float:
        """Return how long there has been no worker; raises ClusterError where that is too long, or the scheduler is gone."""
        if self._client.status != "running":
            raise ClusterError(self._gone)
        idle_s = 0.0 if self.threads else so_far_s + LOOK_S
        if idle_s >= NO_WORKER_S:
            raise ClusterError(f"The cluster {self.where} has had no worker for {NO_WORKER_S:.0f} s; start some.")
        return idle_s

    @property
    def _gone(self) -> str:
        return f"The scheduler {self.where} is gone."


def _distributed() -> Any:  # noqa: ANN401
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise ClusterError(INSTALL) from None
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it logs tracebacks; what went wrong is told as a sentence
    return distributed
