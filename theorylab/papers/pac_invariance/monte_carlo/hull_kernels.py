"""Compiled loops over plane point sets: vertices of a convex hull, and which points lie outside it."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["hull_kernel"]


@njit(cache=True)
def _hull(points: np.ndarray, corners: np.ndarray) -> int:
    """Put the vertices, counter-clockwise, into corners and return their number (Andrew's monotone chain)."""
    # The second coordinate breaks no ties: the numbers are continuous.
    order = np.argsort(points[:, 0])
    n = len(order)
    count = 0
    for half in range(2):
        floor = count + 1
        for position in range(n):
            p = points[order[position if half == 0 else n - 1 - position]]
            while count > floor:
                a, b = corners[count - 2], corners[count - 1]
                if (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0.0:
                    break
                count -= 1
            corners[count] = p
            count += 1
        count -= 1
    return count


@njit(cache=True)
def hull_kernel(points: np.ndarray, train: int, outside: np.ndarray, vertices: np.ndarray, more_vertices: np.ndarray) -> None:
    """Count, for each set, the points after the first ``train`` that lie outside their hull, and the vertices of the first n and n + 1 points."""
    corners = np.empty((2 * points.shape[1] + 2, 2))
    for row in range(len(points)):
        more_vertices[row] = _hull(points[row, : train + 1], corners)
        count = _hull(points[row, :train], corners)
        vertices[row] = count
        total = 0
        for index in range(train, points.shape[1]):
            x, y = points[row, index]
            for corner in range(count):
                a, b = corners[corner], corners[(corner + 1) % count]
                if (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) < 0.0:
                    total += 1
                    break
        outside[row] = total
