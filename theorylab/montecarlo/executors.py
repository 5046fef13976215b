"""Who draws the blocks: this process, a pool of processes, or a Dask cluster. The bits are the same from all three."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any, NamedTuple

from theorylab.montecarlo.cluster import Cluster, ClusterError, cluster_task_seconds
from theorylab.validation import real, text, whole_number

__all__ = ["Choice", "ClusterError", "SerialExecutor", "Workers"]

# A pool is worth its start (about 2.5 s for spawned processes) only for work that is clearly longer.
POOL_WORTH_SECONDS = 5.0
# On one machine a task aims at this long: long against the 0.3 ms that sending it costs, short against patience and what a crash can lose.
TASK_SECONDS = 0.25
# Idle workers end in a few milliseconds; one that has not ended after this time is at work.
PATIENCE_SECONDS = 0.5


class SerialExecutor(Executor):
    """Runs every call at once, in this process."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``function`` now and return its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C from this thread, and for good from the processes that it starts here."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Make this worker end when the process that started it does, however that happens; otherwise it would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        parent.join()  # type: ignore[union-attr]
        os._exit(1)

    if parent is not None:
        threading.Thread(target=wait, daemon=True).start()


class _Pool(ProcessPoolExecutor):
    """Processes of this machine that live no longer than they are wanted.

    A terminal sends Ctrl-C to them too, where each would say so at length. They are left alone, and this process ends them.
    """

    def __init__(self, jobs: int) -> None:
        # Forked children of a process with numba or BLAS threads can hang; spawned ones cannot.
        super().__init__(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_parent)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call; a process for it may be started here."""
        with _interrupts_held():
            return super().submit(function, *args, **kwargs)

    def stop(self) -> None:
        """End idle workers in good order, and those that are in the middle of something, or hang, by force."""
        processes = list((self._processes or {}).values())
        manager: Any = self._executor_manager_thread
        self.shutdown(wait=False, cancel_futures=True)
        try:
            if manager is not None:
                manager.join(PATIENCE_SECONDS)
        finally:
            for process in processes:
                process.kill()
        if manager is not None:
            manager.join()


class Choice(NamedTuple):
    """An executor for the work at hand, and how to use it.

    Attributes
    ----------
    workers, capacity
        Tasks that run at once, and tasks to keep under way, so that a worker has the next one at hand when it is done.
    task_seconds
        How long a task should be.
    """

    executor: Executor
    workers: int
    capacity: int
    task_seconds: float


class Workers:
    """Chooses the executor of an experiment and keeps one pool for the whole session.

    Parameters
    ----------
    jobs
        Number of processes, an integer >= 1; with 1 everything runs in this process.
    scheduler
        Address of a Dask scheduler such as ``tcp://host:8786``, the path of a scheduler file, or None.
    worth_seconds
        Work shorter than this is done in this process, since starting a pool would take longer.

    Raises
    ------
    ClusterError
        If the scheduler cannot be reached or has no workers.
    """

    def __init__(self, jobs: int = 1, scheduler: str | None = None, worth_seconds: float = POOL_WORTH_SECONDS) -> None:
        self.jobs = whole_number("jobs", jobs)
        self.scheduler = None if scheduler is None else text("scheduler", scheduler)
        self._worth_seconds = real("worth_seconds", worth_seconds, minimum=0.0)
        self._serial = SerialExecutor()
        self._pool: _Pool | None = None
        self._cluster: Cluster | None = None
        if scheduler is not None:
            # Connect at once: an address that is wrong should be said before anything is drawn.
            self._cluster = Cluster(scheduler)
            self.jobs = self._cluster.threads

    def choose(self, expected_seconds: float, portable: bool = True) -> Choice:
        """Return the executor for work of about ``expected_seconds``.

        Work that is not ``portable``, because another process of this machine could not import its sampler, stays in this one; a cluster is
        sent the function itself.

        Raises
        ------
        ClusterError
            If the cluster is lost, or has had no workers for too long.
        """
        if self.scheduler is not None:
            if self._cluster is None:  # lost, or closed, since the last experiment
                self._cluster = Cluster(self.scheduler)
            self._cluster.look()
            self.jobs = max(1, self._cluster.threads)
            return Choice(self._cluster.executor, self.jobs, 2 * self.jobs, cluster_task_seconds(self.jobs))
        if not portable or self.jobs == 1 or (self._pool is None and expected_seconds < self._worth_seconds):
            return Choice(self._serial, 1, 1, TASK_SECONDS)
        if self._pool is None:
            self._pool = _Pool(self.jobs)
        return Choice(self._pool, self.jobs, 2 * self.jobs, TASK_SECONDS)

    def explain(self, error: BaseException) -> tuple[str, str]:
        """Return who failed, and what an exception that came in place of a task's result means, in one line."""
        if self.scheduler is None:
            return "a worker died", " ".join(f"{type(error).__name__}: {error}".split())
        return "the cluster failed", str(error) if self._cluster is None else self._cluster.explain(error)

    def cancel(self, futures: Iterable[Future[Any]]) -> None:
        """Take back tasks that have not begun."""
        if self._cluster is not None:
            self._cluster.cancel(futures)
            return
        for future in futures:
            future.cancel()

    def forget_pool(self) -> None:
        """Drop a pool that broke or a cluster that was lost, so that the next experiment starts or connects anew."""
        if self._pool is not None:
            self._pool.stop()
            self._pool = None
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def close(self) -> None:
        """Stop the pool or leave the cluster."""
        self.forget_pool()
