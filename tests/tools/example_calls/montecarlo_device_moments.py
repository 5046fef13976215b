"""Valid calls of what `theorylab.montecarlo.device_moments` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "device_moments": [{"namespace": np, "values": {"s0": np.array([0.1, 0.1])}, "statistics": ("s0",), "blocks": 1, "size": 2, "separate": True}],
}

EXCEPTIONS: dict[str, str] = {}
