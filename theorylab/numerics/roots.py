"""Roots of functions with one change of sign, for whole arrays of problems at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from theorylab.backend import check_broadcast
from theorylab.validation import function, reals, whole_number

__all__ = ["log_bisection", "smallest_integer"]


def log_bisection(is_beyond: Callable[[np.ndarray], Any], low: Any, high: Any) -> np.ndarray:
    """Return where ``is_beyond`` turns from false to true, entry by entry, by halving a bracket on a logarithmic scale.

    Parameters
    ----------
    is_beyond
        Vectorised: false below the root, true above it.
    low, high
        Ends of the brackets, 0 < low <= high; they broadcast.

    Returns
    -------
    ndarray
        Roots, of the broadcast shape. The bracket in log x is halved until it is as wide as the rounding of log x, so the relative error is about
        1e-16 times the size of log x. Where ``is_beyond`` does not turn, the end nearest to where it would.
    """
    function("is_beyond", is_beyond)
    low, high = np.asarray(reals("low", low, above=0.0)), np.asarray(reals("high", high, above=0.0))
    check_broadcast(low=low, high=high)
    if np.any(low > high):
        raise ValueError("low must be at most high, entry by entry; got a bracket that is turned around")
    log_low, log_high = np.broadcast_arrays(np.log(low), np.log(high))
    log_low, log_high = log_low.copy(), log_high.copy()
    width = float(np.max(log_high - log_low, initial=1.0))
    for _ in range(int(np.ceil(np.log2(width))) + 54):
        middle = 0.5 * (log_low + log_high)
        beyond = is_beyond(np.exp(middle))
        log_high = np.where(beyond, middle, log_high)
        log_low = np.where(beyond, log_low, middle)
    return np.asarray(np.exp(0.5 * (log_low + log_high)))


def smallest_integer(holds: Callable[[int], bool], start: int) -> int:
    """Return the smallest n >= ``start`` >= 1 at which a statement holds that goes on to hold from there, by doubling and halving.

    Raises
    ------
    ArithmeticError
        If it does not hold below 2^62.
    """
    function("holds", holds)
    high = start = whole_number("start", start)
    while not holds(high):
        high *= 2
        if high > 2**62:
            raise ArithmeticError(f"no n from {start} to 2^62 at which the statement holds")
    low = max(start, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
