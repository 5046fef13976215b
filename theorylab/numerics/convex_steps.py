"""Compiled steps of the minimax problems of `theorylab.numerics.convex`: least squares, interior points, and Newton's method at the end.

Nothing here allocates, so that the same functions serve a thread of a device with its own room to work in, a `Room` of `convex_kernels`. Constraints
are known by their number i; a problem may be solved for some of them, those at the first ``count`` places of a list.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["all_squares", "interior_point", "least_squares", "polish"]

_STEPS = 80
_GAP = 1e-13


@njit(cache=True, error_model="numpy")
def _clear(matrix: np.ndarray, right: np.ndarray, size: int) -> None:
    for row in range(size):
        right[row] = 0.0
        for column in range(size):
            matrix[row, column] = 0.0


@njit(cache=True, error_model="numpy")
def _solve(matrix: np.ndarray, right: np.ndarray, n: int) -> bool:
    """Solve n equations in place by elimination with partial pivoting; False if a pivot vanishes."""
    for column in range(n):
        pivot = column
        for row in range(column + 1, n):
            if abs(matrix[row, column]) > abs(matrix[pivot, column]):
                pivot = row
        if not abs(matrix[pivot, column]) > 1e-300:
            return False
        if pivot != column:
            for j in range(n):
                matrix[column, j], matrix[pivot, j] = matrix[pivot, j], matrix[column, j]
            right[column], right[pivot] = right[pivot], right[column]
        for row in range(column + 1, n):
            factor = matrix[row, column] / matrix[column, column]
            if factor != 0.0:
                for j in range(column, n):
                    matrix[row, j] -= factor * matrix[column, j]
                right[row] -= factor * right[column]
    for column in range(n - 1, -1, -1):
        total = right[column]
        for j in range(column + 1, n):
            total -= matrix[column, j] * right[j]
        right[column] = total / matrix[column, column]
    return True


@njit(cache=True, error_model="numpy")
def _squares(a: np.ndarray, b: np.ndarray, w: np.ndarray, q: np.ndarray, g: np.ndarray, places: np.ndarray, count: int) -> float:
    """Put the squared norms |A_i w - b_i|^2 into q and their gradients into g; return the largest."""
    _, m, r = a.shape
    largest = 0.0
    for place in range(count):
        i = places[place]
        square = 0.0
        for j in range(r):
            g[i, j] = 0.0
        for row in range(m):
            residual = -b[i, row]
            for j in range(r):
                residual += a[i, row, j] * w[j]
            square += residual * residual
            for j in range(r):
                g[i, j] += 2.0 * residual * a[i, row, j]
        q[i] = square
        largest = max(largest, square)
    return largest


@njit(cache=True, error_model="numpy")
def all_squares(a: np.ndarray, b: np.ndarray, w: np.ndarray, q: np.ndarray) -> float:
    """Put the squared norms of all constraints into q; return the largest."""
    n, m, r = a.shape
    largest = 0.0
    for i in range(n):
        square = 0.0
        for row in range(m):
            residual = -b[i, row]
            for j in range(r):
                residual += a[i, row, j] * w[j]
            square += residual * residual
        q[i] = square
        largest = max(largest, square)
    return largest


@njit(cache=True, error_model="numpy")
def least_squares(a: np.ndarray, b: np.ndarray, hessians: np.ndarray, w: np.ndarray, matrix: np.ndarray, right: np.ndarray) -> bool:
    """Put the point of least total squares into w: normal equations, solved twice more for what rounding left."""
    n, m, r = a.shape
    for j in range(r):
        w[j] = 0.0
    for _ in range(3):
        _clear(matrix, right, r)
        for i in range(n):
            for j in range(r):
                for k in range(r):
                    matrix[j, k] += 0.5 * hessians[i, j, k]
            for row in range(m):
                residual = b[i, row]
                for j in range(r):
                    residual -= a[i, row, j] * w[j]
                for j in range(r):
                    right[j] += a[i, row, j] * residual
        if not _solve(matrix, right, r):
            return False
        for j in range(r):
            w[j] += right[j]
    return True


@njit(cache=True, error_model="numpy")
def interior_point(
    a: np.ndarray,
    b: np.ndarray,
    w: np.ndarray,
    multipliers: np.ndarray,
    count: int,
    hessians: np.ndarray,
    g: np.ndarray,
    vectors: np.ndarray,
    places: np.ndarray,
    matrix: np.ndarray,
    right: np.ndarray,
) -> int:
    """Minimise the largest squared norm q_i = t - slack_i from the start w, all of order 1; return the number of steps, -1 if it does not settle.

    The slacks are variables of their own, so that a step may leave q_i + slack_i = t and come back: held to it, steps grow short where few
    constraints hold the solution.
    """
    r = a.shape[2]
    q, slack, change, slack_change = vectors[0], vectors[1], vectors[2], vectors[3]
    t = 1.1 * _squares(a, b, w, q, g, places, count)
    for place in range(count):
        i = places[place]
        slack[i] = t - q[i]
        multipliers[i] = 1.0 / count
    closeness = 1.0
    for step in range(_STEPS):
        gap, residual, stationarity = 0.0, 0.0, 0.0
        for place in range(count):
            i = places[place]
            gap += slack[i] * multipliers[i]
            residual = max(residual, abs(q[i] + slack[i] - t))
        for j in range(r):
            total = 0.0
            for place in range(count):
                i = places[place]
                total += multipliers[i] * g[i, j]
            stationarity = max(stationarity, abs(total))
        closeness = max(gap, residual) / t
        if gap <= _GAP * t and residual <= 1e-13 * t and stationarity <= 1e-9 * math.sqrt(t):
            return step
        mu = 0.1 * gap / count
        _clear(matrix, right, r + 1)
        for place in range(count):
            i = places[place]
            weight = multipliers[i] / slack[i]
            centre = mu / slack[i] + weight * (q[i] + slack[i] - t)
            for j in range(r):
                right[j] -= centre * g[i, j]
                matrix[j, r] -= weight * g[i, j]
                for k in range(r):
                    matrix[j, k] += multipliers[i] * hessians[i, j, k] + weight * g[i, j] * g[i, k]
            matrix[r, r] += weight
            right[r] += centre
        right[r] -= 1.0
        for j in range(r):
            matrix[r, j] = matrix[j, r]
        if not _solve(matrix, right, r + 1):
            return -1
        length = 1.0
        for place in range(count):
            i = places[place]
            slack_change[i] = right[r] - (q[i] + slack[i] - t)
            for j in range(r):
                slack_change[i] -= g[i, j] * right[j]
            change[i] = (mu - multipliers[i] * slack_change[i]) / slack[i] - multipliers[i]
            if change[i] < 0.0:
                length = min(length, -0.99 * multipliers[i] / change[i])
            if slack_change[i] < 0.0:
                length = min(length, -0.99 * slack[i] / slack_change[i])
        for j in range(r):
            w[j] += length * right[j]
        t += length * right[r]
        for place in range(count):
            i = places[place]
            multipliers[i] += length * change[i]
            slack[i] += length * slack_change[i]
        _squares(a, b, w, q, g, places, count)
        for place in range(count):
            i = places[place]
            slack[i] = max(slack[i], t - q[i])
    # Where rounding stops the last digits, what there is will do; the Newton steps that follow give the rest.
    return _STEPS if closeness <= 1e-9 else -1


@njit(cache=True, error_model="numpy")
def polish(
    a: np.ndarray,
    b: np.ndarray,
    w: np.ndarray,
    multipliers: np.ndarray,
    count: int,
    hessians: np.ndarray,
    g: np.ndarray,
    q: np.ndarray,
    places: np.ndarray,
    matrix: np.ndarray,
    right: np.ndarray,
    x: np.ndarray,
    held: np.ndarray,
) -> None:
    """Newton steps on the optimality conditions of the constraints that hold the solution; kept only if the largest norm does not grow."""
    r = a.shape[2]
    best = _squares(a, b, w, q, g, places, count)
    lam, active = held[0], held[1]
    s, mass = 0, 0.0
    for place in range(count):
        if multipliers[places[place]] > 1e-6:
            if s > r:
                return
            active[s] = places[place]
            lam[s] = multipliers[places[place]]
            mass += lam[s]
            s += 1
    if s == 0:
        return
    for p in range(s):
        lam[p] /= mass
    for j in range(r):
        x[j] = w[j]
    t, largest = best, best
    for _ in range(3):
        size = r + 1 + s
        _clear(matrix, right, size)
        mass = 0.0
        for p in range(s):
            i = int(active[p])
            mass += lam[p]
            for j in range(r):
                right[j] -= lam[p] * g[i, j]
                matrix[j, r + 1 + p] = g[i, j]
                matrix[r + 1 + p, j] = -g[i, j]
                for k in range(r):
                    matrix[j, k] += lam[p] * hessians[i, j, k]
            matrix[r, r + 1 + p] = 1.0
            matrix[r + 1 + p, r] = 1.0
            right[r + 1 + p] = q[i] - t
        right[r] = 1.0 - mass
        if not _solve(matrix, right, size):
            return
        for j in range(r):
            x[j] += right[j]
        t += right[r]
        for p in range(s):
            lam[p] += right[r + 1 + p]
        largest = _squares(a, b, x, q, g, places, count)
    least = lam[0]
    for p in range(1, s):
        least = min(least, lam[p])
    if largest <= best * (1.0 + 1e-14) and least >= 0.0:
        for j in range(r):
            w[j] = x[j]
        for place in range(count):
            multipliers[places[place]] = 0.0
        for p in range(s):
            multipliers[int(active[p])] = lam[p]
