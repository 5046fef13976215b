"""The engine: draws the blocks of an experiment that the ledger lacks, and pools them."""

from __future__ import annotations

import json
import statistics
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from math import comb
from queue import Empty, SimpleQueue
from types import CodeType
from typing import Any

import numpy as np

from theorylab.backend import check_backend
from theorylab.montecarlo.executors import Choice, ClusterError, Workers
from theorylab.montecarlo.fingerprint import fingerprint
from theorylab.montecarlo.ledger import Ledger, LedgerError
from theorylab.montecarlo.moments import MAXIMUM_STATISTICS, MOST_BLOCKS, Moments, pool_blocks, pooled_in_chunks, pooled_moments
from theorylab.montecarlo.samplers import Request, SamplerError, backend_of
from theorylab.montecarlo.separate_moments import LENGTH as SEPARATE_LENGTH
from theorylab.montecarlo.separate_moments import MAXIMUM_SEPARATE, SeparateMoments, pool_separate_blocks
from theorylab.montecarlo.streams import experiment_key
from theorylab.montecarlo.tasks import Task, TaskResult, draw_runs, run_task
from theorylab.validation import flag, function, instance, items, whole_number

__all__ = ["Engine", "Experiment", "Progress", "WorkerError"]

# While nothing arrives, the workers are looked at this often: those of a cluster that is lost would be waited for for ever.
WAIT_SECONDS = 1.0
# Towards the end tasks become shorter, so that all workers have work to the last, but not shorter than this part of a full one.
SHORTEST = 0.25


class WorkerError(RuntimeError):
    """A worker or its cluster died; what was finished is in the ledger."""


@dataclass(frozen=True)
class Progress:
    """How far an experiment is: replicates there, replicates wanted, the speed of this run, and the width reached at the last look."""

    label: str
    done: int
    wanted: int
    replicates_per_second: float
    half_width: float | None = None


