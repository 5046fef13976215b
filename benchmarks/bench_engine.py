"""What the engine costs beside the sampling: by block, by task, by question, all measured in one run.

    python benchmarks/bench_engine.py

The limit is 5 % of the sampling time for blocks of about 0.1 s; the script exits with 1 above it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from theorylab.backend import generator
from theorylab.laboratory import Laboratory
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.executors import SerialExecutor
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.moments import block_moments, pool_blocks
from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.streams import experiment_key
from theorylab.montecarlo.tasks import Task, run_task

LIMIT = 0.05
_sampling_seconds = 0.0


def sample_long(rng: Any, size: int, *, dimension: int = 1000) -> dict[str, np.ndarray]:
    """Four statistics in about 0.1 s a block; it keeps its own time, so that the rest is the engine's."""
    global _sampling_seconds
    begin = time.perf_counter()
    # A chunk at a time stays in the cache.
    sums = np.concatenate([np.sum(rng.standard_normal((64, dimension)) ** 2, axis=1) for _ in range(size // 64)]) / dimension
    other = rng.standard_normal((2, size))
    values = {"a": sums, "b": sums * other[0], "c": other[1], "d": (sums > 1.0).astype(float)}
    _sampling_seconds += time.perf_counter() - begin
    return values


def sample_short(rng: Any, size: int) -> dict[str, np.ndarray]:
    """Two statistics in well under a millisecond."""
    x = rng.standard_normal(size)
    return {"x": x**2, "y": x**2 + rng.standard_normal(size)}


def time_of(function: Callable[[], Any], repeats: int = 200) -> float:
    """Return the median seconds of a call."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def row(label: str, seconds: float, note: str = "") -> None:
    """Print one line of the table."""
    shown = f"{1e6 * seconds:9.0f} us" if seconds < 0.01 else f"{1e3 * seconds:9.1f} ms"
    print(f"  {label:<52} {shown}  {note}")


def overhead(folder: Path, blocks: int = 64) -> float:
    """Return what an experiment with a file ledger takes beyond its sampling, as a share of the sampling."""
    global _sampling_seconds
    engine = Engine(Ledger(folder / "overhead.sqlite"))
    experiment = engine.experiment(make_request(sample_long, {}), ("a", "b", "c", "d"), 0)
    engine.moments(experiment, 1)
    _sampling_seconds = 0.0
    begin = time.perf_counter()
    engine.moments(experiment, 1 + blocks)
    wall = time.perf_counter() - begin
    engine.close()
    share = wall / _sampling_seconds - 1.0
    print(f"overhead beside blocks of {1e3 * _sampling_seconds / blocks:.0f} ms (4 statistics, ledger in a file): {100 * share:.2f} % of sampling\n")
    return share


def by_block(folder: Path) -> None:
    """Print what each step of a block costs."""
    print("per block of 4096 replicates")
    request = make_request(sample_short, {})
    row("request and key", time_of(lambda: experiment_key(0, make_request(sample_short, {}).name, request.canonical)))
    row("generator", time_of(lambda: generator("numpy", 2**100, 7)))
    data = np.random.default_rng(0).standard_normal((8, 4096))
    for k in (1, 2, 4, 8):
        row(f"moments, k = {k}", time_of(partial(block_moments, data[:k])))
    ledger = Ledger(folder / "rows.sqlite")
    record = ledger.record("rows")
    vector = block_moments(data[:4])[None]
    numbers = iter(range(10**9))
    row("ledger, one row in one transaction", time_of(lambda: ledger.insert(record, next(numbers), vector)))
    many = np.repeat(vector, 64, axis=0)
    bulk = ledger.record("bulk")
    places = iter(range(0, 10**9, 64))
    row("ledger, a row among 64 in one transaction", time_of(lambda: ledger.insert(bulk, next(places), many), 50) / 64)
    row("reading 64 rows back", time_of(lambda: ledger.vectors(bulk, 64)))
    for k in (1, 4):
        vectors = np.repeat(block_moments(data[:k])[None], 64, axis=0)
        row(f"pooling 64 blocks, k = {k}", time_of(partial(pool_blocks, vectors, k)))
    ledger.close()


def per_task(executor: Executor, capacity: int, tasks: int = 300) -> float:
    """Return the seconds per task of one tiny block, ``capacity`` of them under way."""
    request = make_request(sample_short, {})
    task = Task(sample_short, request.parameters, ("x",), 1, 1, "numpy", 0, 1)
    under_way: set[Future[Any]] = {executor.submit(run_task, task) for _ in range(capacity)}
    wait(under_way)  # workers are up, and have imported what they need
    under_way = set()
    begin = time.perf_counter()
    done = 0
    while done < tasks:
        while len(under_way) < capacity:
            under_way.add(executor.submit(run_task, task))
        finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
        done += len(finished)
    seconds = (time.perf_counter() - begin) / done
    wait(under_way)  # nothing is left behind when the executor closes
    return seconds


def by_task() -> None:
    """Print what a task costs on each kind of executor."""
    print("\nper task (a task aims at 250 ms)")
    row("serial", per_task(SerialExecutor(), 1))
    begin = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        cost = per_task(pool, 4)
        row("processes", cost, f"{time.perf_counter() - begin - 300 * cost:.1f} s to start")
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        print("  Dask is not installed")
        return
    begin = time.perf_counter()
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        cost = per_task(client.get_executor(pure=False), 4)
        row("Dask, one worker process", cost, f"{time.perf_counter() - begin - 300 * cost:.1f} s to start")


def by_question(folder: Path) -> None:
    """Print what a question costs when its blocks are in the ledger."""
    print("\nper question on a warm ledger (a new laboratory each time)")
    engine = Engine(Ledger(folder / "questions.sqlite"))

    def ask(kind: str, margin: float) -> Any:
        run = Laboratory(engine=engine).run(sample_short)
        if kind == "mean":
            return run.mean("x").agrees_with(1.0, relative=margin, refutes={"two": 2.0})
        if kind == "ratio":
            return (run.mean("y") / run.mean("x")).agrees_with(1.0, relative=margin, refutes={"two": 2.0})
        return run.probability_below(1.0, "x").agrees_with(0.6826894921370859, relative=margin)

    for kind, margin in (("mean", 0.05), ("mean", 0.01), ("ratio", 0.05), ("proportion", 0.05)):
        verdict = ask(kind, margin)
        looks = (verdict.replicates // 4096).bit_length()
        row(f"{kind} within {100 * margin:g} %", time_of(partial(ask, kind, margin), 30), f"{verdict.state}, {looks} looks")
    engine.close()


def main() -> int:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        share = overhead(folder)
        with threadpool_limits(1):  # as inside a task
            by_block(folder)
        by_task()
        by_question(folder)
    if share > LIMIT:
        print(f"\nthe engine costs {100 * share:.1f} % of the sampling time, more than {100 * LIMIT:g} %")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
