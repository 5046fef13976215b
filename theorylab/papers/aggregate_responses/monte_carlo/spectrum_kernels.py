"""Compiled sums over a Jacobi spectrum that is never computed (arXiv:2401.11081); `spectrum_sums_plain` in `spectra` is the reference.

The sums are traces of resolvents of T = B^T B, B upper bidiagonal with squared entries D (diagonal) and E (above it): T_ii = D_i + E_{i-1}, squared
off-diagonal o_i = D_i E_i. The diagonal of an inverse comes from the pivots from above and from below; its derivative in the shift or the weight is
carried along, and gives the trace of the squared inverse. The time is proportional to the entries times the weights. Several spectra and weights go
side by side, so that their divisions overlap.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["resolvent_sums_rows", "weighted_sums_rows"]

# Spectra times weights that a recursion takes side by side, about.
LANES = 16


@njit(cache=True, nogil=True, error_model="numpy")
def resolvent_sums_rows(diagonal: np.ndarray, above: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return sum 1 / (u + s) and sum 1 / (u + s)^2 over the eigenvalues u of each T, for each shift s >= 0: (2, size, L).

    The pivots from above are D_i + s_i, those from below s + r_i + E_{i-1}; (T + s)^-1_ii = 1 / (s_i + r_i), as in
    `theorylab.models.wishart.resolvent_trace`. All terms, and those of the derivatives in s, are positive: nothing cancels, however small s is.
    """
    size, k = diagonal.shape
    count = shifts.size
    sums = np.empty((2, size, count))
    abreast = max(1, LANES // count)
    below, below_slope = np.empty((k, abreast, count)), np.empty((k, abreast, count))
    lead, slope = np.empty((abreast, count)), np.empty((abreast, count))
    for first in range(0, size, abreast):
        rows = min(abreast, size - first)
        for row in range(rows):
            for j in range(count):
                below[k - 1, row, j] = diagonal[first + row, k - 1]
                below_slope[k - 1, row, j] = 0.0
        for i in range(k - 2, -1, -1):
            for row in range(rows):
                d, e = diagonal[first + row, i], above[first + row, i]
                for j in range(count):
                    pivot = shifts[j] + below[i + 1, row, j]
                    inverse = 1.0 / (pivot + e)
                    below[i, row, j] = d * pivot * inverse
                    below_slope[i, row, j] = d * e * (1.0 + below_slope[i + 1, row, j]) * inverse * inverse
        for row in range(rows):
            for j in range(count):
                lead[row, j] = shifts[j]
                slope[row, j] = 1.0
                entry = 1.0 / (shifts[j] + below[0, row, j])
                sums[0, first + row, j] = entry
                sums[1, first + row, j] = (1.0 + below_slope[0, row, j]) * entry * entry
        for i in range(1, k):
            for row in range(rows):
                d, e = diagonal[first + row, i - 1], above[first + row, i - 1]
                for j in range(count):
                    inverse = 1.0 / (d + lead[row, j])
                    lead[row, j] = shifts[j] + e * lead[row, j] * inverse
                    slope[row, j] = 1.0 + e * d * slope[row, j] * inverse * inverse
                    entry = 1.0 / (lead[row, j] + below[i, row, j])
                    sums[0, first + row, j] += entry
                    sums[1, first + row, j] += (slope[row, j] + below_slope[i, row, j]) * entry * entry
    return sums


@njit(cache=True, nogil=True, error_model="numpy")
def weighted_sums_rows(diagonal: np.ndarray, above: np.ndarray, complements: np.ndarray) -> np.ndarray:
    """Return sum (1 - u) / C and sum (1 - u)^2 / C^2, C = 1 - delta (1 - u), over the eigenvalues u of each T, for each delta < 1: (2, size, L).

    The matrix is I - delta V, V = I - T, with the diagonal of V in `diagonal` and the squares o_i in `above`. Its pivots are written 1 - delta phi_i
    from above and 1 - delta psi_i from below, phi_i = V_ii + delta o_{i-1} / (1 - delta phi_{i-1}), and
    (V (I - delta V)^-1)_ii = tau_i / (1 - delta tau_i), tau_i = phi_i + psi_i - V_ii: delta may be 0, where T itself is all that counts. The second
    sum is the derivative of the first in delta. Where delta is far from 1 no pivot is small.
    """
    size, k = diagonal.shape
    count = complements.size
    sums = np.empty((2, size, count))
    abreast = max(1, LANES // count)
    # What the entries below and above add to V_ii on the way to tau_i.
    below, below_slope = np.empty((k, abreast, count)), np.empty((k, abreast, count))
    lead, slope = np.empty((abreast, count)), np.empty((abreast, count))
    for first in range(0, size, abreast):
        rows = min(abreast, size - first)
        below[k - 1], below_slope[k - 1] = 0.0, 0.0
        for i in range(k - 2, -1, -1):
            for row in range(rows):
                v, o = diagonal[first + row, i + 1], above[first + row, i]
                for j in range(count):
                    delta = complements[j]
                    part = v + below[i + 1, row, j]
                    inverse = 1.0 / (1.0 - delta * part)
                    below[i, row, j] = delta * o * inverse
                    below_slope[i, row, j] = o * inverse * (1.0 + delta * (part + delta * below_slope[i + 1, row, j]) * inverse)
        lead[:], slope[:] = 0.0, 0.0
        sums[:, first : first + rows] = 0.0
        for i in range(k):
            for row in range(rows):
                v = diagonal[first + row, i]
                o = above[first + row, i] if i < k - 1 else 0.0
                for j in range(count):
                    delta = complements[j]
                    tau, turn = v + lead[row, j] + below[i, row, j], slope[row, j] + below_slope[i, row, j]
                    entry = 1.0 / (1.0 - delta * tau)
                    sums[0, first + row, j] += tau * entry
                    sums[1, first + row, j] += turn * entry + tau * (tau + delta * turn) * entry * entry
                    part = v + lead[row, j]
                    inverse = 1.0 / (1.0 - delta * part)
                    slope[row, j] = o * inverse * (1.0 + delta * (part + delta * slope[row, j]) * inverse)
                    lead[row, j] = delta * o * inverse
    return sums
