"""Valid calls of what `theorylab.montecarlo.moments` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.montecarlo.moments import Moments, block_moments

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "block_moments": [{"columns": np.array([[0.1, 0.1]])}],
    "pool_blocks": [{"vectors": np.array([[64.0, 1.074, 1.152, 2.724, 12.1]]), "k": 1}],
    "pooled_in_chunks": [{"read": lambda first, last: np.ones((last - first, 5)), "blocks": 3, "pool": lambda vectors: vectors[0]}],
    "Moments.combination": [{"self": Moments(("x",), block_moments(np.array([[1.0, 2.0, 4.0]]))), "weights": {"x": 2.0}}],
    "Moments.mean": [{"self": Moments(("x",), block_moments(np.array([[1.0, 2.0, 4.0]]))), "statistic": "x"}],
    "Moments.tally": [{"self": Moments(("x",), block_moments(np.array([[1.0, 0.0, 1.0]]))), "statistic": "x"}],
}

EXCEPTIONS: dict[str, str] = {
    "Moments": "a record, made by `pooled_moments`; what it answers is called",
    "Summary": "a record of results, made by the function that returns it",
}
