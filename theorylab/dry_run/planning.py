"""Planning a sweep: running its function on an engine that only estimates."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theorylab.backend import check_backend
from theorylab.dry_run.calibration import Calibrator
from theorylab.dry_run.engine import DryLaboratory, EstimatingEngine, Planned
from theorylab.dry_run.held import HeldBlocks
from theorylab.dry_run.limits import OutOfTime, time_limit
from theorylab.dry_run.memory import resident_bytes
from theorylab.laboratory import Laboratory
from theorylab.montecarlo.threads import one_blas_thread
from theorylab.rows import Rows
from theorylab.validation import flag, instance, real, text, whole_number
from theorylab.validation import function as check_function

__all__ = ["DEFAULT_SECONDS", "SweepPlan", "plan_sweep", "planner"]

# Seconds for the calibrations of one sweep.
DEFAULT_SECONDS = 8.0
# How long the sweep's own arithmetic may take at a stretch before the rest is left unknown.
STRETCH_SECONDS = 20.0


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep would draw and cost.

    Attributes
    ----------
    paper, sweep
        Their names.
    experiments
        How many samplers with their parameters are asked for.
    replicates, new_replicates
        What they draw together, and what of it the ledger lacks.
    seconds
        Processor seconds (of the device with cupy) of the new replicates, and of the sweep's own arithmetic.
    own_seconds
        The part of the arithmetic.
    bytes
        Peak memory of the process that draws the largest block or call.
    block_bytes
        The part of that block or call.
    worker_hours
        Wall-clock hours with the workers that were asked for.
    predicted
        Share of the seconds that was predicted from other parameters instead of measured.
    incomplete
        Why the sweep would take more than this, or ``""``.
    calibration_seconds
        What finding this out took.
    """

    paper: str
    sweep: str
    experiments: int
    replicates: int
    new_replicates: int
    seconds: float
    own_seconds: float
    bytes: float
    block_bytes: float
    worker_hours: float
    predicted: float
    incomplete: str
    calibration_seconds: float


def planner(*, seed: int, scale: str, backend: str = "numpy", ledger: Path | None = None, seconds: float = DEFAULT_SECONDS) -> DryLaboratory:
    """Return a laboratory that plans.

    Parameters
    ----------
    seed, scale, backend
        As in `Laboratory` and `Engine`.
    ledger
        File of a ledger, whose blocks need not be drawn; it is only read, and need not exist.
    seconds
        For the calibrations of one sweep.

    Raises
    ------
    ValueError
        If ``seconds`` is not a positive number, or the scale, seed or backend is none.
    BackendError
        If the backend cannot be used here.
    LedgerError
        If the ledger is something else.
    """
    allowance = real("calibration seconds", seconds, above=0.0)
    check_backend(backend)
    place = None if ledger is None else Path(instance("ledger", ledger, (str, Path)))
    if place is not None and not place.name:
        raise ValueError(f"ledger must name a file; got {str(ledger)!r}")
    calibrator = Calibrator(allowance, on_device=backend == "cupy")
    return DryLaboratory(seed, scale=scale, engine=EstimatingEngine(calibrator, HeldBlocks(place), backend))


def plan_sweep(
    paper: str, sweep: str, function: Callable[[Laboratory], Rows], lab: DryLaboratory, workers: int = 1, cluster: bool = False
) -> SweepPlan:
    """Plan one sweep.

    Parameters
    ----------
    paper, sweep
        Names for the plan.
    function
        The sweep.
    lab
        From `planner`.
    workers, cluster
        How many workers the hours are wanted for, and whether they are a cluster's.
    """
    text("paper", paper)
    text("sweep", sweep)
    check_function("function", function)
    engine, workers, cluster = instance("lab", lab, DryLaboratory).engine, whole_number("workers", workers), flag("cluster", cluster)
    engine.begin()
    base, started = resident_bytes(), time.perf_counter()
    engine.surveying = True
    _run(function, lab)
    engine.surveying = False
    with one_blas_thread():
        engine.calibrator.calibrate(engine.jobs)
    begin, engine.calibration_seconds = time.process_time(), 0.0
    engine.planned.clear()
    incomplete = _run(function, lab)
    own = max(time.process_time() - begin - engine.calibration_seconds, 0.0)
    planned = list(engine.planned.values())
    drawing = sum(each.seconds for each in planned)
    slow = any(each.basis == "at least" for each in planned)
    block = max((each.bytes for each in planned), default=0.0)
    return SweepPlan(
        paper=paper,
        sweep=sweep,
        experiments=len(planned),
        replicates=sum(each.replicates for each in planned),
        new_replicates=sum(each.new for each in planned),
        seconds=own + drawing,
        own_seconds=own,
        bytes=base + block,
        block_bytes=block,
        worker_hours=own / 3600 + sum(each.hours(workers, cluster) for each in planned),
        predicted=_share(planned, "predicted", own + drawing),
        incomplete=incomplete or ("some calls were too slow to measure" if slow else ""),
        calibration_seconds=time.perf_counter() - started,
    )


def _share(planned: list[Planned], basis: str, seconds: float) -> float:
    return sum(each.seconds for each in planned if each.basis == basis) / max(seconds, 1e-12)


def _run(function: Callable[[Laboratory], Rows], lab: DryLaboratory) -> str:
    """Run a sweep on estimates and return why it did not come to its end, or ``""``."""
    started = time.perf_counter()
    # What a sweep makes of a pilot's values, a slope of two equal points perhaps, is thrown away.
    with one_blas_thread(), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            with time_limit(STRETCH_SECONDS):
                function(lab)
        except OutOfTime:
            return f"stopped after {time.perf_counter() - started:.0f} s"
        except Exception as error:  # a pilot's values may not suit the sweep's arithmetic: what was planned until then still counts
            return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return ""
