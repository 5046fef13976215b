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
    "fitting_block": [{"numbers": 960, "nanoseconds": 8704}],
    "make_request": [{"sampler": sample_digits_error, "parameters": {"sample_size": 40}}],
    "backend_of": [{"sampler": sample_digits_error, "backend": "numpy"}],
    "columns_of": [{"values": {"x": np.array([0.5, 1.0]), "y": np.ones((2, 3))}, "statistics": ("x", "y[1]", "x <= 0.75"), "size": 2}],
    "host_only": [{"reason": "a library of the processor"}],
}

EXCEPTIONS: dict[str, str] = {
    "fetch": "takes whatever a sampler returned, as it is; `columns_of` says what is wrong with it",
    "Request": "a record, made by `make_request`",
}
