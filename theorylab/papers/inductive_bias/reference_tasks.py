"""The tasks that claims, figures and simulators share: a wave over points of a Kronecker sequence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from theorylab.validation import flag, whole_number

__all__ = ["Task", "kronecker_points", "kronecker_task"]

# In more dimensions the root g is 1 to all digits.
_MOST = 10**6


class Task(NamedTuple):
    """Inputs (n + m, d), targets (n + m, k) and how many come first as training points."""

    inputs: np.ndarray
    targets: np.ndarray
    train: int


def kronecker_points(dimension: int, count: int) -> np.ndarray:
    """Return the first points of a Kronecker sequence in [-1, 1]^d, evenly spread without chance.

    Formula: x_i = 2 frac(1/2 + i (g^-1, ..., g^-d)) - 1 with g > 1 the root of g^(d + 1) = g + 1.

    Parameters
    ----------
    dimension, count
        d, up to 10^6, and the number of points, >= 1.

    Raises
    ------
    ValueError
        If a number is not a positive integer.
    """
    d, n = whole_number("dimension", dimension, maximum=_MOST), whole_number("count", count)
    golden = brentq(lambda g: (d + 1) * np.log(g) - np.log1p(g), 1.0 + 1e-12, 2.0, xtol=1e-15)
    steps = golden ** -np.arange(1.0, d + 1)
    return np.asarray(2.0 * ((0.5 + np.arange(1, n + 1)[:, None] * steps) % 1.0) - 1.0)


def kronecker_task(dimension: int, train: int, test: int, *, outputs: int = 1, normalized: bool = False) -> Task:
    """Return KRON(d, n, m): y_j = cos(2 sum of x/sqrt d + j) for the outputs j = 0, 1, ...

    Parameters
    ----------
    dimension, train, test
        d >= 1, n >= 0, m >= 1.
    outputs
        k >= 1.
    normalized
        Scale inputs to length sqrt(d) first, as networks need, and evaluate y there.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    normalized = flag("normalized", normalized)
    n, m, k = whole_number("train", train, minimum=0), whole_number("test", test), whole_number("outputs", outputs)
    x = kronecker_points(dimension, n + m)
    if normalized:
        x = x * np.sqrt(x.shape[1]) / np.linalg.norm(x, axis=1, keepdims=True)
    return Task(x, np.cos(2.0 * x.sum(axis=1, keepdims=True) / np.sqrt(x.shape[1]) + np.arange(k)), n)
