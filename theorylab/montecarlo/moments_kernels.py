"""Compiled sums of `theorylab.montecarlo.moments`: each moment is the sum of a product of two features, a few hundred replicates at a time."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["central_moments", "row_means", "separate_central_moments"]

# Replicates whose features stay in the cache nearest to the processor.
_CHUNK = 512


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def row_means(columns: np.ndarray) -> np.ndarray:
    """Return the mean of each row (k, size), (k,); that of equal values is that value itself, which a rounded sum need not give."""
    k, size = columns.shape
    means = np.empty(k)
    for i in range(k):
        total = 0.0
        for first in range(0, size, _CHUNK):
            part = 0.0
            for r in range(first, min(first + _CHUNK, size)):
                part += columns[i, r]
            total += part
        means[i] = total / size
        # The first value that differs ends the search: a constant is what takes long.
        place = 1
        while place < size and columns[i, place] == columns[i, 0]:
            place += 1
        if place == size:
            means[i] = columns[i, 0]
    return means


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def central_moments(columns: np.ndarray, means: np.ndarray, rows: np.ndarray, partners: np.ndarray) -> np.ndarray:
    """Return the averages over the replicates of feature rows[p] times feature partners[p], for each p.

    Parameters
    ----------
    columns
        (k, size).
    means
        (k,), which are subtracted first: y_i is column i less its mean.
    rows, partners
        Numbers of features: y_0, ..., y_{k-1}, then the products y_i y_j, i <= j, in the order of `numpy.triu_indices`.
    """
    k, size = columns.shape
    count_features = k + k * (k + 1) // 2
    # Rows begin at multiples of 64 bytes, since a vector across two lines of the cache takes two reads, but not at multiples of 4096, which would
    # contend for the same places in it.
    width = _CHUNK + 8
    buffer = np.empty(count_features * width + 8)
    skipped = (-buffer.ctypes.data % 64) // 8
    features = buffer[skipped : skipped + count_features * width].reshape(count_features, width)
    sums = np.zeros(rows.size)
    for first in range(0, size, _CHUNK):
        count = min(_CHUNK, size - first)
        for i in range(k):
            for r in range(count):
                features[i, r] = columns[i, first + r] - means[i]
        place = k
        for i in range(k):
            for j in range(i, k):
                for r in range(count):
                    features[place, r] = features[i, r] * features[j, r]
                place += 1
        for p in range(rows.size):
            one, other = features[rows[p]], features[partners[p]]
            total = 0.0
            for r in range(count):
                total += one[r] * other[r]
            sums[p] += total
    return sums / size


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def separate_central_moments(columns: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the averages of the second, third and fourth powers of each column (k, size) less its mean (k,): (3, k)."""
    k, size = columns.shape
    moments = np.empty((3, k))
    for i in range(k):
        second, third, fourth = 0.0, 0.0, 0.0
        for r in range(size):
            y = columns[i, r] - means[i]
            square = y * y
            second += square
            third += square * y
            fourth += square * square
        moments[0, i], moments[1, i], moments[2, i] = second / size, third / size, fourth / size
    return moments
