"""An engine and a laboratory that draw a little of everything and say what all of it would cost.

A question walks its looks as ever; but where the engine would draw blocks, this one answers with the moments of a pilot and the number of replicates
that the blocks would have had. So how many looks a question takes follows from the intervals themselves, with their waiting rules, in the code
that will decide it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from theorylab.backend import generator
from theorylab.device import UnbatchedDrawError
from theorylab.dry_run.calibration import CALL_SECONDS, Calibrator, Job, Pilot
from theorylab.dry_run.held import HeldBlocks
from theorylab.dry_run.limits import OutOfTime, time_limit
from theorylab.dry_run.stretching import stretched
from theorylab.laboratory import Laboratory
from theorylab.montecarlo.cluster import cluster_task_seconds
from theorylab.montecarlo.engine import Engine, Experiment
from theorylab.montecarlo.executors import POOL_WORTH_SECONDS, TASK_SECONDS
from theorylab.montecarlo.moments import Moments, block_moments
from theorylab.montecarlo.samplers import VALUE, Request, SamplerError, backend_of, columns_of, fetch, make_request
from theorylab.montecarlo.separate_moments import SeparateMoments, separate_block_moments
from theorylab.montecarlo.streams import experiment_key
from theorylab.validation import whole_number

__all__ = ["DryLaboratory", "EstimatingEngine", "Planned"]

# What a block costs besides sampler and moments: its key, its generator, its row in the ledger, its part in the pooling.
BLOCK_SECONDS = 2e-4
# Fewer replicates say too little of a variance.
LEAST_REPLICATES = 32
# So many blocks share a launch on a device, about; what a launch costs is small beyond.
BLOCKS_TOGETHER = 64
# What sending a task to another process, or through a cluster's scheduler, costs.
SEND_SECONDS, CLUSTER_SECONDS = 5e-4, 5e-3
T = TypeVar("T")


@dataclass
class Planned:
    """What one experiment, or one set of single runs, would draw.

    Attributes
    ----------
    replicates, new
        Replicates that are asked for, and those of them that the ledger lacks.
    seconds
        Processor seconds of the new ones.
    bytes
        Most memory of a block or call, besides that of the process.
    basis
        How the cost is known; see `theorylab.dry_run.calibration.Pilot`.
    steps
        Of an experiment in blocks: (new blocks, seconds of each) look by look, since a look waits for the one before it.
    """

    replicates: int
    new: int
    seconds: float
    bytes: float
    basis: str
    steps: list[tuple[int, float]] = field(default_factory=list)

    def hours(self, workers: int, cluster: bool = False) -> float:
        """Return the expected wall-clock hours with so many workers."""
        if not self.steps or (workers == 1 and not cluster):
            return self.seconds / 3600
        total = 0.0
        for blocks, seconds in self.steps:
            work = blocks * seconds
            if not cluster and work < POOL_WORTH_SECONDS:
                total += work
            elif blocks:
                length = cluster_task_seconds(workers) if cluster else TASK_SECONDS
                tasks = min(max(work / length, 1.0), blocks)
                total += work / min(workers, blocks) + (CLUSTER_SECONDS if cluster else SEND_SECONDS) * max(1.0, tasks / workers)
        return total / 3600


class EstimatingEngine(Engine):
    """Plans blocks and single runs instead of drawing them.

    Parameters
    ----------
    calibrator
        Measures the samplers.
    held
        What a ledger holds already.
    backend
        ``"numpy"`` or ``"cupy"``.

    Attributes
    ----------
    surveying
        While it is set, what would be measured is only listed, and every answer is 1.
    jobs
        What was listed.
    planned
        What would be drawn, by experiment.
    calibration_seconds
        Processor seconds that went into calibrations.
    """

    def __init__(self, calibrator: Calibrator, held: HeldBlocks, backend: str = "numpy") -> None:
        super().__init__(backend=backend)
        self.calibrator = calibrator
        self.held = held
        self.surveying = False
        self.jobs: dict[str, Job] = {}
        self.planned: dict[str, Planned] = {}
        self.calibration_seconds = 0.0
        self._vectors: dict[str, tuple[np.ndarray, float, str]] = {}

    def begin(self) -> None:
        """Forget the plan of the last sweep."""
        self.calibrator.renew()
        self.jobs, self.planned, self._vectors = {}, {}, {}
        self.calibration_seconds = 0.0

    @contextmanager
    def calibrating(self) -> Iterator[None]:
        """Count the processor time of this context as calibration, not as the sweep's own."""
        begin = time.process_time()
        # The limit around the sweep stands still; a single call has a limit of its own.
        try:
            with time_limit(100 * CALL_SECONDS):
                yield
        finally:
            self.calibration_seconds += time.process_time() - begin

    def _pilot(self, request: Request, seed: int, most: int, least: int = 1) -> Pilot | None:
        """Return the pilot of a request, or list it and return None."""
        backend = backend_of(request.sampler, self.backend)
        key = experiment_key(seed, request.name, request.canonical)

        def call(size: int) -> dict[str, np.ndarray]:
            values = _drawn(request, backend, key, size)
            return {column: fetch(data) for column, data in (values if isinstance(values, Mapping) else {VALUE: values}).items()}

        return self._found(f"{request.name}|{request.canonical}", Job(request.name, request.parameters, call, most, least))

    def _found(self, key: str, job: Job) -> Pilot | None:
        if not self.surveying:
            return self.calibrator.pilot(key, job)
        if key in self.jobs:
            job.most, job.least = max(job.most, self.jobs[key].most), max(job.least, self.jobs[key].least)
        self.jobs[key] = job
        return None

    def moments(self, experiment: Experiment, blocks: int) -> Moments | SeparateMoments:
        """Return the moments of a pilot as if ``blocks`` blocks had them, and plan these blocks."""
        with self.calibrating():
            request = experiment.request
            count = blocks * request.block
            together = BLOCKS_TOGETHER if self.calibrator.on_device else 1
            pilot = self._pilot(request, experiment.seed, max(together * request.block, LEAST_REPLICATES), LEAST_REPLICATES)
            if pilot is None:
                return _as_moments(experiment, _reduce(experiment)(np.ones((len(experiment.statistics), 2))), count)
            if experiment.identity not in self._vectors:
                self._vectors[experiment.identity] = _reduced(experiment, pilot)
            vector, reducing, basis = self._vectors[experiment.identity]
            seconds = pilot.cost.seconds(together * request.block) / together + reducing + BLOCK_SECONDS
            before = self.planned.get(experiment.identity)
            if before is None or before.replicates < count:
                missing = blocks - self.held.blocks(experiment.identity, blocks)
                steps = list(before.steps) if before else []
                steps.append((max(missing - sum(number for number, _ in steps), 0), seconds))
                held = pilot.cost.bytes(request.block)
                spent = missing * seconds + (pilot.cost.preparing_seconds if missing else 0.0)
                self.planned[experiment.identity] = Planned(count, missing * request.block, spent, held, basis, steps)
            return _as_moments(experiment, vector, count)

    def runs(self, request: Request, names: tuple[str, ...], seed: int, size: int) -> np.ndarray:
        """Return the values of a pilot again and again, as many as are asked for, and plan the runs."""
        with self.calibrating():
            group = min(size, request.block)
            pilot = self._pilot(request, seed, group)
            if pilot is None:
                return np.ones((len(names), size))
            identity = self._identity_of_runs(request, names, seed, size)
            self._plan_single(identity, size, pilot, group, size * (1 - self.held.blocks(identity, 1)))
            columns = _columns(pilot, names)
            return np.ones((len(names), size)) if columns is None else columns[:, np.arange(size) % columns.shape[1]]

    def raw(self, request: Request, seed: int, blocks: int) -> dict[str, np.ndarray]:
        """Return raw replicates of a pilot, as many as ``blocks`` blocks have, and plan them.

        Raises
        ------
        OutOfTime
            If not even the smallest call ended, so that nobody knows the columns.
        """
        with self.calibrating():
            # The columns have to be known even to list what comes after them.
            surveying, self.surveying = self.surveying, False
            pilot = self._pilot(request, seed, request.block)
            self.surveying = surveying
            size = blocks * request.block
            assert pilot is not None
            self._plan_single(f"raw {request.name}|{request.canonical}", size, pilot, request.block, size)
            if not pilot.calls:
                raise OutOfTime
            found: dict[str, np.ndarray] = stretched(pilot.calls, size)
            return found

    def called(self, request: Request, seed: int, size: int) -> Any:
        """Return what a single call would return, stretched from smaller ones, and plan it.

        Raises
        ------
        OutOfTime
            If not even the smallest call ended, so that nobody knows what it would return.
        """
        with self.calibrating():
            backend = backend_of(request.sampler, self.backend)
            key = experiment_key(seed, request.name, request.canonical)

            def call(replicates: int) -> Any:
                return request.sampler(generator(backend, key, 0), replicates, **request.parameters)

            job = Job(f"call {request.name}", request.parameters, call, size, least=2)
            identity = f"call {request.name}|{request.canonical}|{size}"
            pilot = self._found(identity, job)
            if pilot is None:
                # What it returns has to be known even to list what comes after it.
                pilot = self.calibrator.predicted(job) if self.calibrator.known(job.name) else self.calibrator.pilot(identity, job)
            self._plan_single(identity, size, pilot, size, size)
            if not pilot.calls:
                raise OutOfTime
            return stretched(pilot.calls, size)

    def _plan_single(self, identity: str, size: int, pilot: Pilot, group: int, new: int) -> None:
        """Plan replicates that this process draws in groups."""
        full, rest = divmod(size, group)
        seconds = full * pilot.cost.seconds(group) + (pilot.cost.seconds(rest) if rest else 0.0) + pilot.cost.preparing_seconds
        self.planned[identity] = Planned(size, new, seconds if new else 0.0, pilot.cost.bytes(group), pilot.basis)


