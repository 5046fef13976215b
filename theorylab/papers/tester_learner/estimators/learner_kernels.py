"""Numba kernels of the descent: one pass over the rows gives margins and gradient together, without an array in between."""

from __future__ import annotations

import math

import numba
import numpy as np

__all__ = ["LOGISTIC", "RAMP", "SMOOTH_RAMP", "descend", "negative_gradient"]

RAMP, SMOOTH_RAMP, LOGISTIC = 0, 1, 2


@numba.njit(cache=True, fastmath={"reassoc", "contract"}, nogil=True)
def negative_gradient(features: np.ndarray, labels: np.ndarray, direction: np.ndarray, ramp_width: float, loss: int, total: np.ndarray) -> float:
    """Write sum of y l'(<w, x>) x over rows, without its part along w and divided by the rows, into `total`; return its squared length."""
    rows, dimension = features.shape
    half, sixth = 0.5 * ramp_width, ramp_width / 6.0
    total[:] = 0.0
    for i in range(rows):
        row = features[i]
        margin = 0.0
        for j in range(dimension):
            margin += row[j] * direction[j]
        size = abs(margin)
        if loss == RAMP:
            if size > half:
                continue
            weight = 1.0 / ramp_width
        elif loss == SMOOTH_RAMP:
            if size >= half:
                continue
            u = 0.0 if size <= sixth else 3.0 * (size / ramp_width - 1.0 / 6.0)
            weight = (1.0 + 2.0 * u - 3.0 * u * u) / ramp_width
        else:
            tail = math.exp(-size / ramp_width)
            weight = tail / (ramp_width * (1.0 + tail) * (1.0 + tail))
        weight *= labels[i]
        for j in range(dimension):
            total[j] += weight * row[j]
    along = 0.0
    for j in range(dimension):
        total[j] /= rows
        along += total[j] * direction[j]
    square = 0.0
    for j in range(dimension):
        total[j] -= along * direction[j]
        square += total[j] * total[j]
    return square


@numba.njit(cache=True, nogil=True)
def descend(
    features: np.ndarray,
    labels: np.ndarray,
    direction: np.ndarray,
    ramp_width: float,
    step: float,
    iterations: int,
    averaged: int,
    loss: int,
    norms: np.ndarray,
    path: np.ndarray,
) -> None:
    """Take projected full-batch steps from `direction`, in place, and end at the normalised mean of the last `averaged` iterates.

    `norms` (iterations,) receives the gradient norm before every step, `path` (iterations or 0, d) the iterates before every step.
    """
    dimension = features.shape[1]
    total, mean = np.zeros(dimension), np.zeros(dimension)
    for t in range(iterations):
        if path.shape[0]:
            path[t] = direction
        norms[t] = math.sqrt(negative_gradient(features, labels, direction, ramp_width, loss, total))
        for j in range(dimension):
            direction[j] += step * total[j]
        direction /= math.sqrt(np.sum(direction * direction))
        if t >= iterations - averaged:
            mean += direction
    if averaged > 0:
        length = math.sqrt(np.sum(mean * mean))
        if length > 0.0:
            direction[:] = mean / length
