"""log M(s) along a contour on a device, a thread a node: the sum over the terms stays in registers; `contour.log_laplace` is the reference."""

from __future__ import annotations

import math
from typing import Any

from numba import cuda

from theorylab.device.rows import across, launch

__all__ = ["log_laplace_device"]


@cuda.jit
def _laplace_kernel(weights: Any, degrees: Any, noncentrality: Any, s: Any, logarithms: Any) -> None:
    place = cuda.grid(1)
    spectra, nodes = s.shape
    if place >= spectra * nodes:
        return
    row, node = place // nodes, place % nodes
    real, imaginary = 2.0 * s[row, node].real, 2.0 * s[row, node].imag
    log_modulus = 0.0
    angle = 0.0
    for r in range(weights.shape[0]):
        weight = weights[r, row]
        x = real * weight
        y = imaginary * weight
        # Near 0 without cancellation; far out without a square, and near the branch point at -1 without adding to 1.
        near = abs(x) + abs(y) < 1e3 and x > -0.5
        modulus = 0.5 * math.log1p(x * (2.0 + x) + y * y) if near else math.log(math.hypot(1.0 + x, y))
        log_modulus += degrees[r, row] * modulus
        angle += degrees[r, row] * math.atan2(y, 1.0 + x)
        if noncentrality[r, row] != 0.0:
            # z / (1 + z) = 1 - 1 / (1 + z), with the division done on the larger side.
            length = math.hypot(1.0 + x, y)
            cosine, sine = (1.0 + x) / length, y / length
            log_modulus += noncentrality[r, row] * (x * cosine + y * sine) / length
            angle += noncentrality[r, row] * (y * cosine - x * sine) / length
    logarithms[row, node] = complex(-0.5 * log_modulus, -0.5 * angle)


def log_laplace_device(namespace: Any, weights: Any, degrees: Any, noncentrality: Any, s: Any) -> Any:
    """Return log M(s), (B, K), for complex s (B, K) and B spectra of R terms, each table (B, R)."""
    logarithms = namespace.empty(s.shape, dtype=complex)
    tables = [across(namespace, table) for table in (weights, degrees, noncentrality)]
    launch(_laplace_kernel, s.size, *tables, namespace.ascontiguousarray(s), logarithms)
    return logarithms
