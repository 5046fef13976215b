"""Compiled logistic loss of one data set: value, slopes along a line, residuals and curvatures, from scores held class by class.

Scores are (K - 1, samples), those of the last class 0; `answers` has 1 where a sample is of the class and 0 elsewhere. Arrays are padded to a
multiple of 8 samples: only the first `count` of them are samples.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from theorylab.numerics.logistic_regression.kernels import FAST, exponentials, log_product

__all__ = ["curvature_weights", "line_slopes", "loss_and_shares", "smallest_lead", "sum_of_products"]


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def sum_of_products(one: np.ndarray, other: np.ndarray) -> float:
    """Return the sum of the products of the entries of two matrices."""
    total = 0.0
    for k in range(one.shape[0]):
        for j in range(one.shape[1]):
            total += one[k, j] * other[k, j]
    return total


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def loss_and_shares(
    scores: np.ndarray, answers: np.ndarray, count: int, shares: np.ndarray, top: np.ndarray, total: np.ndarray, bits: np.ndarray
) -> float:
    """Return the sum of the log losses, and write the probabilities of all classes but the last into `shares`; the rest is scratch."""
    free = scores.shape[0]
    for i in range(count):
        top[i] = max(scores[0, i], 0.0)
    for k in range(1, free):
        for i in range(count):
            top[i] = max(scores[k, i], top[i])
    # Arguments and results in different arrays, or the loops are not vectorised.
    for k in range(free):
        for i in range(count):
            total[i] = scores[k, i] - top[i]
        exponentials(total, shares[k], bits)
    exponentials(top, total, bits)
    for k in range(free):
        for i in range(count):
            total[i] += shares[k, i]
    loss = log_product(total, count)
    for i in range(count):
        total[i] = 1.0 / total[i]
    for k in range(free):
        for i in range(count):
            # Sample by sample, the largest score less that of its own class: large scores must not cancel in the sum.
            top[i] -= answers[k, i] * scores[k, i]
            shares[k, i] *= total[i]
    for i in range(count):
        loss += top[i]
    return loss


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def line_slopes(shares: np.ndarray, answers: np.ndarray, move: np.ndarray, count: int) -> tuple[float, float]:
    """Return first and second derivative of the loss when the scores move along `move`."""
    first = second = 0.0
    if shares.shape[0] == 1:
        for i in range(count):
            p, x = shares[0, i], move[0, i]
            first += (p - answers[0, i]) * x
            second += p * (1.0 - p) * x * x
        return first, second
    for i in range(count):
        mean = square = 0.0
        for k in range(shares.shape[0]):
            p, x = shares[k, i], move[k, i]
            mean += p * x
            square += p * x * x
            first -= answers[k, i] * x
        first += mean
        second += square - mean * mean
    return first, second


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def curvature_weights(one: np.ndarray, other: np.ndarray, same: bool, count: int, weights: np.ndarray) -> None:
    """Write what the Hessian sums for two classes, from their probabilities: p (1 - p) if they are the same, else -p q."""
    if same:
        for i in range(count):
            weights[i] = one[i] * (1.0 - one[i])
    else:
        for i in range(count):
            weights[i] = -one[i] * other[i]


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def smallest_lead(scores: np.ndarray, labels: np.ndarray, count: int) -> float:
    """Return the least difference between the score of a sample's class and the largest of the others."""
    free = scores.shape[0]
    least = np.inf
    for i in range(count):
        right = scores[labels[i], i] if labels[i] < free else 0.0
        rival = -np.inf if labels[i] == free else 0.0
        for k in range(free):
            if k != labels[i]:
                rival = max(rival, scores[k, i])
        least = min(least, right - rival)
    return least
