"""Valid calls of what `theorylab.dry_run` offers."""

from __future__ import annotations

from typing import Any

from theorylab.dry_run import SweepPlan, planner

__all__ = ["EXAMPLES", "EXCEPTIONS"]


PLAN = SweepPlan("one_step_gd", "risk", 2, 4096, 2048, 1.5, 0.5, 2e8, 1e8, 0.001, 0.25, "", 0.5)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "plan_document": [{"plans": [PLAN], "seed": 0}],
    "plan_sweep": [
        {"paper": "one_step_gd", "sweep": "risk", "function": lambda lab: [], "lab": planner(seed=0, scale="quick"), "workers": 2, "cluster": False}
    ],
    "plan_table": [{"plans": [PLAN], "backend": "numpy", "workers": 2}],
    "planner": [{"seed": 0, "scale": "quick", "backend": "numpy", "ledger": None, "seconds": 1.0}],
}

EXCEPTIONS: dict[str, str] = {
    "SweepPlan": "a record of results, made by the function that returns it",
}
