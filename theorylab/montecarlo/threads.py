"""One BLAS thread where numbers are made: two change the last bits of a product, and those of two busy processes wait for one another."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from functools import lru_cache

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


@lru_cache(maxsize=1)
def _thread_pools(_loaded_modules: int) -> ThreadpoolController:
    # Looking for the loaded BLAS libraries costs 2 ms; it is done anew only when modules, and with them perhaps libraries, were loaded.
    return ThreadpoolController()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside this context.

    The limit belongs to the process. A cluster's worker runs tasks in several threads of one process, so there no task can know when the last
    of them is done, and the limit stays; only the main thread, which runs one task at a time, puts it back.
    """
    limit = _thread_pools(len(sys.modules)).limit(limits=1)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with limit:
        yield
