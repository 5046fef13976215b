"""A task: a run of consecutive blocks that travels to a worker and comes back as moment vectors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from theorylab.backend import generator
from theorylab.montecarlo.device_tasks import vectors_on_device
from theorylab.montecarlo.fingerprint import fingerprint
from theorylab.montecarlo.moments import block_moments
from theorylab.montecarlo.samplers import VALUE, Request, SamplerError, backend_of, columns_of, fetch
from theorylab.montecarlo.separate_moments import separate_block_moments
from theorylab.montecarlo.streams import canonical_parameters, experiment_key
from theorylab.montecarlo.threads import one_blas_thread
from theorylab.validation import instance, items, whole_number

__all__ = ["Task", "TaskResult", "draw_once", "draw_replicates", "draw_runs", "run_task"]


@dataclass(frozen=True)
class Task:
    """What a worker needs in order to draw blocks ``first`` to ``first + count - 1`` of an experiment.

    ``code`` is the fingerprint of the sampler where the task was made (None if it has none): a worker that loaded other code must refuse. With
    ``separate`` each statistic keeps only its own moments.
    """

    sampler: Callable[..., Any]
    parameters: dict[str, Any]
    statistics: tuple[str, ...]
    key: int
    block: int
    backend: str
    first: int
    count: int
    code: str | None = None
    separate: bool = False


@dataclass(frozen=True)
class TaskResult:
    """Moment vectors of the blocks that were drawn, the seconds they took, and the message of the block that failed, if one did."""

    first: int
    vectors: np.ndarray
    seconds: float
    failure: str | None


def run_task(task: Task) -> TaskResult:
    """Draw the blocks of ``task`` with one BLAS thread, because two threads change the last bits of a product."""
    instance("task", task, Task)
    if task.code is not None and fingerprint(task.sampler) != task.code:
        message = "the worker has other code than this process (edited since, or not the same version): restart both"
        return TaskResult(task.first, np.empty(0), 0.0, message)
    vectors: list[np.ndarray] = []
    failure = None
    reduce = separate_block_moments if task.separate else block_moments
    with one_blas_thread():
        begin = time.perf_counter()
        if task.backend != "numpy":
            for vector in vectors_on_device(task):
                if vector is None:
                    break
                vectors.append(vector)
        for number in range(task.first + len(vectors), task.first + task.count):
            try:
                values = task.sampler(generator(task.backend, task.key, number), task.block, **task.parameters)
                vectors.append(reduce(columns_of(values, task.statistics, task.block)))
            except (Exception, SystemExit) as error:  # whatever a sampler raises becomes the message of a failed block
                failure = _told(error)
                break
        seconds = time.perf_counter() - begin
    return TaskResult(task.first, np.array(vectors), seconds, failure)


def _told(error: BaseException) -> str:
    # numpy has a class of its own for it, with a name that is not for users.
    name = "MemoryError" if isinstance(error, MemoryError) else type(error).__name__
    return f"{name}: {error}" if str(error) else name


def _call(request: Request, rng: Any, size: int) -> Any:
    """Call a sampler; whatever it raises comes in the words in which a failed block would tell it."""
    try:
        return request.sampler(rng, size, **request.parameters)
    except (Exception, SystemExit) as error:
        raise SamplerError(f"{request.sampler.__name__} failed: {_told(error)}") from error


def draw_replicates(request: Request, backend: str, seed: int, blocks: int) -> dict[str, np.ndarray]:
    """Return the replicates themselves of blocks 0 to ``blocks - 1``, column by column, with one BLAS thread as in `run_task`."""
    instance("request", request, Request)
    backend, blocks = backend_of(request.sampler, backend), whole_number("blocks", blocks, maximum=2**26)
    key = experiment_key(seed, request.name, request.canonical)
    drawn: list[Mapping[str, Any]] = []
    with one_blas_thread():
        for number in range(blocks):
            values = _call(request, generator(backend, key, number), request.block)
            drawn.append(values if isinstance(values, Mapping) else {VALUE: values})
    return {name: np.concatenate([fetch(block[name]) for block in drawn]) for name in drawn[0]}


def draw_once(request: Request, backend: str, seed: int, size: int) -> Any:
    """Return what the function of ``request`` makes of ``size`` runs, in a stream keyed by its name, its parameters and the size."""
    instance("request", request, Request)
    backend, size = backend_of(request.sampler, backend), whole_number("size", size)
    key = experiment_key(seed, request.name, canonical_parameters(request.parameters | {"size": size}))
    with one_blas_thread():
        return _call(request, generator(backend, key, 0), size)


def draw_runs(request: Request, names: tuple[str, ...], backend: str, seed: int, size: int) -> np.ndarray:
    """Return the values (k, size) of the statistics ``names`` in ``size`` runs, in a stream keyed as in `draw_once`.

    Not more runs are drawn together than a block holds, so that memory does not grow with their number.
    """
    instance("request", request, Request)
    names = tuple(items("names", names, str, minimum=1))
    backend, size = backend_of(request.sampler, backend), whole_number("size", size)
    key = experiment_key(seed, request.name, canonical_parameters(request.parameters | {"size": size}))
    parts = []
    with one_blas_thread():
        for number, first in enumerate(range(0, size, request.block)):
            count = min(request.block, size - first)
            parts.append(columns_of(_call(request, generator(backend, key, number), count), names, count))
    return np.concatenate(parts, axis=1)
