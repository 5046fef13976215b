"""Compiled inner loop of the spectral sampler of arXiv:2401.11081; `spectrum_sums_plain` in `spectra` is its reference."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["spectrum_sums_rows"]


@njit(cache=True, nogil=True)
def spectrum_sums_rows(eigenvalues: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return sum g, sum (g - mean g)^2 and sum u / C^2 over the eigenvalues u, shape (3, size, L); see `spectra.spectrum_sums`."""
    size, d = eigenvalues.shape
    sums = np.empty((3, size, weights.size))
    g = np.empty(d)
    for row in range(size):
        u = eigenvalues[row]
        for j in range(weights.size):
            rho = weights[j]
            total = 0.0
            trace = 0.0
            for i in range(d):
                inverse = 1.0 / (rho + (1.0 - rho) * u[i])
                g[i] = rho * (1.0 - u[i]) * inverse
                total += g[i]
                trace += u[i] * inverse * inverse
            mean = total / d
            spread = 0.0
            for i in range(d):
                spread += (g[i] - mean) ** 2
            sums[0, row, j] = total
            sums[1, row, j] = spread
            sums[2, row, j] = trace
    return sums
