"""Calibration: what a replicate of a function costs, from a few short calls, and what it costs where there is no time left to call.

A function is called with growing numbers of replicates until its share of the time is used up. The last two calls give a fixed part and a part for
each replicate. Where a sweep asks for more functions and parameters than there is time for, measurements are spread over them, and what lies
between is predicted (`theorylab.dry_run.prediction`).
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from theorylab.dry_run.limits import OutOfTime, time_limit
from theorylab.dry_run.memory import PeakOfProcess, device_peak, traced_peak
from theorylab.dry_run.prediction import LocalLaw

__all__ = ["CALL_SECONDS", "Calibrator", "Cost", "Job", "Pilot"]

# What the calls of one job may take together, at least and at most, apart from the first.
LEAST_SHARE, MOST_SHARE = 0.01, 0.1
# The replicates that are wanted may take so many shares.
PATIENCE = 10.0
# No single call may take longer; what does is known to take at least that.
CALL_SECONDS = 10.0
# A call that takes longer is slow: it is not repeated, unless it is the first of its function.
SLOW_SECONDS = 0.25
# ... or takes so many times what it was predicted to take.
UNLIKELY = 3.0
# By how much each call is larger than the last.
GROWTH = 16


@dataclass(frozen=True)
class Cost:
    """Seconds and bytes of a call: a fixed part, and a part for each replicate; and what the first call takes longer, to prepare the others."""

    fixed_seconds: float
    replicate_seconds: float
    fixed_bytes: float
    replicate_bytes: float
    preparing_seconds: float = 0.0

    def seconds(self, size: int) -> float:
        """Return the seconds of a call with ``size`` replicates."""
        return self.fixed_seconds + self.replicate_seconds * size

    def bytes(self, size: int) -> float:
        """Return the most bytes that a call with ``size`` replicates holds at once."""
        return self.fixed_bytes + self.replicate_bytes * size


@dataclass(frozen=True)
class Pilot:
    """What the calibration of one function with one set of parameters found.

    Attributes
    ----------
    cost
        What a call costs.
    calls
        What the last two calls returned, by their numbers of replicates; none if the function was too slow for any.
    basis
        ``"measured"``, ``"predicted"`` from other parameters, or ``"at least"`` where a call was stopped and nothing else is known.
    """

    cost: Cost
    calls: dict[int, Any]
    basis: str


@dataclass
class Job:
    """A function with its parameters.

    Attributes
    ----------
    name, parameters
        The function and its parameters; jobs of one name predict one another.
    call
        Calls the function with a number of replicates.
    most
        The number of replicates that matters, never exceeded.
    least
        How many replicates are wanted even if they take longer than a share.
    """

    name: str
    parameters: Mapping[str, Any]
    call: Callable[[int], Any]
    most: int
    least: int = 1


@dataclass
class _Function:
    """What is known of a function: its measured jobs, and how its memory grows with a second replicate, relative to the first."""

    measured: list[tuple[Job, Pilot]] = field(default_factory=list)
    growing: float | None = None


class Calibrator:
    """Measures jobs within an allowance, and predicts those that there is no time for.

    Parameters
    ----------
    allowance
        Seconds for the jobs of one sweep.
    on_device
        Whether the functions compute on a device: then the wall clock counts, and the device's memory.
    """

    def __init__(self, allowance: float, on_device: bool = False) -> None:
        self.allowance = allowance
        self.on_device = on_device
        self._clock = time.perf_counter if on_device else time.process_time
        self._peak = device_peak if on_device else traced_peak
        self._functions: dict[str, _Function] = {}
        self._pilots: dict[str, Pilot] = {}
        self._left = allowance
        self._share = MOST_SHARE

    def renew(self) -> None:
        """Grant the allowance for another sweep."""
        self._left, self._share = self.allowance, MOST_SHARE

    def calibrate(self, jobs: Mapping[str, Job]) -> None:
        """Measure as many of the jobs as there is time for: of every function one, then of every function another, far from it, and so on."""
        waiting = {key: job for key, job in jobs.items() if key not in self._pilots}
        # Single calls may have been needed before, and may have been slow; the rest gets its half all the same.
        self._left = max(self._left, 0.5 * self.allowance)
        self._share = min(max(0.5 * self._left / max(len(waiting), 1), LEAST_SHARE), MOST_SHARE)
        queues: dict[str, list[str]] = {}
        for key, job in waiting.items():
            queues.setdefault(job.name, []).append(key)
        orders = [[queue[place] for place in spread_order(len(queue))] for queue in queues.values()]
        for turn in range(max(map(len, orders), default=0)):
            for order in orders:
                if turn < len(order) and (self._left > 0.0 or turn == 0):
                    self._attempt(order[turn], waiting[order[turn]])

    def known(self, name: str) -> bool:
        """Tell whether a function has been measured."""
        return name in self._functions and bool(self._functions[name].measured)

    def pilot(self, key: str, job: Job) -> Pilot:
        """Return the pilot of a job: measured before, measured now, or predicted."""
        if key not in self._pilots:
            if self._left > 0.0 or not self.known(job.name):
                self._attempt(key, job)
            if key not in self._pilots:
                # Not kept: more may be known of the function later.
                return self.predicted(job)
        return self._pilots[key]

    def predicted(self, job: Job) -> Pilot:
        """Predict a job of a function that has been measured: the cost by a local power law, the values are those of the nearest."""
        measured = self._functions[job.name].measured
        law = LocalLaw([own.parameters for own, _ in measured], job.parameters)
        nearest = measured[law.nearest][1]
        seconds = law.predict([pilot.cost.seconds(job.most) for _, pilot in measured])
        held = law.predict([pilot.cost.bytes(job.most) for _, pilot in measured])
        fixed = nearest.cost.fixed_seconds / max(nearest.cost.seconds(job.most), 1e-12)
        cost = Cost(fixed * seconds, (1.0 - fixed) * seconds / job.most, 0.0, held / job.most)
        return Pilot(cost, nearest.calls, "predicted")

    def _attempt(self, key: str, job: Job) -> None:
        function = self._functions.setdefault(job.name, _Function())
        if len(function.measured) >= 2 and self.predicted(job).cost.seconds(1) > min(CALL_SECONDS / 3, self._left):
            return
        begin = self._clock()
        try:
            pilot = self._measured(job, function)
        except OutOfTime:
            longest = self._clock() - begin
            self._pilots[key] = Pilot(Cost(0.0, longest, 0.0, 0.0), {}, "at least")
            if function.measured:
                # It takes more than it had; how much more, others tell.
                guess = self.predicted(job)
                slowest = max(longest, guess.cost.replicate_seconds)
                self._pilots[key] = replace(guess, cost=replace(guess.cost, replicate_seconds=slowest))
        else:
            function.measured.append((job, pilot))
            self._pilots[key] = pilot
        self._left -= self._clock() - begin

    def _timed(self, job: Job, size: int) -> tuple[float, Any, float]:
        """Return the seconds, the result and the growth of the process in one call."""
        peak = PeakOfProcess()
        with time_limit(CALL_SECONDS):
            begin = self._clock()
            values = job.call(size)
            seconds = self._clock() - begin
        return seconds, values, peak.grown()

    def _measured(self, job: Job, function: _Function) -> Pilot:
        times: dict[int, float] = {}
        grown: dict[int, float] = {}
        values: dict[int, Any] = {}
        with _compilation() as compiled:
            times[1], values[1], grown[1] = self._timed(job, 1)
        preparing = 0.0
        if not function.measured or not SLOW_SECONDS < times[1] < UNLIKELY * self.predicted(job).cost.seconds(1):
            # Was something prepared that later calls find? What was compiled or loaded, in the first call of a function above all, is found by later
            # runs too.
            first = times[1]
            times[1], values[1], grown[1] = self._timed(job, 1)
            preparing = max(first - times[1], 0.0) if function.measured and not compiled() else 0.0
        wanted = min(job.least, job.most) * times[1]
        left = max(self._share, wanted) if wanted < PATIENCE * MOST_SHARE else self._share
        size = 1
        try:
            while size < job.most:
                following = min(job.most, GROWTH * size, int(left * size / max(times[size], 1e-9)))
                if size == 1 and function.growing is None and times[1] < CALL_SECONDS / 2:
                    # Nobody knows yet whether replicates are held together or drawn one after the other.
                    following = max(following, 2)
                if following < job.most:
                    # On a device several blocks are drawn together, and a block's size is a power of two.
                    following = 1 << max(following.bit_length() - 1, 0)
                if following < min(2 * size, job.most):
                    break
                times[following], values[following], grown[following] = self._timed(job, following)
                left -= times[following]
                size = following
        except OutOfTime:
            pass
        sizes = sorted(times)[-2:]
        slope, fixed = _line(sizes, [times[size] for size in sizes])
        held = self._bytes(job, function, sizes, times, values, grown)
        return Pilot(Cost(fixed, slope, held[1], held[0], preparing), {size: values[size] for size in sizes}, "measured")

    def _bytes(
        self, job: Job, function: _Function, sizes: Sequence[int], times: Mapping[int, float], values: Mapping[int, Any], grown: Mapping[int, float]
    ) -> tuple[float, float]:
        """Return the memory of a replicate and of a call: calls that are not slow are repeated for it."""
        if sum(times[size] for size in sizes) < SLOW_SECONDS:
            found = [max(self._peak(partial(job.call, size)), _returned_bytes(values[size])) for size in sizes]
        else:
            found = [max(grown[size], _returned_bytes(values[size])) for size in sizes]
        if len(sizes) == 2:
            slope, fixed = _line(sizes, found)
            function.growing = slope / max(slope + fixed, 1.0)
            return slope, fixed
        growing = 1.0 if function.growing is None else function.growing
        return growing * found[0] / sizes[0], (1.0 - growing) * found[0]


@contextlib.contextmanager
def _compilation() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether numba, if it is there, has compiled anything in this context."""
    if "numba" not in sys.modules:
        yield lambda: "numba" in sys.modules
        return
    from numba.core.event import install_recorder

    with install_recorder("numba:compile") as recorder:
        yield lambda: bool(recorder.buffer)


def spread_order(count: int) -> list[int]:
    """Return 0 to ``count - 1``, each far from those before it: the first, the middle, the quarters, ..."""
    bits = max(math.ceil(math.log2(max(count, 1))), 1)
    turned = [int(f"{place:0{bits}b}"[::-1], 2) for place in range(1 << bits)]
    return [place for place in turned if place < count]


def _line(sizes: Sequence[int], values: Sequence[float]) -> tuple[float, float]:
    """Return slope and intercept, neither negative, of a line through the last of two points (or one)."""
    last, value = sizes[-1], values[-1]
    slope = value / last
    if len(sizes) > 1:
        slope = min(max((value - values[0]) / (last - sizes[0]), 0.0), slope)
    return slope, value - slope * last


def _returned_bytes(values: Any) -> float:
    parts = values.values() if isinstance(values, Mapping) else values if isinstance(values, tuple | list) else [values]
    return float(sum(getattr(part, "nbytes", 8) for part in parts))
