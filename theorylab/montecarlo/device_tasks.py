"""Drawing the blocks of a task on a device: as many in one launch as its free memory holds, each with the bits that it has alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from theorylab.backend import generator, namespace_of
from theorylab.device import UnbatchedDrawError
from theorylab.device.memory import blocks_that_fit, measured_footprint
from theorylab.montecarlo.device_moments import device_moments

__all__ = ["vectors_on_device"]

# How many blocks of an experiment this process draws together, by key and block size; found with the first block.
_together: dict[tuple[int, int], int] = {}
# A sampler whose blocks are smaller would not be told from one whose arrays just happen to have that length.
LEAST_BLOCK = 64


def vectors_on_device(task: Any) -> Iterator[np.ndarray | None]:
    """Yield the moment vectors of the blocks of a task in order; None, and then no more, where a block must be looked at by itself.

    Parameters
    ----------
    task
        A `theorylab.montecarlo.tasks.Task`.
    """
    known = task.key, task.block
    number, end = task.first, task.first + task.count
    while number < end:
        first_time = known not in _together
        count = 1 if first_time else min(_together[known], end - number)
        try:
            if first_time:
                vectors, footprint, free = measured_footprint(_device(task), lambda: _draw(task, number, 1))  # noqa: B023 - called at once
                _together[known] = blocks_that_fit(footprint, free) if task.block >= LEAST_BLOCK else 1
            else:
                vectors = _draw(task, number, count)
        except UnbatchedDrawError:
            _together[known] = 1
            continue
        except Exception:
            # Whatever it was, one block may fail and the others not; and memory may have been too small for so many.
            if count == 1:
                vectors = None
            else:
                _together[known] = count // 2
                continue
        if vectors is None and count > 1:
            _together[known] = count // 2
            continue
        if vectors is None:
            yield None
            return
        yield from vectors
        number += count


def _device(task: Any) -> Any:
    return namespace_of(generator(task.backend, task.key, task.first))


def _draw(task: Any, first: int, count: int) -> np.ndarray | None:
    """Return the moment vectors of ``count`` blocks, drawn together; None where a value is not what it should be."""
    rng = generator(task.backend, task.key, first, count, count * task.block)
    values = task.sampler(rng, count * task.block, **task.parameters)
    return device_moments(namespace_of(rng), values, task.statistics, count, task.block, separate=task.separate)