@dataclass(frozen=True)
class Experiment:
    """A sampler with its parameters and the statistics that are recorded of it, under one seed.

    Two experiments are equal, and share their blocks, if their identities are equal.
    """

    request: Request = field(compare=False)
    statistics: tuple[str, ...] = field(compare=False)
    seed: int = field(compare=False)
    identity: str
    key: int = field(compare=False)
    code: str | None = field(compare=False)
    separate: bool = field(default=False, compare=False)

    @property
    def label(self) -> str:
        """Short name for messages: the sampler and its parameters."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.request.parameters.items())
        text = f"{self.request.sampler.__name__}({' '.join(shown.split())})"
        return text if len(text) <= 120 else text[:117] + "..."


def _submit(executor: Executor, task: Task) -> Future[TaskResult]:
    """Submit a task; a pool that is already broken answers like one that breaks later."""
    try:
        return executor.submit(run_task, task)
    except (RuntimeError, OSError) as error:  # BrokenExecutor is one, and so is "cannot schedule new futures"
        future: Future[TaskResult] = Future()
        future.set_exception(error)
        return future


def _arrived(finished: SimpleQueue[Future[TaskResult]]) -> list[Future[TaskResult]]:
    """Return the futures that have come to their end, all that are there, waiting a while for the first."""
    futures: list[Future[TaskResult]] = []
    try:
        futures.append(finished.get(timeout=WAIT_SECONDS))
        while True:
            futures.append(finished.get_nowait())
    except Empty:
        pass
    return futures


def _results(futures: Iterable[Future[TaskResult]]) -> tuple[list[TaskResult], Exception | None]:
    """Return what finished tasks brought, and the first exception that came in place of a result."""
    results, broken = [], None
    for future in futures:
        try:
            results.append(future.result())
        except Exception as error:  # a sampler's own errors come back as results, so the worker is what failed
            broken = broken or error
    return results, broken


def _believed(result: TaskResult, length: int) -> TaskResult:
    """Return what a worker brought, or a failure where it is no moments: nobody knows what happened to the memory of another machine."""
    vectors = result.vectors
    if len(vectors) == 0 or (vectors.ndim == 2 and vectors.shape[1] == length and vectors.dtype == np.float64 and np.isfinite(vectors).all()):
        return result
    message = f"the worker returned no moments: an array of {vectors.dtype}, shape {vectors.shape}"
    return TaskResult(result.first, np.empty(0), result.seconds, message)


def _task_length(block_seconds: float | None, left: int, choice: Choice) -> int:
    """Return how many of the ``left`` blocks that nobody has begun the next task should take."""
    if block_seconds is None:
        return 1
    full = max(1, int(choice.task_seconds / max(block_seconds, 1e-9)))
    if choice.workers == 1:
        return full
    # Half of an equal share: however uneven the speeds, what is left is spread over all who are free.
    return min(full, max(int(SHORTEST * full), -(-left // (2 * choice.workers)), 1))


class Engine:
    """Draws blocks and remembers them.

    Parameters
    ----------
    ledger
        Where blocks are kept; None for a ledger in memory.
    workers
        Who draws them; this process if None.
    backend
        ``"numpy"`` or ``"cupy"``.
    progress
        Called with a `Progress` whenever finished tasks have been put into the ledger.
    """

    def __init__(
        self,
        ledger: Ledger | None = None,
        workers: Workers | None = None,
        backend: str = "numpy",
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.ledger = Ledger() if ledger is None else instance("ledger", ledger, Ledger)
        self.workers = Workers() if workers is None else instance("workers", workers, Workers)
        self.backend = check_backend(backend)
        self.progress = None if progress is None else function("progress", progress)
        # Set by whoever asks, so that the progress line can say how far the interval has come.
        self.half_width: float | None = None
        self.replicates_drawn = 0
        self.sampling_seconds = 0.0
        self._memory: Ledger | None = None
        self._typed: weakref.WeakKeyDictionary[Callable[..., Any], tuple[CodeType, int]] = weakref.WeakKeyDictionary()
        self._typed_count = 0
        self._block_seconds: dict[str, float] = {}

    def experiment(self, request: Request, statistics: Sequence[str], seed: int, *, separate: bool = False) -> Experiment:
        """Name the record of ``statistics`` of ``request`` under ``seed``: joint moments, or with ``separate`` those of each by itself.

        Raises
        ------
        ValueError
            If there are no statistics, two of one name, or more than eight (512 if separate).
        """
        instance("request", request, Request)
        names, seed, separate = tuple(items("statistics", statistics, str)), whole_number("seed", seed, minimum=0), flag("separate", separate)
        most = MAXIMUM_SEPARATE if separate else MAXIMUM_STATISTICS
        if not 1 <= len(names) <= most or len(set(names)) != len(names):
            hint = "" if separate else " (or up to 512 with separate=True)"
            raise ValueError(f"statistics must be 1 to {most} different names{hint}; got {names}")
        identity = self._identity(request, names, seed, {"block": request.block} | ({"separate": True} if separate else {}))
        key = experiment_key(seed, request.name, request.canonical)
        return Experiment(request, names, seed, identity, key, fingerprint(request.sampler), separate)

    def _identity(self, request: Request, names: tuple[str, ...], seed: int, how: dict[str, Any]) -> str:
        """Write down all that decides what a record holds."""
        parts = {
            "sampler": request.name,
            "parameters": json.loads(request.canonical),
            "seed": seed,
            "statistics": names,
            "backend": backend_of(request.sampler, self.backend),
            "fingerprint": fingerprint(request.sampler) or self._typed_number(request.sampler),
        }
        return json.dumps(parts | how, sort_keys=True, separators=(",", ":"))

    def _identity_of_runs(self, request: Request, names: tuple[str, ...], seed: int, size: int) -> str:
        # More runs than a block holds are drawn a block at a time; of fewer, the block says nothing.
        return self._identity(request, names, seed, {"runs": size} | ({"block": request.block} if size > request.block else {}))

    def runs(self, request: Request, names: tuple[str, ...], seed: int, size: int) -> np.ndarray:
        """Return the values, (k, size), of the statistics ``names`` in ``size`` single runs, drawn once and kept in the ledger as they are.

        Raises
        ------
        SamplerError
            If the sampler has no such statistic, or a value is not finite.
        """
        names = tuple(items("names", names, str, minimum=1))
        seed, size = whole_number("seed", seed, minimum=0), whole_number("size", size, maximum=2**30)
        ledger = self._ledger_of(fingerprint(instance("request", request, Request).sampler))
        record = ledger.record(self._identity_of_runs(request, names, seed, size))
        if ledger.missing(record, 1):
            begin = time.perf_counter()
            values = draw_runs(request, names, self.backend, seed, size)
            ledger.insert(record, 0, values.reshape(1, -1))
            self.replicates_drawn += size
            self.sampling_seconds += time.perf_counter() - begin
        return ledger.vectors(record, 1).reshape(len(names), size).copy()

    def _typed_number(self, sampler: Callable[..., Any]) -> int:
        """Return the number of a sampler without a fingerprint: typed anew under the same name, a sampler must not find the blocks of the old one."""
        known = self._typed.get(sampler)
        if known is None or known[0] is not sampler.__code__:
            self._typed_count += 1
            known = self._typed[sampler] = sampler.__code__, self._typed_count
        return known[1]

    def moments(self, experiment: Experiment, blocks: int) -> Moments | SeparateMoments:
        """Return the pooled moments of blocks 0 to ``blocks - 1``, drawing those that the ledger lacks.

        Raises
        ------
        SamplerError
            If a block raises or holds a value that is not finite; the ledger keeps the message and the next run tries again.
        WorkerError
            If a worker process dies, or a cluster is lost or has no workers any more.
        """
        blocks = whole_number("blocks", blocks, maximum=MOST_BLOCKS)
        ledger = self._ledger_of(instance("experiment", experiment, Experiment).code)
        record = ledger.record(experiment.identity)
        missing = ledger.missing(record, blocks)
        if missing:
            self._draw(experiment, ledger, record, missing, blocks)
        if experiment.separate:
            return SeparateMoments(experiment.statistics, pooled_in_chunks(partial(ledger.vectors_between, record), blocks, pool_separate_blocks))
        pool = partial(pool_blocks, k=len(experiment.statistics))
        return pooled_moments(experiment.statistics, pooled_in_chunks(partial(ledger.vectors_between, record), blocks, pool))

    def _ledger_of(self, code: str | None) -> Ledger:
        if code is not None:
            return self.ledger
        # Without a fingerprint nobody could tell whose blocks these are, so they must not outlive the process.
        if self._memory is None:
            self._memory = Ledger()
        return self._memory

    def _task(self, experiment: Experiment, missing: list[int], position: int, choice: Choice) -> Task:
        """Make a task of the next missing blocks; looks up the speed anew each time, so that lengths adapt while work goes on."""
        length = _task_length(self._block_seconds.get(experiment.identity), len(missing) - position, choice)
        first = missing[position]
        count = 1
        while count < length and position + count < len(missing) and missing[position + count] == first + count:
            count += 1
        return Task(
            experiment.request.sampler,
            experiment.request.parameters,
            experiment.statistics,
            experiment.key,
            experiment.request.block,
            backend_of(experiment.request.sampler, self.backend),
            first,
            count,
            experiment.code,
            experiment.separate,
        )

    def _draw(self, experiment: Experiment, ledger: Ledger, record: int, missing: list[int], blocks: int) -> None:
        begin = time.perf_counter()
        position = done = 0
        under_way: set[Future[TaskResult]] = set()
        finished: SimpleQueue[Future[TaskResult]] = SimpleQueue()
        failure: tuple[int, str] | None = None
        broken: Exception | None = None
        try:
            while broken is None:
                seconds = self._block_seconds.get(experiment.identity, 0.0)
                try:
                    choice = self.workers.choose(seconds * (len(missing) - done), portable=experiment.code is not None)
                except ClusterError as error:
                    broken = error
                    break
                # After a failed block nothing new is begun, but what is under way is waited for: it is work done, and one of its blocks may
                # have failed too. Tasks begin in order, so the lowest failed block is named, whoever was faster.
                while failure is None and len(under_way) < choice.capacity and position < len(missing):
                    task = self._task(experiment, missing, position, choice)
                    position += task.count
                    future = _submit(choice.executor, task)
                    under_way.add(future)
                    future.add_done_callback(finished.put)
                if not under_way:
                    break
                arrived = _arrived(finished)
                results, broken = _results(arrived)
                failed = self._keep(experiment, ledger, record, results)
                under_way.difference_update(arrived)
                failure = min(filter(None, (failure, failed)), default=None)
                done += sum(len(result.vectors) for result in results)
                if results:
                    self._report(experiment, (blocks - len(missing) + done), blocks, done, time.perf_counter() - begin)
            self._keep_late(experiment, ledger, record, under_way)
        except LedgerError:
            raise
        except BaseException:  # Ctrl-C above all
            self._keep_late(experiment, ledger, record, under_way)
            raise
        finally:
            self.workers.cancel(under_way)
        if broken is not None:
            who, reason = self.workers.explain(broken)
            self.workers.forget_pool()
        if failure is not None:
            block, message = failure
            raise SamplerError(f"block {block} of {experiment.label} failed: {message}")
        if broken is not None:
            raise WorkerError(f"{who} while drawing {experiment.label} ({reason}); finished blocks are kept, run again to go on") from broken

    def _keep(self, experiment: Experiment, ledger: Ledger, record: int, results: list[TaskResult]) -> tuple[int, str] | None:
        """Put all results into the ledger at once; return the lowest block that failed, with its message."""
        length = SEPARATE_LENGTH * len(experiment.statistics) if experiment.separate else comb(len(experiment.statistics) + 4, 4)
        results = [_believed(result, length) for result in results]
        full = [result for result in results if len(result.vectors)]
        if full:
            ledger.insert_runs(record, [(result.first, result.vectors) for result in full])
            # The first block may have compiled a kernel or loaded a module, so the latest speed counts, not the average.
            self._block_seconds[experiment.identity] = statistics.median(result.seconds / len(result.vectors) for result in full)
            self.replicates_drawn += sum(len(result.vectors) for result in full) * experiment.request.block
            self.sampling_seconds += sum(result.seconds for result in full)
        failures = [(result.first + len(result.vectors), result.failure) for result in results if result.failure is not None]
        for block, message in failures:
            ledger.fail(record, block, message)
        return min(failures, default=None)

    def _keep_late(self, experiment: Experiment, ledger: Ledger, record: int, under_way: Iterable[Future[TaskResult]]) -> None:
        """On the way out, keep what has come back in the meantime: it is no less finished."""
        self._keep(experiment, ledger, record, _results(future for future in under_way if future.done())[0])

    def _report(self, experiment: Experiment, there: int, blocks: int, drawn: int, seconds: float) -> None:
        if self.progress is not None:
            size = experiment.request.block
            self.progress(Progress(experiment.label, there * size, blocks * size, drawn * size / max(seconds, 1e-9), self.half_width))

    def close(self) -> None:
        """Stop the workers and close the ledger."""
        self.workers.close()
        self.ledger.close()
