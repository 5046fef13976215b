"""Work in a fork of this process, which has everything imported and whose changes end with it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

__all__ = ["in_fork"]


def in_fork(work: Callable[[], Any], limit: float) -> tuple[Any, bool]:
    """Return what ``work`` returns in a fork of this process, and whether it came to its end.

    Parameters
    ----------
    work
        What to do; it returns something that JSON can say.
    limit
        Seconds until it is killed.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reader)
            os.setsid()
            message = json.dumps(work()).encode()
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(message)
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    chunks, until = [], time.monotonic() + limit
    with os.fdopen(reader, "rb") as pipe:
        while True:
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            chunk = os.read(pipe.fileno(), 1 << 20) if ready else None
            if not chunk:
                break
            chunks.append(chunk)
    if chunk is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXCPU)
    finished = chunk is not None and not killed
    text = b"".join(chunks)
    return (json.loads(text) if text and finished else None), finished
