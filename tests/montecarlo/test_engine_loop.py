"""The engine's loop: many tasks under way, finished in any order, kept together, and lost by nobody."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import bench_samplers
import numpy as np
import pytest

from theorylab.montecarlo.engine import Engine, Experiment, Progress, WorkerError, _believed, _task_length
from theorylab.montecarlo.executors import Choice, SerialExecutor, Workers
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.samplers import SamplerError, make_request
from theorylab.montecarlo.tasks import Task, TaskResult, run_task

BLOCK = 256


class Shuffled(Executor):
    """Every few milliseconds finishes all that it was given since, at once and in an order by chance."""

    def __init__(self, run: Callable[[Task], TaskResult] = run_task) -> None:
        self.run = run
        self.tasks: list[Task] = []
        self.waiting: list[tuple[Future[Any], Task]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.tasks.append(args[0])
        self.waiting.append((future, args[0]))
        return future

    def _serve(self) -> None:
        rng = random.Random(0)
        while not self._stop.wait(0.005):
            batch, self.waiting = self.waiting, []
            rng.shuffle(batch)
            for future, task in batch:
                self.finish(future, task)

    def finish(self, future: Future[Any], task: Task) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(self.run(task))
        except Exception as error:
            future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._stop.set()
        self._thread.join()


class Team(Workers):
    """Workers that use a given executor as if it were a cluster's."""

    def __init__(self, executor: Executor, workers: int, capacity: int, task_seconds: float) -> None:
        super().__init__()
        self.choice = Choice(executor, workers, capacity, task_seconds)

    def choose(self, expected_seconds: float, portable: bool = True) -> Choice:
        return self.choice


class Counting(Ledger):
    """Counts its transactions, and takes its time over them like a slow disk."""

    transactions = 0

    def insert_runs(self, record: int, runs: Iterable[tuple[int, np.ndarray]]) -> None:
        self.transactions += 1
        time.sleep(0.02)
        super().insert_runs(record, runs)


def pair(engine: Engine) -> Experiment:
    return engine.experiment(make_request(bench_samplers.sample_gamma_pair, {}), ("first", "second"), 0)


def test_thousands_of_tasks_in_any_order_are_kept_in_few_transactions(tmp_path: Path) -> None:
    blocks = 4000
    ledger = Counting(tmp_path / "ledger.sqlite")
    with Shuffled() as executor:
        # Tasks of no length are of one block each.
        engine = Engine(ledger, Team(executor, 1000, 2000, 0.0))
        moments = engine.moments(pair(engine), blocks)
    assert len(executor.tasks) == blocks
    assert [task.first for task in executor.tasks] == list(range(blocks))
    assert engine.replicates_drawn == blocks * BLOCK
    # Others finish while some are being written; one by one it would be 4000 transactions.
    assert ledger.transactions < blocks / 4
    engine.close()
    serial = Engine()
    assert serial.moments(pair(serial), blocks).vector.tobytes() == moments.vector.tobytes()


def test_the_lowest_of_many_failures_is_named_and_all_that_was_under_way_is_kept() -> None:
    def run(task: Task) -> TaskResult:
        if task.first in (13, 17, 40):
            return TaskResult(task.first, np.empty(0), 0.0, f"block {task.first} is bad")
        return run_task(task)

    with Shuffled(run) as executor:
        engine = Engine(workers=Team(executor, 25, 50, 0.0))
        experiment = pair(engine)
        with pytest.raises(SamplerError, match=r"^block 13 of sample_gamma_pair\(.*\) failed: block 13 is bad$"):
            engine.moments(experiment, 5000)
    record = engine.ledger.record(experiment.identity)
    begun = len(executor.tasks)
    assert begun < 5000
    assert engine.ledger.missing(record, begun) == [13, 17, 40]
    assert engine.ledger.info().failures == 3


@pytest.mark.parametrize("how", ["progress", "ledger"])
def test_an_interrupt_loses_nothing_that_was_finished(how: str, tmp_path: Path) -> None:
    ended = threading.Event()

    class Ending(Shuffled):
        def _serve(self) -> None:
            while len(self.waiting) < 20:
                time.sleep(0.001)
            batch = self.waiting[:20]
            self.finish(*batch[0])  # the engine wakes up for the first alone
            assert ended.wait(20)
            for future, task in batch[1:]:
                self.finish(future, task)
            ended.clear()

    def interrupt(*_: Any) -> None:
        if ended.is_set():
            return
        ended.set()
        while ended.is_set():  # until the others are finished too
            time.sleep(0.001)
        raise KeyboardInterrupt

    class Interrupted(Ledger):
        def insert_runs(self, record: int, runs: Iterable[tuple[int, np.ndarray]]) -> None:
            if not interrupted:
                interrupted.append(True)
                interrupt()
            super().insert_runs(record, runs)

    interrupted: list[bool] = []
    path = tmp_path / "ledger.sqlite"
    executor = Ending()
    team = Team(executor, 10, 20, 0.0)
    engine = Engine(Ledger(path), team, progress=interrupt) if how == "progress" else Engine(Interrupted(path), team)
    experiment = pair(engine)
    with pytest.raises(KeyboardInterrupt):
        engine.moments(experiment, 200)
    engine.close()
    again = Ledger(path)
    assert again.missing(again.record(experiment.identity), 20) == []
    again.close()
    executor.shutdown()
    assert all(future.cancelled() for future, _ in executor.waiting[20:])


