"""The sums over a spectrum on a device, a thread a spectrum and weight; `spectrum_sums_plain` in `spectra` is the reference."""

from __future__ import annotations

from typing import Any

from numba import cuda

from theorylab.device.rows import across, launch

__all__ = ["spectrum_sums_device"]


@cuda.jit
def _sums_kernel(eigenvalues: Any, weights: Any, sums: Any) -> None:
    place = cuda.grid(1)
    d, size = eigenvalues.shape
    if place >= size * weights.size:
        return
    row, j = place % size, place // size
    rho = weights[j]
    total = 0.0
    trace = 0.0
    for i in range(d):
        u = eigenvalues[i, row]
        inverse = 1.0 / (rho + (1.0 - rho) * u)
        total += rho * (1.0 - u) * inverse
        trace += u * inverse * inverse
    mean = total / d
    spread = 0.0
    for i in range(d):
        u = eigenvalues[i, row]
        deviation = rho * (1.0 - u) / (rho + (1.0 - rho) * u) - mean
        spread += deviation * deviation
    sums[0, row, j] = total
    sums[1, row, j] = spread
    sums[2, row, j] = trace


def spectrum_sums_device(namespace: Any, eigenvalues: Any, weights: Any) -> Any:
    """Return what `spectra.spectrum_sums` returns, (3, size, L), for eigenvalues (size, d) and weights (L,)."""
    size = eigenvalues.shape[0]
    sums = namespace.empty((3, size, weights.size))
    launch(_sums_kernel, size * weights.size, across(namespace, eigenvalues), weights, sums)
    return sums
