"""Descents on a device, a thread a start: the compiled functions of `kernels` are called from there, so there is one text for both.

Room to work in lies on the device with the starts along the last axis; a thread sees its own column.
"""

from __future__ import annotations

from typing import Any

from numba import cuda

from theorylab.device.rows import across, launch
from theorylab.papers.one_step_gd.kernels import descend_row, excess_and_gradient, write_hessian

__all__ = ["derivatives", "descend"]


@cuda.jit
def _descent_kernel(points: Any, n: int, d: int, noise: float, tolerance: float, most: int, inverse: Any, vectors: Any, iterations: Any) -> None:
    row = cuda.grid(1)
    if row < iterations.size:
        iterations[row] = descend_row(points[:, row], n, d, noise, tolerance, most, inverse[:, :, row], vectors[:, :, row])


def descend(namespace: Any, starts: Any, n: int, d: int, sigma2: float, gradient_tolerance: float, maximum_iterations: int) -> tuple[Any, Any]:
    """Return the end points (size, (d + 1)^2) of descents from ``starts`` and their iterations, as `kernels.bfgs_rows` does."""
    size, length = starts.shape
    points, iterations = across(namespace, starts).copy(), namespace.zeros(size, dtype=int)
    inverse, vectors = namespace.empty((length, length, size)), namespace.empty((7, length, size))
    launch(_descent_kernel, size, points, n, d, sigma2, gradient_tolerance, maximum_iterations, inverse, vectors, iterations)
    return across(namespace, points), iterations


@cuda.jit
def _derivative_kernel(points: Any, n: int, d: int, noise: float, vectors: Any, excess: Any, gradients: Any, hessians: Any) -> None:
    row = cuda.grid(1)
    if row < excess.size:
        excess[row] = excess_and_gradient(points[:, row], n, d, noise, gradients[:, row])
        write_hessian(points[:, row], n, d, noise, hessians[:, :, row], vectors[:, :, row])


def derivatives(namespace: Any, points: Any, n: int, d: int, sigma2: float) -> tuple[Any, Any, Any]:
    """Return excess (size,), gradients (size, length) and Hessians (size, length, length) of the loss at ``points`` (size, length)."""
    size, length = points.shape
    excess, gradients = namespace.empty(size), namespace.empty((length, size))
    hessians, vectors = namespace.empty((length, length, size)), namespace.empty((3, length, size))
    launch(_derivative_kernel, size, across(namespace, points), n, d, sigma2, vectors, excess, gradients, hessians)
    return excess, across(namespace, gradients), namespace.moveaxis(hessians, 2, 0)
