"""What processes and clusters cost: by task, from one worker to two and to two hundred, and what one writing process can take from a thousand.

    python benchmarks/bench_cluster.py

The clusters are real (a scheduler and workers in processes of their own), but for the thousand workers, whose results come from a thread at the times
at which they would.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle
import numpy as np
import psutil
from cluster_work import sample_computing, sample_resting, sample_tiny
from results_page import markdown_table, write_section
from simulated_cluster import Load, measure_load

from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.executors import SerialExecutor, Workers
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.moments import block_moments, pooled_moments
from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.tasks import Task, TaskResult, run_task

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "tools"))

from local_cluster import LocalProcesses, local_processes

__all__ = ["write"]

BLOCK_SECONDS = 0.5
ROUNDS = 3


class TaskCost(NamedTuple):
    """Microseconds of a task of one tiny block: as seen from outside, and of processor time in this process, the scheduler and the workers."""

    wall: float
    own: float
    scheduler: float
    workers: float


def tiny_task() -> Task:
    return Task(sample_tiny, {}, ("value",), 1, 64, "numpy", 0, 1)


def processor_seconds(processes: Sequence[psutil.Process]) -> float:
    return float(sum(sum(process.cpu_times()[:2]) for process in processes))


def task_cost(
    executor: Executor, under_way: int, tasks: int, scheduler: Sequence[psutil.Process] = (), workers: Sequence[psutil.Process] = ()
) -> TaskCost:
    """Return what a task costs with so many ``under_way``."""
    wait([executor.submit(run_task, tiny_task()) for _ in range(20)])  # whoever answers has imported what it needs
    before = time.perf_counter(), time.process_time(), processor_seconds(scheduler), processor_seconds(workers)
    pending: set[Future[Any]] = set()
    begun = 0
    while begun < tasks or pending:
        while begun < tasks and len(pending) < under_way:
            pending.add(executor.submit(run_task, tiny_task()))
            begun += 1
        _, pending = wait(pending, return_when=FIRST_COMPLETED) if under_way < 100 else wait(pending)
    after = time.perf_counter(), time.process_time(), processor_seconds(scheduler), processor_seconds(workers)
    return TaskCost(*(1e6 * (end - start) / tasks for start, end in zip(before, after, strict=True)))


def children(pool: ProcessPoolExecutor) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in pool._processes]


def cost_rows(cluster: LocalProcesses) -> list[list[str]]:
    """Return the table of tasks."""
    found: list[tuple[str, int, TaskCost]] = [("this process", 1, task_cost(SerialExecutor(), 1, 2000))]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        wait([pool.submit(run_task, tiny_task()) for _ in range(20)])
        found.append(("two processes", 4, task_cost(pool, 4, 2000, workers=children(pool))))
    team = Workers(scheduler=cluster.address)
    executor = team.choose(0.0).executor
    ends = [psutil.Process(cluster.scheduler.pid)], [psutil.Process(worker.pid) for worker in cluster.workers]
    found.append(("Dask, two workers", 4, task_cost(executor, 4, 500, *ends)))
    found.append(("Dask, two workers", 2000, task_cost(executor, 2000, 4000, *ends)))
    team.close()
    return [
        [
            name,
            f"{under_way}",
            f"{cost.wall:.0f}",
            f"{cost.own:.0f}",
            f"{cost.scheduler:.0f}" if cost.scheduler else "",
            f"{cost.workers:.0f}" if cost.workers else "",
        ]
        for name, under_way, cost in found
    ]


def bytes_rows() -> list[list[str]]:
    """Return how many bytes travel."""
    rows = []
    for name, parameters in (
        ("few numbers", {"n": 10, "d": 100, "signal": 0.25}),
        ("a tuple of 1000 numbers", {"x": tuple(np.linspace(0, 1, 1000))}),
    ):
        task = Task(sample_tiny, parameters, ("value",), 2**100, 64, "numpy", 10**6, 20, "0" * 32)
        rows.append([f"task, parameters: {name}", f"{len(cloudpickle.dumps((run_task, (task,)))):,}"])
    for k in (1, 4, 8):
        vectors = np.repeat(block_moments(np.random.default_rng(0).standard_normal((k, 64)))[None], 20, axis=0)
        rows.append([f"result, 20 blocks of {k} statistic{'s' if k > 1 else ''}", f"{len(pickle.dumps(TaskResult(0, vectors, 1.0, None))):,}"])
    return rows


def block_rows(folder: Path) -> list[list[str]]:
    """Return what the writing process does for a block."""
    rows = []
    for k in (1, 4):
        vector = block_moments(np.random.default_rng(0).standard_normal((k, 64)))
        cells = []
        for together in (1, 20, 1000):
            ledger = Ledger(folder / f"rows-{k}-{together}.sqlite")
            record, count = ledger.record("rows"), 200 if together == 1 else 40_000 // together
            runs = [(first * together, np.broadcast_to(vector, (together, vector.size))) for first in range(count)]
            begin = time.process_time()
            for first, vectors in runs:
                ledger.insert(record, first, vectors)
            cells.append(f"{1e6 * (time.process_time() - begin) / (count * together):.1f}")
            if together == 1000:
                blocks = count * together
                begin = time.process_time()
                pooled_moments(tuple("abcdefgh"[:k]), ledger.vectors(record, blocks))
                cells.append(f"{1e6 * (time.process_time() - begin) / blocks:.1f}")
            ledger.close()
        rows.append([f"{k}", *cells])
    return rows


class Drawn(NamedTuple):
    """Seconds that an experiment took, and processor seconds meanwhile of the scheduler, of this process and of the workers."""

    seconds: float
    scheduler: float
    own: float
    workers: float


def drawn_with(cluster: LocalProcesses, sampler: Callable[..., Any], blocks: int, seed: int) -> Drawn:
    """Draw ``blocks`` blocks on the cluster, connected and warm."""
    engine = Engine(workers=Workers(scheduler=cluster.address))
    experiment = engine.experiment(make_request(sampler, {"seconds": BLOCK_SECONDS}), ("value",), seed)
    # The speed is known from an earlier look, as it is in all but the first.
    engine.moments(experiment, 2 * engine.workers.jobs)
    scheduler, workers = [psutil.Process(cluster.scheduler.pid)], [psutil.Process(worker.pid) for worker in cluster.workers]

    def clocks() -> tuple[float, ...]:
        return time.perf_counter(), processor_seconds(scheduler), time.process_time(), processor_seconds(workers)

    before = clocks()
    engine.moments(experiment, 2 * engine.workers.jobs + blocks)
    found = Drawn(*(end - start for start, end in zip(before, clocks(), strict=True)))
    engine.close()
    return found


def idle_share(cluster: LocalProcesses, seconds: float = 5.0) -> float:
    """Return the processor time that scheduler and workers take in a second in which nothing is asked of them."""
    processes = [psutil.Process(process.pid) for process in (cluster.scheduler, *cluster.workers)]
    before = processor_seconds(processes)
    time.sleep(seconds)
    return (processor_seconds(processes) - before) / seconds


def efficiency_rows(folder: Path, blocks: int = 20) -> list[list[str]]:
    """Return the efficiency from one worker to two, rounds in turn, and the processor time of scheduling."""
    rows = []
    work = blocks * BLOCK_SECONDS
    with local_processes(folder / "one", 1) as one, local_processes(folder / "two", 2) as two:
        one.wait_for_workers(1)
        two.wait_for_workers(2)
        idle = idle_share(two)
        for name, sampler, own in (("resting", sample_resting, 0.0), ("computing", sample_computing, work)):
            ratios, shares, costs = [], [], []
            for number in range(ROUNDS):
                alone, together = drawn_with(one, sampler, blocks, number), drawn_with(two, sampler, blocks, number)
                ratios.append(alone.seconds / (2 * together.seconds))
                shares.append(work / alone.seconds)
                costs.append((together.scheduler + together.own + together.workers - own - idle * together.seconds) / work)
            spread = f"[{min(ratios):.3f}, {max(ratios):.3f}]"
            rows.append(
                [name, f"{np.median(shares):.3f}", f"{np.median(ratios):.3f} {spread}", f"{100 * np.median(costs):.1f} %", f"{100 * idle / 2:.1f} %"]
            )
    return rows


def many_rows(folder: Path) -> list[list[str]]:
    """Return how well many real workers, threads that rest, are kept busy, and what their scheduler and this process do meanwhile."""
    rows = []
    for threads in (20, 100, 200):
        with local_processes(folder / f"many{threads}", 0) as cluster:
            for _ in range(2):
                cluster.add_worker("--nthreads", f"{threads // 2}")
            cluster.wait_for_workers(2)
            blocks = 40 * threads
            drawn = drawn_with(cluster, sample_resting, blocks, 0)
        use = blocks * BLOCK_SECONDS / (threads * drawn.seconds)
        rows.append([f"{threads}", f"{use:.3f}", *(f"{100 * busy / drawn.seconds:.0f} %" for busy in (drawn.scheduler, drawn.own))])
    return rows


def load_row(name: str, load: Load) -> list[str]:
    rates = [f"{rate:,.0f}" for rate in (load.blocks_per_second, load.tasks_per_second, load.transactions_per_second)]
    shares = [f"{100 * share:.1f} %" for share in (load.busy, load.ledger)]
    return [
        name,
        f"{load.seconds:.0f} s",
        *rates,
        *shares,
        " / ".join(f"{1e3 * lag:.1f}" for lag in load.lags),
        f"{load.used:.2f}" if load.used else "",
    ]


def load_rows(folder: Path) -> list[list[str]]:
    """Return what simulated workers ask of the writing process."""
    return [
        load_row("1000 workers, blocks of 0.5 s", measure_load(folder, 1000, 0.5, 100_000)),
        load_row("1000 workers, blocks of 0.04 s", measure_load(folder, 1000, 0.04, 600_000)),
        load_row("workers that take no time", measure_load(folder, 1000, 0.0, 400_000)),
    ]


def sections() -> list[str]:
    """Measure, and return the paragraphs of the page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with local_processes(folder / "costs", 2) as cluster:
            cluster.wait_for_workers(2)
            costs = cost_rows(cluster)
        blocks, loads = block_rows(folder), load_rows(folder)
        efficiency, many = efficiency_rows(folder), many_rows(folder)
    return [
        "Microseconds of a task that holds one tiny block: from outside, and the processor time of each side.",
        markdown_table(("tasks go to", "under way", "wall", "this process", "scheduler", "workers"), costs),
        "Bytes on the way.",
        markdown_table(("what", "bytes"), bytes_rows()),
        "Processor time, in microseconds a block, of the one process that writes: into a ledger in a file, so many blocks to a transaction, and at "
        "the end of a look reading all back and pooling them.",
        markdown_table(("statistics", "1 together", "20 together", "1000 together", "read and pooled"), blocks),
        f"Blocks of {BLOCK_SECONDS:g} s on one worker process and on two. One worker: time of the blocks over time taken. Two: half the time of "
        f"one over time taken, median of {ROUNDS} rounds with their range. Resting blocks sleep; computing ones take processor time, for which "
        "other programs compete here. Scheduling is all processor time of two workers, scheduler and this process that is neither the blocks' own "
        "nor what the same processes take when nothing is asked of them, as a share of the blocks' time; the last column is that of the idle ones, "
        "as a share of two cores.",
        markdown_table(("blocks", "one worker", "efficiency of two", "scheduling", "idle"), efficiency),
        f"Many workers: threads of two worker processes, resting for blocks of {BLOCK_SECONDS:g} s, 40 blocks each. Use is the time of the blocks "
        "over workers times time taken; busy is processor time over time taken.",
        markdown_table(("workers", "use", "scheduler busy", "this process busy"), many),
        "Simulated workers that drive the real engine and a ledger in a file: rates a second; the share of the time that the writing process does "
        "something, and is inside the ledger; lag from a result's arrival until it is safe, median / 99 % / longest; and use of the workers.",
        markdown_table(("cluster", "time", "blocks", "tasks", "transactions", "busy", "ledger", "lag in ms", "use"), loads),
    ]


def write() -> None:
    """Measure and write the section of the page."""
    write_section("cluster", "Processes and clusters", "python benchmarks/suite.py cluster", sections())


if __name__ == "__main__":
    print("\n\n".join(sections()))
