"""Valid calls of what `theorylab.backend` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "array_module": [{"array": np.array([1.0])}],
    "check_backend": [{"name": "numpy"}],
    "generator": [{"backend": "numpy", "key": 170868657892438621652041023573878308152, "block": 25}],
    "namespace_of": [{"rng": np.random.default_rng(1)}],
    "special_functions": [{"namespace": np}],
}

EXCEPTIONS: dict[str, str] = {}
