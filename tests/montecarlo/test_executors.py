"""The bits do not depend on who draws the blocks, and a worker that dies takes no finished block with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bench_samplers
import numpy as np
import pytest
import threadpoolctl

from theorylab.montecarlo.engine import Engine, WorkerError
from theorylab.montecarlo.executors import ClusterError, SerialExecutor, Workers
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.samplers import SamplerError, make_request
from theorylab.montecarlo.tasks import Task, run_task

BLOCKS = 60


def vector(workers: Workers | None, sampler: Any, statistics: tuple[str, ...], **parameters: Any) -> bytes:
    engine = Engine(workers=workers)
    return engine.moments(engine.experiment(make_request(sampler, parameters), statistics, 7), BLOCKS).vector.tobytes()


def both(workers: Workers | None) -> tuple[bytes, bytes]:
    pair = vector(workers, bench_samplers.sample_gamma_pair, ("first", "second", "large"))
    return pair, vector(workers, bench_samplers.sample_products, ("value",))


@pytest.fixture
def pool() -> Iterator[Workers]:
    workers = Workers(2, worth_seconds=0.0)
    yield workers
    workers.close()


def test_spawned_processes_draw_the_same_bits_as_this_one(pool: Workers) -> None:
    assert both(pool) == both(None)
    assert pool._pool is not None  # they were really used


def test_a_dask_cluster_draws_the_same_bits_as_this_process() -> None:
    distributed = pytest.importorskip("distributed")
    # Two threads of one worker, which share the BLAS library and its number of threads.
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        workers = Workers(scheduler=cluster.scheduler_address)
        assert workers.jobs == 2
        assert both(workers) == both(None)
        workers.close()
        workers.close()


def test_a_failing_block_is_named_by_a_pool_too(pool: Workers, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    engine = Engine(workers=pool)
    request = make_request(bench_samplers.sample_failing, {"flag": str(flag), "after": 0})
    with pytest.raises(SamplerError, match=r"^block 0 of sample_failing\(.*(\)|\.\.\.) failed: RuntimeError: the dog ate it$"):
        engine.moments(engine.experiment(request, ("value",), 0), 4)


def test_a_killed_worker_is_reported_and_finished_blocks_are_kept(pool: Workers, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    path = tmp_path / "ledger.sqlite"
    engine = Engine(Ledger(path), pool)
    experiment = engine.experiment(make_request(bench_samplers.sample_suicidal, {"flag": str(flag)}), ("value",), 0)
    with pytest.raises(
        WorkerError, match=r"^a worker died while drawing sample_suicidal\(.*\) \(BrokenProcessPool: .*; finished blocks are kept, run ag"
    ):
        engine.moments(experiment, 24)
    missing = engine.ledger.missing(engine.ledger.record(experiment.identity), 24)
    assert 0 < len(missing) < 24
    # The same engine goes on with a new pool; the flag is gone.
    resumed = engine.moments(experiment, 24)
    assert engine.replicates_drawn == 24 * 64
    undisturbed = Engine()
    assert undisturbed.moments(experiment, 24).vector.tobytes() == resumed.vector.tobytes()


def test_a_sampler_that_others_cannot_import_stays_in_this_process(pool: Workers) -> None:
    def sample_nested(rng: Any, size: int) -> Any:
        return rng.standard_normal(size)

    engine = Engine(workers=pool)
    assert engine.moments(engine.experiment(make_request(sample_nested, {}), ("value",), 0), 8).count == 8 * 4096
    assert pool._pool is None


def task_of(sampler: Any, code: str | None = None) -> Task:
    return Task(sampler, {}, ("value",), 1, 64, "numpy", 0, 1, code)


def test_a_worker_with_other_code_refuses() -> None:
    result = run_task(task_of(bench_samplers.sample_products, code="0" * 32))
    assert len(result.vectors) == 0
    assert result.failure == "the worker has other code than this process (edited since, or not the same version): restart both"


def blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]


@pytest.mark.skipif(not blas_threads(), reason="no BLAS library that can be limited")
def test_blas_has_one_thread_for_as_long_as_any_task_runs() -> None:
    before = blas_threads()
    inside, leave = threading.Barrier(2), threading.Event()
    seen: list[list[int]] = []

    def sample_first(rng: Any, size: int) -> Any:
        inside.wait(10)
        return np.zeros(size)

    def sample_second(rng: Any, size: int) -> Any:
        inside.wait(10)
        leave.wait(10)
        seen.append(blas_threads())
        return np.zeros(size)

    try:
        with ThreadPoolExecutor(2) as threads:
            second = threads.submit(run_task, task_of(sample_second))
            first = threads.submit(run_task, task_of(sample_first))
            first.result(20)  # the first is over while the second still runs
            leave.set()
            second.result(20)
        assert seen == [[1] * len(before)]
    finally:
        threadpoolctl.threadpool_limits({"blas": max(before)})
    assert run_task(task_of(sample_blas_threads)).failure is None
    assert blas_threads() == before  # the main thread puts the limit back


def sample_blas_threads(rng: Any, size: int) -> Any:
    assert set(blas_threads()) == {1}
    return np.zeros(size)


def test_work_that_is_too_short_for_a_pool_is_done_here() -> None:
    workers = Workers(2)
    choice = workers.choose(4.9)
    assert isinstance(choice.executor, SerialExecutor)
    assert choice.capacity == 1
    assert isinstance(Workers(1).choose(1e9).executor, SerialExecutor)
    workers.close()


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "two", True])
def test_jobs_must_be_a_positive_integer(jobs: Any) -> None:
    with pytest.raises(ValueError, match=r"^jobs must be (an|one) integer >= 1; got "):
        Workers(jobs)


def test_a_scheduler_that_cannot_be_reached_is_one_line() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ClusterError, match=r"^cannot reach a scheduler at 'tcp://127.0.0.1:1' within 5 s \([^\n]+\)$"):
        Workers(scheduler="tcp://127.0.0.1:1")


@pytest.mark.parametrize("address", ["nonsense://x", "", "host", "tcp://host"])
def test_an_address_that_is_none_is_said_at_once(address: str) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ClusterError, match=rf"^{address!r} is not the address of a scheduler, such as tcp://host:8786 \([^\n]+\)$"):
        Workers(scheduler=address)


def test_the_serial_executor_passes_interrupts_on() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    def fail() -> None:
        raise OSError("x")

    with pytest.raises(KeyboardInterrupt):
        SerialExecutor().submit(interrupt)
    assert isinstance(SerialExecutor().submit(fail).exception(), OSError)
