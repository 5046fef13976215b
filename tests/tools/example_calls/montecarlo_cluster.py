"""Valid calls of what `theorylab.montecarlo.cluster` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "cluster_task_seconds": [{"workers": 5000}],
    "scheduler_place": [{"scheduler": "tcp://host:8786"}],
}

EXCEPTIONS: dict[str, str] = {
    "Cluster": "needs a scheduler; the address is looked at before it is called upon, which the tests of the cluster try",
}
