"""The most memory that a call holds at once."""

from __future__ import annotations

import resource
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["PeakOfProcess", "device_peak", "resident_bytes", "traced_peak"]

_PROCESS = Path("/proc/self")


def resident_bytes() -> float:
    """Return the memory of this process now, or the most that it ever had where the system says no more."""
    try:
        return float(int((_PROCESS / "statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize())
    except OSError:
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def traced_peak(call: Callable[[], Any]) -> float:
    """Call and return the most bytes that Python and numpy held meanwhile; memory that compiled code asks for itself is not seen."""
    tracemalloc.start()
    try:
        call()
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def device_peak(call: Callable[[], Any]) -> float:
    """Call and return the most bytes that cupy took from the device."""
    import cupy

    pool = cupy.get_default_memory_pool()
    pool.free_all_blocks()
    call()
    return float(pool.total_bytes())


class PeakOfProcess:
    """Growth of the process to its peak, at no cost in time; known on Linux only, and blind to what fits into memory freed before."""

    def __init__(self) -> None:
        self._start: float | None = None
        try:
            # This forgets the peak until now.
            (_PROCESS / "clear_refs").write_text("5", encoding="ascii")
            self._start = resident_bytes()
        except OSError:
            pass

    def grown(self) -> float:
        """Return by how many bytes the peak since the start exceeds what the process held then; 0 where nobody knows."""
        if self._start is None:
            return 0.0
        lines = (_PROCESS / "status").read_text(encoding="ascii").splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM"))
        return max(1024.0 * float(peak.split()[1]) - self._start, 0.0)
