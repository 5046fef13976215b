"""Valid calls of what `theorylab.montecarlo.samplers` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.papers.naive_bayes_logistic.monte_carlo.real_data import sample_digits_error

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "above": [{"column": "x", "threshold": 2}],
    "below": [{"column": "x", "threshold": 2}],
    "block_size": [{"size": -4}],
    "entries": [{"column": "irm", "length": 6}],
    "fetch": [{"array": np.array([-0.09593])}],
    "fitting_block": [{"numbers": 960, "nanoseconds": 8704}],
    "make_request": [{"sampler": sample_digits_error, "parameters": {"sample_size": 40}}],
}

EXCEPTIONS: dict[str, str] = {}
