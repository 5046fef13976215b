"""How many blocks a device holds at once: one block is drawn and its footprint taken, the rest follows from the memory that is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["blocks_that_fit", "measured_footprint"]

# What may be filled: the footprint of one block is rounded by the allocator, and other processes may want memory too.
SHARE = 0.5
# Beyond this a launch is long enough, and a failure would cost too much.
MOST_BLOCKS = 4096


def measured_footprint(namespace: Any, call: Callable[[], Any]) -> tuple[Any, int, int]:
    """Run ``call`` and return what it returns, the bytes of device memory that it needed, and the bytes that are free.

    Parameters
    ----------
    namespace
        cupy, or what offers the same two calls: ``get_default_memory_pool()`` and ``cuda.Device().mem_info``.
    call
        Draws one block.
    """
    pool = namespace.get_default_memory_pool()
    # What earlier work has left in the pool would hide what this call asks for.
    pool.free_all_blocks()
    before = pool.total_bytes()
    result = call()
    footprint = pool.total_bytes() - before
    pool.free_all_blocks()
    return result, footprint, int(namespace.cuda.Device().mem_info[0])


def blocks_that_fit(footprint: int, free_bytes: int) -> int:
    """Return how many blocks of this footprint may be drawn together, a power of two from 1 to 4096.

    Parameters
    ----------
    footprint
        Bytes that one block needs, >= 0.
    free_bytes
        Bytes that are free, >= 0.
    """
    fitting = min(int(SHARE * free_bytes / max(footprint, 1)), MOST_BLOCKS)
    return 1 << max(fitting.bit_length() - 1, 0)
