"""Dry runs: what a sweep would draw and cost, from a short calibration; nothing is kept."""

from __future__ import annotations

from theorylab.dry_run.planning import DEFAULT_SECONDS, SweepPlan, plan_sweep, planner
from theorylab.dry_run.table import plan_document, plan_table

__all__ = ["DEFAULT_SECONDS", "SweepPlan", "plan_document", "plan_sweep", "plan_table", "planner"]
