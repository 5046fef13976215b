"""Opening an engine from the settings of a command: ledger, workers, backend; every trouble is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from theorylab.backend import BackendError, check_backend
from theorylab.montecarlo.engine import Engine, Progress
from theorylab.montecarlo.executors import ClusterError, Workers
from theorylab.montecarlo.ledger import Ledger, LedgerError
from theorylab.validation import function, instance

__all__ = ["SetupError", "open_engine"]


class SetupError(RuntimeError):
    """A ledger, scheduler or backend cannot be used; the message is one line for the user."""


def _quiet_dask() -> None:
    """Keep Dask's own log off the error stream unless somebody configured it: what matters of it comes as one line of ours."""
    try:
        import dask
    except ImportError:
        return
    if not dask.config.get("logging", None) and not dask.config.get("distributed.logging", None):
        # Read when distributed is imported, so a program that uses it already is left alone.
        dask.config.set({"logging": {"distributed": "critical", "distributed.client": "critical", "tornado.application": "critical"}})


def open_engine(
    ledger: Path | None,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    backend: str = "numpy",
    progress: Callable[[Progress], None] | None = None,
) -> Engine:
    """Return an engine.

    Parameters
    ----------
    ledger
        File of the ledger, or None for one in memory.
    jobs, scheduler, backend, progress
        As in `Workers` and `Engine`.

    Raises
    ------
    SetupError
        If the ledger, the scheduler or the backend cannot be used.
    """
    try:
        # The ledger comes last: a file is made only once everything else is known to be right.
        place = None if ledger is None else Path(instance("ledger", ledger, (str, Path)))
        if place is not None and not place.name:
            raise ValueError(f"ledger must name a file; got {str(ledger)!r}")
        if progress is not None:
            function("progress", progress)
        check_backend(backend)
        if scheduler is not None:
            _quiet_dask()
        workers = Workers(jobs, scheduler)
    except (ClusterError, BackendError, ValueError) as error:
        raise SetupError(str(error)) from error
    try:
        return Engine(Ledger(place), workers, backend, progress)
    except LedgerError as error:
        workers.close()
        raise SetupError(str(error)) from error
