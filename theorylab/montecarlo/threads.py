"""What holds where numbers are made: one BLAS thread, and memory that is kept from one block to the next.

Two BLAS threads change the last bits of a product, and those of two busy processes wait for one another. Memory that is given back to the system
after every block comes back page by page, each page filled with zeros first: for short array operations that takes as long as the operations.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator
from functools import lru_cache

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


# Options of the C library's mallopt, and what they are set to: arrays up to 32 MB (the most that it allows) come from memory that is kept, of which
# up to 128 MB may lie idle.
_TRIM_THRESHOLD, _IDLE_BYTES = -1, 1 << 27
_MAP_THRESHOLD, _LARGEST_KEPT = -3, 1 << 25


@lru_cache(maxsize=1)
def _keep_freed_memory() -> None:
    """Let the C library keep memory that is freed, in this process from now on; without glibc nothing happens."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, _IDLE_BYTES)
        mallopt(_MAP_THRESHOLD, _LARGEST_KEPT)


@lru_cache(maxsize=1)
def _thread_pools(_loaded_modules: int) -> ThreadpoolController:
    # Looking for the loaded BLAS libraries costs 2 ms; it is done anew only when modules, and with them perhaps libraries, were loaded.
    return ThreadpoolController()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside this context; that freed memory is kept stays so.

    The limit belongs to the process. A cluster's worker runs tasks in several threads of one process, so there no task can know when the last
    of them is done, and the limit stays; only the main thread, which runs one task at a time, puts it back.
    """
    # It brings a BLAS library of its own, which compiled kernels use too; loaded inside, it would know no limit.
    import scipy.linalg  # noqa: F401

    _keep_freed_memory()
    limit = _thread_pools(len(sys.modules)).limit(limits=1)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with limit:
        yield
