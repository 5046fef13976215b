"""Compiled pieces of the logistic solver: vectors of exponentials, weighted sums over samples, Cholesky factors.

Designs are padded with zeros to a multiple of 8 samples and of 8 columns, so that the inner loops have no remainders and compile to vector
instructions.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = [
    "FAST",
    "cholesky_in_place",
    "cholesky_solve",
    "exponentials",
    "log_product",
    "padded_design",
    "sample_scores",
    "weighted_gram",
    "weighted_sum",
]

# Sums may be reordered, which is what lets them be vectorised; NaN and infinity keep their meaning.
FAST = {"reassoc", "nsz", "contract"}
# A feature that varies by less than this part of itself is constant.
CONSTANT = 1e-13


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath={"contract"})
def exponentials(arguments: np.ndarray, results: np.ndarray, bits: np.ndarray) -> None:
    """Write exp(-|argument|) into results, to a few units in the last place; below exp(-700) it stays there. `bits` is int64 scratch.

    exp(-u) = 2^k exp(f), |f| <= log(2) / 2, by its Taylor polynomial of degree 13 (remainder 5e-18); 2^k is written as the bits of an exponent. Not
    reordered, or log(2) in two parts would be of no use.
    """
    powers = bits.view(np.float64)
    for i in range(arguments.size):
        u = -min(abs(arguments[i]), 700.0)
        k = np.floor(u * 1.4426950408889634 + 0.5)
        f = (u - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10
        r = 1.0 / 6227020800.0
        r = r * f + 1.0 / 479001600.0
        r = r * f + 1.0 / 39916800.0
        r = r * f + 1.0 / 3628800.0
        r = r * f + 1.0 / 362880.0
        r = r * f + 1.0 / 40320.0
        r = r * f + 1.0 / 5040.0
        r = r * f + 1.0 / 720.0
        r = r * f + 1.0 / 120.0
        r = r * f + 1.0 / 24.0
        r = r * f + 1.0 / 6.0
        r = r * f + 0.5
        r = r * f + 1.0
        results[i] = r * f + 1.0
        bits[i] = (np.int64(k) + 1023) << 52
    for i in range(arguments.size):
        results[i] *= powers[i]


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def log_product(factors: np.ndarray, count: int) -> float:
    """Return the sum of the logarithms of the first `count` entries, each in [1, 2^15]: one logarithm for 64 of them."""
    total = 0.0
    for start in range(0, count, 64):
        product = 1.0
        for i in range(start, min(start + 64, count)):
            product *= factors[i]
        total += np.log(product)
    return total


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def padded_design(features: np.ndarray, fit_intercept: bool, design: np.ndarray, centre: np.ndarray) -> None:
    """Write features (m, d), and a column of ones if there is an intercept, into the zeros of design; with an intercept features are centred.

    What rounding leaves of a constant feature becomes 0, so that nothing is fitted to it.
    """
    m, d = features.shape
    centre[:] = 0.0
    if not fit_intercept:
        for i in range(m):
            for j in range(d):
                design[i, j] = features[i, j]
        return
    largest, left = np.zeros(d), np.zeros(d)
    for i in range(m):
        for j in range(d):
            centre[j] += features[i, j]
            largest[j] = max(largest[j], abs(features[i, j]))
    for j in range(d):
        centre[j] /= m
    for i in range(m):
        for j in range(d):
            design[i, j] = features[i, j] - centre[j]
            left[j] = max(left[j], abs(design[i, j]))
        design[i, d] = 1.0
    for j in range(d):
        if left[j] <= CONSTANT * largest[j]:
            design[:m, j] = 0.0


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def sample_scores(design: np.ndarray, coefficients: np.ndarray, scores: np.ndarray) -> None:
    """Write design @ coefficients, four samples at a time."""
    m, p = design.shape
    for i in range(0, m, 4):
        a = b = c = d = 0.0
        for j in range(p):
            v = coefficients[j]
            a += design[i, j] * v
            b += design[i + 1, j] * v
            c += design[i + 2, j] * v
            d += design[i + 3, j] * v
        scores[i], scores[i + 1], scores[i + 2], scores[i + 3] = a, b, c, d


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def weighted_sum(design: np.ndarray, weights: np.ndarray, total: np.ndarray) -> None:
    """Write weights @ design, eight samples at a time."""
    m, p = design.shape
    total[:] = 0.0
    for i in range(0, m, 8):
        a, b, c, d = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        e, f, g, h = weights[i + 4], weights[i + 5], weights[i + 6], weights[i + 7]
        for j in range(p):
            total[j] += (
                a * design[i, j]
                + b * design[i + 1, j]
                + c * design[i + 2, j]
                + d * design[i + 3, j]
                + e * design[i + 4, j]
                + f * design[i + 5, j]
                + g * design[i + 6, j]
                + h * design[i + 7, j]
            )


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def weighted_gram(design: np.ndarray, weights: np.ndarray, gram: np.ndarray) -> None:
    """Write the lower triangle of sum_i weights_i x_i x_i' into gram, eight samples and two rows of it at a time; above the triangle is waste."""
    m, p = design.shape
    gram[:] = 0.0
    for i in range(0, m, 8):
        for j in range(0, p, 2):
            k = j + 1
            a0, b0 = weights[i] * design[i, j], weights[i] * design[i, k]
            a1, b1 = weights[i + 1] * design[i + 1, j], weights[i + 1] * design[i + 1, k]
            a2, b2 = weights[i + 2] * design[i + 2, j], weights[i + 2] * design[i + 2, k]
            a3, b3 = weights[i + 3] * design[i + 3, j], weights[i + 3] * design[i + 3, k]
            a4, b4 = weights[i + 4] * design[i + 4, j], weights[i + 4] * design[i + 4, k]
            a5, b5 = weights[i + 5] * design[i + 5, j], weights[i + 5] * design[i + 5, k]
            a6, b6 = weights[i + 6] * design[i + 6, j], weights[i + 6] * design[i + 6, k]
            a7, b7 = weights[i + 7] * design[i + 7, j], weights[i + 7] * design[i + 7, k]
            for n in range((j // 8 + 1) * 8):
                x0, x1, x2, x3 = design[i, n], design[i + 1, n], design[i + 2, n], design[i + 3, n]
                x4, x5, x6, x7 = design[i + 4, n], design[i + 5, n], design[i + 6, n], design[i + 7, n]
                gram[j, n] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3 + a4 * x4 + a5 * x5 + a6 * x6 + a7 * x7
                gram[k, n] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3 + b4 * x4 + b5 * x5 + b6 * x6 + b7 * x7


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def cholesky_in_place(matrix: np.ndarray, count: int) -> float:
    """Overwrite the lower triangle of the leading (count, count) block by its Cholesky factor; return the least pivot relative to its diagonal entry.

    A pivot that rounding has made too small is replaced by 1e-14 of the diagonal entry (at least 1e-300), so the factor always exists.
    """
    least = 1.0
    for j in range(count):
        before = matrix[j, j]
        s = 0.0
        for k in range(j):
            s += matrix[j, k] * matrix[j, k]
        pivot = before - s
        floor = max(1e-14 * before, 1e-300)
        least = min(least, pivot / before if before > 0.0 else 0.0)
        root = np.sqrt(max(pivot, floor))
        matrix[j, j] = root
        inverse = 1.0 / root
        i = j + 1
        while i + 4 <= count:
            a = b = c = d = 0.0
            for k in range(j):
                x = matrix[j, k]
                a += x * matrix[i, k]
                b += x * matrix[i + 1, k]
                c += x * matrix[i + 2, k]
                d += x * matrix[i + 3, k]
            matrix[i, j] = (matrix[i, j] - a) * inverse
            matrix[i + 1, j] = (matrix[i + 1, j] - b) * inverse
            matrix[i + 2, j] = (matrix[i + 2, j] - c) * inverse
            matrix[i + 3, j] = (matrix[i + 3, j] - d) * inverse
            i += 4
        while i < count:
            a = 0.0
            for k in range(j):
                a += matrix[j, k] * matrix[i, k]
            matrix[i, j] = (matrix[i, j] - a) * inverse
            i += 1
    return least


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def cholesky_solve(factor: np.ndarray, count: int, vector: np.ndarray) -> None:
    """Overwrite the first `count` entries of vector by (L L')^-1 vector, L the lower triangle of factor."""
    for j in range(count):
        s = 0.0
        for k in range(j):
            s += factor[j, k] * vector[k]
        vector[j] = (vector[j] - s) / factor[j, j]
    for j in range(count - 1, -1, -1):
        vector[j] /= factor[j, j]
        x = vector[j]
        for k in range(j):
            vector[k] -= x * factor[j, k]
