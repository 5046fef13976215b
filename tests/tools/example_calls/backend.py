"""Valid calls of what `theorylab.backend` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "array_module": [{"array": np.array([1.0])}],
    "check_backend": [{"backend": "numpy"}],
    "generator": [{"backend": "numpy", "key": 170868657892438621652041023573878308152, "block": 25}],
    "namespace_of": [{"rng": np.random.default_rng(1)}],
    "special_functions": [{"namespace": np}],
    "check_broadcast": [{"first": np.zeros(3), "second": np.zeros((2, 1))}],
    "check_draw": [{"rng": np.random.default_rng(1), "size": 5}],
    "checked_array": [{"name": "weights", "value": np.array([[1.0, 2.0], [3.0, 4.0]]), "shape": ("R", 2), "minimum": 0.0, "maximum": 9.0}],
}

EXCEPTIONS: dict[str, str] = {
    "DeviceGenerator": "a generator for devices, made by `generator`; its own tests give it bad arguments",
}
