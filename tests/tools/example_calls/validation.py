"""Valid calls of what `theorylab.validation` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "array_of_shape": [{"name": "values", "value": [], "shape": ("points",)}],
    "choice": [{"name": "norm", "value": "l2", "options": ("l1", "l2")}],
    "covariance": [{"name": "task_covariance", "value": [[0.49]], "dimension": 1, "definite": False}],
    "integers": [{"name": "seed", "value": 7, "minimum": 0}],
    "plain": [{"value": 1.0}],
    "probabilities": [{"name": "site_probabilities", "value": [0.0, 1.0], "length": 2}],
    "reals": [
        {"name": "level", "value": 0.01, "above": 0.0, "below": 1.0},
        {"name": "error", "value": 0.0, "minimum": 0.0},
        {"name": "weight", "value": 0.0, "minimum": 0.0, "maximum": 1.0},
    ],
    "whole_number": [{"name": "seed", "value": 7, "minimum": 0}],
    "flag": [{"name": "joint", "value": True}],
    "function": [{"name": "statistic", "value": abs}],
    "instance": [{"name": "label", "value": "a", "kind": str}],
    "items": [{"name": "points", "value": [1, 2], "kind": int, "minimum": 1, "length": None}],
    "mapping": [{"name": "refutes", "value": {"a": 1.0}, "kind": float}],
    "numbers": [{"name": "values", "value": [[1.0, 2.0]]}],
    "real": [{"name": "ridge", "value": 0.5, "above": 0.0, "below": 1.0}],
    "record": [{"name": "row", "value": {"a": 1}, "fields": ("a",)}],
    "text": [{"name": "label", "value": "mean", "empty": False}],
}

EXCEPTIONS: dict[str, str] = {"moderate": "takes numbers that another check has passed"}
