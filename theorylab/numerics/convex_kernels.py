"""Compiled loops of `theorylab.numerics.convex`: an interior-point method for many small minimax problems, one after the other."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["minimax_kernel"]

_STEPS = 80
_GAP = 1e-13


@njit(cache=True, error_model="numpy")
def _solve(matrix: np.ndarray, right: np.ndarray) -> bool:
    """Solve in place by elimination with partial pivoting; False if a pivot vanishes."""
    n = len(right)
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
def _squares(a: np.ndarray, b: np.ndarray, w: np.ndarray, q: np.ndarray, g: np.ndarray) -> None:
    """Put the squared norms |A_i w - b_i|^2 into q and their gradients into g."""
    n, m, r = a.shape
    for i in range(n):
        q[i] = 0.0
        g[i] = 0.0
        for row in range(m):
            residual = -b[i, row]
            for j in range(r):
                residual += a[i, row, j] * w[j]
            q[i] += residual * residual
            for j in range(r):
                g[i, j] += 2.0 * residual * a[i, row, j]


@njit(cache=True, error_model="numpy")
def _least_squares(a: np.ndarray, b: np.ndarray, hessians: np.ndarray, w: np.ndarray) -> bool:
    """Put the point of least total squares into w: normal equations, solved twice more for what rounding left."""
    n, m, r = a.shape
    w[:] = 0.0
    for _ in range(3):
        matrix = np.zeros((r, r))
        right = np.zeros(r)
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
        if not _solve(matrix, right):
            return False
        w += right
    return True


@njit(cache=True, error_model="numpy")
def _interior_point(a: np.ndarray, b: np.ndarray, hessians: np.ndarray, w: np.ndarray, multipliers: np.ndarray) -> int:
    """Minimise the largest squared norm q_i = t - slack_i from the start w, all of order 1; return the number of steps, -1 if it does not settle.

    The slacks are variables of their own, so that a step may leave q_i + slack_i = t and come back: held to it, steps grow short where few
    constraints hold the solution.
    """
    n, _, r = a.shape
    q, g = np.empty(n), np.empty((n, r))
    _squares(a, b, w, q, g)
    t = 1.1 * float(np.max(q))
    slack = t - q
    multipliers[:] = 1.0 / n
    closeness = 1.0
    change, slack_change = np.empty(n), np.empty(n)
    for step in range(_STEPS):
        gap, residual, stationarity = 0.0, 0.0, 0.0
        for i in range(n):
            gap += slack[i] * multipliers[i]
            residual = max(residual, abs(q[i] + slack[i] - t))
        for j in range(r):
            total = 0.0
            for i in range(n):
                total += multipliers[i] * g[i, j]
            stationarity = max(stationarity, abs(total))
        closeness = max(gap, residual) / t
        if gap <= _GAP * t and residual <= 1e-13 * t and stationarity <= 1e-9 * math.sqrt(t):
            return step
        mu = 0.1 * gap / n
        matrix = np.zeros((r + 1, r + 1))
        right = np.zeros(r + 1)
        for i in range(n):
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
        if not _solve(matrix, right):
            return -1
        length = 1.0
        for i in range(n):
            slack_change[i] = right[r] - (q[i] + slack[i] - t)
            for j in range(r):
                slack_change[i] -= g[i, j] * right[j]
            change[i] = (mu - multipliers[i] * slack_change[i]) / slack[i] - multipliers[i]
            if change[i] < 0.0:
                length = min(length, -0.99 * multipliers[i] / change[i])
            if slack_change[i] < 0.0:
                length = min(length, -0.99 * slack[i] / slack_change[i])
        w += length * right[:r]
        t += length * float(right[r])
        multipliers += length * change
        slack += length * slack_change
        _squares(a, b, w, q, g)
        for i in range(n):
            slack[i] = max(slack[i], t - q[i])
    # Where rounding stops the last digits, what there is will do; the Newton steps that follow give the rest.
    return _STEPS if closeness <= 1e-9 else -1


@njit(cache=True, error_model="numpy")
def _polish(a: np.ndarray, b: np.ndarray, hessians: np.ndarray, w: np.ndarray, multipliers: np.ndarray) -> None:
    """Newton steps on the optimality conditions of the constraints that hold the solution; kept only if the largest norm does not grow."""
    n, _, r = a.shape
    q, g = np.empty(n), np.empty((n, r))
    _squares(a, b, w, q, g)
    best = float(np.max(q))
    active = np.flatnonzero(multipliers > 1e-6)
    s = len(active)
    if s == 0 or s > r + 1:
        return
    x, lam = w.copy(), multipliers[active] / np.sum(multipliers[active])
    t = best
    for _ in range(3):
        size = r + 1 + s
        matrix = np.zeros((size, size))
        right = np.zeros(size)
        for p in range(s):
            i = active[p]
            for j in range(r):
                right[j] -= lam[p] * g[i, j]
                matrix[j, r + 1 + p] = g[i, j]
                matrix[r + 1 + p, j] = -g[i, j]
                for k in range(r):
                    matrix[j, k] += lam[p] * hessians[i, j, k]
            matrix[r, r + 1 + p] = 1.0
            matrix[r + 1 + p, r] = 1.0
            right[r + 1 + p] = q[i] - t
        right[r] = 1.0 - np.sum(lam)
        if not _solve(matrix, right):
            return
        x += right[:r]
        t += float(right[r])
        lam += right[r + 1 :]
        _squares(a, b, x, q, g)
    if np.max(q) <= best * (1.0 + 1e-14) and np.min(lam) >= 0.0:
        w[:] = x
        multipliers[:] = 0.0
        for p in range(s):
            multipliers[active[p]] = lam[p]


@njit(cache=True, error_model="numpy")
def _largest(values: np.ndarray, most: int) -> np.ndarray:
    """Return the places of the largest of the values, those above 0 and at most so many; the values are used up."""
    places = np.empty(most, np.int64)
    found = 0
    while found < most:
        place = int(np.argmax(values))
        if not values[place] > 0.0:
            break
        places[found] = place
        values[place] = 0.0
        found += 1
    return places[:found]


@njit(cache=True, error_model="numpy")
def _by_parts(a: np.ndarray, b: np.ndarray, hessians: np.ndarray, w: np.ndarray, multipliers: np.ndarray) -> int:
    """Minimise the largest squared norm as `_interior_point` does, over those constraints that matter; return the number of steps, -1 if it fails.

    At most r + 1 constraints hold the solution. The largest few at the start come first; the solution of a part that violates no other constraint is
    that of the whole, and the worst violations join the part until there are none.
    """
    n, _, r = a.shape
    few = 2 * (r + 2)
    if n > 2 * few:
        q, g = np.empty(n), np.empty((n, r))
        _squares(a, b, w, q, g)
        part = _largest(q, few)
        total = 0
        while len(part) <= n // 2:
            point, lam = w.copy(), np.empty(len(part))
            rows, right, curvatures = a[part], b[part], hessians[part]
            steps = _interior_point(rows, right, curvatures, point, lam)
            if steps < 0:
                break
            _polish(rows, right, curvatures, point, lam)
            _squares(a, b, point, q, g)
            total += steps
            level = 0.0
            for i in part:
                level = max(level, q[i])
                q[i] = 0.0
            if np.max(q) <= level * (1.0 + 1e-14):
                w[:] = point
                multipliers[:] = 0.0
                for place in range(len(part)):
                    multipliers[part[place]] = lam[place]
                return total
            part = np.append(part, _largest(q - level, r + 2))
    steps = _interior_point(a, b, hessians, w, multipliers)
    _polish(a, b, hessians, w, multipliers)
    return steps


@njit(cache=True, error_model="numpy")
def minimax_kernel(
    matrices: np.ndarray, vectors: np.ndarray, points: np.ndarray, values: np.ndarray, multipliers: np.ndarray, steps: np.ndarray
) -> None:
    """Solve min over w of max over i of |A_i w - b_i| for each problem; steps is -1 where it failed and -2 where the point is not unique."""
    count, n, m, r = matrices.shape
    hessians = np.empty((n, r, r))
    q, g = np.empty(n), np.empty((n, r))
    for problem in range(count):
        a, b = matrices[problem], vectors[problem]
        # One scale for the matrices and one for the vectors, so that all numbers within are of order 1.
        size = math.sqrt(np.max(np.abs(a)) ** 2 * m) + 1e-300
        a_scaled = a / size
        # Written out: for so few numbers calling a matrix product takes longer than the product.
        for i in range(n):
            for j in range(r):
                for k in range(r):
                    total = 0.0
                    for row in range(m):
                        total += a_scaled[i, row, j] * a_scaled[i, row, k]
                    hessians[i, j, k] = 2.0 * total
        w = np.zeros(r)
        if not _least_squares(a_scaled, b, hessians, w):
            steps[problem] = -2
            continue
        _squares(a_scaled, b, w, q, g)
        start = math.sqrt(np.max(q))
        if start <= 1e-12 * (np.max(np.abs(b)) + np.max(np.abs(w))):
            # A common solution of all systems up to rounding.
            points[problem], values[problem], steps[problem] = w / size, start, 0
            multipliers[problem] = 0.0
            continue
        # Centred at the least-squares point, in units of its largest norm.
        b_scaled = np.empty_like(b)
        for i in range(n):
            for row in range(m):
                total = b[i, row]
                for j in range(r):
                    total -= a_scaled[i, row, j] * w[j]
                b_scaled[i, row] = total / start
        moved = np.zeros(r)
        steps[problem] = _by_parts(a_scaled, b_scaled, hessians, moved, multipliers[problem])
        _squares(a_scaled, b_scaled, moved, q, g)
        points[problem] = (w + start * moved) / size
        values[problem] = start * math.sqrt(np.max(q))
