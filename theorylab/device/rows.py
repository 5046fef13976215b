"""Kernels of one thread a replicate, written with numba.cuda: for recursions, which array operations can only take step by step.

A kernel gets its tables with the replicates along the last axis, so that neighbouring threads read neighbouring numbers. Without a GPU such kernels
run in numba's simulator (``NUMBA_ENABLE_CUDASIM=1``), on numpy arrays.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

__all__ = ["across", "can_run", "launch"]

# Few, because each thread of a recursion holds many registers.
_THREADS = 128


@lru_cache(maxsize=1)
def _has_compiler() -> bool:
    try:
        from numba import cuda

        return bool(cuda.is_available())
    except Exception:  # numba raises classes of its own where it finds a part of the toolkit only
        return False


def can_run(array: Any) -> bool:
    """Tell whether kernels take this array: one of cupy, where numba can compile for the device too."""
    return type(array).__module__.partition(".")[0] == "cupy" and _has_compiler()


def across(namespace: Any, table: Any) -> Any:
    """Return a table (size, k) turned over, (k, size), with the replicates next to one another in memory."""
    return namespace.ascontiguousarray(table.T)


def launch(kernel: Any, count: int, *arguments: Any) -> None:
    """Run a kernel with one thread for each of ``count`` replicates; device arrays and plain numbers are passed on."""
    if count == 0:
        return
    from numba import cuda

    def device(argument: Any) -> Any:
        # Both libraries work in the default stream, so the order is kept, and the host need not wait.
        return cuda.as_cuda_array(argument, sync=False) if hasattr(argument, "__cuda_array_interface__") else argument

    kernel[-(-count // _THREADS), _THREADS](*map(device, arguments))
