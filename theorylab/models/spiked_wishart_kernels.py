"""The compiled inner loop of `theorylab.models.spiked_wishart`; the plain version there is its reference."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["first_weight_rows"]


@njit(cache=True, nogil=True)
def first_weight_rows(diagonal: np.ndarray, squared_off_diagonal: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Return the squared first entries of the eigenvectors of these eigenvalues of tridiagonal matrices (size, k), (size, k - 1).

    The pivots of x I - T from above and from below meet in a twisted factorisation at the index of the least residual |above + below - (x - T_ii)|
    (Fernando 1997); from there the ratios of neighbouring entries are stable in both directions, each vector being small where it starts.
    """
    size, k = diagonal.shape
    weights = np.empty(size)
    above = np.empty(k)
    below = np.empty(k)
    tiny = 1e-300
    for row in range(size):
        x = largest[row]
        above[0] = x - diagonal[row, 0]
        for i in range(1, k):
            pivot = above[i - 1] if above[i - 1] != 0.0 else tiny
            above[i] = x - diagonal[row, i] - squared_off_diagonal[row, i - 1] / pivot
        below[k - 1] = x - diagonal[row, k - 1]
        for i in range(k - 2, -1, -1):
            pivot = below[i + 1] if below[i + 1] != 0.0 else tiny
            below[i] = x - diagonal[row, i] - squared_off_diagonal[row, i] / pivot
        meet = 0
        least = np.inf
        for i in range(k):
            residual = abs(above[i] + below[i] - (x - diagonal[row, i]))
            if residual < least:
                meet = i
                least = residual
        # Squared entries, relative to that at the meeting point.
        total = 1.0
        entry = 1.0
        for i in range(meet, k - 1):
            entry *= squared_off_diagonal[row, i] / (below[i + 1] * below[i + 1])
            total += entry
            if entry < 1e-40 * total:
                break
        entry = 1.0
        for i in range(meet - 1, -1, -1):
            entry *= squared_off_diagonal[row, i] / (above[i] * above[i])
            total += entry
        weights[row] = entry / total
    return weights
