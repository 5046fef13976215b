"""Compiled loops of `theorylab.numerics.convex`: an interior-point method for many small minimax problems, one after the other.

The problem of one call, with room to work in; nothing here allocates.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from theorylab.numerics.convex_steps import all_squares, interior_point, least_squares, polish

__all__ = ["Room", "minimax_kernel", "minimax_row", "room_shapes"]


class Room(NamedTuple):
    """Room to work in for one problem of n constraints in r variables.

    Attributes
    ----------
    hessians, gradients
        (n, r, r) and (n, r), of the squared norms.
    vectors
        (4, n): squared norms, slacks, and the changes of multipliers and slacks.
    places
        (n,), integers: constraints that are looked at.
    matrix, right
        Equations, (2 r + 2, 2 r + 2) and (2 r + 2,).
    points
        (3, r): the start, where a method stands, and a trial.
    held
        (2, r + 1): multipliers of the constraints that hold a solution, and which those are.
    """

    hessians: np.ndarray
    gradients: np.ndarray
    vectors: np.ndarray
    places: np.ndarray
    matrix: np.ndarray
    right: np.ndarray
    points: np.ndarray
    held: np.ndarray


def room_shapes(n: int, r: int) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of the arrays of `Room`; "places" holds integers."""
    return ((n, r, r), (n, r), (4, n), (n,), (2 * r + 2, 2 * r + 2), (2 * r + 2,), (3, r), (2, r + 1))


@njit(cache=True, error_model="numpy")
def _add_largest(values: np.ndarray, most: int, places: np.ndarray, count: int) -> int:
    """Append the places of the largest of the values, those above 0 and at most so many; the values are used up. Return the new count."""
    for _ in range(most):
        place = 0
        for i in range(1, len(values)):
            if values[i] > values[place]:
                place = i
        if not values[place] > 0.0:
            break
        places[count] = place
        values[place] = 0.0
        count += 1
    return count


@njit(cache=True, error_model="numpy")
def _count_up(places: np.ndarray) -> int:
    for i in range(len(places)):
        places[i] = i
    return len(places)


@njit(cache=True, error_model="numpy")
def _by_parts(
    a: np.ndarray,
    b: np.ndarray,
    w: np.ndarray,
    multipliers: np.ndarray,
    hessians: np.ndarray,
    g: np.ndarray,
    vectors: np.ndarray,
    places: np.ndarray,
    matrix: np.ndarray,
    right: np.ndarray,
    x: np.ndarray,
    held: np.ndarray,
) -> int:
    """Minimise the largest squared norm from w = 0 over those constraints that matter; return the number of steps, -1 if it fails.

    At most r + 1 constraints hold the solution. The largest few at the start come first; the solution of a part that violates no other constraint is
    that of the whole, and the worst violations join the part until there are none.
    """
    n, _, r = a.shape
    few = 2 * (r + 2)
    q = vectors[0]
    for j in range(r):
        w[j] = 0.0
    if n > 2 * few:
        all_squares(a, b, w, q)
        count = _add_largest(q, few, places, 0)
        total = 0
        while count <= n // 2:
            for j in range(r):
                w[j] = 0.0
            for i in range(n):
                multipliers[i] = 0.0
            steps = interior_point(a, b, w, multipliers, count, hessians, g, vectors, places, matrix, right)
            if steps < 0:
                break
            polish(a, b, w, multipliers, count, hessians, g, q, places, matrix, right, x, held)
            total += steps
            all_squares(a, b, w, q)
            level, worst = 0.0, 0.0
            for place in range(count):
                level = max(level, q[places[place]])
                q[places[place]] = 0.0
            for i in range(n):
                worst = max(worst, q[i])
            if worst <= level * (1.0 + 1e-14):
                return total
            for i in range(n):
                q[i] -= level
            count = _add_largest(q, r + 2, places, count)
        for j in range(r):
            w[j] = 0.0
    count = _count_up(places)
    steps = interior_point(a, b, w, multipliers, count, hessians, g, vectors, places, matrix, right)
    polish(a, b, w, multipliers, count, hessians, g, q, places, matrix, right, x, held)
    return steps


@njit(cache=True, error_model="numpy")
def minimax_row(
    a: np.ndarray,
    b: np.ndarray,
    w: np.ndarray,
    multipliers: np.ndarray,
    hessians: np.ndarray,
    g: np.ndarray,
    vectors: np.ndarray,
    places: np.ndarray,
    matrix: np.ndarray,
    right: np.ndarray,
    points: np.ndarray,
    held: np.ndarray,
) -> tuple[int, float]:
    """Solve min over w of max over i of |A_i w - b_i|; return steps, -1 where it failed and -2 where the point is not unique, and the value.

    Parameters
    ----------
    a, b
        (n, m, r) and (n, m); they are changed.
    w, multipliers
        The solution, (r,) and (n,).
    hessians, g, vectors, places, matrix, right, points, held
        The parts of a `Room`.
    """
    n, m, r = a.shape
    largest, length = 0.0, 0.0
    for i in range(n):
        for row in range(m):
            length = max(length, abs(b[i, row]))
            for j in range(r):
                largest = max(largest, abs(a[i, row, j]))
    # One scale for the matrices and one for the vectors, so that all numbers within are of order 1.
    size = math.sqrt(largest * largest * m) + 1e-300
    # Written out: for so few numbers calling a matrix product takes longer than the product.
    for i in range(n):
        for row in range(m):
            for j in range(r):
                a[i, row, j] /= size
        for j in range(r):
            for k in range(r):
                total = 0.0
                for row in range(m):
                    total += a[i, row, j] * a[i, row, k]
                hessians[i, j, k] = 2.0 * total
        multipliers[i] = 0.0
    start, moved, q = points[0], points[1], vectors[0]
    if not least_squares(a, b, hessians, start, matrix, right):
        return -2, 0.0
    value = math.sqrt(all_squares(a, b, start, q))
    reach = 0.0
    for j in range(r):
        reach = max(reach, abs(start[j]))
    if value <= 1e-12 * (length + reach):
        # A common solution of all systems up to rounding.
        for j in range(r):
            w[j] = start[j] / size
        return 0, value
    # Centred at the least-squares point, in units of its largest norm.
    for i in range(n):
        for row in range(m):
            total = b[i, row]
            for j in range(r):
                total -= a[i, row, j] * start[j]
            b[i, row] = total / value
    steps = _by_parts(a, b, moved, multipliers, hessians, g, vectors, places, matrix, right, points[2], held)
    for j in range(r):
        w[j] = (start[j] + value * moved[j]) / size
    return steps, value * math.sqrt(all_squares(a, b, moved, q))


@njit(cache=True, error_model="numpy")
def minimax_kernel(
    matrices: np.ndarray, vectors: np.ndarray, points: np.ndarray, values: np.ndarray, multipliers: np.ndarray, steps: np.ndarray, room: Room
) -> None:
    """Solve every problem, A (T, n, m, r) and b (T, n, m), as `minimax_row` does, in one room; A and b are changed."""
    for problem in range(len(values)):
        steps[problem], values[problem] = minimax_row(
            matrices[problem],
            vectors[problem],
            points[problem],
            multipliers[problem],
            room.hessians,
            room.gradients,
            room.vectors,
            room.places,
            room.matrix,
            room.right,
            room.points,
            room.held,
        )