def _drawn(request: Request, backend: str, key: int, size: int) -> Any:
    """Draw as a task would: on a device whole blocks together, if the sampler allows it."""
    blocks = size // request.block
    if backend == "numpy" or blocks < 2:
        return request.sampler(generator(backend, key, 0), size, **request.parameters)
    try:
        return request.sampler(generator(backend, key, 0, blocks, size), size, **request.parameters)
    except UnbatchedDrawError:
        return request.sampler(generator(backend, key, 0), size, **request.parameters)


def _reduce(experiment: Experiment) -> Callable[[np.ndarray], np.ndarray]:
    return separate_block_moments if experiment.separate else block_moments


def _columns(pilot: Pilot, statistics: Sequence[str]) -> np.ndarray | None:
    """Return the statistics in the replicates of a pilot, if it has them: other parameters may have had fewer."""
    size = max(pilot.calls, default=0)
    if size == 0:
        return None
    try:
        return columns_of(pilot.calls[size], statistics, size)
    except SamplerError:
        if pilot.basis == "measured":
            raise
        return None


def _reduced(experiment: Experiment, pilot: Pilot) -> tuple[np.ndarray, float, str]:
    """Return the moment vector of a pilot's replicates, the seconds that reducing a whole block takes, and the basis of both."""
    reduce, block = _reduce(experiment), experiment.request.block
    columns, basis = _columns(pilot, experiment.statistics), pilot.basis
    if columns is None or columns.shape[1] < 2:
        # Nothing is known of the spread: values that hardly differ end a question at its first look.
        columns, basis = 1.0 + 1e-9 * np.random.default_rng(0).standard_normal((len(experiment.statistics), 64)), "at least"
    whole = columns[:, np.arange(block) % columns.shape[1]]
    begin = time.process_time()
    reduce(whole)
    seconds = time.process_time() - begin
    return reduce(columns), seconds, basis


def _as_moments(experiment: Experiment, vector: np.ndarray, count: int) -> Moments | SeparateMoments:
    if not experiment.separate:
        return Moments(experiment.statistics, np.concatenate([[float(count)], vector[1:]]))
    vectors = vector.reshape(len(experiment.statistics), -1).copy()
    vectors[:, 0] = count
    return SeparateMoments(experiment.statistics, vectors.reshape(1, -1))


class DryLaboratory(Laboratory):
    """A laboratory on an `EstimatingEngine`, which plans raw replicates and single calls too."""

    engine: EstimatingEngine

    def replicates(self, sampler: Callable[..., Any], /, *, least: int, **parameters: Any) -> dict[str, np.ndarray]:
        """Return replicates of a pilot, as many as `Laboratory.replicates` would."""
        request = make_request(sampler, parameters)
        return self.engine.raw(request, self.seed, -(-whole_number("least", least) // request.block))

    def draw(self, function: Callable[..., T], size: int, /, **parameters: Any) -> T:
        """Return what a smaller call returns, stretched to the size that was asked for."""
        found: T = self.engine.called(make_request(function, parameters), self.seed, whole_number("size", size))
        return found
