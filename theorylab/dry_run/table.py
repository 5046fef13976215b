"""Plans of sweeps as a table for people and as a document for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from theorylab.backend import check_backend_name
from theorylab.dry_run.planning import SweepPlan
from theorylab.validation import items, whole_number

__all__ = ["plan_document", "plan_table"]

# A sweep is marked as predicted from this share of its time on.
MARKED = 0.1
UNITS = ((1e9, "GB"), (1e6, "MB"))


def plan_table(plans: Sequence[SweepPlan], backend: str, workers: int = 1) -> str:
    """Return plans as an aligned table with its totals, and notes on what is uncertain.

    Parameters
    ----------
    plans
        At least one.
    backend
        ``"numpy"`` for core-hours, ``"cupy"`` for minutes of a GPU.
    workers
        With more than one there is a column of hours on so many workers.
    """
    plans, workers = items("plans", plans, SweepPlan, minimum=1), whole_number("workers", workers)
    device = check_backend_name(backend) == "cupy"
    header = ["sweep", "replicates", "in ledger", "GPU-minutes" if device else "core-hours", "block", "worker"]
    header += [f"hours on {workers}"] if workers > 1 else []
    rows = [[f"{plan.paper} {plan.sweep}", *_cells(plan, device, workers)] for plan in plans]
    total = _total(plans)
    lines = _aligned([header, *rows, ["total", *_cells(total, device, workers)]])
    notes = [f"{plan.paper} {plan.sweep}: more than this; {plan.incomplete}" for plan in plans if plan.incomplete]
    if any(plan.predicted >= MARKED for plan in plans):
        notes.append("~: in part predicted from other parameters, where calls are slow or many; --calibration-seconds grants more time to measure")
    seconds = sum(plan.calibration_seconds for plan in plans)
    notes.append("block: memory of the largest block or call, at most; worker: with the process around it")
    notes.append(f"dry run: nothing was kept; calibrated in {seconds:.0f} s")
    return "\n".join([*lines, *notes])


def plan_document(plans: Sequence[SweepPlan], **settings: Any) -> dict[str, Any]:
    """Return plans as a document for JSON: the settings, the sweeps and their totals."""
    plans = items("plans", plans, SweepPlan, minimum=1)
    return settings | {"sweeps": [_fields(plan) for plan in plans], "total": _fields(_total(plans))}


def _fields(plan: SweepPlan) -> dict[str, Any]:
    return {name: value for name, value in asdict(plan).items() if not (plan.paper == "" and name in ("paper", "sweep"))}


def _total(plans: Sequence[SweepPlan]) -> SweepPlan:
    seconds = sum(plan.seconds for plan in plans)
    return SweepPlan(
        paper="",
        sweep="",
        experiments=sum(plan.experiments for plan in plans),
        replicates=sum(plan.replicates for plan in plans),
        new_replicates=sum(plan.new_replicates for plan in plans),
        seconds=seconds,
        own_seconds=sum(plan.own_seconds for plan in plans),
        bytes=max(plan.bytes for plan in plans),
        block_bytes=max(plan.block_bytes for plan in plans),
        worker_hours=sum(plan.worker_hours for plan in plans),
        predicted=sum(plan.predicted * plan.seconds for plan in plans) / max(seconds, 1e-12),
        incomplete="; ".join(dict.fromkeys(plan.incomplete for plan in plans if plan.incomplete)),
        calibration_seconds=sum(plan.calibration_seconds for plan in plans),
    )


def _cells(plan: SweepPlan, device: bool, workers: int) -> list[str]:
    mark = ">" if plan.incomplete else "~" if plan.predicted >= MARKED else ""
    held = plan.replicates - plan.new_replicates
    cells = [f"{plan.replicates:,}", f"{held:,}", mark + _digits(plan.seconds / (60 if device else 3600))]
    cells += [_memory(plan.block_bytes), _memory(plan.bytes)]
    return [*cells, mark + _digits(plan.worker_hours)] if workers > 1 else cells


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}" if value >= 0.0001 else "0.0001" if value else "0"


def _memory(size: float) -> str:
    for unit, name in UNITS:
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return "< 1 MB"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]) for row in rows]
