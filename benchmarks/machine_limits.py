"""What this machine can do on one thread, each rate measured when it is first asked for: products, sums, functions, sorting, memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import special

__all__ = ["BANDWIDTH", "least_seconds", "seconds_per"]

# Numbers of an array that stays in the cache with two others.
CACHED = 4096
# Bytes of arrays that fit in no cache of a core.
LARGE = 1 << 26
BANDWIDTH = "byte"

_FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "cos": np.cos,
    "sin": np.sin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "ndtr": special.ndtr,
    "ndtri": special.ndtri,
}


def least_seconds(call: Callable[[], object], calls: int = 1, rounds: int = 5) -> float:
    """Return the least processor time of a call over the rounds, each of so many calls."""
    best = np.inf
    for _ in range(rounds):
        begin = time.process_time()
        for _ in range(calls):
            call()
        best = min(best, time.process_time() - begin)
    return best / calls


@cache
def seconds_per(unit: str) -> float:
    """Return the processor time of one unit of work where nothing else holds it up.

    Parameters
    ----------
    unit
        "flop": an operation of a matrix product (BLAS, two to each product of numbers); "element": an element of an array multiplied by another,
        read and written; "division": of elements; "byte": one read or written where there are too many for the caches; "sort N", "order N": a
        number of a row of N that is sorted, or whose place in the order is found; or a function: exp, log, tanh, sqrt, cos, sin, arccos, arctan,
        ndtr, ndtri.
    """
    rng = np.random.default_rng(0)
    values, others, result = rng.uniform(0.1, 0.9, CACHED), rng.uniform(0.1, 0.9, CACHED), np.empty(CACHED)
    if unit == "flop":
        matrix, product = rng.standard_normal((192, 192)), np.empty((192, 192))
        return least_seconds(lambda: np.matmul(matrix, matrix, out=product), 100) / (2 * 192**3)
    if unit == "element":
        return least_seconds(lambda: np.multiply(values, others, out=result), 2000) / CACHED
    if unit == "division":
        return least_seconds(lambda: np.divide(values, others, out=result), 1000) / CACHED
    if unit == BANDWIDTH:
        source, target = np.zeros(LARGE // 8), np.ones(LARGE // 8)
        return least_seconds(lambda: np.copyto(target, source)) / (2 * LARGE)
    kind, _, length = unit.partition(" ")
    if kind in ("sort", "order"):
        rows = rng.standard_normal((max(1, CACHED // int(length)), int(length)))
        sort = np.sort if kind == "sort" else np.argsort
        return least_seconds(lambda: sort(rows, axis=1), 20) / rows.size
    if kind not in _FUNCTIONS:
        raise ValueError(f"unit must be flop, element, division, byte, sort N, order N, or one of {', '.join(_FUNCTIONS)}; got {unit!r}")
    function = _FUNCTIONS[kind]
    return least_seconds(lambda: function(values, out=result), 200) / CACHED
