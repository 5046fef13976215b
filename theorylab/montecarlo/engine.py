"""The engine: draws the blocks of an experiment that the ledger lacks, and pools them."""

from __future__ import annotations

import json
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from theorylab.backend import check_backend
from theorylab.montecarlo.executors import Workers
from theorylab.montecarlo.fingerprint import fingerprint
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.moments import MAXIMUM_STATISTICS, Moments, pooled_moments
from theorylab.montecarlo.samplers import Request, SamplerError, columns_of
from theorylab.montecarlo.separate_moments import MAXIMUM_SEPARATE, SeparateMoments
from theorylab.montecarlo.streams import experiment_key
from theorylab.montecarlo.tasks import Task, TaskResult, draw_once, run_task

__all__ = ["Engine", "Experiment", "Progress", "WorkerError"]

# A task aims at this long: long against what sending it costs, short against patience and against what a crash can lose.
TASK_SECONDS = 0.25


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
    except RuntimeError as error:  # BrokenExecutor is one, and so is "cannot schedule new futures"
        future: Future[TaskResult] = Future()
        future.set_exception(error)
        return future


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
        Called with a `Progress` after every finished task.
    """

    def __init__(
        self,
        ledger: Ledger | None = None,
        workers: Workers | None = None,
        backend: str = "numpy",
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.ledger = ledger or Ledger()
        self.workers = workers or Workers()
        self.backend = check_backend(backend)
        self.progress = progress
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
        names = tuple(statistics)
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
            "backend": self.backend,
            "fingerprint": fingerprint(request.sampler) or self._typed_number(request.sampler),
        }
        return json.dumps(parts | how, sort_keys=True, separators=(",", ":"))

    def runs(self, request: Request, names: tuple[str, ...], seed: int, size: int) -> np.ndarray:
        """Return the values, (k, size), of the statistics ``names`` in ``size`` single runs, drawn once and kept in the ledger as they are.

        Raises
        ------
        SamplerError
            If the sampler has no such statistic, or a value is not finite.
        """
        ledger = self._ledger_of(fingerprint(request.sampler))
        record = ledger.record(self._identity(request, names, seed, {"runs": size}))
        if ledger.missing(record, 1):
            begin = time.perf_counter()
            values = columns_of(draw_once(request, self.backend, seed, size), names, size)
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
            If a worker process dies or a cluster gives up.
        """
        ledger = self._ledger_of(experiment.code)
        record = ledger.record(experiment.identity)
        missing = ledger.missing(record, blocks)
        if missing:
            self._draw(experiment, ledger, record, missing, blocks)
        vectors = ledger.vectors(record, blocks)
        return SeparateMoments(experiment.statistics, vectors) if experiment.separate else pooled_moments(experiment.statistics, vectors)

    def _ledger_of(self, code: str | None) -> Ledger:
        if code is not None:
            return self.ledger
        # Without a fingerprint nobody could tell whose blocks these are, so they must not outlive the process.
        if self._memory is None:
            self._memory = Ledger()
        return self._memory

    def _tasks(self, experiment: Experiment, missing: list[int]) -> Iterator[Task]:
        """Cut the missing blocks into tasks; looks up the speed anew for each, so that lengths adapt while work goes on."""
        position = 0
        while position < len(missing):
            seconds = self._block_seconds.get(experiment.identity)
            length = 1 if seconds is None else max(1, int(TASK_SECONDS / max(seconds, 1e-9)))
            first = missing[position]
            count = 1
            while count < length and position + count < len(missing) and missing[position + count] == first + count:
                count += 1
            yield Task(
                experiment.request.sampler,
                experiment.request.parameters,
                experiment.statistics,
                experiment.key,
                experiment.request.block,
                self.backend,
                first,
                count,
                experiment.code,
                experiment.separate,
            )
            position += count

    def _draw(self, experiment: Experiment, ledger: Ledger, record: int, missing: list[int], blocks: int) -> None:
        begin = time.perf_counter()
        done = 0
        tasks = self._tasks(experiment, missing)
        under_way: set[Future[TaskResult]] = set()
        failure: tuple[int, str] | None = None
        broken: Exception | None = None
        try:
            while broken is None:
                seconds = self._block_seconds.get(experiment.identity, 0.0)
                executor, capacity = self.workers.choose(seconds * (len(missing) - done), portable=experiment.code is not None)
                # After a failed block nothing new is begun, but what is under way is waited for: it is work done, and one of its blocks may
                # have failed too. Tasks begin in order, so the lowest failed block is named, whoever was faster.
                while failure is None and len(under_way) < capacity and (task := next(tasks, None)) is not None:
                    under_way.add(_submit(executor, task))
                if not under_way:
                    break
                finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    try:
                        result = future.result()
                    except Exception as error:  # a sampler's own errors come back as results, so the worker is what failed
                        broken = error
                        continue
                    failed = self._keep(experiment, ledger, record, result)
                    failure = min(filter(None, (failure, failed)), default=None)
                    done += len(result.vectors)
                self._report(experiment, (blocks - len(missing) + done), blocks, done, time.perf_counter() - begin)
        finally:
            for future in under_way:
                future.cancel()
        if broken is not None:
            self.workers.forget_pool()
        if failure is not None:
            block, message = failure
            raise SamplerError(f"block {block} of {experiment.label} failed: {message}")
        if broken is None:
            return
        reason = " ".join(f"{type(broken).__name__}: {broken}".split())
        raise WorkerError(f"a worker died while drawing {experiment.label} ({reason}); finished blocks are kept, run again to go on")

    def _keep(self, experiment: Experiment, ledger: Ledger, record: int, result: TaskResult) -> tuple[int, str] | None:
        count = len(result.vectors)
        if count:
            ledger.insert(record, result.first, result.vectors)
            # The first block may have compiled a kernel or loaded a module, so the latest speed counts, not the average.
            self._block_seconds[experiment.identity] = result.seconds / count
            self.replicates_drawn += count * experiment.request.block
            self.sampling_seconds += result.seconds
        if result.failure is None:
            return None
        ledger.fail(record, result.first + count, result.failure)
        return result.first + count, result.failure

    def _report(self, experiment: Experiment, there: int, blocks: int, drawn: int, seconds: float) -> None:
        if self.progress is not None:
            size = experiment.request.block
            self.progress(Progress(experiment.label, there * size, blocks * size, drawn * size / max(seconds, 1e-9), self.half_width))

    def close(self) -> None:
        """Stop the workers and close the ledger."""
        self.workers.close()
        self.ledger.close()
