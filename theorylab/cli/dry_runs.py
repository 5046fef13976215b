"""What ``simulate --dry-run`` prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from theorylab.project import load_wing, project_root
from theorylab.session import SetupError, open_engine
from theorylab.validation import whole_number

__all__ = ["print_plans"]


def print_plans(
    papers: Sequence[str],
    names: Sequence[str],
    *,
    scale: str,
    seed: int,
    backend: str,
    jobs: int,
    scheduler: str | None,
    ledger: Path | None,
    as_json: bool,
    seconds: float | None,
) -> None:
    """Plan sweeps and print their table or document.

    Parameters
    ----------
    papers, names
        Slugs, and sweeps of theirs; all sweeps if none is named.
    scale, seed, backend, jobs, scheduler, ledger
        As for the sweeps themselves; of a scheduler only the number of its workers is asked.
    as_json
        Print JSON.
    seconds
        Seconds of measuring for each sweep; None for the default.
    """
    from theorylab.backend import BackendError
    from theorylab.dry_run import DEFAULT_SECONDS, plan_document, plan_sweep, plan_table, planner
    from theorylab.sweeps import sweep_names

    root = project_root()
    # Before anything is measured, a name that is wrong is said.
    chosen = [(paper, sweep) for paper in papers for sweep in sweep_names(paper, root, names)]
    workers = whole_number("jobs", jobs) if scheduler is None else _workers(scheduler)
    try:
        lab = planner(seed=seed, scale=scale, backend=backend, ledger=ledger, seconds=DEFAULT_SECONDS if seconds is None else seconds)
    except BackendError as error:
        raise SetupError(str(error)) from error
    plans = []
    for paper, sweep in chosen:
        if sys.stderr.isatty():
            print(f"\r\x1b[Kcalibrating {paper} {sweep}", end="", file=sys.stderr, flush=True)
        plans.append(plan_sweep(paper, sweep, load_wing("simulations", paper, root).SWEEPS[sweep], lab, workers, scheduler is not None))
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    lab.engine.held.close()
    if as_json:
        print(json.dumps(plan_document(plans, scale=scale, seed=seed, backend=backend, workers=workers), ensure_ascii=False, indent=1))
        return
    print(plan_table(plans, backend, workers))


def _workers(scheduler: str) -> int:
    """Return how many workers a cluster has."""
    engine = open_engine(None, scheduler=scheduler)
    try:
        return engine.workers.jobs
    finally:
        engine.close()
