"""A cluster of any number of workers that is not there: an executor that brings results at the times at which such a cluster would.

What it drives is real: the engine, its queue, its tasks and a ledger in a file. So it shows what one process that writes can take.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cluster_work import sample_tiny

import theorylab.montecarlo.engine as engine_module
from theorylab.montecarlo.cluster import cluster_task_seconds
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.executors import Choice, Workers
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.moments import block_moments
from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.tasks import Task, TaskResult

__all__ = ["Load", "measure_load"]

STATISTICS = ("a", "b")


class _SimulatedCluster(Executor):
    """Workers of slightly different speeds, each with a queue of its own, whose results a thread hands over when their time has come."""

    def __init__(self, workers: int, block_seconds: float) -> None:
        self.block_seconds = block_seconds
        speeds = np.random.default_rng(0).uniform(0.8, 1.2, workers)
        # (when it will be free, its number): a task goes to whoever is free first.
        self._free = [(0.0, number) for number in range(workers)]
        self._slowness = 1.0 / speeds
        self._ends: list[tuple[float, int, Future[Any], Task]] = []
        self._count = 0
        self._lock = threading.Condition()
        self._closed = False
        self.finished: dict[int, float] = {}
        self._vector = block_moments(np.random.default_rng(1).standard_normal((len(STATISTICS), 64)))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a task to the worker that is free first."""
        task: Task = args[0]
        future: Future[Any] = Future()
        with self._lock:
            free, number = heapq.heappop(self._free)
            end = max(free, time.perf_counter()) + task.count * self.block_seconds * self._slowness[number]
            heapq.heappush(self._free, (end, number))
            self._count += 1
            heapq.heappush(self._ends, (end, self._count, future, task))
            self._lock.notify()
        return future

    def _serve(self) -> None:
        while True:
            with self._lock:
                while not self._closed and (not self._ends or self._ends[0][0] > time.perf_counter()):
                    self._lock.wait(self._ends[0][0] - time.perf_counter() if self._ends else None)
                if self._closed:
                    return
                _, _, future, task = heapq.heappop(self._ends)
            vectors = np.broadcast_to(self._vector, (task.count, self._vector.size))
            self.finished[task.first] = time.perf_counter()
            future.set_result(TaskResult(task.first, vectors, task.count * self.block_seconds, None))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the thread."""
        with self._lock:
            self._closed = True
            self._lock.notify()
        self._thread.join()


class _Team(Workers):
    """Workers that are asked as a cluster of this size would be."""

    def __init__(self, executor: Executor, workers: int) -> None:
        super().__init__()
        self.choice = Choice(executor, workers, 2 * workers, cluster_task_seconds(workers))

    def choose(self, expected_seconds: float, portable: bool = True) -> Choice:
        """Return the one there is."""
        return self.choice


class _TimedLedger(Ledger):
    """Notes when which runs of blocks were safe."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.kept: dict[int, float] = {}
        self.transactions = 0
        self.seconds = 0.0

    def insert_runs(self, record: int, runs: Iterable[tuple[int, np.ndarray]]) -> None:
        """Insert and note the time."""
        runs = list(runs)
        begin = time.perf_counter()
        super().insert_runs(record, runs)
        now = time.perf_counter()
        self.seconds += now - begin
        self.transactions += 1
        self.kept |= dict.fromkeys((first for first, _ in runs), now)


@dataclass(frozen=True)
class Load:
    """What the writing process did for a simulated cluster.

    Attributes
    ----------
    blocks_per_second, tasks_per_second, transactions_per_second
        Over the whole run.
    processor, busy, ledger
        Shares of the time: its thread's processor time, all but waiting for results, and inside the ledger.
    lags
        Seconds from a result's arrival until it is safe in the file: median, 99 % and longest.
    used
        Worker time spent on blocks, as a share of workers times seconds.
    """

    blocks: int
    seconds: float
    blocks_per_second: float
    tasks_per_second: float
    transactions_per_second: float
    processor: float
    busy: float
    ledger: float
    lags: tuple[float, float, float]
    used: float


def measure_load(folder: Path, workers: int, block_seconds: float, blocks: int) -> Load:
    """Draw ``blocks`` blocks of ``block_seconds`` with ``workers`` workers that are not there."""
    ledger = _TimedLedger(folder / f"{workers}-{block_seconds}-{blocks}.sqlite")
    executor = _SimulatedCluster(workers, block_seconds)
    engine = Engine(ledger, _Team(executor, workers))
    experiment = engine.experiment(make_request(sample_tiny, {}), STATISTICS, 0)
    waited = 0.0
    arrived = engine_module._arrived

    def timed(finished: Any) -> Any:
        nonlocal waited
        begin = time.perf_counter()
        futures = arrived(finished)
        waited += time.perf_counter() - begin
        return futures

    record = ledger.record(experiment.identity)
    missing = ledger.missing(record, blocks)
    engine_module._arrived = timed
    begin, processor = time.perf_counter(), time.thread_time()
    try:
        engine._draw(experiment, ledger, record, missing, blocks)
    finally:
        engine_module._arrived = arrived
    seconds, processor = time.perf_counter() - begin, time.thread_time() - processor
    executor.shutdown()
    assert ledger.info().blocks == blocks
    lags = np.array([ledger.kept[first] - executor.finished[first] for first in ledger.kept])
    engine.close()
    return Load(
        blocks=blocks,
        seconds=seconds,
        blocks_per_second=blocks / seconds,
        tasks_per_second=len(lags) / seconds,
        transactions_per_second=ledger.transactions / seconds,
        processor=processor / seconds,
        busy=1.0 - waited / seconds,
        ledger=ledger.seconds / seconds,
        lags=(float(np.median(lags)), float(np.quantile(lags, 0.99)), float(lags.max())),
        used=blocks * block_seconds / (seconds * workers),
    )
