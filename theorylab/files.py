"""One writer at a time: a lock that belongs to a folder, and leaves nothing behind in it."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["locked"]

# Seconds after which a holder that does not come back, stopped perhaps, is waited for no longer. To save the blocks of a large ledger takes minutes.
_WAIT = 600.0
_held = threading.local()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of ``folder`` against other processes and threads that ask for it; it ends with the process that holds it.

    Who holds it may ask again. Where folders cannot be locked (Windows, some network file systems) it does nothing.
    """
    mine: set[str] = _held.__dict__.setdefault("folders", set())
    name = os.path.realpath(folder)
    if name in mine:
        yield
        return
    handle = _lock(name)
    mine.add(name)
    try:
        yield
    finally:
        mine.discard(name)
        if handle is not None:
            os.close(handle)


def _lock(folder: str) -> int | None:
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(random.uniform(0.001, 0.02))
        except OSError:  # no locks here
            break
    return handle
