"""Valid calls of what `theorylab.montecarlo.moments` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "block_moments": [{"columns": np.array([[0.1, 0.1]])}],
    "pool_blocks": [{"vectors": np.array([[64.0, 1.074, 1.152, 2.724, 12.1]]), "k": 1}],
}

EXCEPTIONS: dict[str, str] = {}
