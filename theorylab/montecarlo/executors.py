"""Who draws the blocks: this process, a pool of processes, or a Dask cluster. The bits are the same from all three."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

from theorylab.validation import whole_number

__all__ = ["ClusterError", "Workers"]

# A pool is worth its start (about 2.5 s for spawned processes) only for work that is clearly longer.
POOL_WORTH_SECONDS = 5.0
# How often a cluster gives a task whose worker died to another one.
RETRIES = 3


class ClusterError(RuntimeError):
    """The scheduler of a cluster cannot be reached."""


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


def _connect(address: str) -> tuple[Executor, int, Callable[[], None]]:
    try:
        from distributed import Client
        from distributed.comm.addressing import parse_address, parse_host_port
        from distributed.comm.registry import get_backend
    except ImportError:
        raise ClusterError('a scheduler needs the package distributed: pip install "theorylab[cluster]"') from None
    try:
        # A client that was made with an address it cannot understand keeps trying, and complains when it is deleted.
        scheme, place = parse_address(address)
        get_backend(scheme)
        if scheme != "inproc":
            parse_host_port(place)
    except (ValueError, TypeError) as error:
        raise ClusterError(f"{address!r} is not the address of a scheduler, such as tcp://host:8786 ({' '.join(str(error).split())})") from None
    try:
        client = Client(address, timeout="5s", set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ClusterError(f"cannot reach a scheduler at {address!r} within 5 s ({reason})") from None
    workers = sum(client.nthreads().values())
    if workers == 0:
        client.close()
        raise ClusterError(f"the scheduler at {address!r} has no workers")
    # Blocks are keyed by position, so a task that runs twice because a worker died is harmless.
    return client.get_executor(pure=False, retries=RETRIES), workers, client.close


class Workers:
    """Chooses the executor of an experiment and keeps one pool for the whole session.

    Parameters
    ----------
    jobs
        Number of processes, an integer >= 1; with 1 everything runs in this process.
    scheduler
        Address of a Dask scheduler such as ``tcp://host:8786``, or None.
    worth_seconds
        Work shorter than this is done in this process, since starting a pool would take longer.
    """

    def __init__(self, jobs: int = 1, scheduler: str | None = None, worth_seconds: float = POOL_WORTH_SECONDS) -> None:
        self.jobs = whole_number("jobs", jobs)
        self.scheduler = scheduler
        self._worth_seconds = worth_seconds
        self._serial = SerialExecutor()
        self._pool: Executor | None = None
        self._close: Callable[[], None] | None = None
        if scheduler is not None:
            # Connect at once: an address that is wrong should be said before anything is drawn.
            self._pool, self.jobs, self._close = _connect(scheduler)

    def choose(self, expected_seconds: float, portable: bool = True) -> tuple[Executor, int]:
        """Return the executor for work of about ``expected_seconds`` and the number of tasks to keep under way.

        Work that is not ``portable``, because another process of this machine could not import its sampler, stays in this one; a cluster is
        sent the function itself.
        """
        if self.scheduler is not None and self._pool is not None:
            return self._pool, 2 * self.jobs
        if not portable or self.jobs == 1 or (self._pool is None and expected_seconds < self._worth_seconds):
            return self._serial, 1
        if self._pool is None:
            # Forked children of a process with numba or BLAS threads can hang; spawned ones cannot.
            self._pool = ProcessPoolExecutor(self.jobs, mp_context=multiprocessing.get_context("spawn"))
        return self._pool, 2 * self.jobs

    def forget_pool(self) -> None:
        """Drop a pool that broke, so that the next experiment starts a new one."""
        if self._pool is not None and self.scheduler is None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def close(self) -> None:
        """Stop the pool or leave the cluster."""
        self.forget_pool()
        if self._close is not None:
            self._pool = None
            self._close()
            self._close = None
