"""What the engine costs beside the sampling: for every headline sampler, and by block, by task, by question, all measured in one run.

    python benchmarks/bench_engine.py

The limit is 5 % of the sampling time; the script exits with 1 if a sampler is above it for no known reason.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from limit_cases import CASES, Case
from results_page import markdown_table, write_section
from timed_sampler import sample_timed, taken_seconds

from theorylab.backend import generator
from theorylab.laboratory import Laboratory
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.executors import SerialExecutor
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.moments import block_moments, pool_blocks
from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.streams import experiment_key
from theorylab.montecarlo.tasks import Task, run_task
from theorylab.montecarlo.threads import one_blas_thread

__all__ = ["overhead", "write"]

LIMIT = 0.05
# Of a sampler: rounds, each under a seed of its own, and the seconds of sampling in a round.
ROUNDS, ROUND_SECONDS = 6, 0.25
# A replicate below this time is hardly dearer than reading its statistics three times and raising them to the fourth power.
CHEAP_SECONDS = 1.5e-7
CHEAP = "a replicate takes little longer than its moments"
Step = tuple[str, float, str]


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


class Share(NamedTuple):
    """Of one sampler: replicates a block, seconds of sampling a block, and what the engine takes beyond it, as a share of it."""

    block: int
    seconds: float
    share: float

    @property
    def reason(self) -> str:
        """Why the share is above the limit, where a reason is known."""
        return CHEAP if self.share > LIMIT and self.seconds / self.block < CHEAP_SECONDS else ""


def overhead(case: Case, folder: Path) -> Share:
    """Return what an experiment with a file ledger takes beyond its sampling, in processor time: the least of the rounds."""
    engine = Engine(Ledger(folder / "overhead.sqlite"))
    request = make_request(sample_timed, {"case": case.name})
    found = []
    for seed in range(ROUNDS):
        experiment = engine.experiment(request, case.statistics, seed, separate=case.separate)
        # The first blocks compile, and tell the engine how long a block takes.
        engine.moments(experiment, 2)
        taken_seconds()
        engine.moments(experiment, 4)
        blocks = max(2, round(ROUND_SECONDS / (0.5 * taken_seconds())))
        begin = time.process_time()
        engine.moments(experiment, 4 + blocks)
        whole, sampling = time.process_time() - begin, taken_seconds()
        found.append(Share(request.block, sampling / blocks, whole / sampling - 1.0))
    engine.close()
    return min(found, key=lambda one: one.share)


def by_block(folder: Path) -> Iterator[Step]:
    """Yield what each step of a block of 4096 replicates costs."""
    request = make_request(sample_short, {})
    yield "request and key", time_of(lambda: experiment_key(0, make_request(sample_short, {}).name, request.canonical)), ""
    yield "generator", time_of(lambda: generator("numpy", 2**100, 7)), ""
    data = np.random.default_rng(0).standard_normal((8, 4096))
    for k in (1, 2, 4, 8):
        yield f"moments, k = {k}", time_of(partial(block_moments, data[:k])), ""
    ledger = Ledger(folder / "rows.sqlite")
    record = ledger.record("rows")
    vector = block_moments(data[:4])[None]
    numbers = iter(range(10**9))
    yield "ledger, one row in one transaction", time_of(lambda: ledger.insert(record, next(numbers), vector)), ""
    many = np.repeat(vector, 64, axis=0)
    bulk = ledger.record("bulk")
    places = iter(range(0, 10**9, 64))
    yield "ledger, a row among 64 in one transaction", time_of(lambda: ledger.insert(bulk, next(places), many), 50) / 64, ""
    yield "reading 64 rows back", time_of(lambda: ledger.vectors(bulk, 64)), ""
    for k in (1, 4):
        vectors = np.repeat(block_moments(data[:k])[None], 64, axis=0)
        yield f"pooling 64 blocks, k = {k}", time_of(partial(pool_blocks, vectors, k)), ""
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


def by_task() -> Iterator[Step]:
    """Yield what a task costs on each kind of executor."""
    yield "serial", per_task(SerialExecutor(), 1), ""
    begin = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        cost = per_task(pool, 4)
        yield "processes", cost, f"{time.perf_counter() - begin - 300 * cost:.1f} s to start"
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        return
    begin = time.perf_counter()
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        cost = per_task(client.get_executor(pure=False), 4)
        yield "Dask, one worker process", cost, f"{time.perf_counter() - begin - 300 * cost:.1f} s to start"


def by_question(folder: Path) -> Iterator[Step]:
    """Yield what a question costs when its blocks are in the ledger, in a new laboratory each time."""
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
        yield f"{kind} within {100 * margin:g} %", time_of(partial(ask, kind, margin), 30), f"{verdict.state}, {looks} looks"
    engine.close()


def _steps_table(title: str, steps: Iterator[Step]) -> str:
    lines = [[label, f"{1e6 * seconds:.3g}", note] for label, seconds, note in steps]
    return markdown_table((title, "us", "note"), lines, left=1)


def tables() -> tuple[list[str], list[str]]:
    """Measure all; return the paragraphs of the section and the names of the samplers that are above the limit for no known reason."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [(case, overhead(case, folder)) for case in CASES if case.replicates is None]
        with one_blas_thread():
            blocks = _steps_table("a block of 4096 replicates", by_block(folder))
        tasks = _steps_table("a task of one tiny block (a task aims at 0.25 s)", by_task())
        questions = _steps_table("a question on a warm ledger", by_question(folder))
    lines = [
        [
            case.slug,
            case.name,
            str(share.block),
            f"{len(case.statistics)}{' separate' if case.separate else ''}",
            f"{1e3 * share.seconds:.3g}",
            f"{100 * share.share:.1f} %",
            share.reason,
        ]
        for case, share in found
    ]
    columns = ("paper", "sampler", "block", "statistics", "ms of sampling a block", "the engine beyond it", "above 5 % because")
    paragraphs = [
        "What an experiment takes beyond its sampler: streams, checks, moments, tasks and the ledger in a file, as a share of the sampler's own "
        "time, at the sampler's own block size and with the statistics that its figure or claim records. Processor time on one thread, the least of "
        "six rounds.",
        markdown_table(columns, lines, left=2),
        "The steps one by one, by the clock on the wall (medians).",
        blocks,
        tasks,
        questions,
    ]
    return paragraphs, [case.name for case, share in found if share.share > LIMIT and not share.reason]


def write() -> None:
    """Write the section of the page of results."""
    paragraphs, unexplained = tables()
    write_section("overhead", "What the engine costs", "python benchmarks/suite.py overhead", paragraphs)
    if unexplained:
        print(f"the engine costs more than {100 * LIMIT:g} % of the sampling for no known reason: {'; '.join(unexplained)}", file=sys.stderr)


def main() -> int:
    """Print the tables; return 1 if the engine is too dear for no known reason."""
    paragraphs, unexplained = tables()
    print("\n\n".join(paragraphs))
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
