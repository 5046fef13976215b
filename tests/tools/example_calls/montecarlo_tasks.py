"""Valid calls of what `theorylab.montecarlo.tasks` offers."""

from __future__ import annotations

from typing import Any

from bench_samplers import sample_gamma_pair

from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.tasks import Task

__all__ = ["EXAMPLES", "EXCEPTIONS"]


REQUEST = make_request(sample_gamma_pair, {"shape": 2.0})


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "draw_once": [{"request": REQUEST, "backend": "numpy", "seed": 3, "size": 4}],
    "draw_replicates": [{"request": REQUEST, "backend": "numpy", "seed": 3, "blocks": 2}],
    "draw_runs": [{"request": REQUEST, "names": ("first", "large"), "backend": "numpy", "seed": 3, "size": 4}],
    "run_task": [
        {
            "task": Task(
                sampler=sample_gamma_pair, parameters={"shape": 2.0}, statistics=("first",), key=5, block=256, backend="numpy", first=0, count=2
            )
        }
    ],
}

EXCEPTIONS: dict[str, str] = {
    "Task": "a record, made by the engine",
    "TaskResult": "a record of results, made by the function that returns it",
}