def test_a_broken_executor_keeps_what_the_others_brought(tmp_path: Path) -> None:
    def run(task: Task) -> TaskResult:
        if task.first == 7:
            raise OSError("gone")
        return run_task(task)

    with Shuffled(run) as executor:
        engine = Engine(Ledger(tmp_path / "ledger.sqlite"), Team(executor, 10, 20, 0.0))
        experiment = pair(engine)
        with pytest.raises(WorkerError, match=r"^a worker died while drawing sample_gamma_pair\(.*\) \(OSError: gone\); finished blocks are kept"):
            engine.moments(experiment, 100)
    record = engine.ledger.record(experiment.identity)
    there = set(range(20)) - set(engine.ledger.missing(record, 20))
    assert 7 not in there
    assert there  # those that came before it, or with it


def choice(workers: int, task_seconds: float) -> Choice:
    return Choice(SerialExecutor(), workers, 2 * workers, task_seconds)


def test_tasks_have_the_length_that_the_executor_wants() -> None:
    assert _task_length(None, 1000, choice(4, 0.5)) == 1  # of unknown speed
    assert _task_length(0.01, 10**6, choice(4, 0.5)) == 50
    assert _task_length(0.01, 10**7, choice(1000, 10.0)) == 1000
    assert _task_length(3.0, 10**6, choice(4, 0.5)) == 1
    assert _task_length(1e-3, 10, choice(1, 0.25)) == 250  # alone there is nobody to share with
    assert _task_length(1e-3, 4001, choice(4, 10.0)) == 2500  # a quarter of a full task, more than half of an equal share
    assert _task_length(1e-3, 80_001, choice(4, 100.0)) == 25_000
    assert _task_length(1e-3, 2400, choice(4, 1.0)) == 300  # half of an equal share


def test_a_task_takes_neighbours_only_and_counts_what_nobody_has_begun() -> None:
    engine = Engine()
    experiment = pair(engine)
    missing = [3, 4, 5, 9, 10, 12]
    engine._block_seconds[experiment.identity] = 0.01
    taken = [engine._task(experiment, missing, position, choice(1, 1.0)) for position in (0, 1, 3, 5)]
    assert [(task.first, task.count) for task in taken] == [(3, 3), (4, 2), (9, 2), (12, 1)]
    # Of 1200 blocks 1000 are begun: half of a fourth of the rest.
    assert engine._task(experiment, list(range(1200)), 1000, choice(4, 1.0)).count == 25


@pytest.mark.parametrize("vectors", [np.full((2, 15), np.nan), np.zeros((2, 14)), np.zeros(15), np.zeros((2, 15), dtype=np.float32)])
def test_what_is_no_moments_is_a_failure_without_any(vectors: np.ndarray) -> None:
    result = _believed(TaskResult(7, vectors, 0.5, None), 15)
    assert (result.first, len(result.vectors)) == (7, 0)
    assert result.failure is not None
    assert result.failure.startswith("the worker returned no moments: an array of float")


def test_what_is_moments_is_believed() -> None:
    result = TaskResult(7, np.zeros((2, 15)), 0.5, None)
    assert _believed(result, 15) is result


def test_workers_are_chosen_by_the_time_that_is_left() -> None:
    engine = Engine()
    experiment = pair(engine)
    engine._block_seconds[experiment.identity] = 2.0
    asked: list[float] = []
    choose = engine.workers.choose

    def watched(seconds: float, *, portable: bool) -> Choice:
        asked.append(seconds)
        return choose(seconds, portable=portable)

    engine.workers.choose = watched  # type: ignore[method-assign]
    engine.moments(experiment, 3)
    assert asked[0] == 6.0
    assert asked[-1] == 0.0
    # The speed that is kept is that of one block.
    begin = time.perf_counter()
    engine.moments(experiment, 400)
    assert 0.0 < engine._block_seconds[experiment.identity] <= (time.perf_counter() - begin) / 3.0


@pytest.mark.parametrize("workers", [2, 7, 1000])
@pytest.mark.parametrize("blocks", [1, 5, 300, 40_000])
def test_towards_the_end_all_workers_have_work(workers: int, blocks: int) -> None:
    wanted = choice(workers, 0.5)
    full = 500
    left, lengths = blocks, []
    while left > 0:
        lengths.append(min(left, _task_length(0.001, left, wanted)))
        left -= lengths[-1]
    assert lengths[0] <= max(full / 4, -(-blocks // (2 * workers)))
    assert lengths == sorted(lengths, reverse=True)
    assert min(lengths[:-1], default=125) >= min(125, lengths[0])
    # Dealt out to whoever is free, nobody works longer than the others by more than one of the shortest tasks.
    busy = [0] * workers
    for length in lengths:
        busy[busy.index(min(busy))] += length
    assert max(busy) - min(busy) <= max(125, lengths[0] if len(lengths) <= workers else 125)


def test_progress_is_reported_once_for_what_arrives_together() -> None:
    seen: list[Progress] = []
    with Shuffled() as executor:
        engine = Engine(workers=Team(executor, 50, 100, 0.0), progress=seen.append)
        engine.half_width = 0.25
        engine.moments(pair(engine), 300)
    assert len(seen) < 300
    assert seen[-1].done == seen[-1].wanted == 300 * BLOCK
    assert [progress.done for progress in seen] == sorted({progress.done for progress in seen})
    assert all(progress.half_width == 0.25 for progress in seen)
