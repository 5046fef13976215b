"""Valid calls of what `theorylab.evidence.intervals` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "binomial_interval": [{"successes": 0, "count": 512, "level": 0.01}],
    "corrected_ends": [{"estimate": -0.1553, "standard_error": 0.0723, "skewness": 0.008765, "degrees_of_freedom": 511.0, "level": 0.05}],
    "exact_interval": [{"value": 1.0}],
    "look_level": [{"alpha": 0.05, "look": 8}],
    "look_replicates": [{"block": 1, "look": 4}],
    "mean_interval": [
        {
            "estimate": -1.776e-15,
            "standard_error": 0.0,
            "skewness": 0.0,
            "excess_kurtosis": 0.0,
            "degrees_of_freedom": float("inf"),
            "level": 8.333e-08,
        }
    ],
    "waiting_factor": [{"skewness": 0.01521, "excess_kurtosis": 0.001403, "level": 0.05}],
}

EXCEPTIONS: dict[str, str] = {
    "Interval": "a record of results, made by the function that returns it",
}
