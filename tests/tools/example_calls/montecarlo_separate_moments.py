"""Valid calls of what `theorylab.montecarlo.separate_moments` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "separate_block_moments": [{"columns": np.array([[0.1, 0.1]])}],
    "pool_separate_blocks": [{"vectors": np.array([[64.0, 1.074, 1.152, 2.724, 12.1], [64.0, 1.0, 1.25, 2.5, 12.0]])}],
}

EXCEPTIONS: dict[str, str] = {
    "SeparateMoments": "a record, made by `Engine.moments`",
}
