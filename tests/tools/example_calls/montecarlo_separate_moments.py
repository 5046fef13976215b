"""Valid calls of what `theorylab.montecarlo.separate_moments` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "separate_block_moments": [{"columns": np.array([[0.1, 0.1]])}],
}

EXCEPTIONS: dict[str, str] = {}
