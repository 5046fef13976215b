"""Compiled inner loops of `theorylab.models.wishart`: one pass per replicate, O(k) memory; the plain versions there are their references."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["chi_squared_rows", "largest_eigenvalue_rows", "resolvent_trace_rows"]

# Rows that a recursion takes side by side: two vectors of AVX2, one of AVX-512.
ABREAST = 8


@njit(cache=True)
def chi_squared_rows(rng: np.random.Generator, degrees: np.ndarray, size: int) -> np.ndarray:
    """Draw (size, k) independent chi-squared variables, column j with degrees[j] >= 1 degrees of freedom.

    Marsaglia and Tsang (2000), the method of `Generator.chisquare`, with the two constants of each column taken out of the loop over rows: a
    bidiagonal matrix asks for the same k laws again and again. Below two degrees, where their method needs a detour, only 1 is allowed: the
    square of a normal.
    """
    k = degrees.size
    drawn = np.empty((size, k))
    shape = 0.5 * degrees - 1.0 / 3.0
    spread = np.empty(k)
    for j in range(k):
        spread[j] = 1.0 / np.sqrt(9.0 * shape[j]) if degrees[j] >= 2.0 else 0.0
    for row in range(size):
        for j in range(k):
            if degrees[j] < 2.0:
                x = rng.standard_normal()
                drawn[row, j] = x * x
                continue
            while True:
                x = rng.standard_normal()
                v = 1.0 + spread[j] * x
                if v <= 0.0:
                    continue
                v = v * v * v
                u = rng.random()
                squared = x * x
                # The first test, without logarithms, settles all but a few draws in a hundred.
                if u < 1.0 - 0.0331 * squared * squared or np.log(u) < 0.5 * squared + shape[j] * (1.0 - v + np.log(v)):
                    drawn[row, j] = 2.0 * shape[j] * v
                    break
    return drawn


@njit(cache=True, nogil=True)
def resolvent_trace_rows(diagonal: np.ndarray, below: np.ndarray, shift: float) -> np.ndarray:
    """Return tr (B B^T + shift I)^-1 for each row of squared bidiagonal entries (size, k), (size, k - 1).

    A recursion waits for the division of its last step. Several rows go side by side, so that their divisions overlap; the order of operations within
    a row, and so its result to the last bit, is that of one row alone.
    """
    size, k = diagonal.shape
    traces = np.empty(size)
    backward = np.empty((k, ABREAST))
    forward = np.empty(ABREAST)
    total = np.empty(ABREAST)
    for first in range(0, size, ABREAST):
        count = min(ABREAST, size - first)
        for row in range(count):
            backward[k - 1, row] = diagonal[first + row, k - 1]
        for i in range(k - 2, -1, -1):
            for row in range(count):
                pivot = shift + backward[i + 1, row]
                backward[i, row] = diagonal[first + row, i] * pivot / (pivot + below[first + row, i])
        for row in range(count):
            forward[row] = shift
            total[row] = 1.0 / (shift + backward[0, row])
        for i in range(1, k):
            for row in range(count):
                following = shift + below[first + row, i - 1] * forward[row] / (diagonal[first + row, i - 1] + forward[row])
                total[row] += 1.0 / (following + backward[i, row])
                forward[row] = following
        for row in range(count):
            traces[first + row] = total[row]
    return traces


@njit(cache=True, nogil=True)
def largest_eigenvalue_rows(diagonal: np.ndarray, squared_off_diagonal: np.ndarray) -> np.ndarray:
    """Return the largest eigenvalue of each symmetric tridiagonal matrix (size, k), (size, k - 1) by Laguerre's iteration from above.

    Far from the largest eigenvalue its steps are as small as the others are many; while they do not shrink, the interval that is left is halved
    instead, so the sweeps grow like log k.
    """
    size, k = diagonal.shape
    largest = np.empty(size)
    for row in range(size):
        low = diagonal[row, 0]
        high = diagonal[row, 0]
        previous = 0.0
        for i in range(k):
            following = np.sqrt(squared_off_diagonal[row, i]) if i < k - 1 else 0.0
            high = max(high, diagonal[row, i] + previous + following)
            low = max(low, diagonal[row, i])
            previous = following
        x = high
        step = np.inf
        halving = False
        for _ in range(200):
            # f is a pivot of x I - T, g = f'/f, h = f''/f: the sums are p'/p and -(p'/p)'.
            f = x - diagonal[row, 0]
            positive = f > 0.0
            if positive:
                g = 1.0 / f
                h = 0.0
                first = g
                second = g * g
                for i in range(1, k):
                    ratio = squared_off_diagonal[row, i - 1] / f
                    slope = 1.0 + ratio * g
                    curvature = ratio * (h - 2.0 * g * g)
                    f = x - diagonal[row, i] - ratio
                    if f <= 0.0:
                        positive = False
                        break
                    inverse = 1.0 / f
                    g = slope * inverse
                    h = curvature * inverse
                    first += g
                    second += g * g - h
            if positive:
                spread = max((k - 1) * (k * second - first * first), 0.0)
                before = step
                step = k / (first + np.sqrt(spread))
                # Laguerre's step never passes the largest eigenvalue.
                high = x - step
                if step <= 4e-16 * abs(x):
                    x = high
                    break
                halving = step > 0.5 * before
            elif halving:
                low = x
            else:
                # Nothing but rounding lies between.
                break
            halving = halving and high - low > 4.0 * step
            x = 0.5 * (low + high) if halving else high
        largest[row] = x
    return largest
